#include <errno.h>
#include <string.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/export.h"
#include "daemon/cli/export_file.h"
#include "daemon/cli/export_line.h"
#include "daemon/cli/output_file.h"
#include "daemon/cli/terminal.h"

#define PAGE_ROWS 500

enum exit_code room_find(const struct invocation *invocation, const char *name, json_t **room)
{
    json_t *reply, *each;
    size_t i;
    *room = NULL;
    if (name[0] == '@')
        return complain(EXIT_REFUSED, "a conversation of two is for nobody but them; a backup holds it.");
    /* the list may hold as many rooms as it lists: so it is asked for those that are called alike */
    enum exit_code code =
        invocation_ask(invocation, json_pack("{s:s, s:s}", "type", "rooms", "query", name), &reply);
    json_array_foreach(json_object_get(reply, "rooms"), i, each)
    {
        const char *called = json_string_value(json_object_get(each, "name"));
        if (called && strcmp(called, name) == 0)
            *room = json_incref(each);
    }
    json_decref(reply);
    return code;
}

/* The first line: what the rows belong to. room is NULL for one that is not there: its rows are refused next. */
static void write_head(const char *name, const json_t *room, struct export_out *out)
{
    json_t *head = json_pack("{s:s, s:i, s:s, s:O*, s:O*}", "type", "hearth.export", "format",
                             EXPORT_FORMAT, "room", name, "topic", json_object_get(room, "topic"),
                             "visibility", json_object_get(room, "visibility"));
    export_line(out, head);
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
                                 struct progress *progress, struct export_out *out)
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
        export_line(out, row);
        *after = number_of(row, "seq");
    }
    *more = json_is_true(json_object_get(reply, "more")) && i > 0;
    progress_show(progress, *after, number_of(reply, "last"));
    json_decref(reply);
    if (code == EXIT_DONE && ferror(out->stream))
        code = complain(EXIT_REFUSED, "the export cannot be written: %s.", strerror(errno));
    return code;
}

static enum exit_code write_pages(const struct invocation *invocation, struct export_out *out)
{
    struct progress progress;
    json_int_t after = 0;
    bool more = true;
    enum exit_code code = EXIT_DONE;
    progress_init(&progress, "exporting");
    while (code == EXIT_DONE && more)
        code = write_page(invocation, &after, &more, &progress, out);
    progress_finish(&progress);
    export_end(out);
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
        struct export_out out = {.stream = file.stream};
        write_head(invocation->operands[0], room, &out);
        code = write_pages(invocation, &out);
        if (code == EXIT_DONE)
            code = output_file_commit(&file);
        else
            output_file_discard(&file);
    }
    json_decref(room);
    return code;
}
