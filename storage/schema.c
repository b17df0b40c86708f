#include "storage/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Version 1 had no elapsed time. A ban or a mute ended at a time of day: it goes on for what was
 * left of it when version 1 last stored something, or by the clock where that is behind it. */
#define TO_ELAPSED                                                                         \
    "INSERT INTO room_days(room_id, day, first) SELECT id, -1, 0 FROM rooms;"                      \
    "CREATE TEMP TABLE seen AS SELECT max("                                                        \
    " coalesce((SELECT max((SELECT ts FROM messages m WHERE m.id>(rooms.id<<40) AND"               \
    "  m.id<(rooms.id+1)<<40 ORDER BY m.id DESC LIMIT 1)) FROM rooms), 0),"                        \
    " coalesce((SELECT max(seen_ms) FROM users), 0)) AS ms, 1000*strftime('%s','now') AS now;"     \
    "UPDATE seen SET ms=CASE ms WHEN 0 THEN now ELSE min(ms, now) END WHERE now>1577836800000;"    \
    "UPDATE grants SET banned_until=max(0, banned_until-(SELECT ms FROM seen))"                    \
    " WHERE banned_until<9223372036854775807;"                                                     \
    "UPDATE grants SET muted_until=max(0, muted_until-(SELECT ms FROM seen))"                      \
    " WHERE muted_until<9223372036854775807;"                                                      \
    "DROP TABLE seen;"

/* Before, direct rooms were found by the names of their users. */
#define TO_PAIRS                                                                                   \
    "UPDATE OR IGNORE rooms SET folded='@#'||min(user_a,user_b)||','||max(user_a,user_b)"          \
    " WHERE visibility=2 AND user_a>0 AND user_b>0;"

/* One text per step: step N brings user_version N to N + 1. Never change one that was released;
 * append.
 *
 * messages.id is room_id << 40 | seq, see messages.h. rooms.floor: the next seq is beyond it,
 * whatever rows there are. rooms.indexed: the search index has this room's messages up to this seq.
 * rooms.was: folded, what it was called before.
 * target of edits and reactions is an id too. sanctions, sightings: see sanctions.h. room_days, days,
 * seen_elapsed_ms: see days.h. */
