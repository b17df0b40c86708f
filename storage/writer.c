#include "storage/writer.h"

#include <inttypes.h>
#include <stdio.h>

#include "storage/backup.h"
#include "storage/cursors.h"
#include "storage/audit.h"
#include "storage/days.h"
#include "storage/blocks.h"
#include "storage/devices.h"
#include "storage/names.h"
#include "storage/erase.h"
#include "storage/files/files.h"
#include "storage/files/folder.h"
#include "storage/grants.h"
#include "storage/invite_links.h"
#include "storage/sanctions.h"
#include "storage/search/search.h"
#include "storage/start.h"
#include "storage/tokens.h"
#include "storage/users.h"

enum {
    WAL_BYTES_MAX = 1024 * 1024, /* a board's flash and page cache notice more */
    WAL_LONG_TIMES = 8,
    CHECKPOINT_BUSY_MS = 50,
    NOTE_MS = 60000 /* elapsed time is noted with a commit when it is so much longer */
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

/* Days that have begun have passed, even where the note of it is lost. */
static bool start_clock(struct writer *writer, const struct store_options *options)
{
    struct database *database = &writer->database;
    int64_t elapsed_ms, day;
    if (!database_meta(database, "elapsed_ms", 0, &elapsed_ms) ||
        !database_number(database, database_prepare(database, "SELECT max(day) FROM room_days"), 0,
                         &day))
        return false;
    writer->noted.elapsed_ms = elapsed_ms > day * DAY_MS ? elapsed_ms : day * DAY_MS;
    writer->noted.day = -1;
    clock_init(&writer->clock, options->read_clock, writer->noted.elapsed_ms);
    int64_t monotonic_ms;
    if (!database_meta(database, "given_ms", 0, &writer->noted.given_ms) ||
        !database_meta(database, "monotonic_ms", 0, &monotonic_ms))
        return false;
    clock_give_again(&writer->clock, writer->noted.given_ms, monotonic_ms);
    return true;
}

bool writer_init(struct writer *writer, struct start *start, const struct store_options *options)
{
    *writer = (struct writer){
        .search = options->search, .path = options->path, .power_loss = options->power_loss};
    folder_begin(writer->path);
    writer->database = start->database;
    start->database = (struct database){.handle = NULL};
    logs_init(&writer->logs, options->nonce_window, options->nonce_bytes);
    names_complete(&writer->database);
    return set_pragmas(writer, options) && start_clock(writer, options) &&
           search_open(&writer->database, options->search, &writer->unindexed) &&
           recovery_open(&writer->database, options->path, &writer->recovery.work,
                         &writer->recovery.figures);
}

void writer_finish(struct writer *writer)
{
    logs_finish(&writer->logs);
    sweep_finish(&writer->sweep);
    recovery_close(writer->recovery.work);
    writer->recovery.work = NULL;
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

bool writer_truncate_wal(struct writer *writer)
{
    int in_wal = 0, done = 0;
    sqlite3_busy_timeout(writer->database.handle, 0);
    int code = sqlite3_wal_checkpoint_v2(writer->database.handle, NULL, SQLITE_CHECKPOINT_TRUNCATE,
                                         &in_wal, &done);
    sqlite3_busy_timeout(writer->database.handle, START_BUSY_MS);
    if (code != SQLITE_OK)
        return false;
    writer->needs_wal_truncation = false;
    writer->wal_pages = 0; /* emptied */
    return true;
}

static bool import_entries(struct writer *writer, struct job *job)
{
    if (!import_run(&writer->database, job))
        return false;
    logs_forget(&writer->logs, job->import.room_id);
    writer->appended += job->import.imported;
    return !job->import.imported || days_begin(&writer->database, job->import.room_id,
                                               day_of(&writer->now), job->import.entries[0].seq);
}

static bool run_moderation(struct writer *writer, struct job *job)
{
    switch (job->kind) {
    case JOB_SANCTION:
        return sanctions_impose(&writer->database, job);
    case JOB_LIFT:
        return sanctions_lift(&writer->database, job);
    case JOB_ERASE:
        return erase_run(writer, job);
    case JOB_NEWCOMERS:
        return users_set_newcomers(&writer->database, &job->newcomers);
    case JOB_ADMIT:
        return users_admit(&writer->database, job);
    case JOB_INVITE_LINK:
        return invite_links_create(&writer->database, &job->invite_link);
    case JOB_INVITE_REVOKE:
        return invite_links_remove(&writer->database, job->invite_link.link.id);
    case JOB_INVITE_USE:
        return invite_links_use(&writer->database, job);
    case JOB_AUDIT:
        return true;
    default:
        job->result = JOB_REFUSED;
        return true;
    }
}

/* Each job judges before it writes, so one that is refused has written nothing and needs no
 * savepoint of its own. */
static bool run_job(struct writer *writer, struct job *job)
{
    switch (job->kind) {
    case JOB_APPEND:
        return append_run(writer, job);
    case JOB_USER_CREATE:
        return users_create(&writer->database, job);
    case JOB_RENAME:
        return names_rename(&writer->database, job);
    case JOB_DEVICE_CREATE:
        return devices_create(&writer->database, job);
    case JOB_RECOVERY:
        return devices_set_recovery(&writer->database, job);
    case JOB_PASSWORD_SET:
        return users_set_password(&writer->database, job);
    case JOB_BLOCK:
        return blocks_set(&writer->database, job);
    case JOB_BLOCKS:
        return blocks_list(&writer->database, job);
    case JOB_USERS:
        return users_list(&writer->database, job);
    case JOB_USER_CHANGE:
        return users_change(writer, job);
    case JOB_DEVICE_TOUCH:
        return devices_touch(&writer->database, job);
    case JOB_DEVICE_FORGET:
        return devices_forget(&writer->database, job);
    case JOB_DEVICES:
        return devices_list(&writer->database, job);
    case JOB_ROOM_CREATE:
        return rooms_create(writer, job);
    case JOB_ROOM_SET:
        return rooms_set(writer, job);
    case JOB_ROOM_REMOVE:
        return rooms_remove(writer, job);
    case JOB_ROOM_PURGE:
        return retention_purge(writer, job);
    case JOB_GRANT:
        return grants_change(&writer->database, job);
    case JOB_READ:
        return grants_mark_read(&writer->database, job);
    case JOB_CURSORS:
        return cursors_write(&writer->database, job);
    case JOB_TOKEN_CREATE:
        return tokens_create(&writer->database, job);
    case JOB_TOKEN_REVOKE:
        return tokens_revoke(&writer->database, job);
    case JOB_TOKEN_PAUSE:
        return tokens_pause(&writer->database, job);
    case JOB_IMPORT:
        return import_entries(writer, job);
    case JOB_FILE_ADD:
        return files_add(writer, job);
    case JOB_FILE_REMOVE:
        return files_remove(writer, job);
    case JOB_CLOCK:
        clock_give(&writer->clock, job->clock.wall_ms, job->clock.monotonic_ms);
        return true;
    default:
        return run_moderation(writer, job);
    }
}

/* False when storage failed; what is only wrong with the job becomes its answer. */
static bool try_job(struct writer *writer, struct job *job)
{
    struct database *database = &writer->database;
    job->result = JOB_DONE;
    database_forget_failure(database);
    if (run_job(writer, job) && audit_note(writer, job))
        return true;
    if (database->failure != FAILURE_OTHER || sqlite3_get_autocommit(database->handle))
        return false;
    job->result = JOB_REFUSED;
    snprintf(job->why, sizeof job->why, "%.120s", database->why);
    return true;
}

/* --- what the database knows of the clock ------------------------------------------------------
 */

/* Where a time was given, the monotonic clock goes with it: see clock_give_again. */
static bool note_clock(struct writer *writer)
{
    struct database *database = &writer->database;
    writer->noting = (struct noted){.is_clock = true,
                                    .elapsed_ms = writer->now.elapsed_ms,
                                    .given_ms = clock_given_ms(&writer->clock)};
    return database_set_meta(database, "elapsed_ms", writer->noting.elapsed_ms) &&
           ((writer->noting.given_ms == 0 && writer->noted.given_ms == 0) ||
            (database_set_meta(database, "given_ms", writer->noting.given_ms) &&
             database_set_meta(database, "monotonic_ms", writer->now.monotonic_ms)));
}

/* With what is stored anyway: nothing is written while nobody speaks. */
static bool note_time(struct writer *writer)
{
    int64_t today = day_of(&writer->now);
    bool has_day = writer->is_time_proven && today != writer->noted.day;
    bool is_due = writer->now.elapsed_ms - writer->noted.elapsed_ms >= NOTE_MS ||
                  clock_given_ms(&writer->clock) != writer->noted.given_ms;
    writer->noting.is_clock = false;
    if ((has_day || is_due) && !note_clock(writer))
        return false;
    writer->noting.day = has_day ? today : writer->noted.day;
    return !has_day || days_note(&writer->database, &writer->now);
}

static void time_is_noted(struct writer *writer)
{
    if (writer->noting.is_clock)
        writer->noted = writer->noting;
}

bool writer_note_elapsed(struct writer *writer)
{
    struct database *database = &writer->database;
    writer->now = clock_now(&writer->clock);
    if (!database_begin(database))
        return false;
    if (!note_clock(writer)) {
        database_rollback(database);
        return false;
    }
    return database_commit(database);
}

/* --- jobs --------------------------------------------------------------------------------------
 */

static bool run_jobs(struct writer *writer, struct job *jobs)
{
    if (!database_begin(&writer->database))
        return false;
    bool ok = true;
    for (struct job *job = jobs; job && ok; job = job->next)
        ok = try_job(writer, job);
    if (ok && note_time(writer))
        return database_commit(&writer->database);
    database_rollback(&writer->database);
    return false;
}

bool writer_commit(struct writer *writer, struct job *jobs)
{
    writer->now = clock_now(&writer->clock);
    writer->appended = 0;
    if (!run_jobs(writer, jobs)) {
        logs_rolled_back(&writer->logs);
        return false;
    }
    logs_committed(&writer->logs);
    time_is_noted(writer);
    if (writer->search)
        writer->unindexed += writer->appended;
    return true;
}
