#include "daemon/cli/commands.h"
#include "daemon/cli/terminal.h"

static void print_rooms(const json_t *rooms)
{
    size_t i;
    json_t *room;
    if (json_array_size(rooms) == 0)
        fputs("all public rooms", stdout);
    json_array_foreach(rooms, i, room)
    {
        fputs(i > 0 ? ", " : "", stdout);
        terminal_print(stdout, json_string_value(room), 0);
    }
}

static json_t *rooms_of(const struct invocation *invocation)
{
    json_t *rooms = json_array();
    for (size_t i = 0; i < invocation->room_count; i++)
        json_array_append_new(rooms, json_string(invocation->rooms[i]));
    return rooms;
}

enum exit_code command_token_create(const struct invocation *invocation)
{
    const char *role = invocation->options[OPTION_role];
    json_t *reply;
    if (!role)
        return complain(EXIT_WRONG_USE, "token create needs --role bridge, post or read.");
    json_t *request = json_pack("{s:s, s:s, s:s, s:o}", "type", "token", "name",
                                invocation->operands[0], "role", role, "rooms",
                                rooms_of(invocation));
    enum exit_code code = invocation_ask(invocation, request, &reply);
    if (code != EXIT_DONE)
        return code;
    if (invocation_has(invocation, OPTION_json)) {
        json_object_del(reply, "type");
        if (!json_object_get(reply, "rooms"))
            json_object_set_new(reply, "rooms", json_array());
        invocation_print_json(reply);
    } else {
        puts(text_of(reply, "token"));
    }
    json_decref(reply);
    return EXIT_DONE;
}

static void print_line(const json_t *line)
{
    terminal_print(stdout, text_of(line, "name"), 0);
    printf("\t%s\t%s\t", text_of(line, "role"),
           json_is_true(json_object_get(line, "here")) ? "here" : "away");
    print_rooms(json_object_get(line, "rooms"));
    putchar('\n');
}

enum exit_code command_token_list(const struct invocation *invocation)
{
    return invocation_list(invocation, json_pack("{s:s}", "type", "tokens"), "tokens", print_line);
}

enum exit_code command_token_revoke(const struct invocation *invocation)
{
    return invocation_do(invocation, json_pack("{s:s, s:s}", "type", "revoke", "name",
                                               invocation->operands[0]));
}