static const char *const steps[] = {
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE users("
    " id INTEGER PRIMARY KEY, name TEXT NOT NULL, folded TEXT NOT NULL UNIQUE,"
    " key_hash BLOB NOT NULL UNIQUE, account INTEGER NOT NULL DEFAULT 0,"
    " role INTEGER NOT NULL, seen_ms INTEGER NOT NULL);"
    "CREATE TABLE rooms("
    " id INTEGER PRIMARY KEY, name TEXT NOT NULL, folded TEXT NOT NULL UNIQUE,"
    " topic TEXT NOT NULL, log_id TEXT NOT NULL, visibility INTEGER NOT NULL,"
    " keep INTEGER NOT NULL, user_a INTEGER NOT NULL, user_b INTEGER NOT NULL,"
    " floor INTEGER NOT NULL DEFAULT 0, pruned INTEGER NOT NULL DEFAULT 0,"
    " indexed INTEGER NOT NULL DEFAULT 0);"
    /* rooms whose rows are still being removed, in small steps */
    "CREATE TABLE removed_rooms(id INTEGER PRIMARY KEY);"
    "CREATE TABLE grants("
    " room_id INTEGER NOT NULL, user_id INTEGER NOT NULL, role INTEGER NOT NULL DEFAULT 0,"
    " invited INTEGER NOT NULL DEFAULT 0, banned_until INTEGER NOT NULL DEFAULT 0,"
    " muted_until INTEGER NOT NULL DEFAULT 0, read INTEGER NOT NULL DEFAULT 0,"
    " PRIMARY KEY(room_id, user_id)) WITHOUT ROWID;"
    "CREATE INDEX grants_user ON grants(user_id);"
    "CREATE TABLE messages("
    " id INTEGER PRIMARY KEY, ts INTEGER NOT NULL, kind INTEGER NOT NULL, flags INTEGER NOT NULL,"
    " user_id INTEGER NOT NULL, name TEXT NOT NULL, text TEXT, nonce TEXT, target INTEGER,"
    " emoji TEXT);"
    "CREATE TABLE edits(target INTEGER, edit INTEGER, PRIMARY KEY(target, edit)) WITHOUT ROWID;"
    "CREATE TABLE reactions("
    " target INTEGER NOT NULL, emoji TEXT NOT NULL, user_id INTEGER NOT NULL, name TEXT NOT NULL,"
    " PRIMARY KEY(target, emoji, user_id, name)) WITHOUT ROWID;"
    /* the search index: see search/index.c. trigram.id is block << TRIGRAM_BITS | trigram */
    "CREATE TABLE search_blocks("
    " block INTEGER PRIMARY KEY, oldest_ts INTEGER NOT NULL, newest_ts INTEGER NOT NULL,"
    " kept INTEGER NOT NULL);"
    "CREATE TABLE search_ids(block INTEGER PRIMARY KEY, ids BLOB NOT NULL);"
    "CREATE TABLE search_grams(id INTEGER PRIMARY KEY, places BLOB NOT NULL);"
    "CREATE TABLE search_loose(id INTEGER PRIMARY KEY);",

    /* has been in the room, though there may have been nothing to read */
    "ALTER TABLE grants ADD COLUMN entered INTEGER NOT NULL DEFAULT 0;",

    /* reactions are the same with U+FE0F and without: here they have none */
    "UPDATE OR REPLACE reactions SET emoji=replace(emoji,char(65039),'')"
    " WHERE instr(emoji,char(65039));",

    "CREATE TABLE days(day INTEGER PRIMARY KEY, proven_ms INTEGER NOT NULL);"
    "CREATE TABLE room_days("
    " room_id INTEGER NOT NULL, day INTEGER NOT NULL, first INTEGER NOT NULL,"
    " PRIMARY KEY(room_id, day)) WITHOUT ROWID;"
    "ALTER TABLE users ADD COLUMN seen_elapsed_ms INTEGER NOT NULL DEFAULT -1;" TO_ELAPSED,

    "ALTER TABLE rooms ADD COLUMN slow_seconds INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE rooms ADD COLUMN speak INTEGER NOT NULL DEFAULT 0;",
    /* tokens, and what bridges leave behind: see tokens.h, cursors.h, origins.h */
    "CREATE TABLE tokens("
    " user_id INTEGER PRIMARY KEY, role INTEGER NOT NULL, hash BLOB UNIQUE, secret TEXT,"
    " everywhere INTEGER NOT NULL, created_ms INTEGER NOT NULL);"
    "CREATE TABLE token_rooms("
    " user_id INTEGER NOT NULL, room_id INTEGER NOT NULL, PRIMARY KEY(user_id, room_id))"
    " WITHOUT ROWID;"
    "CREATE TABLE cursors("
    " user_id INTEGER NOT NULL, name TEXT NOT NULL, room_id INTEGER NOT NULL,"
    " log_id TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(user_id, name, room_id))"
    " WITHOUT ROWID;"
    "ALTER TABLE messages ADD COLUMN origin TEXT;"
    "ALTER TABLE messages ADD COLUMN via TEXT;"
    "CREATE INDEX messages_origin ON messages(origin, user_id) WHERE origin IS NOT NULL;",
    "ALTER TABLE rooms ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE rooms ADD COLUMN was TEXT;",

    /* A user is no longer a key: each key becomes the first device of its user. A name that was
     * given up is held until that elapsed time. skeleton: see name.h; NULL is not made yet. */
    "CREATE TABLE devices("
    " id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, key_hash BLOB NOT NULL UNIQUE,"
    " client TEXT NOT NULL, created_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL,"
    " seen_elapsed_ms INTEGER NOT NULL);"
    "INSERT INTO devices SELECT id, id, key_hash, '', seen_ms, seen_ms, seen_elapsed_ms FROM users"
    " WHERE id NOT IN (SELECT user_id FROM tokens);"
    "CREATE INDEX devices_user ON devices(user_id);"
    "CREATE TABLE people("
    " id INTEGER PRIMARY KEY, name TEXT NOT NULL, folded TEXT NOT NULL UNIQUE, skeleton TEXT,"
    " account INTEGER NOT NULL DEFAULT 0, role INTEGER NOT NULL, seen_ms INTEGER NOT NULL,"
    " seen_elapsed_ms INTEGER NOT NULL DEFAULT -1, held_name TEXT, held_folded TEXT UNIQUE,"
    " held_until INTEGER NOT NULL DEFAULT 0, recovery_hash BLOB UNIQUE, password TEXT);"
    "INSERT INTO people(id, name, folded, account, role, seen_ms, seen_elapsed_ms)"
    " SELECT id, name, folded, account, role, seen_ms, seen_elapsed_ms FROM users;"
    "DROP TABLE users;"
    "ALTER TABLE people RENAME TO users;"
    "CREATE INDEX users_skeleton ON users(skeleton);"
    "CREATE TABLE blocks("
    " user_id INTEGER NOT NULL, blocked_id INTEGER NOT NULL,"
    " PRIMARY KEY(user_id, blocked_id)) WITHOUT ROWID;"
    "CREATE INDEX blocks_blocked ON blocks(blocked_id);",

    /* A direct room is its two users, whatever they are called: see rooms_key. */
    TO_PAIRS,

    "CREATE TABLE sanctions("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, room_id INTEGER NOT NULL,"
    " user_id INTEGER NOT NULL, client_id INTEGER, name TEXT NOT NULL, by_name TEXT NOT NULL,"
    " rank INTEGER NOT NULL, created_ms INTEGER NOT NULL, until INTEGER NOT NULL, reason TEXT,"
    " reach INTEGER NOT NULL);"
    "CREATE INDEX sanctions_user ON sanctions(user_id, room_id);"
    "CREATE TABLE sanction_marks("
    " sanction_id INTEGER NOT NULL, mark INTEGER NOT NULL,"
    " PRIMARY KEY(sanction_id, mark)) WITHOUT ROWID;"
    "CREATE TABLE sightings("
    " mark INTEGER NOT NULL, user_id INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " seen_ms INTEGER NOT NULL, PRIMARY KEY(mark, user_id)) WITHOUT ROWID;"
    "CREATE INDEX sightings_seen ON sightings(seen_ms);"
    "CREATE INDEX sightings_user ON sightings(user_id);"
    "CREATE TABLE audit("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, ts INTEGER NOT NULL, act INTEGER NOT NULL,"
    " by_name TEXT NOT NULL, user TEXT, room TEXT, reason TEXT, room_id INTEGER NOT NULL,"
    " is_private INTEGER NOT NULL);"
    "INSERT INTO sanctions(kind, room_id, user_id, name, by_name, rank, created_ms, until, reach)"
    " SELECT 0, room_id, user_id, name, '', 3, 0, banned_until, 1 FROM grants JOIN users ON"
    "  users.id=user_id WHERE banned_until>0 UNION ALL"
    " SELECT 1, room_id, user_id, name, '', 3, 0, muted_until, 1 FROM grants JOIN users ON"
    "  users.id=user_id WHERE muted_until>0;",

    /* How many of a kind there are, see reactions.h; of what is there already, the 20 that most
     * have put. */
    "CREATE TABLE reaction_kinds("
    " target INTEGER NOT NULL, emoji TEXT NOT NULL, count INTEGER NOT NULL,"
    " PRIMARY KEY(target, emoji)) WITHOUT ROWID;"
    "DELETE FROM reactions WHERE (target, emoji) IN (SELECT target, emoji FROM"
    " (SELECT target, emoji, row_number() OVER (PARTITION BY target ORDER BY count(*) DESC, emoji)"
    "  AS place FROM reactions GROUP BY target, emoji) WHERE place>20);"
    "INSERT INTO reaction_kinds SELECT target, emoji, count(*) FROM reactions GROUP BY target, emoji;"
    "CREATE TRIGGER reaction_put AFTER INSERT ON reactions BEGIN"
    " INSERT INTO reaction_kinds VALUES(new.target, new.emoji, 1)"
    "  ON CONFLICT(target, emoji) DO UPDATE SET count=count+1; END;"
    "CREATE TRIGGER reaction_taken AFTER DELETE ON reactions BEGIN"
    " DELETE FROM reaction_kinds WHERE target=old.target AND emoji=old.emoji AND count<=1;"
    " UPDATE reaction_kinds SET count=count-1 WHERE target=old.target AND emoji=old.emoji; END;",

    "ALTER TABLE users ADD COLUMN admitted INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE users ADD COLUMN spoke_ms INTEGER NOT NULL DEFAULT 0;"
    "CREATE TEMP TABLE spoken AS SELECT user_id, min(ts) AS ts FROM messages WHERE kind=0 AND"
    " user_id>0 GROUP BY user_id;"
    "UPDATE users SET spoke_ms=max(1, coalesce((SELECT ts FROM spoken WHERE user_id=users.id), 0))"
    " WHERE id IN (SELECT user_id FROM spoken);"
    "DROP TABLE spoken;",

    /* Codes that let in, see invite_links.h. until: elapsed time. */
    "CREATE TABLE invite_links("
    " id INTEGER PRIMARY KEY, room_id INTEGER NOT NULL, hash BLOB NOT NULL UNIQUE,"
    " uses INTEGER NOT NULL, until INTEGER NOT NULL, created_ms INTEGER NOT NULL,"
    " by_name TEXT NOT NULL);",

    /* invited: which of the user's invitations it is, the oldest being the lowest; by whom and when. */
    "ALTER TABLE grants ADD COLUMN invited_by TEXT;"
    "ALTER TABLE grants ADD COLUMN invited_ms INTEGER NOT NULL DEFAULT 0;",

    /* guest_made_ms: elapsed time when a guest made it; -1: somebody else did, or nobody knows. orphaned: its
     * owner has gone, and the gateway's moderators have the say of one. place: which of the roles given in the
     * room it is, the oldest being the lowest. */
    "ALTER TABLE rooms ADD COLUMN guest_made_ms INTEGER NOT NULL DEFAULT -1;"
    "ALTER TABLE rooms ADD COLUMN orphaned INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE grants ADD COLUMN place INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX grants_owner ON grants(room_id) WHERE role=4;",

    /* Files, see files/files.h. message: the id of the one that has it. place: among its files; of a small
     * picture none. */
    "CREATE TABLE files("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT NOT NULL UNIQUE, hash BLOB, room_id INTEGER NOT NULL,"
    " user_id INTEGER NOT NULL, size INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,"
    " created_ms INTEGER NOT NULL, created_elapsed_ms INTEGER NOT NULL, name TEXT NOT NULL,"
    " type TEXT NOT NULL, message INTEGER, place INTEGER, preview TEXT, alt TEXT);"
    "CREATE INDEX files_message ON files(message) WHERE message IS NOT NULL;"
    "CREATE INDEX files_waiting ON files(created_elapsed_ms) WHERE message IS NULL;"
    "CREATE INDEX files_kept ON files(created_elapsed_ms) WHERE hash IS NOT NULL;"
    "CREATE INDEX files_hash ON files(hash) WHERE hash IS NOT NULL;"
    "CREATE INDEX files_user ON files(user_id, size) WHERE hash IS NOT NULL;"
    "CREATE INDEX files_room ON files(room_id, size) WHERE hash IS NOT NULL;"
    "CREATE TABLE dropped_files(hash BLOB PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TRIGGER file_deleted AFTER DELETE ON files WHEN old.hash IS NOT NULL BEGIN"
    " INSERT OR IGNORE INTO dropped_files VALUES(old.hash); END;"
    "CREATE TRIGGER file_gone AFTER UPDATE OF hash ON files WHEN old.hash IS NOT NULL AND new.hash IS NULL"
    " BEGIN INSERT OR IGNORE INTO dropped_files VALUES(old.hash); END;",
};

