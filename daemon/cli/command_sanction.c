#include <string.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/terminal.h"

/* --- list ---------------------------------------------------------------------------------------- */

static void print_sanction(const json_t *line)
{
    const json_t *left = json_object_get(line, "left_ms");
    printf("%" JSON_INTEGER_FORMAT "\t", number_of(line, "id"));
    terminal_print(stdout, text_of(line, "user"), 0);
    if (text_of(line, "from")[0])
        fputs(": ", stdout);
    terminal_print(stdout, text_of(line, "from"), 0);
    putchar('\t');
    terminal_print(stdout, text_of(line, "room")[0] ? text_of(line, "room") : "everywhere", 0);
    putchar('\t');
    if (left)
        terminal_print_period(stdout, json_integer_value(left));
    else
        fputs("for ever", stdout);
    fputs("\tby ", stdout);
    terminal_print(stdout, text_of(line, "by")[0] ? text_of(line, "by") : "?", 0);
    putchar('\t');
    terminal_print(stdout, text_of(line, "reason"), 0);
    putchar('\n');
}

static enum exit_code list(const struct invocation *invocation, const char *kind)
{
    size_t i;
    json_t *reply, *line, *kept = json_array();
    enum exit_code code = invocation_ask(
        invocation,
        json_pack("{s:s, s:s*}", "type", "sanctions", "room", invocation->options[OPTION_room]),
        &reply);
    if (code != EXIT_DONE) {
        json_decref(kept);
        return code;
    }
    json_array_foreach(json_object_get(reply, "sanctions"), i, line)
    {
        if (strcmp(text_of(line, "kind"), kind) == 0)
            json_array_append(kept, line);
    }
    json_object_set_new(reply, "sanctions", kept);
    if (invocation_has(invocation, OPTION_json)) {
        invocation_print_json(reply);
    } else {
        json_array_foreach(kept, i, line) print_sanction(line);
    }
    json_decref(reply);
    return EXIT_DONE;
}

enum exit_code command_ban_list(const struct invocation *invocation)
{
    return list(invocation, "ban");
}

enum exit_code command_mute_list(const struct invocation *invocation)
{
    return list(invocation, "mute");
}

/* --- add ----------------------------------------------------------------------------------------- */

static void print_words(const json_t *words)
{
    size_t i;
    json_t *word;
    json_array_foreach(words, i, word) printf("%s%s", i ? ", " : "", json_string_value(word));
}

static void print_reach(const json_t *reply)
{
    const json_t *shared = json_object_get(reply, "shared");
    printf("%" JSON_INTEGER_FORMAT "\t", number_of(reply, "id"));
    print_words(json_object_get(reply, "reach"));
    if (shared) {
        fputs("\tleft out, because others use it too: ", stdout);
        print_words(shared);
    }
    putchar('\n');
}

/* Without --room it counts everywhere. */
static enum exit_code add(const struct invocation *invocation, const char *kind)
{
    json_int_t seconds = 0;
    const char *room = invocation->options[OPTION_room];
    if (!command_period(invocation->options[OPTION_for], &seconds))
        return complain(EXIT_WRONG_USE, "--for takes a time such as 90s, 30m, 12h or 7d, of at most 36525d.");
    json_t *request = json_pack("{s:s, s:s, s:s, s:s*, s:s*, s:s*, s:s*}", "type", kind, "user",
                                invocation->operands[0], "scope", room ? "room" : "gateway", "room",
                                room, "reason", invocation->options[OPTION_reason], "reach",
                                invocation_has(invocation, OPTION_device) ? "device" : NULL, "from",
                                invocation->options[OPTION_from]);
    if (request && seconds > 0)
        json_object_set_new(request, "seconds", json_integer(seconds));
    return invocation_show(invocation, request, print_reach);
}

enum exit_code command_ban_add(const struct invocation *invocation)
{
    return add(invocation, "ban");
}

enum exit_code command_mute_add(const struct invocation *invocation)
{
    return add(invocation, "mute");
}

/* --- remove -------------------------------------------------------------------------------------- */

