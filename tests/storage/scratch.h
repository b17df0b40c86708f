/* scratch.h - a folder of a test's own with a database in it, and what tests ask of its files. */
#ifndef HEARTH_TESTS_STORAGE_SCRATCH_H
#define HEARTH_TESTS_STORAGE_SCRATCH_H

#include "storage/database.h"
#include "storage/job.h"

struct scratch {
    char folder[64];
    char path[96]; /* of the database: chat.db in the folder */
    struct database database;
};

/* The folder; the second one opens the database there too, with its schema, rooms "lobby" (1), the
 * private "cellar" (2) and a direct one of the users 7 and 8 (3). They fail the test. */
void scratch_make(struct scratch *scratch);
void scratch_open(struct scratch *scratch);
void scratch_remove(struct scratch *scratch); /* closes, too */

/* Stores a message, in its own transaction if none is open. */
void scratch_insert(struct database *database, int64_t room_id, int64_t seq, int64_t ts,
                    const char *from, const char *text);

/* How often bytes occur in all files of the folder. */
size_t scratch_count(const struct scratch *scratch, const char *bytes);

/* The first column of the first row; -1 when there is none. */
int64_t scratch_query(struct database *database, const char *sql);

#endif
