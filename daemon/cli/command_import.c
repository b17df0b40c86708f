#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/export.h"
#include "daemon/cli/export_file.h"
#include "daemon/cli/export_line.h"
#include "daemon/cli/terminal.h"
#include "protocol/crc32.h"

/* What one request may hold: limits.frame_bytes is at least this much larger. */
#define BATCH_BYTES 12288
#define BATCH_ROWS  1000

static const char utf8_mark[] = "\xEF\xBB\xBF"; /* editors on Windows begin a file with it */

/* What the room holds already, read in pages beside the file. */
struct present {
    json_int_t last; /* seq; rows up to here are compared, not sent */
    json_t *page;    /* owned; NULL before the first */
    size_t at;       /* the next row of page */
    json_int_t after;
};

/* One import under way. */
struct import {
    const struct invocation *invocation;
    FILE *in;
    const char *room;
    struct present present;
    struct import_file file;
    uint32_t sum;    /* of all lines so far that are no checks */
    bool is_checked; /* the export has checks */
    bool has_ended;  /* the check of all lines has come */
    json_t *rows; /* of the request being gathered */
    size_t rows_bytes;
    int64_t line, bytes_read, file_bytes, stored, skipped;
    struct progress progress;
};

/* --- lines: also of a file that an editor on Windows has saved ---------------------------------- */

static size_t line_length(const char *line, ssize_t length)
{
    size_t end = length > 0 ? (size_t)length : 0;
    while (end > 0 && (line[end - 1] == '\n' || line[end - 1] == '\r'))
        end--;
    return end;
}

static bool is_utf16(const char *line, ssize_t length)
{
    return length >= 2 && (memcmp(line, "\xFF\xFE", 2) == 0 || memcmp(line, "\xFE\xFF", 2) == 0);
}

/* The mark is no part of what was written. */
static json_t *parse_head(const char *line, size_t length, uint32_t *sum)
{
    size_t mark = length >= strlen(utf8_mark) && memcmp(line, utf8_mark, strlen(utf8_mark)) == 0
                      ? strlen(utf8_mark)
                      : 0;
    *sum = crc32_add(0, line + mark, length - mark);
    return json_loadb(line + mark, length - mark, JSON_REJECT_DUPLICATES, NULL);
}

/* --- what is there already ----------------------------------------------------------------------- */

/* Moves on until the next row of the room is the one with seq, or a later one. NULL: there is none. */
static enum exit_code find_present(struct import *import, json_int_t seq, json_t **row)
{
    struct present *present = &import->present;
    for (;;) {
        *row = json_array_get(json_object_get(present->page, "rows"), present->at);
        if (*row && number_of(*row, "seq") >= seq)
            return EXIT_DONE;
        if (*row) {
            present->after = number_of(*row, "seq");
            present->at++;
            continue;
        }
        if (present->page && !json_is_true(json_object_get(present->page, "more")))
            return EXIT_DONE;
        json_decref(present->page);
        present->at = 0;
        enum exit_code code = export_page(import->invocation, import->room, present->after, &present->page);
        if (code != EXIT_DONE)
            return code;
    }
}

/* A row that the room has is skipped; something else in its place is not overwritten. */
static enum exit_code skip_row(struct import *import, const json_t *row, json_int_t seq)
{
    json_t *there;
    enum exit_code code = find_present(import, seq, &there);
    if (code != EXIT_DONE)
        return code;
    if (!there || !rows_are_equal(there, row))
        return complain(EXIT_REFUSED,
                        "line %lld: the room has something else at this place (seq %lld), so this is not its "
                        "export; nothing of it was changed.",
                        (long long)import->line, (long long)seq);
    import->skipped++;
    return EXIT_DONE;
}

/* --- rows ---------------------------------------------------------------------------------------- */

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
        import->stored += number_of(reply, "rows");
    json_decref(reply);
    json_array_clear(import->rows);
    import->rows_bytes = 0;
    return code;
}

static enum exit_code gather_row(struct import *import, json_t *row, size_t length)
{
    enum exit_code code = EXIT_DONE;
    if (import->rows_bytes + length > BATCH_BYTES || json_array_size(import->rows) == BATCH_ROWS)
        code = flush_rows(import);
    import_file_rename(&import->file, row);
    json_array_append(import->rows, row);
    import->rows_bytes += length;
    return code;
}

/* Rows that somebody has edited are taken, and told, for they may be damaged as well. */
static enum exit_code take_end(struct import *import, bool is_right)
{
    import->has_ended = true;
    if (is_right)
        return EXIT_DONE;
    return complain(EXIT_DONE, "the lines before line %lld are not those that were written: the export was edited, or it "
                    "is damaged. They are taken as they are.", (long long)import->line);
}

static enum exit_code take_check(struct import *import, bool is_right)
{
    if (!is_right)
        return complain(EXIT_REFUSED,
                        "the file before line %lld is damaged: it is not what was written. Import another "
                        "copy, into a room that has nothing of this one.",
                        (long long)import->line);
    return import_file_check(&import->file, import->invocation);
}

static enum exit_code take_row(struct import *import, json_t *row, size_t length)
{
    const json_t *seq = json_object_get(row, "seq");
    bool is_file;
    if (!import->is_checked) {
        enum exit_code checked = import_file_check(&import->file, import->invocation);
        if (checked != EXIT_DONE)
            return checked;
    }
    enum exit_code code = import_file_line(&import->file, import->invocation, import->room, import->present.last, row,
                                           &is_file);
    if (!is_file && !json_is_integer(seq))
        code = complain(EXIT_REFUSED, "line %lld is no row of an export.", (long long)import->line);
    else if (!is_file && json_integer_value(seq) <= import->present.last)
        code = skip_row(import, row, json_integer_value(seq));
    else if (!is_file)
        code = gather_row(import, row, length);
    return code;
}

