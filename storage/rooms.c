#include "storage/rooms.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/crypto.h"
#include "storage/grants.h"
#include "storage/messages.h"
#include "storage/sanctions.h"
#include "storage/writer.h"

#define SEQ_SKIP (1 << 20)

static bool keep_highest_id(struct database *database, const char *name, int64_t id)
{
    int64_t highest;
    if (!database_meta(database, name, 0, &highest))
        return false;
    return id <= highest || database_set_meta(database, name, id);
}

/* What a room is found by. No name can have a #. */
static void key_of(const struct room_row *room, char key[ROOM_NAME_BYTES_MAX + 1])
{
    int64_t a = room->user_a, b = room->user_b;
    if (room->visibility == VISIBILITY_DIRECT)
        snprintf(key, ROOM_NAME_BYTES_MAX + 1, "@#%" PRId64 ",%" PRId64, a < b ? a : b, a < b ? b : a);
    else
        snprintf(key, ROOM_NAME_BYTES_MAX + 1, "%s", room->folded);
}

static bool insert_room(struct database *database, const struct room_row *room, int64_t guest_made_ms)
{
    char key[ROOM_NAME_BYTES_MAX + 1];
    key_of(room, key);
    sqlite3_stmt *statement = database_prepare(
        database, "INSERT INTO rooms(id, name, folded, topic, log_id, visibility, keep, user_a,"
                  " user_b, guest_made_ms) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)");
    sqlite3_bind_int64(statement, 1, room->id);
    bind_text(statement, 2, room->name);
    bind_text(statement, 3, key);
    bind_text(statement, 4, room->topic);
    bind_text(statement, 5, room->log_id);
    sqlite3_bind_int(statement, 6, (int)room->visibility);
    sqlite3_bind_int(statement, 7, room->keep);
    sqlite3_bind_int64(statement, 8, room->user_a);
    sqlite3_bind_int64(statement, 9, room->user_b);
    sqlite3_bind_int64(statement, 10, guest_made_ms);
    return database_run(database, statement);
}

/* Whether that was why it failed; then it is the job's answer. */
static bool is_name_taken(struct database *database, struct job *job)
{
    if ((database->code & 0xff) != SQLITE_CONSTRAINT)
        return false;
    database_forget_failure(database);
    job->result = JOB_NAME_TAKEN;
    return true;
}

bool rooms_create(struct writer *writer, struct job *job)
{
    struct database *database = &writer->database;
    struct room_row *room = &job->room.room;
    if (job->room.owner_id && !grants_judge_owner(database, job, job->room.owner_id, job->room.rooms_max))
        return false;
    if (job->result != JOB_DONE)
        return true;
    if (!room->log_id[0] && !random_hex(room->log_id, LOG_ID_BYTES / 2))
        return database_failed(database, SQLITE_INTERNAL);
    if (!insert_room(database, room, job->room.is_of_guest ? writer->now.elapsed_ms : -1))
        return is_name_taken(database, job);
    return keep_highest_id(database, "room_id_max", room->id) &&
           (!job->room.owner_id ||
            grants_set_role(database, room->id, job->room.owner_id, ROLE_OWNER));
}

static bool update_room(struct database *database, const struct job_room_set *set)
{
    sqlite3_stmt *statement = database_prepare(
        database, "UPDATE rooms SET topic=coalesce(?2,topic), visibility=coalesce(?3,visibility),"
                  " keep=coalesce(?4,keep), slow_seconds=coalesce(?5,slow_seconds),"
                  " speak=coalesce(?6,speak), archived=coalesce(?9,archived),"
                  " was=CASE WHEN coalesce(?7,folded)=folded THEN was ELSE folded END,"
                  " name=coalesce(?8,name), folded=coalesce(?7,folded) WHERE id=?1");
    sqlite3_bind_int64(statement, 1, set->room_id);
    bind_text(statement, 2, set->topic);
    if (set->visibility >= 0)
        sqlite3_bind_int(statement, 3, set->visibility);
    if (set->keep >= 0)
        sqlite3_bind_int(statement, 4, set->keep != 0);
    if (set->slow_seconds >= 0)
        sqlite3_bind_int(statement, 5, set->slow_seconds);
    if (set->speak >= 0)
        sqlite3_bind_int(statement, 6, set->speak);
    if (set->archived >= 0)
        sqlite3_bind_int(statement, 9, set->archived != 0);
    bind_text(statement, 8, set->name);
    bind_text(statement, 7, set->folded);
    return database_run(database, statement);
}

