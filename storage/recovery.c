/* Reading around damage: a table is read forward until a page cannot be read, then the rows behind
 * it are sought in growing leaps, and from where one is found backward again to the damage. */
#include "storage/recovery.h"

#include <string.h>

#include "storage/job.h"
#include "storage/messages.h"
#include "storage/schema.h"

#define ROWS_PER_COMMIT 500

struct recovery {
    struct database *to;
    struct database from;
    int64_t rows; /* of messages that came over */
    int64_t uncommitted;
    bool has_no_elapsed;
    bool has_no_origins;
    bool has_no_archive;
    bool has_no_devices;
    bool has_no_pairs;
    bool failed; /* the new database */
};

/* A table whose first column is an integer key. */
struct table {
    const char *forward;  /* SELECT ... WHERE key > ?1 ORDER BY key */
    const char *backward; /* SELECT ... WHERE key > ?1 AND key < ?2 ORDER BY key DESC */
    const char *insert;
    int columns;
    bool (*is_sound)(sqlite3_stmt *row);
};

static bool has_name(sqlite3_stmt *row)
{
    return sqlite3_column_int64(row, 0) > 0 && sqlite3_column_type(row, 1) == SQLITE_TEXT;
}

static bool is_entry(sqlite3_stmt *row)
{
    return sqlite3_column_int64(row, 0) > SEQ_KEPT_MAX && sqlite3_column_int64(row, 1) >= 0 &&
           sqlite3_column_int64(row, 1) <= TS_MAX &&
           sqlite3_column_int64(row, 2) >= ENTRY_KIND_MESSAGE &&
           sqlite3_column_int64(row, 2) <= ENTRY_KIND_TOPIC &&
           sqlite3_column_type(row, 5) == SQLITE_TEXT;
}

static bool has_id(sqlite3_stmt *row)
{
    return sqlite3_column_int64(row, 0) > 0;
}

#define OLD_ROOM_COLUMNS      "id,name,folded,topic,log_id,visibility,keep,user_a,user_b,floor,pruned"
#define ROOM_COLUMNS            OLD_ROOM_COLUMNS ",slow_seconds,speak,archived,was"
#define OLD_USER_COLUMNS        "id,name,folded,account,role,seen_ms"
#define KEY_USER_COLUMNS        OLD_USER_COLUMNS ",seen_elapsed_ms"
#define USER_COLUMNS            KEY_USER_COLUMNS ",held_name,held_folded,held_until,recovery_hash,password"
#define DEVICE_COLUMNS          "id,user_id,key_hash,client,created_ms,seen_ms,seen_elapsed_ms"
#define KEY_COLUMNS             "id,id,key_hash,'',seen_ms,seen_ms,-1"
#define FORWARD(columns, table) "SELECT " columns " FROM " table " WHERE id>?1 ORDER BY id"
#define BACKWARD(columns, table)                                                                   \
    "SELECT " columns " FROM " table " WHERE id>?1 AND id<?2 ORDER BY id DESC"

static const struct table rooms = {FORWARD(ROOM_COLUMNS, "rooms"), BACKWARD(ROOM_COLUMNS, "rooms"),
                                   "INSERT OR IGNORE INTO rooms(" ROOM_COLUMNS
                                   ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)",
                                   15, has_name};
/* Versions 1 to 6 had less columns. */
static const struct table old_rooms = {
    FORWARD(OLD_ROOM_COLUMNS, "rooms"), BACKWARD(OLD_ROOM_COLUMNS, "rooms"),
    "INSERT OR IGNORE INTO rooms(" OLD_ROOM_COLUMNS ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)",
    11, has_name};
static const struct table users = {FORWARD(USER_COLUMNS, "users"), BACKWARD(USER_COLUMNS, "users"),
                                   "INSERT OR IGNORE INTO users(" USER_COLUMNS
                                   ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)",
                                   12, has_name};
/* Versions 4 to 7 had the key of the one device in the user's row, and no more. */
static const struct table key_users = {
    FORWARD(KEY_USER_COLUMNS, "users"), BACKWARD(KEY_USER_COLUMNS, "users"),
    "INSERT OR IGNORE INTO users(" KEY_USER_COLUMNS ") VALUES(?1,?2,?3,?4,?5,?6,?7)", 7, has_name};
#define INSERT_DEVICE                                                                              \
    "INSERT OR IGNORE INTO devices(" DEVICE_COLUMNS ") VALUES(?1,?2,?3,?4,?5,?6,?7)"
static const struct table devices = {FORWARD(DEVICE_COLUMNS, "devices"),
                                     BACKWARD(DEVICE_COLUMNS, "devices"), INSERT_DEVICE, 7, has_id};
