#include "storage/sanctions.h"

#include <stdlib.h>
#include <string.h>

#include "storage/crypto.h"
#include "storage/days.h"
#include "storage/grants.h"
#include "storage/target.h"
#include "storage/users.h"

enum { SEEN_AGAIN_MS = 3600000 }; /* a device that stays is noted once an hour */

#define COLUMNS                                                                                    \
    "s.id, s.kind, s.room_id, s.user_id, s.client_id, s.rank, s.until, s.reach"

static void read_sanction(sqlite3_stmt *row, struct sanction *sanction)
{
    *sanction = (struct sanction){
        .id = sqlite3_column_int64(row, 0),
        .kind = (enum sanction_kind)sqlite3_column_int(row, 1),
        .room_id = sqlite3_column_int64(row, 2),
        .user_id = sqlite3_column_int64(row, 3),
        .is_client = sqlite3_column_type(row, 4) != SQLITE_NULL,
        .client_id = sqlite3_column_int64(row, 4),
        .rank = (enum role)sqlite3_column_int(row, 5),
        .until = sqlite3_column_int64(row, 6),
        .reach = (unsigned)sqlite3_column_int(row, 7),
    };
}

static bool run_with_id(struct database *database, const char *sql, int64_t id)
{
    sqlite3_stmt *statement = database_prepare(database, sql);
    sqlite3_bind_int64(statement, 1, id);
    return database_run(database, statement);
}

/* --- devices and addresses ---------------------------------------------------------------------- */

static bool note_mark(struct database *database, int64_t user_id, enum reach kind, uint64_t mark,
                      int64_t now_ms)
{
    if (!mark)
        return true;
    sqlite3_stmt *statement = database_prepare(
        database, "INSERT INTO sightings(mark, user_id, kind, seen_ms) VALUES(?1,?2,?3,?4)"
                  " ON CONFLICT(mark, user_id) DO UPDATE SET seen_ms=excluded.seen_ms"
                  " WHERE seen_ms<=excluded.seen_ms-?5");
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)mark);
    sqlite3_bind_int64(statement, 2, user_id);
    sqlite3_bind_int(statement, 3, (int)kind);
    sqlite3_bind_int64(statement, 4, now_ms);
    sqlite3_bind_int64(statement, 5, SEEN_AGAIN_MS);
    return database_run(database, statement);
}

bool sightings_note(struct database *database, int64_t user_id, const struct marks *marks,
                    const struct moment *at)
{
    if (!marks->device && !marks->address)
        return true;
    return run_with_id(database, "DELETE FROM sightings WHERE seen_ms<?1", at->elapsed_ms - DAY_MS) &&
           note_mark(database, user_id, REACH_DEVICE, marks->device, at->elapsed_ms) &&
           note_mark(database, user_id, REACH_ADDRESS, marks->address, at->elapsed_ms);
}

/* More than shared_max others were seen with it in the last day: a proxy, a NAT, a repeater. */
static bool is_shared(struct database *database, const struct job_sanction *wanted, uint64_t mark,
                      bool *shared)
{
    int64_t others;
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT count(*) FROM sightings WHERE mark=?1 AND user_id<>?2"
                                   " AND seen_ms>=?3");
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)mark);
    sqlite3_bind_int64(statement, 2, wanted->sanction.user_id);
    sqlite3_bind_int64(statement, 3, wanted->at.elapsed_ms - DAY_MS);
    if (!database_number(database, statement, 0, &others))
        return false;
    *shared = others > wanted->shared_max;
    return true;
}

static bool add_mark(struct database *database, struct job_sanction *wanted, enum reach kind,
                     uint64_t mark)
{
    struct sanction *sanction = &wanted->sanction;
    bool shared;
    for (size_t i = 0; i < sanction->mark_count; i++)
        if (sanction->marks[i] == mark)
            return true;
    if (!mark || sanction->mark_count == SANCTION_MARKS_MAX)
        return true;
    if (!is_shared(database, wanted, mark, &shared))
        return false;
    if (shared) {
        wanted->shared |= 1u << kind;
        return true;
    }
    sanction->reach |= 1u << kind;
    sanction->marks[sanction->mark_count++] = mark;
    return true;
}

/* The device where it is known; the address is of several devices more often. */
static bool add_marks(struct database *database, struct job_sanction *wanted,
                      const struct marks *marks)
{
    return marks->device ? add_mark(database, wanted, REACH_DEVICE, marks->device)
                         : add_mark(database, wanted, REACH_ADDRESS, marks->address);
}

/* Where the user was seen in the last day, the newest first. An address counts only where the user was
 * never seen with a device. */
