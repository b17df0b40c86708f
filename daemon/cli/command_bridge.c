#include "daemon/cli/commands.h"
#include "daemon/cli/terminal.h"

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

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
    size_t i;
    json_t *reply, *line;
    enum exit_code code = invocation_ask(invocation, json_pack("{s:s}", "type", "bridges"), &reply);
    if (code != EXIT_DONE)
        return code;
    if (invocation_has(invocation, OPTION_json)) {
        invocation_print_json(reply);
    } else {
        json_array_foreach(json_object_get(reply, "bridges"), i, line) print_line(line);
    }
    json_decref(reply);
    return EXIT_DONE;
}
