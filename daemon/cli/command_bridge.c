#include "daemon/cli/commands.h"
#include "daemon/cli/terminal.h"

static void print_line(const json_t *line)
{
    terminal_print(stdout, text_of(line, "name"), 0);
    printf("\t%s\t%s\t%" JSON_INTEGER_FORMAT " behind", text_of(line, "role"),
           json_is_true(json_object_get(line, "here")) ? "here" : "away", number_of(line, "behind"));
    if (number_of(line, "behind") > 0)
        printf(", %" JSON_INTEGER_FORMAT " s", number_of(line, "behind_ms") / 1000);
    if (json_is_true(json_object_get(line, "paused")))
        fputs("\tpaused", stdout);
    if (json_object_get(line, "since"))
        fputs(json_is_true(json_object_get(line, "ok")) ? "\tok\t" : "\tfailing\t", stdout);
    terminal_print(stdout, text_of(line, "text"), 0);
    putchar('\n');
}

enum exit_code command_bridge_list(const struct invocation *invocation)
{
    return invocation_list(invocation, json_pack("{s:s}", "type", "bridges"), "bridges",
                           print_line);
}

static enum exit_code pause_bridge(const struct invocation *invocation, bool on)
{
    return invocation_do(invocation, json_pack("{s:s, s:s, s:b}", "type", "bridge_pause", "name",
                                               invocation->operands[0], "on", on));
}

enum exit_code command_bridge_pause(const struct invocation *invocation)
{
    return pause_bridge(invocation, true);
}

enum exit_code command_bridge_resume(const struct invocation *invocation)
{
    return pause_bridge(invocation, false);
}

enum exit_code command_bridge_replay(const struct invocation *invocation)
{
    json_int_t seconds = 0;
    if (!command_period(invocation->options[OPTION_since], &seconds) || seconds == 0)
        return complain(EXIT_WRONG_USE, "--since takes a time such as 30m, 12h or 7d.");
    return invocation_do(invocation, json_pack("{s:s, s:s, s:s*, s:I}", "type", "bridge_replay", "name",
                                               invocation->operands[0], "room",
                                               invocation->options[OPTION_room], "last_ms",
                                               seconds * 1000));
}
