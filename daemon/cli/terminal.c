#include "daemon/cli/terminal.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The code point at text and its length in bytes; broken UTF-8 is one byte of U+FFFD. */
static uint32_t next_character(const unsigned char *text, size_t *length)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t wanted = text[0] < 0x80   ? 1
                    : text[0] < 0xc0 ? 0
                    : text[0] < 0xe0 ? 2
                    : text[0] < 0xf0 ? 3
                    : text[0] < 0xf8 ? 4
                                     : 0;
    *length = 1;
    if (wanted == 1)
        return text[0];
    if (wanted == 0)
        return 0xfffd;
    uint32_t character = text[0] & (0xffu >> (wanted + 1));
    for (size_t i = 1; i < wanted; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0xfffd;
        character = character << 6 | (text[i] & 0x3fu);
    }
    if (character < least[wanted] || character > 0x10ffff)
        return 0xfffd;
    *length = wanted;
    return character;
}

static bool is_harmless(uint32_t character)
{
    static const struct {
        uint32_t first, last;
    } harmful[] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0x061c, 0x061c}, {0x200e, 0x200f},   {0x2028, 0x202e},
        {0x2066, 0x2069}, {0xd800, 0xdfff}, {0xfff9, 0xfffd}, {0xe0000, 0xe007f},
    };
    for (size_t i = 0; i < sizeof harmful / sizeof *harmful; i++)
        if (character >= harmful[i].first && character <= harmful[i].last)
            return false;
    return true;
}

void terminal_print(FILE *out, const char *text, int indent)
{
    const unsigned char *at = (const unsigned char *)text;
    for (size_t length; *at; at += length) {
        uint32_t character = next_character(at, &length);
        if (character == '\n' && indent > 0)
            fprintf(out, "\n%*s", indent, "");
        else if (is_harmless(character))
            fwrite(at, 1, length, out);
        else
            fprintf(out, "\\u{%" PRIx32 "}", character);
    }
}

void terminal_print_time(FILE *out, int64_t wall_ms)
{
    char text[32];
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm local;
    if (!localtime_r(&seconds, &local) || !strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local))
        text[0] = '\0';
    fputs(text, out);
}

void terminal_print_bytes(FILE *out, int64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double size = (double)bytes;
    size_t unit = 0;
    while (size >= 1024 && unit + 1 < sizeof units / sizeof *units) {
        size /= 1024;
        unit++;
    }
    fprintf(out, unit == 0 ? "%.0f %s" : "%.1f %s", size, units[unit]);
}

void progress_init(struct progress *progress, const char *what)
{
    *progress = (struct progress){.what = what, .percent = -1, .is_shown = isatty(STDERR_FILENO)};
}

void progress_show(struct progress *progress, int64_t done, int64_t all)
{
    static const char bar[] = "##############################";
    int width = (int)sizeof bar - 1;
    int percent = all <= 0 || done >= all ? 100 : (int)(done * 100 / all);
    if (!progress->is_shown || percent == progress->percent)
        return;
    progress->percent = percent;
    fprintf(stderr, "\r%s [%-*.*s] %3d %%", progress->what, width, width * percent / 100, bar,
            percent);
    fflush(stderr);
}

void progress_finish(struct progress *progress)
{
    if (progress->is_shown && progress->percent >= 0)
        fputc('\n', stderr);
}