/* application_id: "hrth". */
#define APPLICATION_ID 0x68727468
#define VERSION_MAX    10000 /* no hearth will have so many steps */

int schema_version(void)
{
    return (int)(sizeof steps / sizeof *steps);
}

static bool take_step(struct database *database, int step)
{
    char mark[96];
    snprintf(mark, sizeof mark, "PRAGMA user_version=%d; PRAGMA application_id=%d", step + 1,
             APPLICATION_ID);
    if (!database_begin(database))
        return false;
    if (!database_execute(database, steps[step]) || !database_execute(database, mark)) {
        database_rollback(database);
        return false;
    }
    return database_commit(database);
}

enum schema_origin schema_origin(struct database *database)
{
    int64_t id = database_ask(database, "PRAGMA application_id", -1);
    int64_t version = database_ask(database, "PRAGMA user_version", -1);
    int64_t any = database_ask(database, "SELECT count(*) FROM sqlite_schema", -1);
    int64_t tables = database_ask(database,
                                  "SELECT count(*) FROM sqlite_schema WHERE type='table' AND name"
                                  " IN ('messages','rooms','users','grants','meta')",
                                  -1);
    if (id < 0 || version < 0 || any < 0 || tables < 0)
        return SCHEMA_UNKNOWN;
    if (any == 0 && version == 0 && id == 0)
        return SCHEMA_EMPTY;
    if (id != APPLICATION_ID && tables != 5)
        return SCHEMA_FOREIGN;
    if (version < 1 || version > VERSION_MAX)
        return SCHEMA_DAMAGED;
    return version > schema_version() ? SCHEMA_OURS_NEWER : SCHEMA_OURS;
}

