#include "daemon/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "config/config.h"
#include "protocol/text.h"
#include "storage/clock.h"

#define PACE_MS 60000
#define LINE_BYTES_MAX 512
#define PER_SECOND_MAX 20
#define PER_MINUTE_MAX 200

static struct {
    int level, target, format;
    bool journal; /* standard error goes to journald, which stamps the time itself */
    int64_t second, minute;
    int in_second, in_minute;
    int64_t left_out;
} output = {.level = LEVEL_INFO};

static const char *const words[] = {"error", "warn", "info", "debug"};
static const int priorities[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};

void log_open(int level, int target, int format)
{
    output.level = level;
    output.target = target;
    output.format = format;
    output.journal = getenv("JOURNAL_STREAM") != NULL;
    if (target == TARGET_SYSLOG)
        openlog("hearthd", LOG_PID, LOG_DAEMON);
}

void log_set_level(int level)
{
    output.level = level;
}

int log_level(void)
{
    return output.level;
}

/* A line stays a line, whatever was in its values. */
static void replace_controls(char *line)
{
    for (; *line; line++) {
        if ((unsigned char)*line < 0x20 || *line == 0x7f)
            *line = '?';
        else if ((unsigned char)line[0] == 0xc2 && ((unsigned char)line[1] & 0xe0) == 0x80)
            line[0] = line[1] = '?'; /* U+0080 to U+009F */
    }
}

static void stamp_now(char *stamp, size_t size)
{
    time_t now = (time_t)(clock_system_ms() / 1000);
    struct tm parts;
    if (!gmtime_r(&now, &parts) || !strftime(stamp, size, "%Y-%m-%dT%H:%M:%SZ", &parts))
        stamp[0] = '\0';
}

/* As the inside of a JSON string; line holds no controls. Cut where it does not fit. */
static void escape(const char *line, char *out, size_t size)
{
    size_t used = 0, length;
    for (const char *end = line + strlen(line); line < end && used + 8 < size; line += length) {
        int32_t character = text_next(line, (size_t)(end - line), &length);
        if (character == '"' || character == '\\')
            out[used++] = '\\';
        if (character == TEXT_BROKEN)
            out[used++] = '?';
        else
            used = (size_t)((char *)mempcpy(out + used, line, length) - out);
    }
    out[used] = '\0';
}

/* "area: message" as an object. */
static void make_json(int level, const char *line, char *out, size_t size)
{
    char stamp[32], message[2 * LINE_BYTES_MAX];
    size_t area = strspn(line, "abcdefghijklmnopqrstuvwxyz");
    bool has_area = area > 0 && strncmp(line + area, ": ", 2) == 0;
    const char *rest = has_area ? line + area + 2 : line;
    stamp_now(stamp, sizeof stamp);
    escape(rest, message, sizeof message);
    snprintf(out, size, "{\"time\":\"%s\",\"level\":\"%s\",\"area\":\"%.*s\",\"message\":\"%s\"}",
             stamp, words[level], has_area ? (int)area : 7, has_area ? line : "hearthd", message);
}

static void make_text(int level, const char *line, char *out, size_t size)
{
    char stamp[32];
    if (output.journal || output.target == TARGET_SYSLOG) {
        snprintf(out, size, "%s", line);
        return;
    }
    stamp_now(stamp, sizeof stamp);
    snprintf(out, size, "%s %s %s", stamp, words[level], line);
}

static void write_line(int level, const char *line)
{
    char text[2 * LINE_BYTES_MAX + 128], whole[sizeof text + 8];
    if (output.format == FORMAT_JSON)
        make_json(level, line, text, sizeof text);
    else
        make_text(level, line, text, sizeof text);
    if (output.target == TARGET_SYSLOG) {
        syslog(priorities[level], "%s", text);
        return;
    }
    int length = output.journal ? snprintf(whole, sizeof whole, "<%d>%s\n", priorities[level], text)
                                : snprintf(whole, sizeof whole, "%s\n", text);
    /* Nobody is left to be told when this fails. */
    if (length > 0 && write(STDERR_FILENO, whole, (size_t)length) < 0)
        return;
}

/* False once this second or minute has had its lines; errors always pass. */
static bool may_write(int level)
{
    int64_t second = clock_monotonic_ms() / 1000;
    if (second != output.second)
        output.in_second = 0;
    if (second / 60 != output.minute)
        output.in_minute = 0;
    output.second = second;
    output.minute = second / 60;
    if (level != LEVEL_ERROR &&
        (output.in_second >= PER_SECOND_MAX || output.in_minute >= PER_MINUTE_MAX)) {
        output.left_out++;
        return false;
    }
    output.in_second++;
    output.in_minute++;
    return true;
}

static void say_left_out(void)
{
    char line[64];
    if (output.left_out == 0)
        return;
    snprintf(line, sizeof line, "log: lines left out count=%lld", (long long)output.left_out);
    output.left_out = 0;
    write_line(LEVEL_WARN, line);
}

static void write_event(int level, const char *format, va_list arguments)
{
    char line[LINE_BYTES_MAX];
    if (level > output.level || !may_write(level))
        return;
    vsnprintf(line, sizeof line, format, arguments);
    replace_controls(line);
    say_left_out();
    write_line(level, line);
}

void log_fatal(const char *sentence)
{
    char line[LINE_BYTES_MAX];
    bool is_plain = output.target == TARGET_STDERR && output.format == FORMAT_TEXT;
    snprintf(line, sizeof line, "%s", sentence);
    replace_controls(line);
    if (!is_plain)
        write_line(LEVEL_ERROR, line);
    if (is_plain || output.target == TARGET_SYSLOG)
        fprintf(stderr, "%shearthd: %s\n", getenv("JOURNAL_STREAM") ? "<3>" : "", line);
}

void log_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_event(LEVEL_ERROR, format, arguments);
    va_end(arguments);
}

void log_warn(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_event(LEVEL_WARN, format, arguments);
    va_end(arguments);
}

void log_info(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_event(LEVEL_INFO, format, arguments);
    va_end(arguments);
}

void log_debug(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_event(LEVEL_DEBUG, format, arguments);
    va_end(arguments);
}

bool log_is_due(struct log_pace *pace, int64_t now_ms, int64_t *times)
{
    *times = ++pace->untold;
    if (pace->told_ms != 0 && now_ms - pace->told_ms < PACE_MS)
        return false;
    pace->told_ms = now_ms > 0 ? now_ms : 1;
    pace->untold = 0;
    return true;
}
