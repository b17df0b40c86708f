#include "storage/grants.h"

#include "storage/blocks.h"
#include <stdio.h>
#include <string.h>

#include "storage/target.h"
#include "storage/unread.h"

enum {
    OWN_GRANTS_MAX = 100000,
    UNREAD_ROWS_MAX = 50000 /* of all rooms together: a second of a small board */
};

static void read_grant(sqlite3_stmt *row, int column, struct grant *grant)
{
    *grant = (struct grant){
        .role = (enum role)sqlite3_column_int(row, column),
        .invited = sqlite3_column_int(row, column + 1) != 0,
        .banned_until = sqlite3_column_int64(row, column + 2),
        .muted_until = sqlite3_column_int64(row, column + 3),
        .read = sqlite3_column_int64(row, column + 4),
        .entered = sqlite3_column_int(row, column + 5) > 0 ||
                   (sqlite3_column_int(row, column + 5) == 0 && sqlite3_column_int64(row, column + 4) > 0),
        .left = sqlite3_column_int(row, column + 5) < 0,
    };
}

bool grants_read(struct database *database, int64_t room_id, int64_t user_id, struct grant *grant)
{
    *grant = (struct grant){.role = ROLE_NONE};
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT role, invited, banned_until, muted_until, read,"
                                   " entered FROM grants WHERE room_id=?1 AND user_id=?2");
    sqlite3_bind_int64(statement, 1, room_id);
    sqlite3_bind_int64(statement, 2, user_id);
    enum step step = database_step(database, statement);
    if (step == STEP_ROW) {
        read_grant(statement, 0, grant);
        database_reset(statement);
    }
    return step != STEP_FAILED;
}

bool grants_find(struct database *database, struct job *job)
{
    struct job_grant_find *find = &job->grant_find;
    sqlite3_stmt *statement = database_prepare(database, "SELECT 1 FROM rooms WHERE id=?1");
    sqlite3_bind_int64(statement, 1, find->room_id);
    enum step step = database_step(database, statement);
    if (step == STEP_DONE)
        job->result = JOB_ROOM_MISSING;
    if (step != STEP_ROW)
        return step == STEP_DONE;
    database_reset(statement);
    return grants_read(database, find->room_id, find->user_id, &find->grant);
}

bool grants_write(struct database *database, int64_t room_id, int64_t user_id,
                        const struct grant *grant)
{
    sqlite3_stmt *statement = database_prepare(
        database, "INSERT INTO grants(room_id, user_id, role, invited, banned_until, muted_until, read,"
                  " entered) VALUES(?1,?2,?3,?4,?5,?6,?7,?8) ON CONFLICT DO UPDATE SET"
                  " role=?3, invited=max(invited,?4)*?4, banned_until=?5, muted_until=?6, read=?7, entered=?8");
    sqlite3_bind_int64(statement, 1, room_id);
    sqlite3_bind_int64(statement, 2, user_id);
    sqlite3_bind_int(statement, 3, (int)grant->role);
    sqlite3_bind_int(statement, 4, grant->invited);
    sqlite3_bind_int64(statement, 5, grant->banned_until);
    sqlite3_bind_int64(statement, 6, grant->muted_until);
    sqlite3_bind_int64(statement, 7, grant->read);
    sqlite3_bind_int(statement, 8, grant->left ? -1 : grant->entered);
    return database_run(database, statement);
}

bool grants_set_role(struct database *database, int64_t room_id, int64_t user_id, enum role role)
{
    struct grant grant;
    if (!grants_read(database, room_id, user_id, &grant))
        return false;
    grant.role = role;
    return grants_write(database, room_id, user_id, &grant);
}

static void change_grant(const struct job_grant *wanted, struct grant *grant)
{
    switch (wanted->change) {
    case GRANT_ROLE:
        grant->role = wanted->role;
        break;
    case GRANT_INVITE:
        grant->invited = true;
        break;
    case GRANT_DECLINE:
        grant->invited = false;
        break;
    }
}

static bool room_exists(struct database *database, int64_t room_id, int64_t *exists)
{
    sqlite3_stmt *statement = database_prepare(database, "SELECT 1 FROM rooms WHERE id=?1");
    sqlite3_bind_int64(statement, 1, room_id);
    return database_number(database, statement, 0, exists);
}

#define WAITING "user_id=?1 AND invited AND role=0 AND entered=0 AND read=0 ORDER BY invited DESC, room_id DESC"

