#include "daemon/cli/commands.h"
#include "daemon/cli/terminal.h"

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

enum exit_code command_newcomers(const struct invocation *invocation)
{
    json_t *reply;
    enum exit_code code = invocation_ask(
        invocation,
        json_pack("{s:s, s:s*}", "type", "newcomers", "mode", invocation->operands[0]), &reply);
    if (code != EXIT_DONE)
        return code;
    if (invocation_has(invocation, OPTION_json))
        invocation_print_json(reply);
    else
        printf("%s\t%" JSON_INTEGER_FORMAT " waiting\n", text_of(reply, "mode"),
               json_integer_value(json_object_get(reply, "knocks")));
    json_decref(reply);
    return EXIT_DONE;
}

enum exit_code command_knock_list(const struct invocation *invocation)
{
    size_t i;
    json_t *reply, *line;
    enum exit_code code = invocation_ask(invocation, json_pack("{s:s}", "type", "knocks"), &reply);
    if (code != EXIT_DONE)
        return code;
    if (invocation_has(invocation, OPTION_json)) {
        invocation_print_json(reply);
    } else {
        json_array_foreach(json_object_get(reply, "knocks"), i, line)
        {
            terminal_print(stdout, text_of(line, "user"), 0);
            putchar('\t');
            terminal_print(stdout, text_of(line, "text"), 0);
            putchar('\n');
        }
    }
    json_decref(reply);
    return EXIT_DONE;
}

static enum exit_code answer(const struct invocation *invocation, bool accept)
{
    return invocation_do(invocation, json_pack("{s:s, s:s, s:b}", "type", "admit", "user",
                                               invocation->operands[0], "accept", accept));
}

enum exit_code command_knock_admit(const struct invocation *invocation)
{
    return answer(invocation, true);
}

enum exit_code command_knock_refuse(const struct invocation *invocation)
{
    return answer(invocation, false);
}