static size_t read_sightings(struct database *database, const struct job_sanction *wanted,
                             struct marks *marks)
{
    size_t count = 0;
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT kind, mark FROM sightings WHERE user_id=?1 AND seen_ms>=?2 AND (kind=?3 OR"
                  " NOT EXISTS(SELECT 1 FROM sightings d WHERE d.user_id=?1 AND d.kind=?3 AND"
                  " d.seen_ms>=?2)) ORDER BY seen_ms DESC LIMIT ?4");
    sqlite3_bind_int64(statement, 1, wanted->sanction.user_id);
    sqlite3_bind_int64(statement, 2, wanted->at.elapsed_ms - DAY_MS);
    sqlite3_bind_int(statement, 3, REACH_DEVICE);
    sqlite3_bind_int(statement, 4, SANCTION_MARKS_MAX);
    while (database_step(database, statement) == STEP_ROW) {
        uint64_t mark = (uint64_t)sqlite3_column_int64(statement, 1);
        bool is_device = sqlite3_column_int(statement, 0) == REACH_DEVICE;
        marks[count++] = is_device ? (struct marks){.device = mark} : (struct marks){.address = mark};
    }
    return count;
}

static bool gather_marks(struct database *database, struct job_sanction *wanted)
{
    struct marks seen[SANCTION_MARKS_MAX];
    size_t seen_count = wanted->sanction.user_id ? read_sightings(database, wanted, seen) : 0;
    bool ok = database->failure != FAILURE_STORAGE;
    for (size_t i = 0; ok && i < wanted->here_count; i++)
        ok = add_marks(database, wanted, &wanted->here[i]);
    for (size_t i = 0; ok && i < seen_count; i++)
        ok = add_marks(database, wanted, &seen[i]);
    return ok;
}

/* --- imposing ----------------------------------------------------------------------------------- */

static bool forget_over(struct database *database, int64_t elapsed_ms)
{
    return run_with_id(database,
                       "DELETE FROM sanction_marks WHERE sanction_id IN"
                       " (SELECT id FROM sanctions WHERE until<=?1)",
                       elapsed_ms) &&
           run_with_id(database, "DELETE FROM sanctions WHERE until<=?1", elapsed_ms);
}

static bool delete_sanction(struct database *database, int64_t id)
{
    return run_with_id(database, "DELETE FROM sanction_marks WHERE sanction_id=?1", id) &&
           run_with_id(database, "DELETE FROM sanctions WHERE id=?1", id);
}

/* The one of this kind, place and target; id 0: there is none. */
static bool find_same(struct database *database, const struct sanction *like,
                      struct sanction *found)
{
    *found = (struct sanction){.id = 0};
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT " COLUMNS " FROM sanctions s WHERE s.kind=?1 AND s.room_id=?2 AND"
                  " s.user_id=?3 AND s.client_id IS ?4");
    sqlite3_bind_int(statement, 1, (int)like->kind);
    sqlite3_bind_int64(statement, 2, like->room_id);
    sqlite3_bind_int64(statement, 3, like->user_id);
    if (like->is_client)
        sqlite3_bind_int64(statement, 4, like->client_id);
    enum step step = database_step(database, statement);
    if (step == STEP_ROW) {
        read_sanction(statement, found);
        database_reset(statement);
    }
    return step != STEP_FAILED;
}

static bool insert(struct database *database, const struct job_sanction *wanted, const char *name)
{
    const struct sanction *sanction = &wanted->sanction;
    sqlite3_stmt *statement = database_prepare(
        database, "INSERT INTO sanctions(kind, room_id, user_id, client_id, name, by_name, rank,"
                  " created_ms, until, reason, reach) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)");
    sqlite3_bind_int(statement, 1, (int)sanction->kind);
    sqlite3_bind_int64(statement, 2, sanction->room_id);
    sqlite3_bind_int64(statement, 3, sanction->user_id);
    if (sanction->is_client)
        sqlite3_bind_int64(statement, 4, sanction->client_id);
    bind_text(statement, 5, name);
    bind_text(statement, 6, wanted->actor.name);
    sqlite3_bind_int(statement, 7, (int)sanction->rank);
    sqlite3_bind_int64(statement, 8, wanted->at.wall_ms);
    sqlite3_bind_int64(statement, 9, sanction->until);
    bind_text(statement, 10, wanted->reason);
    sqlite3_bind_int(statement, 11, (int)sanction->reach);
    return database_run(database, statement);
}

static bool insert_marks(struct database *database, const struct sanction *sanction)
{
    bool ok = true;
    for (size_t i = 0; ok && i < sanction->mark_count; i++) {
        sqlite3_stmt *statement = database_prepare(
            database, "INSERT INTO sanction_marks(sanction_id, mark) VALUES(?1,?2)");
        sqlite3_bind_int64(statement, 1, sanction->id);
        sqlite3_bind_int64(statement, 2, (sqlite3_int64)sanction->marks[i]);
        ok = database_run(database, statement);
    }
    return ok;
}