/* The newest of the user's. */
static bool date_invitation(struct database *database, const struct job_grant *wanted)
{
    sqlite3_stmt *statement = database_prepare(
        database, "UPDATE grants SET invited=1+(SELECT max(invited) FROM grants WHERE user_id=?1),"
                  " invited_by=?3, invited_ms=?4 WHERE user_id=?1 AND room_id=?2");
    sqlite3_bind_int64(statement, 1, wanted->user_id);
    sqlite3_bind_int64(statement, 2, wanted->room_id);
    sqlite3_bind_text(statement, 3, wanted->actor.name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 4, wanted->wall_ms);
    return database_run(database, statement);
}

/* The oldest give way to a new one. */
static bool bound_invitations(struct database *database, const struct job_grant *wanted)
{
    sqlite3_stmt *statement = database_prepare(
        database, "UPDATE grants SET invited=0 WHERE user_id=?1 AND room_id IN"
                  " (SELECT room_id FROM grants WHERE " WAITING " LIMIT -1 OFFSET ?2)");
    sqlite3_bind_int64(statement, 1, wanted->user_id);
    sqlite3_bind_int(statement, 2, wanted->invitations_max);
    return database_run(database, statement);
}

/* ---- roles ---- */

/* Whether the query has a row, with ?1 the room, ?2 the user and ?3 the actor. False on a failure of the database. */
static bool ask(struct database *database, const char *sql, const struct job_grant *wanted,
                int64_t user_id, bool *answer)
{
    int64_t number = 0;
    sqlite3_stmt *statement = database_prepare(database, sql);
    sqlite3_bind_int64(statement, 1, wanted->room_id);
    sqlite3_bind_int64(statement, 2, user_id);
    sqlite3_bind_int64(statement, 3, wanted->actor.user_id);
    bool is_read = database_number(database, statement, 0, &number);
    *answer = number != 0;
    return is_read;
}

static bool owns_before(struct database *database, const struct job_grant *wanted, bool *is_before)
{
    return ask(database, "SELECT 1 FROM grants a JOIN grants b USING(room_id) WHERE room_id=?1 AND"
                         " a.user_id=?3 AND b.user_id=?2 AND a.role=" SQL_OWNER " AND b.role=" SQL_OWNER
                         " AND (a.place, a.user_id)<(b.place, b.user_id)",
               wanted, wanted->user_id, is_before);
}

/* Whoever hands a room on steps back from it, once it is somebody else's, too. */
static bool judge_own_role(struct database *database, struct job *job, const struct target *target)
{
    const struct job_grant *wanted = &job->grant;
    enum role of_actor, of_target;
    bool is_shared = true;
    if (!target_roles(database, job, &wanted->actor, wanted->room_id, target, &of_actor, &of_target))
        return false;
    bool is_back = wanted->grant.role == ROLE_OWNER && wanted->role < ROLE_OWNER;
    if (is_back && !ask(database, "SELECT 1 FROM grants WHERE room_id=?1 AND role=" SQL_OWNER
                                  " AND user_id<>?2",
                        wanted, wanted->user_id, &is_shared))
        return false;
    if (wanted->role > of_actor || !is_shared)
        job->result = wanted->role > of_actor ? JOB_OUTRANKED : JOB_LAST_OWNER;
    return job->result == JOB_DONE;
}

/* A role in the room is given and taken by those above, as the gateway's roles count there, too; of two
 * owners the one who was it first is above. False as in target_find. */
static bool judge_role(struct database *database, struct job *job, const struct target *target)
{
    const struct job_grant *wanted = &job->grant;
    bool is_below;
    if (wanted->change != GRANT_ROLE)
        return true;
    if (wanted->actor.user_id && wanted->actor.user_id == wanted->user_id)
        return judge_own_role(database, job, target);
    if (!target_is_below(database, job, &wanted->actor, wanted->room_id, target, &is_below) ||
        (!is_below && !owns_before(database, wanted, &is_below)))
        return false;
    if (!is_below)
        job->result = JOB_OUTRANKED;
    return is_below;
}

bool grants_judge_owner(struct database *database, struct job *job, int64_t user_id, int rooms_max)
{
    int64_t count;
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT count(*) FROM grants WHERE user_id=?1 AND role=" SQL_OWNER);
    sqlite3_bind_int64(statement, 1, user_id);
    if (!database_number(database, statement, 0, &count))
        return false;
    if (count >= rooms_max)
        job->result = JOB_TOO_MANY_ROOMS;
    return true;
}

