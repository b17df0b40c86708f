#include "daemon/cli/commands.h"
#include "daemon/cli/terminal.h"

static void print_mode(const json_t *reply)
{
    const json_t *left = json_object_get(reply, "left_ms");
    printf("%s\t%" JSON_INTEGER_FORMAT " waiting", text_of(reply, "mode"), number_of(reply, "knocks"));
    if (left) {
        fputs("\tfor ", stdout);
        terminal_print_period(stdout, json_integer_value(left));
        printf(", then %s", text_of(reply, "afterwards"));
    }
    putchar('\n');
}

enum exit_code command_newcomers(const struct invocation *invocation)
{
    json_int_t seconds = 0;
    if (!command_for(invocation, &seconds))
        return EXIT_WRONG_USE;
    if (seconds > 0 && !invocation->operands[0])
        return complain(EXIT_WRONG_USE, "--for needs a mode: open, ask, invite or closed.");
    json_t *request = json_pack("{s:s, s:s*}", "type", "newcomers", "mode", invocation->operands[0]);
    if (request && seconds > 0)
        json_object_set_new(request, "seconds", json_integer(seconds));
    return invocation_show(invocation, request, print_mode);
}

static void print_knock(const json_t *line)
{
    terminal_print(stdout, text_of(line, "user"), 0);
    putchar('\t');
    terminal_print(stdout, text_of(line, "text"), 0);
    putchar('\n');
}

enum exit_code command_knock_list(const struct invocation *invocation)
{
    return invocation_list(invocation, json_pack("{s:s}", "type", "knocks"), "knocks", print_knock);
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
