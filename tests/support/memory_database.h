/* memory_database.h - the writer and the reader of storage/ on an SQLite database in memory: what
 * tests of higher floors store goes through the statements that the daemon uses, without a thread
 * and without a file. Whatever fails ends the program: memory does not fill up or break. */
#ifndef HEARTH_TESTS_SUPPORT_MEMORY_DATABASE_H
#define HEARTH_TESTS_SUPPORT_MEMORY_DATABASE_H

#include "storage/writer.h"

struct memory_database {
    struct writer writer;
};

/* Empty, with the schema. */
void memory_database_open(struct memory_database *memory, int nonce_window);
void memory_database_close(struct memory_database *memory);

/* Does all jobs of the list (linked by next) in one transaction. */
void memory_database_write(struct memory_database *memory, struct job *jobs);

/* Does one read. JOB_BACKUP and JOB_RESTORE touch files and are not for here. */
void memory_database_read(struct memory_database *memory, struct job *job);

/* Retention removes the oldest count entries of a room that is not kept. The notice, or NULL when
 * nothing went. */
struct job *memory_database_prune(struct memory_database *memory, int64_t room_id, size_t count);

/* What a start finds. rooms is the caller's to free. */
void memory_database_load(struct memory_database *memory, struct store_start *start);

#endif