/* One user owns so many rooms, whoever gives them; an administrator may give more. */
static bool judge_rooms(struct database *database, struct job *job)
{
    const struct job_grant *wanted = &job->grant;
    if (wanted->change != GRANT_ROLE || wanted->role != ROLE_OWNER ||
        wanted->grant.role == ROLE_OWNER || !wanted->actor.user_id)
        return true;
    return grants_judge_owner(database, job, wanted->user_id, wanted->rooms_max) && job->result == JOB_DONE;
}

static bool date_role(struct database *database, const struct job_grant *wanted)
{
    if (wanted->role == wanted->before)
        return true;
    sqlite3_stmt *statement = database_prepare(
        database, "UPDATE grants SET place=1+(SELECT max(place) FROM grants WHERE room_id=?1)"
                  " WHERE room_id=?1 AND user_id=?2");
    sqlite3_bind_int64(statement, 1, wanted->room_id);
    sqlite3_bind_int64(statement, 2, wanted->user_id);
    if (!database_run(database, statement))
        return false;
    if (wanted->role != ROLE_OWNER)
        return true;
    statement = database_prepare(database, "UPDATE rooms SET orphaned=0 WHERE id=?1");
    sqlite3_bind_int64(statement, 1, wanted->room_id);
    return database_run(database, statement);
}

/* ---- changes ---- */

/* What goes with the change that was written. */
static bool finish_change(struct database *database, const struct job_grant *wanted)
{
    switch (wanted->change) {
    case GRANT_ROLE:
        return date_role(database, wanted);
    case GRANT_INVITE:
        return date_invitation(database, wanted) && bound_invitations(database, wanted);
    case GRANT_DECLINE:
        break;
    }
    return true;
}

bool grants_change(struct database *database, struct job *job)
{
    struct job_grant *wanted = &job->grant;
    struct target target;
    int64_t exists;
    if (!room_exists(database, wanted->room_id, &exists))
        return false;
    if (!exists) {
        job->result = JOB_ROOM_MISSING;
        return true;
    }
    if (!target_find(database, job, wanted->folded, 0, &target))
        return job->result != JOB_DONE;
    wanted->user_id = target.user_id;
    memcpy(wanted->name, target.name, sizeof wanted->name);
    bool is_blocked = false;
    if (!grants_read(database, wanted->room_id, wanted->user_id, &wanted->grant) ||
        (wanted->change == GRANT_INVITE &&
         !blocks_find(database, wanted->user_id, wanted->actor.user_id, &is_blocked)))
        return false;
    if (is_blocked) {
        job->result = JOB_BLOCKED;
        return true;
    }
    if (!judge_role(database, job, &target) || !judge_rooms(database, job))
        return job->result != JOB_DONE;
    wanted->before = wanted->grant.role;
    change_grant(wanted, &wanted->grant);
    return grants_write(database, wanted->room_id, wanted->user_id, &wanted->grant) &&
           finish_change(database, wanted);
}

/* Markers only move forward: two devices of one user may tell them out of order. */
bool grants_mark_read(struct database *database, struct job *job)
{
    int64_t exists;
    if (!room_exists(database, job->read.room_id, &exists))
        return false;
    if (!exists) {
        job->result = JOB_ROOM_MISSING;
        return true;
    }
    struct grant grant;
    if (!grants_read(database, job->read.room_id, job->read.user_id, &grant))
        return false;
    if (grant.entered && !job->read.leaves && job->read.seq <= grant.read)
        return true;
    if (job->read.seq > grant.read)
        grant.read = job->read.seq;
    grant.left = job->read.leaves;
    grant.entered = !grant.left;
    return grants_write(database, job->read.room_id, job->read.user_id, &grant);
}

bool grants_people(struct database *database, struct job *job)
{
    struct job_people *answer = &job->people;
    answer->count = 0;
    answer->people = job_memory(job, (size_t)answer->limit * sizeof *answer->people);
    if (!answer->people)
        return database_failed(database, SQLITE_NOMEM);
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT g.role, g.invited, g.banned_until, g.muted_until, g.read, g.entered, u.id,"
                  " u.name, u.account FROM grants g JOIN users u ON u.id=g.user_id WHERE g.room_id=?1 AND"
                  " (g.role OR g.banned_until OR g.muted_until OR g.invited)"
                  " ORDER BY g.role DESC, u.folded LIMIT ?2");
    sqlite3_bind_int64(statement, 1, job->people.room_id);
    sqlite3_bind_int(statement, 2, answer->limit);
    enum step step;
    while ((step = database_step(database, statement)) == STEP_ROW) {
        struct person *person = &answer->people[answer->count++];
        read_grant(statement, 0, &person->grant);
        person->user_id = sqlite3_column_int64(statement, 6);
        text_clean(column_text(statement, 7), TEXT_LINE, person->name, sizeof person->name);
        person->account = sqlite3_column_int(statement, 8) != 0;
    }
    return step == STEP_DONE;
}

