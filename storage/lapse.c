#include "storage/lapse.h"

#include <stdio.h>

#include "storage/audit.h"
#include "storage/days.h"
#include "storage/grants.h"
#include "storage/rooms.h"

static bool find_number(struct database *database, const char *sql, int64_t value, int64_t *number)
{
    sqlite3_stmt *statement = database_prepare(database, sql);
    sqlite3_bind_int64(statement, 1, value);
    return database_number(database, statement, 0, number);
}

static bool run_number(struct database *database, const char *sql, int64_t value)
{
    sqlite3_stmt *statement = database_prepare(database, sql);
    sqlite3_bind_int64(statement, 1, value);
    return database_run(database, statement);
}

/* Without memory the loop learns it from the next join. */
static struct job *add_notice(enum job_kind kind, struct job **notices)
{
    struct job *notice = job_create(kind);
    if (notice) {
        notice->next = *notices;
        *notices = notice;
    }
    return notice;
}

/* Ends the transaction: all of it is done, or nothing. */
static enum retention_result end(struct writer *writer, bool is_done)
{
    if (is_done && database_commit(&writer->database)) {
        logs_committed(&writer->logs);
        return RETENTION_STEPPED;
    }
    database_rollback(&writer->database);
    return RETENTION_FAILED;
}

static enum retention_result remove_room(struct writer *writer, int64_t room_id, struct job **notices)
{
    if (!database_begin(&writer->database))
        return RETENTION_FAILED;
    enum retention_result result = end(writer, rooms_forget(writer, room_id));
    struct job *notice = result == RETENTION_STEPPED ? add_notice(JOB_PRUNED, notices) : NULL;
    if (notice) {
        notice->pruned.room_id = room_id;
        notice->pruned.room_removed = true;
    }
    return result;
}

/* ---- guests ---- */

#define IS_SOLE_OWNER                                                                              \
    "(role=" SQL_OWNER " AND NOT EXISTS(SELECT 1 FROM grants o WHERE o.room_id=grants.room_id AND"       \
    " o.role=" SQL_OWNER " AND o.user_id<>grants.user_id))"

/* The highest id ever used is kept, so that a newcomer never gets a forgotten one's. */
static bool forget_guest(struct database *database, int64_t user_id)
{
    return run_number(database,
                      "INSERT INTO meta(name,value) VALUES('user_id_max',?1) ON CONFLICT(name)"
                      " DO UPDATE SET value=max(value,excluded.value)",
                      user_id) &&
           run_number(database, "DELETE FROM grants WHERE user_id=?1 AND NOT " IS_SOLE_OWNER, user_id) &&
           run_number(database, "DELETE FROM devices WHERE user_id=?1", user_id) &&
           run_number(database, "DELETE FROM blocks WHERE user_id=?1 OR blocked_id=?1", user_id) &&
           run_number(database, "DELETE FROM sightings WHERE user_id=?1", user_id) &&
           run_number(database, "DELETE FROM sanctions WHERE user_id=?1 AND NOT EXISTS(SELECT 1"
                                " FROM sanction_marks WHERE sanction_id=id)",
                      user_id) &&
           run_number(database, "DELETE FROM users WHERE id=?1", user_id);
}

static bool find_direct(struct database *database, int64_t user_id, int64_t *room_id)
{
    return find_number(database, "SELECT id FROM rooms WHERE user_a=?1 OR user_b=?1 LIMIT 1", user_id,
                       room_id);
}

bool lapse_forget_user(struct writer *writer, int64_t user_id)
{
    int64_t room_id;
    do {
        if (!find_direct(&writer->database, user_id, &room_id) ||
            (room_id && !rooms_forget(writer, room_id)))
            return false;
    } while (room_id);
    writer->has_removed = true;
    return forget_guest(&writer->database, user_id);
}

/* A guest who was last seen before the cutoff; 0 none. */
static bool find_guest(struct database *database, const struct cutoff *cutoff, int64_t *user_id)
{
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT id FROM users WHERE account=0 AND"
                                   " NOT EXISTS (SELECT 1 FROM tokens WHERE user_id=id) AND (seen_elapsed_ms<?1 OR"
                                   " (seen_elapsed_ms<0 AND seen_ms>=?2 AND seen_ms<?3)) LIMIT 1");
    sqlite3_bind_int64(statement, 1, cutoff->day > 0 ? cutoff->day * DAY_MS : INT64_MIN);
    sqlite3_bind_int64(statement, 2, AGE_KNOWN_MS);
    sqlite3_bind_int64(statement, 3, cutoff->ts);
    return database_number(database, statement, 0, user_id);
}

/* One guest, or one direct room of such a guest. */
static enum retention_result lapse_guest(struct writer *writer, const struct store_options *options,
                                         struct job **notices)
{
    struct database *database = &writer->database;
    struct cutoff cutoff;
    int64_t user_id = 0, room_id = 0;
    if (!options->guest_age_ms)
        return RETENTION_DONE;
    if (!days_cutoff(database, &writer->now, writer->is_time_proven, options->guest_age_ms,
                     &cutoff) ||
        !find_guest(database, &cutoff, &user_id))
        return RETENTION_FAILED;
    if (!user_id)
        return RETENTION_DONE;
    if (!find_direct(database, user_id, &room_id))
        return RETENTION_FAILED;
    if (room_id)
        return remove_room(writer, room_id, notices);
    return database_begin(database) ? end(writer, forget_guest(database, user_id)) : RETENTION_FAILED;
}

