#include "storage/backup.h"

#include <inttypes.h>
#include <stdio.h>

#include "storage/files/files.h"
#include "storage/messages.h"
#include "storage/search/search.h"

/* Where the room's log ends: rows that are put in must follow. */
struct end {
    bool room_exists;
    int64_t seq;
};

static bool find_end(struct database *database, int64_t room_id, struct end *end)
{
    sqlite3_stmt *select = database_prepare(
        database, "SELECT max(floor, pruned), (SELECT max(id) FROM messages WHERE id>?2 AND id<=?3)"
                  " FROM rooms WHERE id=?1");
    sqlite3_bind_int64(select, 1, room_id);
    sqlite3_bind_int64(select, 2, row_id(room_id, 0));
    sqlite3_bind_int64(select, 3, row_id(room_id, SEQ_KEPT_MAX));
    enum step step = database_step(database, select);
    end->room_exists = step == STEP_ROW;
    if (step == STEP_ROW) {
        int64_t last = row_seq(sqlite3_column_int64(select, 1));
        end->seq = sqlite3_column_int64(select, 0);
        if (last > end->seq)
            end->seq = last;
        database_reset(select);
    }
    return step != STEP_FAILED;
}

static enum job_result refuse_row(struct job *job, int64_t seq, const char *reason)
{
    snprintf(job->why, sizeof job->why, "Row %" PRId64 " is refused: %s.", seq, reason);
    return JOB_REFUSED;
}

static enum job_result judge(struct job *job, struct end end)
{
    if (!end.room_exists)
        return JOB_ROOM_MISSING;
    for (size_t i = 0; i < job->import.count; i++) {
        const struct entry *entry = &job->import.entries[i];
        bool points = entry->kind != ENTRY_KIND_MESSAGE && entry->kind != ENTRY_KIND_TOPIC;
        if (entry->seq <= end.seq || entry->seq > SEQ_KEPT_MAX)
            return refuse_row(job, entry->seq, "its seq must follow those in the room");
        if (entry->ts > TS_MAX)
            return refuse_row(job, entry->seq, "its time is no time");
        if (points && (entry->target <= 0 || entry->target >= entry->seq))
            return refuse_row(job, entry->seq, "its target must be an earlier row");
        if (entry->kind == ENTRY_KIND_REACTION && !entry->emoji)
            return refuse_row(job, entry->seq, "it has no emoji");
        end.seq = entry->seq;
    }
    return JOB_DONE;
}

/* Their bytes are here already: the administrator has uploaded them. */
static bool judge_files(struct database *database, struct job *job)
{
    struct job_import *import = &job->import;
    for (size_t i = 0; i < import->count && job->result == JOB_DONE; i++) {
        struct entry *entry = &import->entries[i];
        if (entry->file_count > 0 && !files_judge(database, job, import->room_id, entry))
            return false;
        if (job->result != JOB_DONE)
            job->result = refuse_row(job, entry->seq, "one of its files is not here");
    }
    return true;
}

/* The target may be in the search index by now. */
static bool put_row(struct database *database, int64_t room_id, const struct entry *entry)
{
    bool changes_text = entry->kind == ENTRY_KIND_EDIT || entry->kind == ENTRY_KIND_DELETE;
    int64_t target = row_id(room_id, entry->target);
    return (!changes_text || search_forget(database, target)) &&
           messages_insert(database, room_id, entry) && files_attach(database, room_id, entry) &&
           messages_apply(database, room_id, entry) &&
           (entry->kind != ENTRY_KIND_EDIT || search_again(database, target));
}

bool import_run(struct database *database, struct job *job)
{
    struct job_import *import = &job->import;
    struct end end = {0};
    import->imported = 0;
    if (!find_end(database, import->room_id, &end))
        return false;
    job->result = judge(job, end);
    if (job->result == JOB_DONE && !judge_files(database, job))
        return false;
    if (job->result != JOB_DONE)
        return true;
    for (size_t i = 0; i < import->count; i++)
        if (!put_row(database, import->room_id, &import->entries[i]))
            return false;
    import->imported = (int64_t)import->count;
    return true;
}