static const struct table key_devices = {FORWARD(KEY_COLUMNS, "users"),
                                         BACKWARD(KEY_COLUMNS, "users"), INSERT_DEVICE, 7, has_id};
/* Versions 1 to 3 had one column less. */
static const struct table old_users = {
    FORWARD(OLD_USER_COLUMNS, "users"), BACKWARD(OLD_USER_COLUMNS, "users"),
    "INSERT OR IGNORE INTO users(" OLD_USER_COLUMNS ") VALUES(?1,?2,?3,?4,?5,?6)", 6, has_name};
static const struct table removed_rooms = {
    FORWARD("id", "removed_rooms"), BACKWARD("id", "removed_rooms"),
    "INSERT OR IGNORE INTO removed_rooms(id) VALUES(?1)", 1, has_id};
static const struct table messages = {
    FORWARD(ENTRY_COLUMNS, "messages"), BACKWARD(ENTRY_COLUMNS, "messages"),
    "INSERT OR IGNORE INTO messages(" ENTRY_COLUMNS
    ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)",
    ENTRY_COLUMN_COUNT, is_entry};
/* Versions 1 to 5 had two columns less. */
static const struct table old_messages = {
    FORWARD(OLD_ENTRY_COLUMNS, "messages"), BACKWARD(OLD_ENTRY_COLUMNS, "messages"),
    "INSERT OR IGNORE INTO messages(" OLD_ENTRY_COLUMNS ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
    OLD_ENTRY_COLUMN_COUNT, is_entry};
#define TOKEN_COLUMNS "user_id,role,hash,secret,everywhere,created_ms"
static const struct table tokens = {
    "SELECT " TOKEN_COLUMNS " FROM tokens WHERE user_id>?1 ORDER BY user_id",
    "SELECT " TOKEN_COLUMNS " FROM tokens WHERE user_id>?1 AND user_id<?2 ORDER BY user_id DESC",
    "INSERT OR IGNORE INTO tokens(" TOKEN_COLUMNS ") VALUES(?1,?2,?3,?4,?5,?6)", 6, has_id};

static void commit_some(struct recovery *recovery, bool all)
{
    if (recovery->uncommitted == 0 || (!all && ++recovery->uncommitted <= ROWS_PER_COMMIT))
        return;
    recovery->uncommitted = 0;
    if (!database_commit(recovery->to))
        recovery->failed = true;
}

static bool begin_if_needed(struct recovery *recovery)
{
    if (recovery->uncommitted == 0) {
        recovery->failed = recovery->failed || !database_begin(recovery->to);
        recovery->uncommitted = 1;
    }
    return !recovery->failed;
}

/* A row that cannot be stored, because of a constraint say, is left out; a disk that fails ends it.
 */
static void copy_row(struct recovery *recovery, sqlite3_stmt *row, const char *sql, int columns)
{
    sqlite3_stmt *insert = database_prepare(recovery->to, sql);
    for (int i = 0; i < columns; i++)
        sqlite3_bind_value(insert, i + 1, sqlite3_column_value(row, i));
    if (!begin_if_needed(recovery))
        return;
    if (database_run(recovery->to, insert))
        recovery->rows += sqlite3_changes(recovery->to->handle);
    else if (recovery->to->failure == FAILURE_STORAGE)
        recovery->failed = true;
    commit_some(recovery, false);
}

/* Copies rows until there are no more or one cannot be read; last is the key of the last one read.
 */
static enum step copy_rows(struct recovery *recovery, sqlite3_stmt *rows, const struct table *table,
                           int64_t *last)
{
    enum step step = STEP_FAILED;
    while (!recovery->failed && (step = database_step(&recovery->from, rows)) == STEP_ROW) {
        *last = sqlite3_column_int64(rows, 0);
        if (table->is_sound(rows))
            copy_row(recovery, rows, table->insert, table->columns);
    }
    database_reset(rows);
    return step;
}

static enum step copy_forward(struct recovery *recovery, const struct table *table, int64_t after,
                              int64_t *last)
{
    sqlite3_stmt *rows = database_prepare(&recovery->from, table->forward);
    sqlite3_bind_int64(rows, 1, after);
    *last = after;
    return copy_rows(recovery, rows, table, last);
}

static void copy_backward(struct recovery *recovery, const struct table *table, int64_t after,
                          int64_t before)
{
    int64_t last = before;
    sqlite3_stmt *rows = database_prepare(&recovery->from, table->backward);
    sqlite3_bind_int64(rows, 1, after);
    sqlite3_bind_int64(rows, 2, before);
    copy_rows(recovery, rows, table, &last);
}

