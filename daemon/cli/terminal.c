#include "daemon/cli/terminal.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "protocol/text.h"

void terminal_print(FILE *out, const char *text, int indent)
{
    const char *end = text + strlen(text);
    for (size_t length; text < end; text += length) {
        int32_t character = text_next(text, (size_t)(end - text), &length);
        if (character == '\n' && indent > 0)
            fprintf(out, "\n%*s", indent, "");
        else if (!text_steers_terminal(character))
            fwrite(text, 1, length, out);
        else
            fprintf(out, "\\u{%" PRIx32 "}", character == TEXT_BROKEN ? 0xfffdu : (uint32_t)character);
    }
}

static bool read_line(char *out, size_t size)
{
    if (!fgets(out, (int)size, stdin))
        return false;
    size_t length = strcspn(out, "\n");
    bool is_whole = out[length] == '\n' || feof(stdin);
    out[length] = '\0';
    return is_whole;
}

/* Once, without an echo. */
static bool ask_secret(const char *prompt, char *out, size_t size)
{
    struct termios as_it_was, quiet;
    if (tcgetattr(STDIN_FILENO, &as_it_was) != 0)
        return false;
    quiet = as_it_was;
    quiet.c_lflag &= (tcflag_t)~ECHO;
    fputs(prompt, stderr);
    fflush(stderr);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    bool is_read = read_line(out, size);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &as_it_was);
    fputc('\n', stderr);
    return is_read;
}

bool terminal_read_secret(const char *prompt, char *out, size_t size)
{
    char again[512];
    if (!isatty(STDIN_FILENO))
        return read_line(out, size);
    return ask_secret(prompt, out, size) && ask_secret("The same again: ", again, sizeof again) &&
           strcmp(out, again) == 0;
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

void terminal_print_period(FILE *out, int64_t ms)
{
    static const struct {
        int64_t ms;
        char unit;
    } units[] = {{86400000, 'd'}, {3600000, 'h'}, {60000, 'm'}, {1000, 's'}};
    size_t i = 0;
    while (i < 3 && ms < units[i].ms)
        i++;
    fprintf(out, "%" PRId64 "%c", ms / units[i].ms, units[i].unit);
    if (i < 3)
        fprintf(out, " %" PRId64 "%c", ms % units[i].ms / units[i + 1].ms, units[i + 1].unit);
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
