#include <stdlib.h>
#include <string.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/terminal.h"

static const char *state_of(const json_t *room)
{
    return json_is_true(json_object_get(room, "archived")) ? "archived"
                                                           : text_of(room, "visibility");
}

static void print_line(const json_t *room)
{
    terminal_print(stdout, text_of(room, "name"), 0);
    printf("\t%s\t%" JSON_INTEGER_FORMAT " here\t", state_of(room), number_of(room, "members"));
    terminal_print(stdout, text_of(room, "topic"), 0);
    putchar('\n');
}

static enum exit_code ask_page(const struct invocation *invocation, const char *after, json_t **page)
{
    bool is_empty = invocation_has(invocation, OPTION_empty);
    return invocation_ask(invocation, json_pack("{s:s, s:b, s:s*}", "type", "rooms", "empty", is_empty,
                                                "after", after), page);
}

static const char *last_name(const json_t *rooms)
{
    return text_of(json_array_get(rooms, json_array_size(rooms) - 1), "name");
}

/* All of them in one reply, which the gateway gives a page at a time. */
static enum exit_code ask_rooms(const struct invocation *invocation, json_t **reply)
{
    enum exit_code code = ask_page(invocation, NULL, reply);
    json_t *rooms = json_object_get(*reply, "rooms"), *page = NULL;
    while (code == EXIT_DONE && json_is_true(json_object_get(*reply, "more"))) {
        code = ask_page(invocation, last_name(rooms), &page);
        if (code == EXIT_DONE) {
            json_array_extend(rooms, json_object_get(page, "rooms"));
            json_object_set(*reply, "more", json_object_get(page, "more"));
        }
        json_decref(page);
    }
    return code;
}

enum exit_code command_room_list(const struct invocation *invocation)
{
    size_t i;
    json_t *reply, *room;
    enum exit_code code = ask_rooms(invocation, &reply);
    if (code == EXIT_DONE && invocation_has(invocation, OPTION_json)) {
        invocation_print_json(reply);
    } else {
        json_array_foreach(json_object_get(reply, "rooms"), i, room) print_line(room);
    }
    json_decref(reply);
    return code;
}

static json_t *find_room(const json_t *reply, const char *name)
{
    size_t i;
    json_t *room;
    json_array_foreach(json_object_get(reply, "rooms"), i,
                       room) if (strcmp(text_of(room, "name"), name) == 0) return room;
    return NULL;
}

static void print_room(const json_t *room)
{
    printf("name        ");
    terminal_print(stdout, text_of(room, "name"), 0);
    printf("\ntopic       ");
    terminal_print(stdout, text_of(room, "topic"), 12);
    printf("\nvisibility  %s\nkeep        %s\nhere        %" JSON_INTEGER_FORMAT
           "\nlast        %" JSON_INTEGER_FORMAT "\n",
           state_of(room),
           json_is_true(json_object_get(room, "keep")) ? "true" : "false",
           number_of(room, "members"), number_of(room, "last"));
}

static void print_members(const json_t *reply)
{
    size_t i;
    json_t *member;
    json_array_foreach(json_object_get(reply, "members"), i, member)
    {
        terminal_print(stdout, text_of(member, "name"), 0);
        printf("\t%s%s\n", text_of(member, "role"),
               json_is_true(json_object_get(member, "away")) ? "\taway" : "");
    }
}

static json_t *about_members(const struct invocation *invocation)
{
    return json_pack("{s:s, s:s}", "type", "who", "room", invocation->operands[0]);
}

enum exit_code command_who(const struct invocation *invocation)
{
    return invocation_show(invocation, about_members(invocation), print_members);
}

enum exit_code command_room_show(const struct invocation *invocation)
{
    json_t *members = NULL, *rooms = NULL;
    /* says so if there is no such room */
    enum exit_code code = invocation_ask(invocation, about_members(invocation), &members);
    if (code == EXIT_DONE)
        code = ask_rooms(invocation, &rooms);
    if (code != EXIT_DONE)
        goto out;
    json_t *room = find_room(rooms, text_of(members, "room"));
    if (invocation_has(invocation, OPTION_json)) {
        if (room)
            json_object_set(members, "about", room);
        invocation_print_json(members);
    } else {
        if (room)
            print_room(room);
        print_members(members);
    }
out:
    json_decref(members);
    json_decref(rooms);
    return code;
}

enum exit_code command_room_create(const struct invocation *invocation)
{
    const char *topic = invocation->options[OPTION_topic];
    bool is_private = invocation_has(invocation, OPTION_private);
    return invocation_do(invocation, json_pack("{s:s, s:s, s:s*, s:s*}", "type", "create", "room",
                                               invocation->operands[0], "topic", topic,
                                               "visibility", is_private ? "private" : NULL));
}