/* The first key beyond after, in leaps, from which reading works again. False: there is none. */
static bool leap(struct recovery *recovery, const struct table *table, int64_t after, int64_t *key)
{
    for (int64_t step = 1; step > 0 && step < INT64_MAX / 4; step *= 2) {
        if (after > INT64_MAX - step)
            return false;
        sqlite3_stmt *rows = database_prepare(&recovery->from, table->forward);
        sqlite3_bind_int64(rows, 1, after + step);
        enum step found = database_step(&recovery->from, rows);
        database_reset(rows);
        if (found != STEP_FAILED) {
            *key = after + step;
            return true;
        }
    }
    return false;
}

static void copy_table(struct recovery *recovery, const struct table *table)
{
    int64_t after = 0, last, key;
    while (!recovery->failed && copy_forward(recovery, table, after, &last) == STEP_FAILED) {
        if (!leap(recovery, table, last, &key)) {
            copy_backward(recovery, table, last, INT64_MAX);
            return;
        }
        copy_backward(recovery, table, last, key + 1);
        after = key;
    }
}

static bool any_row(sqlite3_stmt *row)
{
    (void)row;
    return true;
}

/* Small tables without an integer key: from both ends. */
static void copy_small(struct recovery *recovery, const char *forward, const char *backward,
                       const char *insert, int columns)
{
    const struct table table = {forward, backward, insert, columns, any_row};
    int64_t last = 0;
    if (copy_rows(recovery, database_prepare(&recovery->from, forward), &table, &last) != STEP_DONE)
        copy_rows(recovery, database_prepare(&recovery->from, backward), &table, &last);
}

/* What belongs to bridges; of a database that has it. A cursor that is lost begins anew. */
static void copy_tokens(struct recovery *recovery)
{
    copy_table(recovery, &tokens);
    copy_small(recovery, "SELECT user_id, room_id FROM token_rooms ORDER BY user_id, room_id",
               "SELECT user_id, room_id FROM token_rooms ORDER BY user_id DESC, room_id DESC",
               "INSERT OR IGNORE INTO token_rooms(user_id,room_id) VALUES(?1,?2)", 2);
    copy_small(recovery, "SELECT user_id, name, room_id, log_id, seq FROM cursors"
                        " ORDER BY user_id, name, room_id",
               "SELECT user_id, name, room_id, log_id, seq FROM cursors"
               " ORDER BY user_id DESC, name DESC, room_id DESC",
               "INSERT OR IGNORE INTO cursors(user_id,name,room_id,log_id,seq)"
               " VALUES(?1,?2,?3,?4,?5)", 5);
}

#define META          "name, value FROM meta WHERE name LIKE '%id_max' OR name='elapsed_ms'"
#define GRANT_COLUMNS "room_id,user_id,role,invited,banned_until,muted_until,read"

static void copy_people(struct recovery *recovery)
{
    const struct table *older = recovery->has_no_elapsed ? &old_users : &key_users;
    copy_table(recovery, recovery->has_no_devices ? older : &users);
    copy_table(recovery, recovery->has_no_devices ? &key_devices : &devices);
    if (!recovery->has_no_devices)
        copy_small(recovery, "SELECT user_id, blocked_id FROM blocks ORDER BY user_id, blocked_id",
                   "SELECT user_id, blocked_id FROM blocks ORDER BY user_id DESC, blocked_id DESC",
                   "INSERT OR IGNORE INTO blocks(user_id,blocked_id) VALUES(?1,?2)", 2);
}

static void copy_all(struct recovery *recovery)
{
    copy_small(recovery, "SELECT " META, "SELECT " META " ORDER BY name DESC",
               "INSERT OR REPLACE INTO meta(name,value) VALUES(?1,?2)", 2);
    copy_table(recovery, recovery->has_no_archive ? &old_rooms : &rooms);
    copy_table(recovery, &removed_rooms);
    copy_people(recovery);
    copy_small(recovery, "SELECT " GRANT_COLUMNS " FROM grants ORDER BY room_id, user_id",
               "SELECT " GRANT_COLUMNS " FROM grants ORDER BY room_id DESC, user_id DESC",
               "INSERT OR IGNORE INTO grants(" GRANT_COLUMNS ") VALUES(?1,?2,?3,?4,?5,?6,?7)", 7);
    copy_small(recovery, "SELECT room_id, day, first FROM room_days ORDER BY room_id, day",
               "SELECT room_id, day, first FROM room_days ORDER BY room_id DESC, day DESC",
               "INSERT OR IGNORE INTO room_days(room_id,day,first) VALUES(?1,?2,?3)", 3);
    if (!recovery->has_no_origins)
        copy_tokens(recovery);
    recovery->rows = 0;
    copy_table(recovery, recovery->has_no_origins ? &old_messages : &messages);
    if (recovery->uncommitted)
        commit_some(recovery, true);
}

