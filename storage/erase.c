#include "storage/erase.h"

#include <string.h>

#include "storage/days.h"
#include "storage/row.h"
#include "storage/target.h"

#define ROWS_MAX 1000 /* looked at in one step */

/* Nothing older than this seq is meant: what was stored before the first day that is. The rest is told by
 * its time. */
static bool find_floor(struct writer *writer, const struct job_erase *wanted, int64_t *floor)
{
    int64_t day = (wanted->at.elapsed_ms - wanted->last_ms) / DAY_MS;
    *floor = 0;
    return wanted->last_ms == NUMBER_ABSENT || day <= 0 ||
           days_end(&writer->database, wanted->room_id, day, floor);
}

static bool is_meant(const struct job_erase *wanted, sqlite3_stmt *row, const struct target *target)
{
    int64_t user_id = sqlite3_column_int64(row, 2);
    bool is_theirs = target->user_id ? user_id == target->user_id
                                     : user_id == 0 && strcmp(column_text(row, 3), target->name) == 0;
    bool is_recent = wanted->last_ms == NUMBER_ABSENT ||
                     sqlite3_column_int64(row, 1) >= wanted->at.wall_ms - wanted->last_ms;
    return is_theirs && is_recent;
}

/* The newest messages below the cursor that are meant; the cursor moves down over all that were looked at. */
static bool find_messages(struct writer *writer, struct job_erase *wanted,
                          const struct target *target, int64_t floor)
{
    sqlite3_stmt *rows = database_prepare(
        &writer->database, "SELECT id, ts, user_id, name, kind=0 AND (flags & 4)=0 FROM messages"
                           " WHERE id>?1 AND id<?2 ORDER BY id DESC LIMIT ?3");
    sqlite3_bind_int64(rows, 1, row_id(wanted->room_id, floor));
    sqlite3_bind_int64(rows, 2, row_id(wanted->room_id, wanted->before));
    sqlite3_bind_int(rows, 3, ROWS_MAX);
    int looked_at = 0;
    enum step step = STEP_ROW;
    wanted->count = 0;
    while (wanted->count < ERASE_STEP_MAX && (step = database_step(&writer->database, rows)) == STEP_ROW) {
        looked_at++;
        wanted->before = row_seq(sqlite3_column_int64(rows, 0));
        if (sqlite3_column_int(rows, 4) && is_meant(wanted, rows, target))
            wanted->erased[wanted->count++].entry.target = wanted->before;
    }
    database_reset(rows);
    wanted->more = wanted->count == ERASE_STEP_MAX || looked_at == ROWS_MAX;
    return step != STEP_FAILED;
}

/* As if the actor's own board had asked for each of them: whether the actor may was judged before. */
static bool erase_message(struct writer *writer, const struct job_erase *wanted,
                          struct erased *erased)
{
    static const struct actor board = {.role = ROLE_ADMIN};
    struct job job = {.kind = JOB_APPEND};
    job.append = (struct job_append){.room_id = wanted->room_id,
                                     .moderator = &board,
                                     .at = wanted->at};
    job.append.entry = (struct entry){.kind = ENTRY_KIND_DELETE,
                                      .user_id = wanted->actor.user_id,
                                      .from = wanted->actor.name,
                                      .target = erased->entry.target};
    if (!append_run(writer, &job))
        return false;
    erased->is_gone = job.result == JOB_DONE;
    erased->entry = job.append.entry;
    erased->forget_through = job.append.forget_through;
    return true;
}

bool erase_run(struct writer *writer, struct job *job)
{
    struct job_erase *wanted = &job->erase;
    struct target target;
    enum role of_actor, of_target;
    int64_t floor;
    wanted->count = 0;
    wanted->more = false;
    if (!target_find(&writer->database, job, wanted->folded, wanted->client_id, &target) ||
        !target_roles(&writer->database, job, &wanted->actor, wanted->room_id, &target, &of_actor,
                      &of_target))
        return job->result != JOB_DONE;
    if (of_actor < ROLE_MODERATOR || of_target >= of_actor) {
        job->result = JOB_OUTRANKED;
        return true;
    }
    bool ok = find_floor(writer, wanted, &floor) && find_messages(writer, wanted, &target, floor);
    for (size_t i = 0; ok && i < wanted->count; i++)
        ok = erase_message(writer, wanted, &wanted->erased[i]);
    return ok;
}
