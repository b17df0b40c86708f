/* messages.h - the log entries of all rooms: one table, one integer key that holds room and seq
 * together, so that a page of a log is one range scan and nothing else grows with each message. */
#ifndef HEARTH_STORAGE_MESSAGES_H
#define HEARTH_STORAGE_MESSAGES_H

#include "storage/database.h"
#include "storage/job.h"
#include "storage/row.h"

/* Fills entry from a row of ENTRY_COLUMNS, and with its files; texts are copied into the job. False without memory
 * (the job is then job_failed). */
bool messages_read(struct database *database, struct job *job, sqlite3_stmt *row, struct entry *entry);

/* Stores entry as it is, seq and ts included. */
bool messages_insert(struct database *database, int64_t room_id, const struct entry *entry);

/* Remembers what edits, deletions and reactions change besides the log: their side tables. Called
 * after messages_insert of an entry that is kept as it is (import, recovery) or made (append). */
bool messages_apply(struct database *database, int64_t room_id, const struct entry *entry);

/* About what the entry takes as it goes out, in JSON; pages are bounded by it. Whoever encodes it
 * knows exactly. */
#define ENTRY_BYTES 108 /* its keys and numbers */
#define FILE_BYTES  256 /* the same of a file, with its type */
size_t messages_bytes(const struct entry *entry);

/* The reads: JOB_PAGE, JOB_JOIN, JOB_EXPORT. False on a failure of the database. */
bool messages_page(struct database *database, struct job *job);

#endif
