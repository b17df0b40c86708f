/* database.h - one SQLite connection: opening it, statements prepared once, transactions, and what
 * a failure means. Each connection belongs to one thread. No threads in here. */
#ifndef HEARTH_STORAGE_DATABASE_H
#define HEARTH_STORAGE_DATABASE_H

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DATABASE_PAGE_BYTES                                                                        \
    1024 /* a small commit writes a third of what 4096 would make it write */
#define DATABASE_STATEMENTS_MAX 512 /* a power of two, well above all that are written in storage */

/* What the newest failure means for whoever asked. */
enum failure {
    FAILURE_NONE,
    FAILURE_STORAGE, /* the disk: full, I/O error, read-only, busy, no memory, damaged: try again */
    FAILURE_OTHER    /* anything else, a constraint say: trying again would not help */
};

struct database_statement {
    const char *sql; /* constant; compared by address */
    sqlite3_stmt *handle;
};

struct database {
    sqlite3 *handle; /* owned; NULL while closed */
    struct database_statement statements[DATABASE_STATEMENTS_MAX];
    enum failure failure; /* of the newest failed call; stays until database_forget_failure */
    const atomic_bool *is_stopping; /* borrowed; NULL, or true once long work should end */
    int code;                       /* SQLite's extended code of it */
    char why[128];                  /* its sentence */
};

struct database_options {
    const char *path;
    const char *vfs; /* NULL: SQLite's own */
    bool read_only;
    bool exclusive; /* locking_mode=EXCLUSIVE from the first read on */
    bool full;      /* synchronous=EXTRA, else NORMAL */
    int64_t cache_bytes;
    int busy_ms; /* how long to wait for locks */
};

/* Opens the file, which must be there, and sets the connection's pragmas; not those that write.
 * False: why and failure are filled and the connection is closed. */
bool database_open(struct database *database, const struct database_options *options);

/* Finishes all statements and closes. A closed or zeroed one is fine. */
void database_close(struct database *database);

/* The statement of this constant SQL text, prepared on first use, reset, with no bindings. NULL on
 * failure; binding to and stepping NULL are harmless, so only the end needs to be checked. */
sqlite3_stmt *database_prepare(struct database *database, const char *sql);

enum step { STEP_ROW, STEP_DONE, STEP_FAILED };

/* One step; resets the statement when it is done or failed. After STEP_ROW the caller steps on or
 * calls database_reset: an open statement holds up checkpoints. */
enum step database_step(struct database *database, sqlite3_stmt *statement);
void database_reset(sqlite3_stmt *statement);

/* Steps to the end, ignoring rows. */
bool database_run(struct database *database, sqlite3_stmt *statement);

/* Runs SQL text that is not worth keeping: pragmas, schema; several statements are fine. */
bool database_execute(struct database *database, const char *sql);

/* The first column of the first row of a prepared statement; absent when there is none. */
bool database_number(struct database *database, sqlite3_stmt *statement, int64_t absent,
                     int64_t *number);

/* The same for a pragma or a query that is not worth keeping; absent on failure too. */
int64_t database_ask(struct database *database, const char *sql, int64_t absent);

/* BEGIN IMMEDIATE, COMMIT. A failed commit has been rolled back. */
bool database_begin(struct database *database);
bool database_commit(struct database *database);
void database_rollback(struct database *database);

/* Keeps SQLite's code and sentence as the newest failure. Always false. */
bool database_failed(struct database *database, int code);
void database_forget_failure(struct database *database);

/* The newest failure is that what was read is no database, or a damaged one. */
bool database_is_corrupt(const struct database *database);

/* Numbers the gateway keeps about itself, by name, in the table meta. */
bool database_meta(struct database *database, const char *name, int64_t absent, int64_t *number);
bool database_set_meta(struct database *database, const char *name, int64_t number);

/* Binds text that outlives the step (no copy); NULL is SQL's NULL. */
void bind_text(sqlite3_stmt *statement, int index, const char *text);

/* A text column; "" for NULL. Valid until the next step. */
const char *column_text(sqlite3_stmt *statement, int column);

#endif
