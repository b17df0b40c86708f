#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/commands.h"

#define SECONDS_MAX 3155760000LL /* a century, as messages.def has it */

/* "90", "90s", "30m", "12h", "7d". -1 if it is not a time. */
static json_int_t parse_seconds(const char *text)
{
    static const struct {
        const char *unit;
        long long seconds;
    } units[] = {
        {"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {"w", 604800},
    };
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (end == text || errno || number < 1)
        return -1;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(end, units[i].unit) == 0 && number <= SECONDS_MAX / units[i].seconds)
            return number * units[i].seconds;
    return -1;
}

bool command_period(const char *text, json_int_t *seconds)
{
    json_int_t parsed = text ? parse_seconds(text) : 0;
    if (text && parsed > 0)
        *seconds = parsed;
    return parsed >= 0;
}

bool command_for(const struct invocation *invocation, json_int_t *seconds)
{
    bool is_time = command_period(invocation->options[OPTION_for], seconds);
    if (!is_time)
        complain(EXIT_WRONG_USE, "--for takes a time such as 90s, 30m, 12h or 7d, of at most 36525d.");
    return is_time;
}

json_int_t command_number(const char *text)
{
    char *end;
    long long number = strtoll(text, &end, 10);
    return end != text && !*end && number > 0 ? (json_int_t)number : 0;
}

/* The part that every one of these requests has. */
static json_t *about_user(const struct invocation *invocation, const char *type)
{
    return json_pack("{s:s, s:s, s:s, s:s*}", "type", type, "room", invocation->operands[0], "user",
                     invocation->operands[1], "from", invocation->options[OPTION_from]);
}

/* Adds --for and --reason where they were given. */
static enum exit_code run_with_options(const struct invocation *invocation, const char *type)
{
    const char *reason = invocation->options[OPTION_reason];
    json_int_t seconds = 0;
    if (!command_for(invocation, &seconds))
        return EXIT_WRONG_USE;
    json_t *request = about_user(invocation, type);
    if (request && seconds > 0)
        json_object_set_new(request, "seconds", json_integer(seconds));
    if (request && reason)
        json_object_set_new(request, "reason", json_string(reason));
    return invocation_do(invocation, request);
}

enum exit_code command_kick(const struct invocation *invocation)
{
    return run_with_options(invocation, "kick");
}

enum exit_code command_ban(const struct invocation *invocation)
{
    return run_with_options(invocation, "ban");
}

enum exit_code command_mute(const struct invocation *invocation)
{
    return run_with_options(invocation, "mute");
}

enum exit_code command_unmute(const struct invocation *invocation)
{
    json_t *request = about_user(invocation, "mute");
    if (request)
        json_object_set_new(request, "seconds", json_integer(0));
    return invocation_do(invocation, request);
}

enum exit_code command_unban(const struct invocation *invocation)
{
    return invocation_do(invocation, about_user(invocation, "unban"));
}

enum exit_code command_invite(const struct invocation *invocation)
{
    return invocation_do(invocation, about_user(invocation, "invite"));
}

enum exit_code command_role(const struct invocation *invocation)
{
    json_t *request = about_user(invocation, "role");
    if (request)
        json_object_set_new(request, "role", json_string(invocation->operands[2]));
    return invocation_do(invocation, request);
}