static enum exit_code take_line(struct import *import, json_t *row, const char *line, size_t length)
{
    if (export_is_end(row))
        return take_end(import, export_is_right(row, import->sum));
    if (export_is_check(row))
        return take_check(import, export_is_right(row, import->file.sum));
    import->sum = crc32_add(import->sum, line, length);
    return take_row(import, row, length);
}

static enum exit_code add_line(struct import *import, const char *line, size_t length)
{
    json_error_t error;
    json_t *row = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);
    enum exit_code code = take_line(import, row, line, length);
    json_decref(row);
    if (import->file_bytes > 0)
        progress_show(&import->progress, import->bytes_read, import->file_bytes);
    return code;
}

static enum exit_code read_rows(struct import *import)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t got;
    enum exit_code code = EXIT_DONE;
    while (code == EXIT_DONE && (got = getline(&line, &size, import->in)) > 0) {
        size_t length = line_length(line, got);
        import->line++;
        import->bytes_read += got;
        if (length > 0)
            code = add_line(import, line, length);
    }
    free(line);
    if (code == EXIT_DONE && ferror(import->in))
        code = complain(EXIT_REFUSED, "the export cannot be read: %s.", strerror(errno));
    enum exit_code flushed = flush_rows(import); /* those before a wrong line, too */
    if (code == EXIT_DONE && flushed == EXIT_DONE && import->is_checked && !import->has_ended)
        return complain(EXIT_REFUSED, "the export breaks off behind line %lld: its end is missing.",
                        (long long)import->line);
    return code == EXIT_DONE ? flushed : code;
}

/* --- the room ------------------------------------------------------------------------------------ */

/* Makes the room as the head describes it. That it exists already is fine: then its rows are skipped. */
static enum exit_code make_room(struct import *import, const json_t *head)
{
    json_t *room, *reply;
    const char *visibility = json_string_value(json_object_get(head, "visibility"));
    enum exit_code code = room_find(import->invocation, import->room, &room);
    bool exists = room != NULL;
    import->present.last = number_of(room, "last");
    json_decref(room);
    if (code != EXIT_DONE || exists)
        return code;
    code =
        invocation_ask(import->invocation,
                       json_pack("{s:s, s:s, s:O*, s:s*}", "type", "create", "room", import->room,
                                 "topic", json_object_get(head, "topic"), "visibility", visibility),
                       &reply);
    json_decref(reply);
    return code;
}

static enum exit_code check_head(struct import *import, const json_t *head)
{
    const char *path = import->invocation->operands[0];
    const char *type = json_string_value(json_object_get(head, "type"));
    if (!type || strcmp(type, "hearth.export") != 0)
        return complain(EXIT_REFUSED, "%s was not written by room export.", path);
    if (number_of(head, "format") < 1 || number_of(head, "format") > EXPORT_FORMAT)
        return complain(EXIT_REFUSED, "%s is of a newer format.", path);
    import->is_checked = number_of(head, "format") >= EXPORT_FORMAT_CHECKED;
    import->room = import->invocation->operands[1];
    if (!import->room)
        import->room = json_string_value(json_object_get(head, "room"));
    return import->room ? EXIT_DONE : complain(EXIT_REFUSED, "the export names no room.");
}

static enum exit_code read_head(struct import *import, json_t **head)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t got = getline(&line, &size, import->in);
    bool is_wide = is_utf16(line, got);
    *head = is_wide ? NULL : parse_head(line, line_length(line, got), &import->sum);
    free(line);
    import->line = 1;
    import->bytes_read = got > 0 ? got : 0;
    if (is_wide)
        return complain(EXIT_REFUSED, "%s is in the encoding UTF-16; save it as UTF-8.",
                        import->invocation->operands[0]);
    return check_head(import, *head);
}

static enum exit_code run(struct import *import)
{
    json_t *head = NULL;
    enum exit_code code = read_head(import, &head);
    if (code == EXIT_DONE)
        code = make_room(import, head);
    if (code == EXIT_DONE)
        code = read_rows(import);
    json_decref(head);
    return code;
}

/* Said also when it stopped half way: then the same file can be imported again. */
static void report(const struct import *import, enum exit_code code)
{
    if (code != EXIT_DONE && import->stored + import->skipped == 0)
        return;
    FILE *out = code == EXIT_DONE ? stdout : stderr;
    if (invocation_has(import->invocation, OPTION_json))
        fprintf(out, "{\"type\":\"imported\",\"rows\":%lld,\"skipped\":%lld}\n", (long long)import->stored,
                (long long)import->skipped);
    else
        fprintf(out, "%lld rows stored, %lld were there already\n", (long long)import->stored,
                (long long)import->skipped);
}

enum exit_code command_room_import(const struct invocation *invocation)
{
    const char *path = invocation->operands[0];
    struct import import = {.invocation = invocation, .rows = json_array()};
    struct stat about;
    import.in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (!import.in) {
        json_decref(import.rows);
        return complain(EXIT_REFUSED, "%s cannot be read: %s.", path, strerror(errno));
    }
    if (fstat(fileno(import.in), &about) == 0 && S_ISREG(about.st_mode))
        import.file_bytes = about.st_size;
    progress_init(&import.progress, "importing");
    enum exit_code code = run(&import);
    progress_finish(&import.progress);
    report(&import, code);
    import_file_end(&import.file);
    json_decref(import.rows);
    json_decref(import.present.page);
    if (import.in != stdin)
        fclose(import.in);
    return code;
}
