#include "storage/logs.h"

#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "storage/days.h"
#include "storage/messages.h"
#include "storage/nonces.h"

struct log {
    int64_t room_id;
    int64_t next; /* seq of the next entry; 0: to be read again, as is what follows */
    struct timestamp timestamp;
    int64_t day;               /* the newest that is known to have begun; -1: none */
    struct nonces *nonces;     /* NULL until needed */
    struct log *newer, *older; /* of logs.newest; while nonces */
    struct log *next_changed;  /* of logs.changed */
    bool is_changed;
    UT_hash_handle hh;
};

void logs_init(struct logs *logs, int nonce_window, size_t nonce_bytes_max)
{
    *logs = (struct logs){.nonce_window = nonce_window, .nonce_bytes_max = nonce_bytes_max};
}

static void unlink_nonces(struct logs *logs, struct log *log)
{
    *(log->newer ? &log->newer->older : &logs->newest) = log->older;
    *(log->older ? &log->older->newer : &logs->oldest) = log->newer;
    log->newer = log->older = NULL;
}

static void link_nonces(struct logs *logs, struct log *log)
{
    log->older = logs->newest;
    *(logs->newest ? &logs->newest->newer : &logs->oldest) = log;
    logs->newest = log;
}

static void drop_nonces(struct logs *logs, struct log *log)
{
    if (!log->nonces)
        return;
    unlink_nonces(logs, log);
    logs->nonce_bytes -= nonces_bytes(log->nonces);
    nonces_destroy(log->nonces);
    log->nonces = NULL;
}

static void use_nonces(struct logs *logs, struct log *log)
{
    if (logs->newest != log) {
        unlink_nonces(logs, log);
        link_nonces(logs, log);
    }
    while (logs->nonce_bytes > logs->nonce_bytes_max && logs->oldest != log)
        drop_nonces(logs, logs->oldest);
}

void logs_finish(struct logs *logs)
{
    struct log *log = logs->by_room;
    HASH_CLEAR(hh, logs->by_room);
    while (log) {
        struct log *next = log->hh.next;
        nonces_destroy(log->nonces);
        free(log);
        log = next;
    }
    *logs = (struct logs){0};
}

static void mark_changed(struct logs *logs, struct log *log)
{
    if (log->is_changed)
        return;
    log->is_changed = true;
    log->next_changed = logs->changed;
    logs->changed = log;
}

/* A seq is never used twice: the next one is beyond every row, beyond what was removed, and beyond
 * the floor that an unclean stop left. */
static enum log_result read_end(struct database *database, int64_t room_id, int64_t *next,
                                int64_t *ts)
{
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT max(r.floor, r.pruned), m.id, m.ts FROM rooms r LEFT JOIN messages m ON"
                  " m.id=(SELECT max(id) FROM messages WHERE id>?2 AND id<=?3) WHERE r.id=?1");
    sqlite3_bind_int64(statement, 1, room_id);
    sqlite3_bind_int64(statement, 2, row_id(room_id, 0));
    sqlite3_bind_int64(statement, 3, row_id(room_id, SEQ_KEPT_MAX));
    enum step step = database_step(database, statement);
    if (step != STEP_ROW)
        return step == STEP_DONE ? LOG_NO_ROOM : LOG_FAILED;
    int64_t floor = sqlite3_column_int64(statement, 0);
    int64_t last = row_seq(sqlite3_column_int64(statement, 1));
    *ts = sqlite3_column_int64(statement, 2);
    database_reset(statement);
    *next = (floor > last ? floor : last) + 1;
    return LOG_FOUND;
}

enum log_result logs_find(struct logs *logs, struct database *database, int64_t room_id,
                          struct log **found)
{
    struct log *log = NULL;
    HASH_FIND(hh, logs->by_room, &room_id, sizeof room_id, log);
    *found = log;
    if (log && log->next)
        return LOG_FOUND;
    int64_t next, ts;
    enum log_result result = read_end(database, room_id, &next, &ts);
    if (result != LOG_FOUND)
        return result;
    if (!log && !(log = calloc(1, sizeof *log))) {
        database_failed(database, SQLITE_NOMEM);
        return LOG_FAILED;
    }
    log->next = next;
    log->timestamp = (struct timestamp){.last_ts = ts, .elapsed_ms = -1};
    log->day = -1;
    if (!*found) {
        log->room_id = room_id;
        HASH_ADD(hh, logs->by_room, room_id, sizeof room_id, log);
    }
    *found = log;
    return LOG_FOUND;
}

int64_t log_take_seq(struct logs *logs, struct log *log)
{
    mark_changed(logs, log);
    return log->next++;
}