bool rooms_set(struct writer *writer, struct job *job)
{
    struct job_room_set *set = &job->room_set;
    struct log *log;
    enum log_result found = logs_find(&writer->logs, &writer->database, set->room_id, &log);
    if (found != LOG_FOUND) {
        job->result = JOB_ROOM_MISSING;
        return found == LOG_NO_ROOM;
    }
    if (!update_room(&writer->database, set))
        return is_name_taken(&writer->database, job);
    if (!set->topic)
        return true;
    set->entry.kind = ENTRY_KIND_TOPIC;
    set->entry.text = set->topic;
    set->entry.ts = log_take_ts(&writer->logs, log, &set->at);
    set->entry.clock_unset = set->at.clock == CLOCK_UNSET;
    return append_entry(writer, log, set->room_id, &set->entry);
}

static bool run_with_room(struct database *database, const char *sql, int64_t room_id)
{
    sqlite3_stmt *statement = database_prepare(database, sql);
    sqlite3_bind_int64(statement, 1, room_id);
    return database_run(database, statement);
}

bool rooms_forget(struct writer *writer, int64_t room_id)
{
    struct database *database = &writer->database;
    logs_forget(&writer->logs, room_id);
    writer->has_removed = true;
    return run_with_room(database, "DELETE FROM rooms WHERE id=?1", room_id) &&
           run_with_room(database, "DELETE FROM grants WHERE room_id=?1", room_id) &&
           run_with_room(database, "DELETE FROM invite_links WHERE room_id=?1", room_id) &&
           run_with_room(database, "DELETE FROM sanction_marks WHERE sanction_id IN"
                                   " (SELECT id FROM sanctions WHERE room_id=?1)",
                         room_id) &&
           run_with_room(database, "DELETE FROM sanctions WHERE room_id=?1", room_id) &&
           run_with_room(database, "DELETE FROM room_days WHERE room_id=?1", room_id) &&
           run_with_room(database, "DELETE FROM token_rooms WHERE room_id=?1", room_id) &&
           run_with_room(database, "DELETE FROM cursors WHERE room_id=?1", room_id) &&
           run_with_room(database, "INSERT OR IGNORE INTO removed_rooms(id) VALUES(?1)", room_id);
}

bool rooms_remove(struct writer *writer, struct job *job)
{
    struct database *database = &writer->database;
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT " ROOM_IS_EMPTY " FROM rooms WHERE id=?1");
    int64_t is_empty;
    sqlite3_bind_int64(statement, 1, job->room.room.id);
    if (!database_number(database, statement, -1, &is_empty))
        return false;
    if (is_empty < 0)
        job->result = JOB_ROOM_MISSING;
    else if (!is_empty && job->room.is_only_empty)
        job->result = JOB_IN_USE;
    return job->result != JOB_DONE || rooms_forget(writer, job->room.room.id);
}

bool rooms_list_empty(struct database *database, struct job *job)
{
    struct job_empty_rooms *answer = &job->empty_rooms;
    answer->count = 0;
    answer->ids = job_memory(job, (size_t)answer->limit * sizeof *answer->ids);
    if (!answer->ids)
        return database_failed(database, SQLITE_NOMEM);
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT id FROM rooms WHERE " ROOM_IS_EMPTY " ORDER BY id LIMIT ?1");
    sqlite3_bind_int(statement, 1, answer->limit);
    enum step step;
    while ((step = database_step(database, statement)) == STEP_ROW)
        answer->ids[answer->count++] = sqlite3_column_int64(statement, 0);
    return step == STEP_DONE;
}

