/* hearthctl clock - what time the gateway believes it is, and giving it the time. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/terminal.h"

#define MILLISECONDS_FROM 100000000000LL /* a number this large are milliseconds, not seconds */
#define HOUR_SECONDS      3600

static json_int_t parse_number(const char *text)
{
    char *end;
    long long number = strtoll(text + (*text == '@'), &end, 10);
    if (*end || number <= 0)
        return -1;
    return number < MILLISECONDS_FROM ? number * 1000 : number;
}

/* "Z", "+09:00", "-0330" or nothing: the local zone. False when it is none of these. */
static bool read_zone(const char *text, struct tm *parts, time_t *seconds)
{
    int hours, minutes, length = 0;
    if (*text == '\0') {
        parts->tm_isdst = -1;
        *seconds = mktime(parts);
        return true;
    }
    *seconds = timegm(parts);
    if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
        return true;
    if ((sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &length) != 2 &&
         sscanf(text + 1, "%2d%2d%n", &hours, &minutes, &length) != 2) ||
        text[1 + length] || (*text != '+' && *text != '-'))
        return false;
    time_t offset = hours * HOUR_SECONDS + minutes * 60;
    *seconds += *text == '+' ? -offset : offset;
    return true;
}

/* RFC 3339, and what people make of it: a space for the T, no seconds, no zone. Gives milliseconds
 * since 1970, -1 when it is no time. */
static json_int_t parse_date(const char *text)
{
    struct tm parts = {0};
    time_t seconds;
    const char *rest = strptime(text, "%Y-%m-%d", &parts);
    if (!rest || (*rest != 'T' && *rest != 't' && *rest != ' '))
        return -1;
    rest = strptime(rest + 1, "%H:%M", &parts);
    if (rest && *rest == ':')
        rest = strptime(rest + 1, "%S", &parts);
    if (rest && *rest == '.')
        rest += 1 + strspn(rest + 1, "0123456789");
    if (rest && *rest == ' ')
        rest++;
    if (!rest || !read_zone(rest, &parts, &seconds) || seconds <= 0)
        return -1;
    return (json_int_t)seconds * 1000;
}

static json_int_t parse_time(const char *text)
{
    return text[strspn(text, "@0123456789")] == '\0' ? parse_number(text) : parse_date(text);
}

static void print_clock(const json_t *reply)
{
    static const char *const states[][2] = {
        {"unset", "nobody: the system's clock is not set"},
        {"claimed", "nobody: the system's clock is not synchronised"},
        {"given", "an administrator, until the system's clock is synchronised"},
        {"synchronised", "the system's clock, which is synchronised"},
    };
    const char *state = json_string_value(json_object_get(reply, "state"));
    printf("%-21s", "time");
    terminal_print_time(stdout, number_of(reply, "time"));
    printf("\n%-21s", "vouched for by");
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (state && strcmp(state, states[i][0]) == 0)
            fputs(states[i][1], stdout);
    printf("\n%s\n", json_is_true(json_object_get(reply, "proven"))
                         ? "retention by age goes by this time"
                         : "retention by age waits: time not proven");
}

static enum exit_code run(const struct invocation *invocation, json_t *request)
{
    return invocation_show(invocation, request, print_clock);
}

enum exit_code command_clock(const struct invocation *invocation)
{
    return run(invocation, json_pack("{s:s}", "type", "clock"));
}

enum exit_code command_clock_set(const struct invocation *invocation)
{
    json_int_t time = parse_time(invocation->operands[0]);
    if (time < 0)
        return complain(EXIT_WRONG_USE, "%s is no time such as 2026-01-31T12:00Z.",
                        invocation->operands[0]);
    return run(invocation, json_pack("{s:s, s:I}", "type", "clock", "time", time));
}
