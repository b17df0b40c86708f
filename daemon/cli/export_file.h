/* export_file.h - the bytes of files in an export: lines before the row of their message. The first says which row and
 * file it is and how long, {"kind":"file","seq","id","name","size"}; each after it has a piece, {"data"}, in Base64
 * (RFC 4648), until all are there. Behind the last a check: see export_line.h. */
#ifndef HEARTH_CLI_EXPORT_FILE_H
#define HEARTH_CLI_EXPORT_FILE_H

#include <jansson.h>

#include "daemon/cli/client.h"
#include "daemon/cli/commands.h"
#include "daemon/cli/export_line.h"

/* Writes those of a row's files that are kept, and their previews. */
enum exit_code export_files(const struct invocation *invocation, const json_t *row, struct export_out *out);

/* Reading them again: one at a time is uploaded into the room, its last piece once the check behind it is right. All
 * zero at first. */
struct import_file {
    struct client client;
    json_int_t left;  /* bytes to come; 0: none is under way */
    uint32_t sum;     /* of those that have come: see export_line.h */
    unsigned char held[12288]; /* the last piece */
    size_t held_bytes;         /* 0: none waits for its check */
    bool is_skipped;  /* its row is there already */
    char id[33];      /* what it was called */
    json_t *ids;      /* owned: what files are called here, by what they were called */
};

/* What was held has been checked, or the export has no checks: now it is a file. */
enum exit_code import_file_check(struct import_file *file, const struct invocation *invocation);

/* Takes a line that is one of these. *is_taken false: it is something else. */
enum exit_code import_file_line(struct import_file *file, const struct invocation *invocation, const char *room,
                                json_int_t last, const json_t *line, bool *is_taken);

/* A row's files as they are called here. What was uploaded for it is forgotten. */
void import_file_rename(struct import_file *file, json_t *row);
void import_file_end(struct import_file *file);

/* Whether two rows are the same, whatever their files are called. */
bool rows_are_equal(const json_t *one, const json_t *other);

#endif