/* What is said in a room whose own row is lost goes into a private one that the administrator can
 * open. */
static bool name_lost_rooms(struct database *to)
{
    return database_execute(
        to,
        "WITH RECURSIVE room(id) AS (SELECT (SELECT min(id) FROM messages) >> 40 UNION ALL"
        " SELECT (SELECT min(m.id) FROM messages m WHERE m.id >= (room.id+1) << 40) >> 40"
        " FROM room WHERE room.id IS NOT NULL)"
        "INSERT OR IGNORE INTO rooms(id,name,folded,topic,log_id,visibility,keep,user_a,user_b)"
        " SELECT id, 'rescued-' || id, 'rescued-' || id, '', lower(hex(randomblob(8))), 1, 0, 0, 0"
        " FROM room WHERE id IS NOT NULL AND id NOT IN (SELECT id FROM removed_rooms);"
        "INSERT OR REPLACE INTO meta(name,value) SELECT 'room_id_max',"
        " max(coalesce((SELECT value FROM meta WHERE name='room_id_max'),0),"
        " coalesce((SELECT max(id) FROM rooms),0))");
}

/* What came over without the day it was stored grows old from now on. */
static bool begin_days(struct database *to)
{
    return database_execute(
        to, "INSERT OR IGNORE INTO room_days(room_id,day,first)"
            " SELECT id, coalesce((SELECT value FROM meta WHERE name='elapsed_ms'),0)/86400000, 0"
            " FROM rooms WHERE id NOT IN (SELECT room_id FROM room_days)");
}

static bool read_change(sqlite3_stmt *row, struct entry *entry)
{
    int64_t flags = sqlite3_column_int64(row, 3);
    *entry = (struct entry){
        .seq = row_seq(sqlite3_column_int64(row, 0)),
        .kind = (enum entry_kind)sqlite3_column_int(row, 2),
        .user_id = sqlite3_column_int64(row, 4),
        .from = column_text(row, 5),
        .target = sqlite3_column_int64(row, 8),
        .emoji = column_text(row, 9),
        .on = flags & FLAG_ON,
        .deleted = flags & FLAG_DELETED,
    };
    return entry->target > 0 && entry->target < entry->seq;
}

/* The side tables are made from the log, in its order, not copied: they then fit what came over. */
static bool apply_changes(struct recovery *recovery)
{
    struct database *to = recovery->to;
    int64_t after = 0;
    enum step step = STEP_ROW;
    while (step == STEP_ROW && begin_if_needed(recovery)) {
        sqlite3_stmt *row = database_prepare(to, "SELECT " ENTRY_COLUMNS
                                                 " FROM messages WHERE id>?1 AND kind IN (1,2,3)"
                                                 " ORDER BY id LIMIT 1");
        struct entry entry;
        sqlite3_bind_int64(row, 1, after);
        step = database_step(to, row);
        if (step != STEP_ROW)
            break;
        after = sqlite3_column_int64(row, 0);
        bool ok = !read_change(row, &entry) || messages_apply(to, row_room(after), &entry);
        database_reset(row);
        if (!ok && to->failure == FAILURE_STORAGE)
            return false;
        commit_some(recovery, false);
    }
    commit_some(recovery, true);
    return step == STEP_DONE && !recovery->failed;
}

/* Read-write: its WAL may have to be looked through, as after a power cut. */
bool recovery_run(struct database *database, const char *damaged, int64_t *rows)
{
    struct recovery recovery = {.to = database};
    struct database_options options = {
        .path = damaged, .read_only = true, .cache_bytes = 1 << 20, .busy_ms = 100};
    *rows = 0;
    if (!database_open(&recovery.from, &options))
        return true; /* nothing can be read at all */
    int64_t version = database_ask(&recovery.from, "PRAGMA user_version", 0);
    recovery.has_no_elapsed = version < SCHEMA_ELAPSED;
    recovery.has_no_origins = version < SCHEMA_ORIGINS;
    recovery.has_no_archive = version < SCHEMA_ARCHIVE;
    recovery.has_no_devices = version < SCHEMA_DEVICES;
    recovery.has_no_pairs = version < SCHEMA_PAIRS;
    copy_all(&recovery);
    bool ok = !recovery.failed && name_lost_rooms(database) &&
              (!recovery.has_no_elapsed || schema_convert_to_elapsed(database)) &&
              (!recovery.has_no_pairs || schema_convert_to_pairs(database)) &&
              begin_days(database) && apply_changes(&recovery);
    if (!sqlite3_get_autocommit(database->handle))
        database_rollback(database);
    database_close(&recovery.from);
    *rows = recovery.rows;
    return ok;
}
