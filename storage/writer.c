#include "storage/writer.h"

#include <stdio.h>

#include "storage/backup.h"
#include "storage/grants.h"
#include "storage/users.h"

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

/* Each job judges before it writes, so one that is refused has written nothing and needs no
 * savepoint of its own. */
static bool run_job(struct writer *writer, struct job *job)
{
    switch (job->kind) {
    case JOB_APPEND:
        return append_run(writer, job);
    case JOB_USER_CREATE:
        return users_create(&writer->database, job);
    case JOB_USER_TOUCH:
        return users_touch(&writer->database, job);
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