bool rooms_read_name(struct database *database, int64_t room_id, struct room_row *room)
{
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT name, visibility FROM rooms WHERE id=?1");
    sqlite3_bind_int64(statement, 1, room_id);
    enum step step = database_step(database, statement);
    if (step == STEP_ROW) {
        text_clean(column_text(statement, 0), TEXT_LINE, room->name, sizeof room->name);
        room->visibility = (enum visibility)sqlite3_column_int(statement, 1);
    }
    database_reset(statement);
    return step != STEP_FAILED;
}

bool rooms_skip_ahead(struct database *database)
{
    sqlite3_stmt *statement = database_prepare(
        database, "UPDATE rooms SET floor=?1+max(floor, pruned, coalesce((SELECT max(m.id) FROM"
                  " messages m WHERE m.id>(rooms.id<<40) AND m.id<(rooms.id+1)<<40)"
                  " & ((1<<40)-1), 0))");
    sqlite3_bind_int64(statement, 1, SEQ_SKIP);
    return database_run(database, statement);
}

bool rooms_bounds(struct database *database, int64_t room_id, int64_t *first, int64_t *last)
{
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT (SELECT min(id) FROM messages WHERE id>?1 AND id<=?2),"
                                   " (SELECT max(id) FROM messages WHERE id>?1 AND id<=?2)");
    sqlite3_bind_int64(statement, 1, row_id(room_id, 0));
    sqlite3_bind_int64(statement, 2, row_id(room_id, SEQ_KEPT_MAX));
    if (database_step(database, statement) != STEP_ROW)
        return false;
    *first = row_seq(sqlite3_column_int64(statement, 0));
    *last = row_seq(sqlite3_column_int64(statement, 1));
    database_reset(statement);
    return true;
}

static void read_room(sqlite3_stmt *row, struct room_row *room)
{
    *room = (struct room_row){
        .id = sqlite3_column_int64(row, 0),
        .visibility = (enum visibility)sqlite3_column_int(row, 5),
        .keep = sqlite3_column_int(row, 6) != 0,
        .user_a = sqlite3_column_int64(row, 7),
        .user_b = sqlite3_column_int64(row, 8),
        .pruned = sqlite3_column_int64(row, 9),
        .slow_seconds = sqlite3_column_int(row, 10),
        .speak = (enum role)sqlite3_column_int(row, 11),
        .archived = sqlite3_column_int(row, 12) != 0,
        .orphaned = sqlite3_column_int(row, 14) != 0,
    };
    text_clean(column_text(row, 1), TEXT_LINE, room->name, sizeof room->name);
    snprintf(room->folded, sizeof room->folded, "%s", column_text(row, 2));
    text_clean(column_text(row, 3), TEXT_PROSE, room->topic, sizeof room->topic);
    snprintf(room->was, sizeof room->was, "%s", column_text(row, 13));
    snprintf(room->log_id, sizeof room->log_id, "%s", column_text(row, 4));
}

/* A direct room is called as its users are now: name and folded name of both from column on. One whose
 * user is lost keeps the name it was made with. */
static void name_direct(sqlite3_stmt *row, int column, struct room_row *room)
{
    char a[NAME_BYTES_MAX + 1], b[NAME_BYTES_MAX + 1], folded[ROOM_NAME_BYTES_MAX + 1];
    text_clean(column_text(row, column), TEXT_LINE, a, sizeof a);
    text_clean(column_text(row, column + 2), TEXT_LINE, b, sizeof b);
    const char *folded_a = column_text(row, column + 1), *folded_b = column_text(row, column + 3);
    if (!a[0] || !b[0] || !name_of_direct_room(folded_a, folded_b, folded) ||
        !name_of_direct_room(a, b, room->name))
        return;
    memcpy(room->folded, folded, sizeof room->folded);
    room->is_turned = strcmp(folded_a, folded_b) > 0;
}

static bool read_ends(struct database *database, struct room_row *room)
{
    if (!rooms_bounds(database, room->id, &room->first, &room->last))
        return false;
    if (room->last < room->pruned) /* a log whose entries have all gone has not begun anew */
        room->last = room->pruned;
    return true;
}