static bool count_own(struct database *database, int64_t user_id, int64_t *count)
{
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT (SELECT count(*) FROM grants WHERE user_id=?1) +"
                                   " (SELECT count(*) FROM rooms WHERE user_a=?1 OR user_b=?1)");
    sqlite3_bind_int64(statement, 1, user_id);
    return database_number(database, statement, 0, count);
}

static bool read_secrets(struct database *database, struct job_own *answer)
{
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT (SELECT count(*) FROM devices WHERE user_id=?1), password IS NOT NULL,"
                  " recovery_hash IS NOT NULL FROM users WHERE id=?1");
    sqlite3_bind_int64(statement, 1, answer->user_id);
    enum step step = database_step(database, statement);
    if (step != STEP_ROW)
        return step == STEP_DONE;
    answer->device_count = sqlite3_column_int64(statement, 0);
    answer->has_password = sqlite3_column_int(statement, 1) != 0;
    answer->has_recovery = sqlite3_column_int(statement, 2) != 0;
    database_reset(statement);
    return true;
}

static bool read_invitations(struct database *database, struct job *job)
{
    struct job_own *answer = &job->own;
    answer->invitation_count = 0;
    answer->invitations = job_memory(job, (size_t)answer->invitations_max * sizeof *answer->invitations);
    if (!answer->invitations)
        return database_failed(database, SQLITE_NOMEM);
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT room_id, invited_ms, invited_by FROM grants WHERE " WAITING " LIMIT ?2");
    sqlite3_bind_int64(statement, 1, answer->user_id);
    sqlite3_bind_int(statement, 2, answer->invitations_max);
    enum step step;
    while ((step = database_step(database, statement)) == STEP_ROW)
        answer->invitations[answer->invitation_count++] = (struct invitation){
            .room_id = sqlite3_column_int64(statement, 0),
            .ts = sqlite3_column_int64(statement, 1),
            .by = job_clean_text(job, (const char *)sqlite3_column_text(statement, 2), TEXT_LINE),
        };
    return step == STEP_DONE;
}

/* Rooms with what is new for the user: the reader does it, so that the loop never waits. */
static bool count_unread(struct database *database, struct job_own *answer)
{
    struct unread_reader reader;
    if (!unread_begin(&reader, database, answer->user_id, UNREAD_ROWS_MAX))
        return false;
    for (size_t i = 0; i < answer->count; i++)
        if (!unread_count(&reader, database, &answer->grants[i]))
            return false;
    return true;
}

/* Direct rooms that the user has not been in are own ones, too: there is something new in them. */
bool grants_own(struct database *database, struct job *job)
{
    struct job_own *answer = &job->own;
    answer->count = 0;
    int64_t count;
    if (!count_own(database, answer->user_id, &count))
        return false;
    if (count > OWN_GRANTS_MAX)
        count = OWN_GRANTS_MAX;
    answer->grants = job_memory(job, (size_t)count * sizeof *answer->grants);
    if (!answer->grants)
        return database_failed(database, SQLITE_NOMEM);
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT role, invited, banned_until, muted_until, read, entered,"
                                   " room_id FROM grants WHERE user_id=?1"
                                   " UNION ALL SELECT 0, 0, 0, 0, 0, 0, id FROM rooms"
                                   " WHERE (user_a=?1 OR user_b=?1) AND NOT EXISTS(SELECT 1 FROM"
                                   " grants WHERE room_id=rooms.id AND user_id=?1) LIMIT ?2");
    sqlite3_bind_int64(statement, 1, answer->user_id);
    sqlite3_bind_int64(statement, 2, count);
    enum step step;
    while ((step = database_step(database, statement)) == STEP_ROW) {
        struct own_grant *own = &answer->grants[answer->count++];
        read_grant(statement, 0, &own->grant);
        own->room_id = sqlite3_column_int64(statement, 6);
    }
    return step == STEP_DONE && read_secrets(database, answer) && read_invitations(database, job) &&
           count_unread(database, answer);
}
