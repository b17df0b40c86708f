/* hearthctl invite create, list, revoke. */
#include "daemon/cli/commands.h"
#include "daemon/cli/qr.h"
#include "daemon/cli/terminal.h"

#define HOUR_MS 3600000

/* False when the option was given and is no number. */
static bool add_number(const struct invocation *invocation, enum option_id option, const char *field,
                       json_t *request)
{
    const char *text = invocation->options[option];
    json_int_t number = text ? command_number(text) : 0;
    if (number)
        json_object_set_new(request, field, json_integer(number));
    return number || !text;
}

static void print_created(const json_t *reply)
{
    struct qr qr;
    const char *link = text_of(reply, "url")[0] ? text_of(reply, "url") : text_of(reply, "path");
    terminal_print(stdout, link, 0);
    putchar('\n');
    if (text_of(reply, "url")[0] && qr_make(link, &qr))
        qr_print(&qr, stdout);
}

enum exit_code command_invite_create(const struct invocation *invocation)
{
    json_t *request =
        json_pack("{s:s, s:s*}", "type", "invite_link", "room", invocation->options[OPTION_room]);
    if (!add_number(invocation, OPTION_uses, "uses", request) ||
        !add_number(invocation, OPTION_hours, "hours", request)) {
        json_decref(request);
        return complain(EXIT_WRONG_USE, "--uses and --hours take a number above 0.");
    }
    return invocation_show(invocation, request, print_created);
}

static void print_line(const json_t *line)
{
    printf("%" JSON_INTEGER_FORMAT "\t", number_of(line, "id"));
    terminal_print(stdout, text_of(line, "room")[0] ? text_of(line, "room") : "(gateway)", 0);
    printf("\t%" JSON_INTEGER_FORMAT " left", number_of(line, "uses"));
    if (number_of(line, "left_ms") > 0)
        printf("\tfor %" JSON_INTEGER_FORMAT " h\t", (number_of(line, "left_ms") + HOUR_MS - 1) / HOUR_MS);
    else
        printf("\tover\t");
    terminal_print(stdout, text_of(line, "by"), 0);
    putchar('\n');
}

enum exit_code command_invite_list(const struct invocation *invocation)
{
    return invocation_list(
        invocation,
        json_pack("{s:s, s:s*}", "type", "invite_links", "room", invocation->options[OPTION_room]),
        "links", print_line);
}

enum exit_code command_invite_revoke(const struct invocation *invocation)
{
    json_int_t id = command_number(invocation->operands[0]);
    if (!id)
        return complain(EXIT_WRONG_USE, "what is revoked is named by its number: see invite list.");
    return invocation_do(invocation, json_pack("{s:s, s:I}", "type", "revoke_link", "id", id));
}
