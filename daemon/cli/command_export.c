#include <errno.h>
#include <string.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/export.h"
#include "daemon/cli/export_file.h"
#include "daemon/cli/output_file.h"
#include "daemon/cli/terminal.h"

#define PAGE_ROWS 500

/* The list may hold as many rooms as it lists: so it is asked for those that are called alike. A direct
 * room's name is no part of a name. */
static enum exit_code ask_for_rooms(const struct invocation *invocation, const char *name, json_t **reply)
{
    const char *query = name[0] == '@' ? NULL : name;
    return invocation_ask(invocation, json_pack("{s:s, s:s*}", "type", "rooms", "query", query), reply);
}

enum exit_code room_find(const struct invocation *invocation, const char *name, json_t **room)
{
    json_t *reply, *each;
    size_t i;
    enum exit_code code = ask_for_rooms(invocation, name, &reply);
    *room = NULL;
    json_array_foreach(json_object_get(reply, "rooms"), i, each)
    {
        const char *called = json_string_value(json_object_get(each, "name"));
        if (called && strcmp(called, name) == 0)
            *room = json_incref(each);
    }
    json_decref(reply);
    return code;
}

/* The first line: what the rows belong to. room is NULL for one that no list has: a direct room. */
static void write_head(const char *name, const json_t *room, FILE *out)
{
    json_t *head = json_pack("{s:s, s:i, s:s, s:O*, s:O*}", "type", "hearth.export", "format",
                             EXPORT_FORMAT, "room", name, "topic", json_object_get(room, "topic"),
                             "visibility", json_object_get(room, "visibility"));
    json_dumpf(head, out, JSON_COMPACT);
    fputc('\n', out);
    json_decref(head);
}

enum exit_code export_page(const struct invocation *invocation, const char *room, json_int_t after,
                           json_t **reply)
{
    return invocation_ask(invocation,
                          json_pack("{s:s, s:s, s:I, s:i}", "type", "export", "room", room, "after",
                                    after, "limit", PAGE_ROWS),
                          reply);
}

/* Asks for one page and writes it. more is false after the last; after moves on. */
static enum exit_code write_page(const struct invocation *invocation, json_int_t *after, bool *more,
                                 struct progress *progress, FILE *out)
{
    json_t *reply, *row;
    size_t i;
    enum exit_code code = export_page(invocation, invocation->operands[0], *after, &reply);
    if (code != EXIT_DONE)
        return code;
    json_array_foreach(json_object_get(reply, "rows"), i, row)
    {
        code = export_files(invocation, row, out);
        if (code != EXIT_DONE)
            break;
        json_dumpf(row, out, JSON_COMPACT);
        fputc('\n', out);
        *after = number_of(row, "seq");
    }
    *more = json_is_true(json_object_get(reply, "more")) && i > 0;
    progress_show(progress, *after, number_of(reply, "last"));
    json_decref(reply);
    if (code == EXIT_DONE && ferror(out))
        code = complain(EXIT_REFUSED, "the export cannot be written: %s.", strerror(errno));
    return code;
}

static enum exit_code write_pages(const struct invocation *invocation, FILE *out)
{
    struct progress progress;
    json_int_t after = 0;
    bool more = true;
    enum exit_code code = EXIT_DONE;
    progress_init(&progress, "exporting");
    while (code == EXIT_DONE && more)
        code = write_page(invocation, &after, &more, &progress, out);
    progress_finish(&progress);
    return code;
}

enum exit_code command_room_export(const struct invocation *invocation)
{
    struct output_file file;
    json_t *room;
    enum exit_code code = room_find(invocation, invocation->operands[0], &room);
    if (code == EXIT_DONE && !output_file_open(&file, invocation->operands[1]))
        code = EXIT_REFUSED;
    else if (code == EXIT_DONE) {
        write_head(invocation->operands[0], room, file.stream);
        code = write_pages(invocation, file.stream);
        if (code == EXIT_DONE)
            code = output_file_commit(&file);
        else
            output_file_discard(&file);
    }
    json_decref(room);
    return code;
}