/* What a user may not in a room is read with the room's grant. */
static bool set_grant(struct database *database, const struct sanction *sanction, int64_t until,
                      struct grant *grant)
{
    if (!sanction->room_id || !sanction->user_id || sanction_is_behind(sanction))
        return true;
    if (!grants_read(database, sanction->room_id, sanction->user_id, grant))
        return false;
    if (sanction->kind == SANCTION_MUTE)
        grant->muted_until = until;
    else
        grant->banned_until = until;
    if (sanction->kind == SANCTION_BAN && until)
        grant->invited = false;
    return grants_write(database, sanction->room_id, sanction->user_id, grant);
}

bool sanctions_impose(struct database *database, struct job *job)
{
    struct job_sanction *wanted = &job->sanction;
    struct sanction *sanction = &wanted->sanction, before;
    struct target target;
    enum role of_target;
    sanction->mark_count = 0;
    wanted->shared = 0;
    if (!target_find(database, job, wanted->folded, sanction->client_id, &target))
        return job->result != JOB_DONE;
    sanction->user_id = target.user_id;
    sanction->reach = 1u << REACH_KEYS;
    if (!target_roles(database, job, &wanted->actor, sanction->room_id, &target, &sanction->rank,
                    &of_target))
        return job->result != JOB_DONE;
    if (of_target >= sanction->rank) {
        job->result = JOB_OUTRANKED;
        return true;
    }
    if ((wanted->reaches_device && !gather_marks(database, wanted)) ||
        !forget_over(database, wanted->at.elapsed_ms) || !find_same(database, sanction, &before) ||
        (before.id && !delete_sanction(database, before.id)) ||
        !insert(database, wanted, wanted->from ? wanted->from : target.name))
        return false;
    sanction->id = sqlite3_last_insert_rowid(database->handle);
    return insert_marks(database, sanction) &&
           set_grant(database, sanction, sanction->until, &wanted->grant);
}

/* --- lifting ------------------------------------------------------------------------------------ */

static bool find_by_id(struct database *database, int64_t id, struct sanction *found)
{
    *found = (struct sanction){.id = 0};
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT " COLUMNS " FROM sanctions s WHERE s.id=?1");
    sqlite3_bind_int64(statement, 1, id);
    enum step step = database_step(database, statement);
    if (step == STEP_ROW) {
        read_sanction(statement, found);
        database_reset(statement);
    }
    return step != STEP_FAILED;
}

/* False as in target_find. Nobody is meant by an id that is not there. */
static bool find_lifted(struct database *database, struct job *job)
{
    struct job_lift *wanted = &job->lift;
    struct sanction found;
    struct target target;
    if (wanted->id) {
        if (!find_by_id(database, wanted->id, &found))
            return false;
        if (!found.id || found.until <= wanted->at.elapsed_ms)
            job->result = JOB_SANCTION_MISSING;
    } else {
        if (!target_find(database, job, wanted->folded, wanted->sanction.client_id, &target))
            return false;
        wanted->sanction.user_id = target.user_id;
        if (!find_same(database, &wanted->sanction, &found))
            return false;
    }
    wanted->found = found.id != 0;
    if (found.id)
        wanted->sanction = found;
    return job->result == JOB_DONE;
}

/* In a room that the actor may not moderate, it is as if it were not there. */
static bool check_lift(struct database *database, struct job *job)
{
    struct job_lift *wanted = &job->lift;
    const struct target nobody = {.role = ROLE_NONE};
    enum role role, unused;
    if (!target_roles(database, job, &wanted->actor, wanted->sanction.room_id, &nobody, &role,
                    &unused))
        return false;
    if (wanted->id && role < ROLE_MODERATOR)
        job->result = JOB_SANCTION_MISSING;
    else if (role < wanted->sanction.rank)
        job->result = JOB_OUTRANKED;
    return job->result == JOB_DONE;
}

bool sanctions_lift(struct database *database, struct job *job)
{
    struct job_lift *wanted = &job->lift;
    if (!find_lifted(database, job) || (wanted->found && !check_lift(database, job)))
        return job->result != JOB_DONE;
    return (!wanted->found || delete_sanction(database, wanted->sanction.id)) &&
           set_grant(database, &wanted->sanction, 0, &wanted->grant);
}

/* --- reading ------------------------------------------------------------------------------------ */