/* Adds --slow; false when it is no number. */
static bool add_slow(const struct invocation *invocation, json_t *request)
{
    const char *text = invocation->options[OPTION_slow];
    char *end;
    if (!text)
        return true;
    long seconds = strtol(text, &end, 10);
    if (end == text || *end || seconds < 0)
        return false;
    json_object_set_new(request, "slow_seconds", json_integer(seconds));
    return true;
}

enum exit_code command_room_set(const struct invocation *invocation)
{
    static const enum option_id wanted[] = {OPTION_topic, OPTION_visibility, OPTION_keep, OPTION_slow,
                                         OPTION_speak};
    bool is_any = false;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        is_any |= invocation_has(invocation, wanted[i]);
    if (!is_any)
        return complain(EXIT_WRONG_USE,
                        "room set needs --topic, --visibility, --keep, --slow or --speak.");
    json_t *request = json_pack("{s:s, s:s, s:s*, s:s*, s:s*, s:s*}", "type", "set", "room",
                                invocation->operands[0], "topic",
                                invocation->options[OPTION_topic], "visibility",
                                invocation->options[OPTION_visibility], "keep",
                                invocation->options[OPTION_keep], "speak",
                                invocation->options[OPTION_speak]);
    if (!request || add_slow(invocation, request))
        return invocation_do(invocation, request);
    json_decref(request);
    return complain(EXIT_WRONG_USE, "--slow takes a number of seconds.");
}

enum exit_code command_room_rename(const struct invocation *invocation)
{
    return invocation_do(invocation, json_pack("{s:s, s:s, s:s}", "type", "set", "room",
                                               invocation->operands[0], "name",
                                               invocation->operands[1]));
}

static enum exit_code set_archived(const struct invocation *invocation, const char *archived)
{
    return invocation_do(invocation, json_pack("{s:s, s:s, s:s}", "type", "set", "room",
                                               invocation->operands[0], "archived", archived));
}

enum exit_code command_room_archive(const struct invocation *invocation)
{
    return set_archived(invocation, "true");
}

enum exit_code command_room_unarchive(const struct invocation *invocation)
{
    return set_archived(invocation, "false");
}

/* A step at a time, so that one sees it go on. */
static enum exit_code purge(const struct invocation *invocation, json_int_t *entries)
{
    struct progress progress;
    json_t *reply = NULL;
    json_int_t up_to = 0;
    bool is_more = true;
    enum exit_code code = EXIT_DONE;
    progress_init(&progress, "removing");
    while (is_more && code == EXIT_DONE) {
        code = invocation_ask_long(invocation, json_pack("{s:s, s:s, s:I}", "type", "purge", "room",
                                                         invocation->operands[0], "up_to", up_to), &reply);
        up_to = number_of(reply, "up_to");
        *entries += number_of(reply, "entries");
        is_more = json_is_true(json_object_get(reply, "more"));
        if (is_more)
            progress_show(&progress, number_of(reply, "pruned"), up_to);
        json_decref(reply);
    }
    progress_finish(&progress);
    return code;
}

enum exit_code command_room_purge(const struct invocation *invocation)
{
    json_int_t entries = 0;
    enum exit_code code = purge(invocation, &entries);
    if (code != EXIT_DONE)
        return code;
    json_t *reply = json_pack("{s:s, s:I}", "type", "purged", "entries", entries);
    if (invocation_has(invocation, OPTION_json))
        invocation_print_json(reply);
    else
        printf("%" JSON_INTEGER_FORMAT " %s gone\n", entries, entries == 1 ? "entry is" : "entries are");
    json_decref(reply);
    return EXIT_DONE;
}

static enum exit_code remove_room(const struct invocation *invocation, const char *name)
{
    bool is_empty = invocation_has(invocation, OPTION_empty);
    return invocation_do(invocation, json_pack("{s:s, s:s, s:b}", "type", "remove", "room", name, "empty",
                                               is_empty));
}

/* Each only if there is still nothing in it. One in which somebody has spoken meanwhile stays, and is named. */
static enum exit_code remove_empty_rooms(const struct invocation *invocation)
{
    size_t i;
    json_t *reply, *room;
    enum exit_code code = ask_rooms(invocation, &reply);
    json_array_foreach(json_object_get(reply, "rooms"), i, room)
    {
        enum exit_code one = remove_room(invocation, text_of(room, "name"));
        if (one == EXIT_DONE && !invocation_has(invocation, OPTION_json))
            print_line(room);
        if (one != EXIT_DONE)
            code = one;
        if (one == EXIT_NO_DAEMON)
            break;
    }
    json_decref(reply);
    return code;
}

enum exit_code command_room_delete(const struct invocation *invocation)
{
    bool is_empty = invocation_has(invocation, OPTION_empty);
    if (is_empty == (invocation->operand_count > 0))
        return complain(EXIT_WRONG_USE, "room delete takes a ROOM, or --empty.");
    return is_empty ? remove_empty_rooms(invocation) : remove_room(invocation, invocation->operands[0]);
}