/* ---- rooms ---- */

static enum retention_result lapse_empty_room(struct writer *writer, const struct store_options *options,
                                              struct job **notices)
{
    int64_t room_id;
    if (!options->empty_age_ms)
        return RETENTION_DONE;
    if (!find_number(&writer->database, "SELECT id FROM rooms WHERE guest_made_ms>=0 AND guest_made_ms<=?1"
                                        " AND keep=0 AND " ROOM_IS_EMPTY " LIMIT 1",
                     writer->now.elapsed_ms - options->empty_age_ms, &room_id))
        return RETENTION_FAILED;
    return room_id ? remove_room(writer, room_id, notices) : RETENTION_DONE;
}

/* A room none of whose owners was here since; 0 none. One who was forgotten never will be. */
static bool find_abandoned(struct database *database, int64_t since_ms, int64_t *room_id)
{
    return find_number(database, "SELECT room_id FROM grants g LEFT JOIN users u ON u.id=g.user_id"
                                 " WHERE g.role=" SQL_OWNER " GROUP BY room_id HAVING"
                                 " max(coalesce(max(u.seen_elapsed_ms,0),-1e18))<?1 LIMIT 1",
                       since_ms, room_id);
}

/* The moderator who has been one for longest, of those who were here since: a name, or "" and 0. */
static bool find_heir(struct database *database, int64_t room_id, int64_t since_ms, int64_t *user_id,
                      char name[NAME_BYTES_MAX + 1])
{
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT u.id, u.name FROM grants g JOIN users u ON u.id=g.user_id WHERE g.room_id=?1 AND"
                  " g.role=" SQL_MODERATOR " AND u.seen_elapsed_ms>=?2 AND NOT EXISTS(SELECT 1 FROM tokens t WHERE"
                  " t.user_id=u.id) ORDER BY g.place, u.id LIMIT 1");
    sqlite3_bind_int64(statement, 1, room_id);
    sqlite3_bind_int64(statement, 2, since_ms);
    enum step step = database_step(database, statement);
    *user_id = step == STEP_ROW ? sqlite3_column_int64(statement, 0) : 0;
    name[0] = '\0';
    if (step == STEP_ROW)
        text_clean(column_text(statement, 1), TEXT_LINE, name, NAME_BYTES_MAX + 1);
    database_reset(statement);
    return step != STEP_FAILED;
}

/* Who owned it moderates it from now on: nobody who comes back finds a stranger's room. */
static bool give_away(struct database *database, int64_t room_id, int64_t heir_id)
{
    return run_number(database, "DELETE FROM grants WHERE room_id=?1 AND role=" SQL_OWNER " AND user_id NOT IN"
                                " (SELECT id FROM users)",
                      room_id) &&
           run_number(database, "UPDATE grants SET role=" SQL_MODERATOR " WHERE room_id=?1 AND role=" SQL_OWNER, room_id) &&
           (heir_id ? grants_set_role(database, room_id, heir_id, ROLE_OWNER)
                    : run_number(database, "UPDATE rooms SET orphaned=1 WHERE id=?1", room_id));
}

static bool note_heir(struct writer *writer, const struct store_options *options, int64_t room_id,
                      const char *heir)
{
    struct room_row room = {.name = ""};
    if (!rooms_read_name(&writer->database, room_id, &room))
        return false;
    const struct audit_line line = {
        .act = ACT_ROLE,
        .by = options->gateway_name,
        .user = heir[0] ? heir : NULL,
        .room = room.name,
        .reason = heir[0] ? "owner: the one before stays away"
                          : "the owner stays away: to the gateway's moderators",
        .is_private = room.visibility != VISIBILITY_PUBLIC,
        .room_id = room_id,
    };
    return audit_write(writer, &line);
}

static enum retention_result lapse_ownership(struct writer *writer, const struct store_options *options,
                                             struct job **notices)
{
    struct database *database = &writer->database;
    int64_t room_id, heir_id, since_ms = writer->now.elapsed_ms - options->owner_age_ms;
    char heir[NAME_BYTES_MAX + 1];
    if (!options->owner_age_ms)
        return RETENTION_DONE;
    if (!find_abandoned(database, since_ms, &room_id))
        return RETENTION_FAILED;
    if (!room_id)
        return RETENTION_DONE;
    if (!find_heir(database, room_id, since_ms, &heir_id, heir) || !database_begin(database))
        return RETENTION_FAILED;
    enum retention_result result = end(writer, give_away(database, room_id, heir_id) &&
                                                   note_heir(writer, options, room_id, heir));
    struct job *notice = result == RETENTION_STEPPED ? add_notice(JOB_HANDED_ON, notices) : NULL;
    if (notice)
        notice->handed_on = (struct job_handed_on){.room_id = room_id, .owner_id = heir_id};
    return result;
}

enum retention_result lapse_step(struct writer *writer, const struct store_options *options,
                                 struct job **notices)
{
    enum retention_result result = lapse_guest(writer, options, notices);
    if (result == RETENTION_DONE)
        result = lapse_empty_room(writer, options, notices);
    if (result == RETENTION_DONE)
        result = lapse_ownership(writer, options, notices);
    return result;
}