static sqlite3_stmt *select_rows(struct database *database, const struct job_sanctions *wanted)
{
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT " COLUMNS ", coalesce(u.name, s.name), r.name, s.by_name, s.reason,"
                  " s.created_ms, s.name FROM sanctions s LEFT JOIN users u ON u.id=s.user_id"
                  " LEFT JOIN rooms r ON r.id=s.room_id WHERE s.until>?1 AND CASE ?2 WHEN 0 THEN"
                  " s.room_id=0 OR r.visibility=0 OR ?3 ELSE s.room_id=?2 END"
                  " ORDER BY s.id DESC LIMIT ?4");
    sqlite3_bind_int64(statement, 1, wanted->elapsed_ms);
    sqlite3_bind_int64(statement, 2, wanted->room_id);
    sqlite3_bind_int(statement, 3, wanted->is_all);
    sqlite3_bind_int(statement, 4, wanted->limit);
    return statement;
}

static const char *copy_text(struct job *job, sqlite3_stmt *row, int column, enum text_rule rule)
{
    return job_clean_text(job, (const char *)sqlite3_column_text(row, column), rule);
}

bool sanctions_list(struct database *database, struct job *job)
{
    struct job_sanctions *wanted = &job->sanctions;
    wanted->count = 0;
    wanted->rows = job_memory(job, (size_t)wanted->limit * sizeof *wanted->rows);
    if (!wanted->rows)
        return database_failed(database, SQLITE_NOMEM);
    sqlite3_stmt *rows = select_rows(database, wanted);
    enum step step;
    while ((step = database_step(database, rows)) == STEP_ROW) {
        struct sanction_row *row = &wanted->rows[wanted->count++];
        read_sanction(rows, &row->sanction);
        row->user = copy_text(job, rows, 8, TEXT_LINE);
        row->room = copy_text(job, rows, 9, TEXT_LINE);
        row->by = copy_text(job, rows, 10, TEXT_LINE);
        row->reason = copy_text(job, rows, 11, TEXT_PROSE);
        row->created_ms = sqlite3_column_int64(rows, 12);
        row->from = sanction_is_behind(&row->sanction) ? copy_text(job, rows, 13, TEXT_LINE) : NULL;
    }
    return step == STEP_DONE && (!job_failed(job) || database_failed(database, SQLITE_NOMEM));
}

static bool load_marks(struct database *database, struct sanction *sanction)
{
    sqlite3_stmt *rows = database_prepare(
        database, "SELECT mark FROM sanction_marks WHERE sanction_id=?1 LIMIT ?2");
    sqlite3_bind_int64(rows, 1, sanction->id);
    sqlite3_bind_int(rows, 2, SANCTION_MARKS_MAX);
    enum step step;
    while ((step = database_step(database, rows)) == STEP_ROW)
        sanction->marks[sanction->mark_count++] = (uint64_t)sqlite3_column_int64(rows, 0);
    return step == STEP_DONE;
}

/* Made at the first start, and never told. */
static bool load_secret(struct database *database, uint8_t secret[HASH_BYTES])
{
    sqlite3_stmt *statement = database_prepare(database, "SELECT value FROM meta WHERE name='secret'");
    enum step step = database_step(database, statement);
    bool is_known = step == STEP_ROW && sqlite3_column_bytes(statement, 0) == HASH_BYTES;
    if (is_known)
        memcpy(secret, sqlite3_column_blob(statement, 0), HASH_BYTES);
    database_reset(statement);
    if (is_known || step == STEP_FAILED)
        return is_known;
    if (!random_fill(secret, HASH_BYTES))
        return database_failed(database, SQLITE_INTERNAL);
    statement = database_prepare(database, "INSERT OR REPLACE INTO meta(name, value) VALUES('secret',?1)");
    sqlite3_bind_blob(statement, 1, secret, HASH_BYTES, SQLITE_STATIC);
    return database_run(database, statement);
}

bool sanctions_load(struct database *database, struct store_start *start)
{
    if (!load_secret(database, start->secret) ||
        !users_load_newcomers(database, &start->newcomers))
        return false;
    start->sanctions = calloc(SANCTIONS_LOADED_MAX, sizeof *start->sanctions);
    if (!start->sanctions)
        return database_failed(database, SQLITE_NOMEM);
    sqlite3_stmt *rows = database_prepare(
        database, "SELECT " COLUMNS " FROM sanctions s WHERE s.room_id=0 OR s.client_id NOT NULL OR"
                  " EXISTS(SELECT 1 FROM sanction_marks WHERE sanction_id=s.id)"
                  " ORDER BY s.id DESC LIMIT ?1");
    sqlite3_bind_int(rows, 1, SANCTIONS_LOADED_MAX);
    bool ok = true;
    enum step step;
    while (ok && (step = database_step(database, rows)) == STEP_ROW) {
        struct sanction *sanction = &start->sanctions[start->sanction_count++];
        read_sanction(rows, sanction);
        ok = load_marks(database, sanction);
    }
    database_reset(rows);
    return ok && step == STEP_DONE;
}