int64_t log_take_ts(struct logs *logs, struct log *log, const struct moment *now)
{
    mark_changed(logs, log);
    return timestamp_next(&log->timestamp, now);
}

bool log_begin_day(struct database *database, struct log *log, int64_t day, int64_t seq)
{
    if (day <= log->day)
        return true;
    log->day = day;
    return days_begin(database, log->room_id, day, seq);
}

/* The newest rows of the room, so that the window survives a restart. */
static bool read_nonces(struct logs *logs, struct database *database, struct log *log)
{
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT id, user_id, name, nonce FROM (SELECT id, user_id, name, nonce FROM"
                  " messages WHERE id>?1 AND id<=?2 ORDER BY id DESC LIMIT ?3)"
                  " WHERE nonce IS NOT NULL ORDER BY id");
    sqlite3_bind_int64(statement, 1, row_id(log->room_id, 0));
    sqlite3_bind_int64(statement, 2, row_id(log->room_id, SEQ_KEPT_MAX));
    sqlite3_bind_int(statement, 3, logs->nonce_window);
    enum step step;
    bool ok = true;
    while ((step = database_step(database, statement)) == STEP_ROW && ok) {
        uint64_t hash = nonce_hash(sqlite3_column_int64(statement, 1), column_text(statement, 2),
                                   column_text(statement, 3));
        ok = nonces_add(log->nonces, hash, row_seq(sqlite3_column_int64(statement, 0)));
    }
    database_reset(statement);
    if (!ok)
        return database_failed(database, SQLITE_NOMEM);
    return step == STEP_DONE;
}

static bool load_nonces(struct logs *logs, struct database *database, struct log *log)
{
    log->nonces = nonces_create(logs->nonce_window);
    if (!log->nonces)
        return database_failed(database, SQLITE_NOMEM);
    bool ok = read_nonces(logs, database, log);
    logs->nonce_bytes += nonces_bytes(log->nonces);
    link_nonces(logs, log);
    if (!ok)
        drop_nonces(logs, log);
    return ok;
}

/* Different nonces may share a hash: the row decides. */
static bool check_row(struct database *database, int64_t id, struct entry *entry, bool *repeated)
{
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT ts FROM messages WHERE id=?1 AND user_id=?2 AND nonce=?3"
                                   " AND (?2<>0 OR name=?4)");
    sqlite3_bind_int64(statement, 1, id);
    sqlite3_bind_int64(statement, 2, entry->user_id);
    bind_text(statement, 3, entry->nonce);
    bind_text(statement, 4, entry->from ? entry->from : "");
    enum step step = database_step(database, statement);
    *repeated = step == STEP_ROW;
    if (step == STEP_ROW) {
        entry->ts = sqlite3_column_int64(statement, 0);
        database_reset(statement);
    }
    return step != STEP_FAILED;
}

bool log_find_nonce(struct logs *logs, struct database *database, struct log *log,
                    struct entry *entry, bool *repeated)
{
    *repeated = false;
    if (!log->nonces && !load_nonces(logs, database, log))
        return false;
    use_nonces(logs, log);
    uint64_t hash = nonce_hash(entry->user_id, entry->from, entry->nonce);
    uint32_t at = 0;
    int64_t seq;
    while (!*repeated && nonces_find(log->nonces, hash, &at, &seq)) {
        if (!check_row(database, row_id(log->room_id, seq), entry, repeated))
            return false;
        if (*repeated)
            entry->seq = seq;
    }
    return true;
}

/* Without memory the window is read again from the rows when it is next needed. */
void log_add_nonce(struct logs *logs, struct log *log, const struct entry *entry)
{
    if (!log->nonces)
        return;
    size_t before = nonces_bytes(log->nonces);
    uint64_t hash = nonce_hash(entry->user_id, entry->from, entry->nonce);
    if (nonces_add(log->nonces, hash, entry->seq))
        logs->nonce_bytes += nonces_bytes(log->nonces) - before;
    else
        drop_nonces(logs, log);
}

void logs_committed(struct logs *logs)
{
    struct log *log;
    while ((log = logs->changed)) {
        logs->changed = log->next_changed;
        log->is_changed = false;
    }
}

void logs_rolled_back(struct logs *logs)
{
    for (struct log *log = logs->changed; log; log = log->next_changed) {
        log->next = 0;
        drop_nonces(logs, log);
    }
    logs_committed(logs);
}

void logs_forget(struct logs *logs, int64_t room_id)
{
    struct log *log;
    HASH_FIND(hh, logs->by_room, &room_id, sizeof room_id, log);
    if (!log)
        return;
    mark_changed(logs, log); /* freed only with its transaction; until then it is read again */
    log->next = 0;
    drop_nonces(logs, log);
}
