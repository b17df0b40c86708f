#include "storage/repeats.h"

#include "storage/messages.h"

/* The first entry after one id, up to another, that this user said with this nonce; 0: none. */
static bool find(struct database *database, int64_t after, int64_t up_to,
                 const struct job_repeat *repeat, int64_t *id, int64_t *ts)
{
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT id, ts FROM messages WHERE id>?1 AND id<=?2 AND user_id=?3 AND nonce=?4"
                  " AND (?3<>0 OR name=?5) ORDER BY id LIMIT 1");
    sqlite3_bind_int64(statement, 1, after);
    sqlite3_bind_int64(statement, 2, up_to);
    sqlite3_bind_int64(statement, 3, repeat->user_id);
    bind_text(statement, 4, repeat->nonce);
    bind_text(statement, 5, repeat->from ? repeat->from : "");
    enum step step = database_step(database, statement);
    *id = 0;
    if (step == STEP_ROW) {
        *id = sqlite3_column_int64(statement, 0);
        *ts = sqlite3_column_int64(statement, 1);
        database_reset(statement);
    }
    return step != STEP_FAILED;
}

/* Where limit entries after an id end; 0 when there are not so many. */
static bool end_of_step(struct database *database, int64_t after, int64_t last, int limit,
                        int64_t *end)
{
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT id FROM messages WHERE id>?1 AND id<=?2 ORDER BY id LIMIT 1 OFFSET ?3");
    sqlite3_bind_int64(statement, 1, after);
    sqlite3_bind_int64(statement, 2, last);
    sqlite3_bind_int(statement, 3, limit - 1);
    return database_number(database, statement, 0, end);
}

static bool newest(struct database *database, int64_t room_id, int64_t *id)
{
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT max(id) FROM messages WHERE id>?1 AND id<=?2");
    sqlite3_bind_int64(statement, 1, row_id(room_id, 0));
    sqlite3_bind_int64(statement, 2, row_id(room_id, SEQ_KEPT_MAX));
    return database_number(database, statement, 0, id);
}

/* Whether what was removed may have been it. */
static bool judge_pruned(struct database *database, int64_t room_id, int64_t since,
                         enum job_result *result)
{
    int64_t pruned;
    sqlite3_stmt *statement = database_prepare(database, "SELECT pruned FROM rooms WHERE id=?1");
    sqlite3_bind_int64(statement, 1, room_id);
    if (!database_number(database, statement, -1, &pruned))
        return false;
    *result = pruned < 0       ? JOB_ROOM_MISSING
              : pruned > since ? JOB_SINCE_PRUNED
                               : JOB_DONE;
    return true;
}

bool repeats_look(struct database *database, struct job *job)
{
    struct job_repeat *repeat = &job->repeat;
    struct first_said *first = &repeat->first_said;
    int64_t after = row_id(repeat->room_id, first->checked);
    int64_t last = row_id(repeat->room_id, SEQ_KEPT_MAX);
    int64_t end, id;
    if (!end_of_step(database, after, last, repeat->limit, &end))
        return false;
    repeat->complete = end == 0;
    if ((repeat->complete && !newest(database, repeat->room_id, &end)) ||
        !find(database, after, end, repeat, &id, &repeat->ts))
        return false;
    if (id) {
        repeat->seq = row_seq(id);
        job->result = JOB_REPEATED;
        return true;
    }
    if (row_seq(end) > first->checked)
        first->checked = row_seq(end);
    return !repeat->complete ||
           judge_pruned(database, repeat->room_id, first->since, &job->result);
}

bool repeats_find(struct database *database, struct job_append *append, enum job_result *result)
{
    struct entry *entry = &append->entry;
    const struct job_repeat repeat = {
        .user_id = entry->user_id, .from = entry->from, .nonce = entry->nonce};
    int64_t id;
    if (!find(database, row_id(append->room_id, append->first_said->checked),
              row_id(append->room_id, SEQ_KEPT_MAX), &repeat, &id, &entry->ts))
        return false;
    if (id) {
        entry->seq = row_seq(id);
        *result = JOB_REPEATED;
        return true;
    }
    return judge_pruned(database, append->room_id, append->first_said->since, result);
}