enum schema_result schema_migrate(struct database *database)
{
    int64_t version = database_ask(database, "PRAGMA user_version", -1);
    if (version < 0)
        return SCHEMA_FAILED;
    if (version > schema_version())
        return SCHEMA_NEWER;
    return schema_migrate_to(database, schema_version()) ? SCHEMA_READY : SCHEMA_FAILED;
}

bool schema_migrate_to(struct database *database, int version)
{
    int64_t from = database_ask(database, "PRAGMA user_version", -1);
    for (int step = (int)from; step < version; step++)
        if (step < 0 || !take_step(database, step))
            return false;
    return true;
}

/* Every name, a line each; owned by the caller. NULL on a failure. */
static char *list_names(struct database *database)
{
    sqlite3_stmt *row = database_prepare(
        database, "SELECT char(10)||group_concat(line,char(10))||char(10) FROM ("
                  "SELECT t.name||'.'||c.name||' '||c.type||c.pk AS line"
                  " FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type='table'"
                  " UNION ALL SELECT name||' ON '||tbl_name FROM sqlite_schema WHERE type='index'"
                  " AND sql IS NOT NULL)");
    char *names = database_step(database, row) == STEP_ROW ? strdup(column_text(row, 0)) : NULL;
    database_reset(row);
    return names;
}

static bool has_line(const char *text, const char *line, size_t length)
{
    for (const char *at = text; (at = strchr(at, '\n')) && *++at;)
        if (strncmp(at, line, length) == 0 && at[length] == '\n')
            return true;
    return false;
}

static bool has_all_lines(const char *text, const char *lines)
{
    for (const char *line = lines + 1, *end; (end = strchr(line, '\n')); line = end + 1)
        if (!has_line(text, line, (size_t)(end - line)))
            return false;
    return true;
}

bool schema_is_whole(struct database *database)
{
    struct database model;
    struct database_options options = {.path = ":memory:", .cache_bytes = 1 << 18};
    char *wanted = NULL, *names = NULL;
    if (database_open(&model, &options) && schema_migrate(&model) == SCHEMA_READY &&
        (wanted = list_names(&model)))
        names = list_names(database);
    bool is_whole = !names || has_all_lines(names, wanted);
    free(names);
    free(wanted);
    database_close(&model);
    return is_whole;
}
