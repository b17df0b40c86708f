#include "storage/reader.h"

#include <stdio.h>
#include <sys/stat.h>

#include "storage/audit.h"
#include "storage/backup.h"
#include "storage/cursors.h"
#include "storage/files/files.h"
#include "storage/grants.h"
#include "storage/history.h"
#include "storage/messages.h"
#include "storage/repeats.h"
#include "storage/origins.h"
#include "storage/rooms.h"
#include "storage/sanctions.h"
#include "storage/search/search.h"
#include "storage/users.h"

int64_t reader_file_bytes(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-journal"};
    int64_t bytes = 0;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char name[1100];
        struct stat status;
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        if (stat(name, &status) == 0)
            bytes += status.st_size;
    }
    return bytes;
}

static bool read_status(struct database *database, const char *path, struct store_status *status)
{
    status->file_bytes = reader_file_bytes(path);
    status->unindexed = search_unindexed(database);
    return database_number(database, database_prepare(database, "SELECT count(*) FROM users"), 0,
                           &status->users) &&
           database_number(database, database_prepare(database, "SELECT count(*) FROM rooms"), 0,
                           &status->rooms) &&
           database_number(database, database_prepare(database, "SELECT count(*) FROM messages"), 0,
                           &status->entries) &&
           files_usage(database, status);
}

static bool run_job(struct database *database, const char *path, struct job *job)
{
    switch (job->kind) {
    case JOB_LOGIN:
        return users_login(database, job);
    case JOB_USER_FIND:
        return users_find(database, job);
    case JOB_PASSWORD_FIND:
        return users_find_password(database, job);
    case JOB_GRANT_FIND:
        return grants_find(database, job);
    case JOB_REPEAT:
        return repeats_look(database, job);
    case JOB_JOIN:
    case JOB_PAGE:
    case JOB_EXPORT:
        return messages_page(database, job);
    case JOB_HISTORY:
        return history_page(database, job);
    case JOB_SEARCH:
        return search_run(database, job);
    case JOB_PEOPLE:
        return grants_people(database, job);
    case JOB_OWN:
        return grants_own(database, job);
    case JOB_ORIGINS:
        return origins_read(database, job);
    case JOB_EMPTY_ROOMS:
        return rooms_list_empty(database, job);
    case JOB_LAG:
        return cursors_lag(database, job);
    case JOB_REWIND:
        return cursors_rewind(database, job);
    case JOB_SANCTIONS:
        return sanctions_list(database, job);
    case JOB_AUDIT_PAGE:
        return audit_page(database, job);
    case JOB_FILE_FIND:
        return files_find(database, job);
    case JOB_FILE_ROOM:
        return files_room(database, path, job);
    case JOB_FILE_LIST:
        return files_list(database, job);
    case JOB_STATUS:
        return read_status(database, path, &job->status);
    case JOB_BACKUP:
        backup_run(database, job);
        return true;
    case JOB_RESTORE:
        restore_run(database, path, job);
        return true;
    default:
        job->result = JOB_REFUSED;
        return true;
    }
}

/* One snapshot for all that a job reads: an entry and its edits belong together. Backup and restore
 * keep their own, since they take long. */
static bool has_snapshot(enum job_kind kind)
{
    return kind != JOB_BACKUP && kind != JOB_RESTORE && kind != JOB_STATUS;
}

void reader_run(struct database *database, const char *path, struct job *job)
{
    job->result = JOB_DONE;
    database_forget_failure(database);
    bool ok =
        !has_snapshot(job->kind) || database_run(database, database_prepare(database, "BEGIN"));
    ok = ok && run_job(database, path, job);
    database_rollback(database);
    if (ok)
        return;
    job->result = database->failure == FAILURE_OTHER ? JOB_REFUSED : JOB_UNAVAILABLE;
    snprintf(job->why, sizeof job->why, "%.120s", database->why);
}
