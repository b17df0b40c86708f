#include "storage/origins.h"

#include <stdlib.h>

#include "storage/messages.h"

bool origins_find(struct database *database, int64_t room_id, int64_t user_id, const char *origin,
                  int64_t *seq, int64_t *ts)
{
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT id, ts FROM messages WHERE origin=?1 AND user_id=?2 AND"
                                   " id>?3 AND id<=?4 LIMIT 1");
    bind_text(statement, 1, origin);
    sqlite3_bind_int64(statement, 2, user_id);
    sqlite3_bind_int64(statement, 3, row_id(room_id, 0));
    sqlite3_bind_int64(statement, 4, row_id(room_id, SEQ_KEPT_MAX));
    enum step step = database_step(database, statement);
    *seq = *ts = 0;
    if (step == STEP_ROW) {
        *seq = row_seq(sqlite3_column_int64(statement, 0));
        *ts = sqlite3_column_int64(statement, 1);
        database_reset(statement);
    }
    return step != STEP_FAILED;
}

/* The name of one entry, if it is this user's and has one. */
static bool read_origin(struct database *database, struct job *job, int64_t seq, const char **origin)
{
    const struct job_origins *origins = &job->origins;
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT origin FROM messages WHERE id=?1 AND user_id=?2 AND origin IS NOT NULL");
    sqlite3_bind_int64(statement, 1, row_id(origins->room_id, seq));
    sqlite3_bind_int64(statement, 2, origins->user_id);
    enum step step = database_step(database, statement);
    *origin = NULL;
    if (step == STEP_ROW) {
        *origin = job_clean_text(job, column_text(statement, 0), TEXT_LINE);
        database_reset(statement);
    }
    return step != STEP_FAILED;
}

static int by_seq(const void *a, const void *b)
{
    const struct origin *one = a, *other = b;
    return (one->seq > other->seq) - (one->seq < other->seq);
}

bool origins_read(struct database *database, struct job *job)
{
    struct job_origins *origins = &job->origins;
    origins->origins = job_memory(job, origins->wanted_count * sizeof *origins->origins);
    if (!origins->origins)
        return database_failed(database, SQLITE_NOMEM);
    for (size_t i = 0; i < origins->wanted_count; i++) {
        struct origin found = origins->wanted[i];
        int64_t ts;
        bool ok = found.origin ? origins_find(database, origins->room_id, origins->user_id,
                                              found.origin, &found.seq, &ts)
                               : read_origin(database, job, found.seq, &found.origin);
        if (!ok)
            return false;
        if (found.seq && found.origin)
            origins->origins[origins->count++] = found;
    }
    qsort(origins->origins, origins->count, sizeof *origins->origins, by_seq);
    return !job_failed(job) || database_failed(database, SQLITE_NOMEM);
}
