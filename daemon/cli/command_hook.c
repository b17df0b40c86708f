#include "daemon/cli/commands.h"
#include "daemon/cli/terminal.h"

enum exit_code command_hook_add(const struct invocation *invocation)
{
    json_t *reply;
    json_t *request = json_pack("{s:s, s:s, s:s, s:b}", "type", "hook", "room",
                                invocation->operands[0], "name", invocation->operands[1], "secret",
                                invocation_has(invocation, OPTION_secret));
    enum exit_code code = invocation_ask(invocation, request, &reply);
    if (code != EXIT_DONE)
        return code;
    if (invocation_has(invocation, OPTION_json)) {
        json_object_del(reply, "type");
        invocation_print_json(reply);
    } else {
        puts(text_of(reply, "url"));
        if (text_of(reply, "secret")[0])
            printf("secret: %s\n", text_of(reply, "secret"));
    }
    json_decref(reply);
    return EXIT_DONE;
}

static void print_line(const json_t *line)
{
    terminal_print(stdout, text_of(line, "name"), 0);
    putchar('\t');
    terminal_print(stdout, text_of(line, "room")[0] ? text_of(line, "room") : "(removed)", 0);
    puts(json_is_true(json_object_get(line, "secret")) ? "\tsigned" : "");
}

enum exit_code command_hook_list(const struct invocation *invocation)
{
    return invocation_list(invocation, json_pack("{s:s}", "type", "hooks"), "hooks", print_line);
}

static enum exit_code run_with_name(const struct invocation *invocation, const char *type)
{
    return invocation_do(invocation, json_pack("{s:s, s:s}", "type", type, "name",
                                               invocation->operands[0]));
}

enum exit_code command_hook_test(const struct invocation *invocation)
{
    return run_with_name(invocation, "hook_test");
}

enum exit_code command_hook_remove(const struct invocation *invocation)
{
    return run_with_name(invocation, "hook_remove");
}