/* Bans and mutes are numbered together: who mistakes the one for the other is told before anything ends. */
static enum exit_code check_kind(const struct invocation *invocation, const char *kind, json_int_t id)
{
    size_t i;
    json_t *reply;
    const json_t *line;
    enum exit_code code = invocation_ask(invocation, json_pack("{s:s}", "type", "sanctions"), &reply);
    json_array_foreach(json_object_get(reply, "sanctions"), i, line)
    {
        const char *is = text_of(line, "kind");
        if (code == EXIT_DONE && number_of(line, "id") == id && strcmp(is, kind) != 0)
            code = complain(EXIT_REFUSED, "%lld is a %s, of %s: %s remove %lld ends it.", (long long)id, is,
                            text_of(line, "user"), is, (long long)id);
    }
    json_decref(reply);
    return code;
}

static enum exit_code remove_one(const struct invocation *invocation, const char *kind)
{
    json_int_t id = command_number(invocation->operands[0]);
    if (!id)
        return complain(EXIT_WRONG_USE, "what is removed is named by its number: see %s list.", kind);
    enum exit_code code = check_kind(invocation, kind, id);
    if (code != EXIT_DONE)
        return code;
    return invocation_do(invocation, json_pack("{s:s, s:I}", "type", "lift", "id", id));
}

enum exit_code command_ban_remove(const struct invocation *invocation)
{
    return remove_one(invocation, "ban");
}

enum exit_code command_mute_remove(const struct invocation *invocation)
{
    return remove_one(invocation, "mute");
}

/* --- erase --------------------------------------------------------------------------------------- */

enum exit_code command_erase(const struct invocation *invocation)
{
    json_int_t seconds = 0;
    json_t *reply;
    if (!command_period(invocation->options[OPTION_last], &seconds))
        return complain(EXIT_WRONG_USE, "--last takes a time such as 90s, 30m, 12h or 7d, of at most 36525d.");
    json_t *request = json_pack("{s:s, s:s, s:s*}", "type", "erase", "user",
                                invocation->operands[0], "room", invocation->options[OPTION_room]);
    if (request && seconds > 0)
        json_object_set_new(request, "last_ms", json_integer(seconds * 1000));
    enum exit_code code = invocation_ask_long(invocation, request, &reply);
    if (code != EXIT_DONE)
        return code;
    if (invocation_has(invocation, OPTION_json))
        invocation_print_json(reply);
    else
        printf("%" JSON_INTEGER_FORMAT " messages erased\n", number_of(reply, "count"));
    json_decref(reply);
    return EXIT_DONE;
}

/* --- sessions ------------------------------------------------------------------------------------ */

static void print_session(const json_t *line)
{
    size_t i;
    json_t *room;
    printf("%" JSON_INTEGER_FORMAT "\t%s\t", number_of(line, "id"), text_of(line, "kind"));
    terminal_print(stdout, text_of(line, "user")[0] ? text_of(line, "user") : "-", 0);
    printf("\t%s\t", text_of(line, "address")[0] ? text_of(line, "address") : "admin socket");
    terminal_print_period(stdout, number_of(line, "since_ms"));
    printf("\t%" JSON_INTEGER_FORMAT " bytes wait\t", number_of(line, "waiting"));
    json_array_foreach(json_object_get(line, "rooms"), i, room)
    {
        fputs(i ? ", " : "", stdout);
        terminal_print(stdout, json_string_value(room), 0);
    }
    putchar('\n');
}

enum exit_code command_session_list(const struct invocation *invocation)
{
    return invocation_list(invocation, json_pack("{s:s}", "type", "sessions"), "sessions",
                           print_session);
}

enum exit_code command_session_kick(const struct invocation *invocation)
{
    json_int_t id = command_number(invocation->operands[0]);
    if (!id)
        return complain(EXIT_WRONG_USE, "a session is named by its number: see session list.");
    return invocation_do(invocation, json_pack("{s:s, s:I, s:s*}", "type", "kick_session", "id", id,
                                               "reason", invocation->options[OPTION_reason]));
}
