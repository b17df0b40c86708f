#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/terminal.h"

#define FORMAT    1
#define PAGE_ROWS 500
/* What one request of an import may hold: limits.frame_bytes is at least this much larger. */
#define BATCH_BYTES 12288
#define BATCH_ROWS  1000

static enum exit_code find_room(const struct invocation *invocation, const char *name,
                                json_t **room)
{
    json_t *reply, *each;
    size_t i;
    enum exit_code code = invocation_ask(invocation, json_pack("{s:s}", "type", "rooms"), &reply);
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

/* The first line: what the rows belong to. */
static enum exit_code write_head(const struct invocation *invocation, const char *name, FILE *out)
{
    json_t *room;
    enum exit_code code = find_room(invocation, name, &room);
    if (code != EXIT_DONE)
        return code;
    json_t *head = json_pack("{s:s, s:i, s:s, s:O*, s:O*}", "type", "hearth.export", "format",
                             FORMAT, "room", name, "topic", json_object_get(room, "topic"),
                             "visibility", json_object_get(room, "visibility"));
    json_dumpf(head, out, JSON_COMPACT);
    fputc('\n', out);
    json_decref(head);
    json_decref(room);
    return EXIT_DONE;
}

/* Asks for one page and writes it. more is false after the last; after moves on. */
static enum exit_code write_page(const struct invocation *invocation, json_int_t *after, bool *more,
                                 struct progress *progress, FILE *out)
{
    json_t *reply, *row;
    size_t i;
    enum exit_code code =
        invocation_ask(invocation,
                       json_pack("{s:s, s:s, s:I, s:i}", "type", "export", "room",
                                 invocation->operands[0], "after", *after, "limit", PAGE_ROWS),
                       &reply);
    if (code != EXIT_DONE)
        return code;
    json_array_foreach(json_object_get(reply, "rows"), i, row)
    {
        json_dumpf(row, out, JSON_COMPACT);
        fputc('\n', out);
        *after = json_integer_value(json_object_get(row, "seq"));
    }
    *more = json_is_true(json_object_get(reply, "more")) && i > 0;
    progress_show(progress, *after, json_integer_value(json_object_get(reply, "last")));
    json_decref(reply);
    return ferror(out)
               ? complain(EXIT_REFUSED, "the export cannot be written: %s.", strerror(errno))
               : EXIT_DONE;
}

enum exit_code command_room_export(const struct invocation *invocation)
{
    struct progress progress;
    const char *path = invocation->operands[1];
    bool to_file = path && strcmp(path, "-") != 0;
    json_int_t after = 0;
    bool more = true;
    FILE *out = to_file ? fopen(path, "we") : stdout;
    if (!out)
        return complain(EXIT_REFUSED, "%s cannot be written: %s.", path, strerror(errno));
    progress_init(&progress, "exporting");
    enum exit_code code = write_head(invocation, invocation->operands[0], out);
    while (code == EXIT_DONE && more)
        code = write_page(invocation, &after, &more, &progress, out);
    progress_finish(&progress);
    if (to_file && fclose(out) != 0 && code == EXIT_DONE)
        code = complain(EXIT_REFUSED, "%s cannot be written: %s.", path, strerror(errno));
    return code;
}

/* One import under way. */
struct import {
    const struct invocation *invocation;
    FILE *in;
    const char *room;
    json_t *rows; /* of the request being gathered */
    size_t rows_bytes;
    int64_t line, bytes_read, file_bytes, stored;
    struct progress progress;
};

/* Sends what is gathered. */
static enum exit_code flush_rows(struct import *import)
{
    json_t *reply;
    if (json_array_size(import->rows) == 0)
        return EXIT_DONE;
    enum exit_code code = invocation_ask(
        import->invocation,
        json_pack("{s:s, s:s, s:O}", "type", "import", "room", import->room, "rows", import->rows),
        &reply);
    if (code == EXIT_DONE)
        import->stored += json_integer_value(json_object_get(reply, "rows"));
    json_decref(reply);
    json_array_clear(import->rows);
    import->rows_bytes = 0;
    return code;
}

static enum exit_code add_row(struct import *import, const char *line, size_t length)
{
    enum exit_code code = EXIT_DONE;
    json_error_t error;
    json_t *row = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(row)) {
        json_decref(row);
        return complain(EXIT_REFUSED, "line %lld is no row of an export.", (long long)import->line);
    }
    if (import->rows_bytes + length > BATCH_BYTES || json_array_size(import->rows) == BATCH_ROWS)
        code = flush_rows(import);
    json_array_append_new(import->rows, row);
    import->rows_bytes += length;
    if (import->file_bytes > 0)
        progress_show(&import->progress, import->bytes_read, import->file_bytes);
    return code;
}