bool rooms_read_log(struct database *database, int64_t room_id, struct room_row *room)
{
    sqlite3_stmt *row = database_prepare(database, "SELECT log_id, pruned FROM rooms WHERE id=?1");
    sqlite3_bind_int64(row, 1, room_id);
    *room = (struct room_row){.id = room_id};
    if (database_step(database, row) != STEP_ROW)
        return false;
    snprintf(room->log_id, sizeof room->log_id, "%s", column_text(row, 0));
    room->pruned = sqlite3_column_int64(row, 1);
    database_reset(row);
    return read_ends(database, room);
}

static bool load_rooms(struct database *database, struct store_start *start, size_t room_max)
{
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT r.id, r.name, r.folded, topic, log_id, visibility, keep, user_a, user_b,"
                  " pruned, slow_seconds, speak, archived, coalesce(was, ''), orphaned, a.name, a.folded,"
                  " b.name, b.folded FROM rooms r"
                  " LEFT JOIN users a ON a.id=user_a LEFT JOIN users b ON b.id=user_b"
                  " ORDER BY r.id");
    enum step step;
    while ((step = database_step(database, statement)) == STEP_ROW &&
           start->room_count < room_max) {
        struct room_row *room = &start->rooms[start->room_count++];
        read_room(statement, room);
        if (room->visibility == VISIBILITY_DIRECT)
            name_direct(statement, 15, room);
        if (room->id > start->room_id_max)
            start->room_id_max = room->id;
        if (!read_ends(database, room)) {
            database_reset(statement);
            return false;
        }
    }
    database_reset(statement);
    return step != STEP_FAILED;
}

static bool load_highest_ids(struct database *database, struct store_start *start)
{
    int64_t kept, in_use;
    if (!database_meta(database, "room_id_max", 0, &start->room_id_max) ||
        !database_meta(database, "user_id_max", 0, &kept) ||
        !database_number(database, database_prepare(database, "SELECT max(id) FROM users"), 0,
                         &in_use) ||
        !database_number(database, database_prepare(database, "SELECT max(id) FROM devices"), 0,
                         &start->device_id_max))
        return false;
    start->user_id_max = kept > in_use ? kept : in_use;
    return true;
}

static bool count_holds(struct database *database, int64_t elapsed_ms, int64_t *count)
{
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT count(*) FROM users WHERE held_until>?1");
    sqlite3_bind_int64(statement, 1, elapsed_ms);
    return database_number(database, statement, 0, count);
}

/* Of those who are in a direct room: it is found by that name, too. */
static bool load_holds(struct database *database, struct store_start *start)
{
    int64_t count, elapsed_ms;
    if (!database_meta(database, "elapsed_ms", 0, &elapsed_ms) ||
        !count_holds(database, elapsed_ms, &count))
        return false;
    start->holds = calloc((size_t)count + 1, sizeof *start->holds);
    if (!start->holds)
        return database_failed(database, SQLITE_NOMEM);
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT id, held_folded, held_until FROM users WHERE held_until>?1 AND EXISTS("
                  "SELECT 1 FROM rooms WHERE user_a=users.id OR user_b=users.id) LIMIT ?2");
    sqlite3_bind_int64(statement, 1, elapsed_ms);
    sqlite3_bind_int64(statement, 2, count);
    enum step step;
    while ((step = database_step(database, statement)) == STEP_ROW) {
        struct held_name *hold = &start->holds[start->hold_count++];
        hold->user_id = sqlite3_column_int64(statement, 0);
        snprintf(hold->folded, sizeof hold->folded, "%s", column_text(statement, 1));
        hold->until = sqlite3_column_int64(statement, 2);
    }
    return step == STEP_DONE;
}

bool rooms_load(struct database *database, struct store_start *start)
{
    int64_t count;
    if (!load_highest_ids(database, start) ||
        !database_number(database, database_prepare(database, "SELECT count(*) FROM rooms"), 0,
                         &count))
        return false;
    start->rooms = calloc((size_t)count + 1, sizeof *start->rooms);
    if (!start->rooms)
        return database_failed(database, SQLITE_NOMEM);
    return load_rooms(database, start, (size_t)count) && load_holds(database, start) &&
           sanctions_load(database, start);
}
