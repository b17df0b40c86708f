#include "daemon/cli/commands.h"
#include "daemon/cli/terminal.h"

static void print_line(const json_t *line)
{
    terminal_print(stdout, text_of(line, "name"), 0);
    printf("\t%s\t%s\t%" JSON_INTEGER_FORMAT " behind", text_of(line, "role"),
           json_is_true(json_object_get(line, "here")) ? "here" : "away", number_of(line, "behind"));
    if (number_of(line, "behind") > 0)
        printf(", %" JSON_INTEGER_FORMAT " s", number_of(line, "behind_ms") / 1000);
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