/* Makes the room as the head describes it; that it exists already is fine. */
static enum exit_code make_room(struct import *import, const json_t *head)
{
    json_t *room;
    const char *visibility = json_string_value(json_object_get(head, "visibility"));
    enum exit_code code = find_room(import->invocation, import->room, &room);
    bool exists = room != NULL;
    json_decref(room);
    if (code != EXIT_DONE || exists || (visibility && strcmp(visibility, "direct") == 0))
        return code;
    json_t *reply;
    code =
        invocation_ask(import->invocation,
                       json_pack("{s:s, s:s, s:O*, s:s*}", "type", "create", "room", import->room,
                                 "topic", json_object_get(head, "topic"), "visibility", visibility),
                       &reply);
    json_decref(reply);
    return code;
}

static enum exit_code read_head(struct import *import, json_t **head)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length = getline(&line, &size, import->in);
    *head = length > 0 ? json_loadb(line, (size_t)length, JSON_REJECT_DUPLICATES, NULL) : NULL;
    free(line);
    import->line = 1;
    import->bytes_read = length > 0 ? length : 0;
    const char *type = json_string_value(json_object_get(*head, "type"));
    if (!type || strcmp(type, "hearth.export") != 0)
        return complain(EXIT_REFUSED, "%s was not written by room export.",
                        import->invocation->operands[0]);
    if (json_integer_value(json_object_get(*head, "format")) != FORMAT)
        return complain(EXIT_REFUSED, "%s is of a newer format.", import->invocation->operands[0]);
    import->room = import->invocation->operands[1];
    if (!import->room)
        import->room = json_string_value(json_object_get(*head, "room"));
    return import->room ? EXIT_DONE : complain(EXIT_REFUSED, "the export names no room.");
}

static enum exit_code read_rows(struct import *import)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    enum exit_code code = EXIT_DONE;
    while (code == EXIT_DONE && (length = getline(&line, &size, import->in)) > 0) {
        import->line++;
        import->bytes_read += length;
        if (line[0] != '\n')
            code = add_row(import, line, (size_t)length);
    }
    free(line);
    if (code == EXIT_DONE && ferror(import->in))
        return complain(EXIT_REFUSED, "the export cannot be read: %s.", strerror(errno));
    return code == EXIT_DONE ? flush_rows(import) : code;
}

enum exit_code command_room_import(const struct invocation *invocation)
{
    const char *path = invocation->operands[0];
    struct import import = {.invocation = invocation};
    struct stat about;
    json_t *head = NULL;
    import.in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (!import.in)
        return complain(EXIT_REFUSED, "%s cannot be read: %s.", path, strerror(errno));
    if (fstat(fileno(import.in), &about) == 0 && S_ISREG(about.st_mode))
        import.file_bytes = about.st_size;
    import.rows = json_array();
    progress_init(&import.progress, "importing");
    enum exit_code code = read_head(&import, &head);
    if (code == EXIT_DONE)
        code = make_room(&import, head);
    if (code == EXIT_DONE)
        code = read_rows(&import);
    progress_finish(&import.progress);
    if (code == EXIT_DONE && !invocation_has(invocation, OPTION_json))
        printf("%lld rows stored\n", (long long)import.stored);
    else if (code == EXIT_DONE)
        printf("{\"type\":\"imported\",\"rows\":%lld}\n", (long long)import.stored);
    json_decref(import.rows);
    json_decref(head);
    if (import.in != stdin)
        fclose(import.in);
    return code;
}
