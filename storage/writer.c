#include "storage/writer.h"

#include <inttypes.h>
#include <stdio.h>

#include "storage/backup.h"
#include "storage/grants.h"
#include "storage/search.h"
#include "storage/start.h"
#include "storage/users.h"

enum {
    WAL_BYTES_MAX = 1024 * 1024, /* a board's flash and page cache notice more */
    WAL_LONG_TIMES = 8,
    CHECKPOINT_BUSY_MS = 50,
    NONCES_BYTES_MAX = 2 * 1024 * 1024
};

static int note_wal(void *argument, sqlite3 *handle, const char *name, int pages)
{
    (void)handle;
    (void)name;
    ((struct writer *)argument)->wal_pages = pages;
    return SQLITE_OK;
}

/* Checkpoints happen after the answers, not inside the commit that they would hold up. */
static bool set_pragmas(struct writer *writer, const struct store_options *options)
{
    struct database *database = &writer->database;
    char sql[160];
    int64_t page_bytes = database_ask(database, "PRAGMA page_size", 1024);
    writer->wal_bytes_max = WAL_BYTES_MAX;
    if (options->max_bytes && options->max_bytes / 8 < WAL_BYTES_MAX)
        writer->wal_bytes_max = options->max_bytes / 8;
    writer->wal_pages_max = (int)(writer->wal_bytes_max / page_bytes);
    writer->wal_pages_next = writer->wal_pages_max;
    sqlite3_wal_hook(database->handle, note_wal, writer);
    snprintf(sql, sizeof sql,
             "PRAGMA synchronous=%s; PRAGMA journal_size_limit=%" PRId64 ";"
             "PRAGMA cache_spill=OFF", /* a group's pages are written once, not as it grows */
             options->power_loss ? "EXTRA" : "NORMAL", writer->wal_bytes_max);
    return database_execute(database, sql);
}

bool writer_init(struct writer *writer, struct start *start, const struct store_options *options)
{
    *writer = (struct writer){.search = options->search};
    writer->database = start->database;
    start->database = (struct database){.handle = NULL};
    writer->stamp.last_ts = start->found.last_ts;
    logs_init(&writer->logs, options->nonce_window, NONCES_BYTES_MAX);
    return set_pragmas(writer, options) &&
           search_open(&writer->database, options->search, &writer->unindexed);
}

void writer_finish(struct writer *writer)
{
    logs_finish(&writer->logs);
    database_close(&writer->database);
}

bool writer_note(struct writer *writer, const char *name, int64_t number)
{
    struct database *database = &writer->database;
    if (!database_begin(database))
        return false;
    if (database_set_meta(database, name, number))
        return database_commit(database);
    database_rollback(database);
    return false;
}

bool writer_probe(struct writer *writer)
{
    return writer_note(writer, "clean", 0);
}

/* A reader that takes long, a backup say, keeps the WAL from starting over: then the next try comes
 * when it has grown as much again, and only when it is very long new readers have to stand back. */
void writer_checkpoint(struct writer *writer)
{
    int pages = writer->wal_pages, in_wal = 0, done = 0;
    if (pages < writer->wal_pages_before) /* it has started over */
        writer->wal_pages_next = writer->wal_pages_max;
    writer->wal_pages_before = pages;
    if (pages <= writer->wal_pages_next)
        return;
    bool is_long = pages > WAL_LONG_TIMES * writer->wal_pages_max;
    sqlite3_busy_timeout(writer->database.handle, CHECKPOINT_BUSY_MS);
    sqlite3_wal_checkpoint_v2(writer->database.handle, NULL,
                              is_long ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE,
                              &in_wal, &done);
    sqlite3_busy_timeout(writer->database.handle, START_BUSY_MS);
    writer->wal_pages_next = pages + writer->wal_pages_max;
}

bool writer_scrub(struct writer *writer)
{
    int in_wal = 0, done = 0;
    sqlite3_busy_timeout(writer->database.handle, 0);
    int code = sqlite3_wal_checkpoint_v2(writer->database.handle, NULL, SQLITE_CHECKPOINT_TRUNCATE,
                                         &in_wal, &done);
    sqlite3_busy_timeout(writer->database.handle, START_BUSY_MS);
    if (code != SQLITE_OK)
        return false;
    writer->needs_scrub = false;
    writer->wal_pages = 0; /* emptied */
    return true;
}

static bool import_entries(struct writer *writer, struct job *job)
{
    if (!import_run(&writer->database, job))
        return false;
    logs_forget(&writer->logs, job->import.room_id);
    for (size_t i = 0; job->result == JOB_DONE && i < job->import.count; i++)
        if (job->import.entries[i].ts > writer->stamp.last_ts)
            writer->stamp.last_ts = job->import.entries[i].ts;
    writer->appended += job->import.imported;
    return true;
}

/* A guest seen while the clock was unset must not look like one who stayed away since 1970. */
static void correct_time(const struct writer *writer, struct job *job)
{
    if (job->user.wall_ms < writer->stamp.last_ts)
        job->user.wall_ms = writer->stamp.last_ts;
}

/* Each job judges before it writes, so one that is refused has written nothing and needs no
 * savepoint of its own. */
static bool run_job(struct writer *writer, struct job *job)
{
    switch (job->kind) {
    case JOB_APPEND:
        return append_run(writer, job);
    case JOB_USER_CREATE:
        correct_time(writer, job);
        return users_create(&writer->database, job);
    case JOB_USER_TOUCH:
        correct_time(writer, job);
        return users_touch(&writer->database, job);
    case JOB_USER_FORGET:
        return users_forget(&writer->database, job);
    case JOB_ROOM_CREATE:
        return rooms_create(writer, job);
    case JOB_ROOM_SET:
        return rooms_set(writer, job);
    case JOB_ROOM_REMOVE:
        return rooms_remove(writer, job);
    case JOB_GRANT:
        return grants_change(&writer->database, job);
    case JOB_READ:
        return grants_mark_read(&writer->database, job);
    case JOB_IMPORT:
        return import_entries(writer, job);
    default:
        job->result = JOB_REFUSED;
        return true;
    }
}

/* False when storage failed; what is only wrong with the job becomes its answer. */
static bool try_job(struct writer *writer, struct job *job)
{
    struct database *database = &writer->database;
    job->result = JOB_DONE;
    database_forget_failure(database);
    if (run_job(writer, job))
        return true;
    if (database->failure != FAILURE_OTHER || sqlite3_get_autocommit(database->handle))
        return false;
    job->result = JOB_REFUSED;
    snprintf(job->why, sizeof job->why, "%.120s", database->why);
    return true;
}

static bool run_jobs(struct writer *writer, struct job *jobs)
{
    if (!database_begin(&writer->database))
        return false;
    for (struct job *job = jobs; job; job = job->next)
        if (!try_job(writer, job)) {
            database_rollback(&writer->database);
            return false;
        }
    return database_commit(&writer->database);
}

bool writer_commit(struct writer *writer, struct job *jobs)
{
    writer->stamp_before = writer->stamp;
    writer->appended = 0;
    if (!run_jobs(writer, jobs)) {
        logs_rolled_back(&writer->logs);
        writer->stamp = writer->stamp_before;
        return false;
    }
    logs_committed(&writer->logs);
    if (writer->search)
        writer->unindexed += writer->appended;
    return true;
}
