#include "storage/recovery_private.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/messages.h"
#include "storage/options.h"
#include "storage/rooms.h"

enum {
    STEP_ENTRIES = 300, /* stored in one transaction, while messages wait */
    STEP_PAGES = 1024,  /* looked at */
    STEP_ROWS = 2000    /* looked through for edits, deletions and reactions */
};

struct recovery {
    char path[1024];     /* of the new database */
    int64_t id;          /* of recoveries; what is under way */
    bool is_open;        /* the following */
    struct pages pages;
    struct btree btree;
    struct layouts layouts;
    const struct layout *messages;
    int64_t next_page, entries; /* of recoveries, as noted */
    struct {
        int count; /* of values */
        sqlite3_stmt *statement;
    } insert;
    struct {
        int64_t room_id; /* the one that was asked for last; 0 none */
        bool is_wanted;
        int64_t pruned;
    } room;
};

/* --- entries on a page --------------------------------------------------------------------------- */

static bool is_entry(const struct btree_row *row)
{
    const struct btree_value *values = row->values;
    return row->key > SEQ_KEPT_MAX && values[1].integer >= 0 && values[1].integer <= TS_MAX &&
           values[2].integer >= ENTRY_KIND_MESSAGE && values[2].integer <= ENTRY_KIND_TOPIC;
}

static int64_t key_at(struct btree *btree, int cell)
{
    int64_t key;
    return btree_read_key(btree, cell, &key) ? key : 0;
}

/* Keys rise on a page: one that is flipped stands out from its neighbours. */
static bool is_in_order(struct btree *btree, int cell, int64_t last)
{
    int64_t key = key_at(btree, cell);
    if (key <= last)
        return false;
    return cell + 1 >= btree->cells || key < key_at(btree, cell + 1) ||
           (cell + 2 < btree->cells && key < key_at(btree, cell + 2));
}

bool recovery_read_entry(struct btree *btree, const struct layout *messages, int cell,
                         struct recovery_order *order, struct btree_row *row)
{
    if (btree->kind != BTREE_TABLE_LEAF || !is_in_order(btree, cell, order->last) ||
        !btree_read_row(btree, cell, row) || !layout_fits(messages, row) || !is_entry(row))
        return false;
    order->last = row->key;
    return true;
}

/* --- what is noted ------------------------------------------------------------------------------- */

bool recovery_has_tables(struct database *database)
{
    return database_ask(database, "SELECT 1 FROM sqlite_schema WHERE name='recovery_rooms'", 0) == 1;
}

static int compare_id(const void *id, const void *room)
{
    int64_t a = *(const int64_t *)id, b = ((const struct room_row *)room)->id;
    return (a > b) - (a < b);
}

bool recovery_mark_rooms(struct database *database, struct store_start *start)
{
    if (!recovery_has_tables(database))
        return true;
    sqlite3_stmt *rows = database_prepare(database, "SELECT DISTINCT room_id FROM recovery_rooms");
    enum step step;
    while ((step = database_step(database, rows)) == STEP_ROW) {
        int64_t id = sqlite3_column_int64(rows, 0);
        struct room_row *room = start->room_count ? bsearch(&id, start->rooms, start->room_count,
                                                            sizeof *start->rooms, compare_id)
                                                  : NULL;
        if (room)
            room->is_closed = true;
    }
    return step == STEP_DONE;
}

static bool read_figures(struct database *database, struct recovery_figures *figures)
{
    sqlite3_stmt *sums = database_prepare(
        database, "SELECT count(*), coalesce(sum(ended=0),0), coalesce(sum(entries),0),"
                  " coalesce(sum(found),0), coalesce(max(rooms),0), coalesce(sum(unreadable),0),"
                  " (SELECT count(DISTINCT room_id) FROM recovery_rooms),"
                  " (SELECT file FROM recoveries ORDER BY id DESC LIMIT 1) FROM recoveries");
    if (database_step(database, sums) != STEP_ROW)
        return false;
    *figures = (struct recovery_figures){
        .is_known = sqlite3_column_int64(sums, 0) > 0,
        .is_running = sqlite3_column_int64(sums, 1) > 0,
        .entries = sqlite3_column_int64(sums, 2),
        .found = sqlite3_column_int64(sums, 3),
        .rooms = sqlite3_column_int64(sums, 4),
        .unreadable = sqlite3_column_int64(sums, 5),
        .closed = sqlite3_column_int64(sums, 6),
    };
    snprintf(figures->file, sizeof figures->file, "%s", column_text(sums, 7));
    database_reset(sums);
    return true;
}

bool recovery_open(struct database *database, const char *path, struct recovery **recovery,
                   struct recovery_figures *figures)
{
    *recovery = NULL;
    *figures = (struct recovery_figures){.is_known = false};
    if (!recovery_has_tables(database))
        return true;
    if (!read_figures(database, figures))
        return false;
    if (!figures->is_running)
        return true;
    *recovery = calloc(1, sizeof **recovery);
    if (!*recovery)
        return database_failed(database, SQLITE_NOMEM);
    snprintf((*recovery)->path, sizeof(*recovery)->path, "%s", path);
    return true;
}

static void close_file(struct recovery *recovery)
{
    if (!recovery->is_open)
        return;
    sqlite3_finalize(recovery->insert.statement);
    recovery->insert.statement = NULL;
    btree_finish(&recovery->btree);
    layouts_finish(&recovery->layouts);
    pages_close(&recovery->pages);
    recovery->is_open = false;
}

void recovery_close(struct recovery *recovery)
{
    if (!recovery)
        return;
    close_file(recovery);
    free(recovery);
}

/* --- the damaged file ---------------------------------------------------------------------------- */

/* One that somebody has taken away has no pages left. */
static bool open_file(struct recovery *recovery, const char *file, int version)
{
    char folder[1024], aside[1400];
    snprintf(folder, sizeof folder, "%s", recovery->path);
    snprintf(aside, sizeof aside, "%s/%s", dirname(folder), file);
    if (!pages_open(&recovery->pages, aside))
        return false;
    recovery->is_open = true;
    recovery->btree = (struct btree){.pages = NULL};
    recovery->layouts = (struct layouts){.tables = NULL};
    if (btree_init(&recovery->btree, &recovery->pages) &&
        layouts_read(&recovery->layouts, version, RECOVERY_TABLES) &&
        (recovery->messages = layout_find(&recovery->layouts, "messages")))
        return true;
    close_file(recovery);
    return false;
}

/* The oldest that has not ended. STEP_DONE: there is none. */
static enum step find_next(struct recovery *recovery, struct database *database)
{
    sqlite3_stmt *row = database_prepare(
        database, "SELECT id, file, version, next_page, entries FROM recoveries WHERE ended=0"
                  " ORDER BY id LIMIT 1");
    enum step step = database_step(database, row);
    if (step != STEP_ROW)
        return step;
    recovery->id = sqlite3_column_int64(row, 0);
    recovery->next_page = sqlite3_column_int64(row, 3);
    recovery->entries = sqlite3_column_int64(row, 4);
    recovery->room.room_id = 0;
    bool ok = recovery->is_open ||
              open_file(recovery, column_text(row, 1), sqlite3_column_int(row, 2));
    database_reset(row);
    if (!ok)
        database_failed(database, SQLITE_CANTOPEN);
    return ok ? STEP_ROW : STEP_FAILED;
}

/* --- entries ------------------------------------------------------------------------------------- */

/* Rooms that are removed, and what retention has removed since, stay away. */
static bool find_room(struct recovery *recovery, struct database *database, int64_t room_id)
{
    if (recovery->room.room_id == room_id)
        return true;
    sqlite3_stmt *row = database_prepare(
        database, "SELECT r.pruned FROM recovery_rooms c JOIN rooms r ON r.id=c.room_id"
                  " WHERE c.recovery=?1 AND c.room_id=?2");
    sqlite3_bind_int64(row, 1, recovery->id);
    sqlite3_bind_int64(row, 2, room_id);
    enum step step = database_step(database, row);
    recovery->room.is_wanted = step == STEP_ROW;
    recovery->room.pruned = sqlite3_column_int64(row, 0);
    recovery->room.room_id = room_id;
    database_reset(row);
    return step != STEP_FAILED;
}

static bool prepare_insert(struct recovery *recovery, struct database *database, int count)
{
    char sql[LAYOUT_SQL_BYTES];
    if (recovery->insert.statement && recovery->insert.count == count)
        return true;
    sqlite3_finalize(recovery->insert.statement);
    recovery->insert.statement = NULL;
    recovery->insert.count = count;
    layout_write_insert(recovery->messages, count, sql);
    int code =
        sqlite3_prepare_v2(database->handle, sql, -1, &recovery->insert.statement, NULL);
    return code == SQLITE_OK || database_failed(database, code);
}

static bool store_entry(struct recovery *recovery, struct database *database,
                        const struct btree_row *row)
{
    if (!find_room(recovery, database, row_room(row->key)))
        return false;
    if (!recovery->room.is_wanted || row_seq(row->key) <= recovery->room.pruned)
        return true;
    if (!prepare_insert(recovery, database, row->count))
        return false;
    layout_bind(recovery->messages, row, recovery->insert.statement);
    sqlite3_step(recovery->insert.statement);
    int code = sqlite3_reset(recovery->insert.statement);
    recovery->entries += code == SQLITE_OK;
    return code == SQLITE_OK || database_failed(database, code);
}

static bool store_page(struct recovery *recovery, struct database *database, int *stored)
{
    struct btree_row row;
    struct recovery_order order = {0};
    for (int cell = 0; cell < recovery->btree.cells; cell++) {
        if (!recovery_read_entry(&recovery->btree, recovery->messages, cell, &order, &row))
            continue;
        if (!store_entry(recovery, database, &row))
            return false;
        ++*stored;
    }
    return true;
}

static bool note_pages(const struct recovery *recovery, struct database *database)
{
    sqlite3_stmt *update = database_prepare(
        database, "UPDATE recoveries SET next_page=?2, entries=?3 WHERE id=?1");
    sqlite3_bind_int64(update, 1, recovery->id);
    sqlite3_bind_int64(update, 2, recovery->next_page);
    sqlite3_bind_int64(update, 3, recovery->entries);
    return database_run(database, update);
}

/* What the disk does not give has been counted by the survey. */
static bool store_pages(struct recovery *recovery, struct database *database)
{
    int stored = 0;
    for (int i = 0; i < STEP_PAGES && stored < STEP_ENTRIES &&
                    recovery->next_page <= recovery->pages.count;
         i++) {
        if (btree_read(&recovery->btree, (uint32_t)recovery->next_page) &&
            !store_page(recovery, database, &stored))
            return false;
        recovery->next_page++;
    }
    return note_pages(recovery, database);
}

/* --- a room whose entries are all here ----------------------------------------------------------- */

static bool read_change(sqlite3_stmt *row, int64_t pruned, struct entry *entry)
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
    return entry->kind != ENTRY_KIND_MESSAGE && entry->kind != ENTRY_KIND_TOPIC &&
           entry->target > pruned && entry->target < entry->seq;
}

static bool note_applied(const struct recovery *recovery, struct database *database,
                         int64_t room_id, int64_t applied)
{
    sqlite3_stmt *update = database_prepare(
        database, "UPDATE recovery_rooms SET applied=?3 WHERE recovery=?1 AND room_id=?2");
    sqlite3_bind_int64(update, 1, recovery->id);
    sqlite3_bind_int64(update, 2, room_id);
    sqlite3_bind_int64(update, 3, applied);
    return database_run(database, update);
}

/* The side tables are made from the log, in its order, not copied: they then fit what came over. */
static bool apply_changes(struct recovery *recovery, struct database *database, int64_t room_id,
                          int64_t applied, bool *is_through)
{
    sqlite3_stmt *row = database_prepare(
        database, "SELECT " ENTRY_COLUMNS " FROM messages WHERE id>?1 AND id<=?2 ORDER BY id LIMIT ?3");
    sqlite3_bind_int64(row, 1, applied > row_id(room_id, 0) ? applied : row_id(room_id, 0));
    sqlite3_bind_int64(row, 2, row_id(room_id, SEQ_KEPT_MAX));
    sqlite3_bind_int(row, 3, STEP_ROWS);
    enum step step = STEP_DONE;
    int changes = 0, rows = 0;
    while (changes < STEP_ENTRIES && (step = database_step(database, row)) == STEP_ROW) {
        struct entry entry;
        applied = sqlite3_column_int64(row, 0);
        rows++;
        if (!read_change(row, recovery->room.pruned, &entry))
            continue;
        changes++;
        if (!messages_apply(database, room_id, &entry) && database->failure == FAILURE_STORAGE) {
            database_reset(row);
            return false;
        }
    }
    database_reset(row);
    *is_through = changes < STEP_ENTRIES && rows < STEP_ROWS;
    return (changes == STEP_ENTRIES || step == STEP_DONE) &&
           note_applied(recovery, database, room_id, applied);
}

static struct job *make_notice(struct database *database, int64_t room_id)
{
    struct job *notice = job_create(JOB_RECOVERED);
    if (!notice) {
        database_failed(database, SQLITE_NOMEM);
        return NULL;
    }
    if (!room_id || rooms_read_log(database, room_id, &notice->recovered.room))
        return notice;
    job_destroy(notice);
    return NULL;
}

/* Another damaged file may have more of the room. */
static bool open_room(const struct recovery *recovery, struct database *database, int64_t room_id,
                      struct job **notice)
{
    sqlite3_stmt *remove = database_prepare(
        database, "DELETE FROM recovery_rooms WHERE recovery=?1 AND room_id=?2");
    sqlite3_bind_int64(remove, 1, recovery->id);
    sqlite3_bind_int64(remove, 2, room_id);
    if (!database_run(database, remove))
        return false;
    int64_t left;
    sqlite3_stmt *others =
        database_prepare(database, "SELECT count(*) FROM recovery_rooms WHERE room_id=?1");
    sqlite3_bind_int64(others, 1, room_id);
    if (!database_number(database, others, 0, &left))
        return false;
    return left > 0 || (*notice = make_notice(database, room_id)) != NULL;
}

static bool finish_room(struct recovery *recovery, struct database *database, int64_t room_id,
                        int64_t applied, struct job **notice)
{
    bool is_through = false;
    return find_room(recovery, database, room_id) &&
           apply_changes(recovery, database, room_id, applied, &is_through) &&
           (!is_through || open_room(recovery, database, room_id, notice));
}

/* --- a step -------------------------------------------------------------------------------------- */

static bool finish_file(struct recovery *recovery, struct database *database)
{
    sqlite3_stmt *update =
        database_prepare(database, "UPDATE recoveries SET ended=1 WHERE id=?1");
    sqlite3_bind_int64(update, 1, recovery->id);
    close_file(recovery);
    return database_run(database, update);
}

/* A room that can be opened goes before further pages. */
static bool work(struct recovery *recovery, struct database *database, struct job **notice)
{
    sqlite3_stmt *rooms = database_prepare(
        database, "SELECT room_id, applied FROM recovery_rooms WHERE recovery=?1 AND"
                  " (last_page<?2 OR ?2>?3) ORDER BY last_page LIMIT 1");
    sqlite3_bind_int64(rooms, 1, recovery->id);
    sqlite3_bind_int64(rooms, 2, recovery->next_page);
    sqlite3_bind_int64(rooms, 3, recovery->pages.count);
    enum step step = database_step(database, rooms);
    int64_t room_id = sqlite3_column_int64(rooms, 0), applied = sqlite3_column_int64(rooms, 1);
    database_reset(rooms);
    if (step == STEP_ROW)
        return finish_room(recovery, database, room_id, applied, notice);
    if (step == STEP_FAILED)
        return false;
    return recovery->next_page <= recovery->pages.count ? store_pages(recovery, database)
                                                        : finish_file(recovery, database);
}

static enum recovery_result end(struct database *database, struct recovery_figures *figures,
                                struct job **notices)
{
    figures->is_running = false;
    return (*notices = make_notice(database, 0)) ? RECOVERY_DONE : RECOVERY_FAILED;
}

enum recovery_result recovery_step(struct recovery *recovery, struct database *database,
                                   struct recovery_figures *figures, struct job **notices)
{
    *notices = NULL;
    database_forget_failure(database);
    enum step step = find_next(recovery, database);
    if (step == STEP_DONE)
        return end(database, figures, notices);
    if (step == STEP_FAILED || !database_begin(database))
        return RECOVERY_FAILED;
    if (work(recovery, database, notices) && read_figures(database, figures)) {
        if (database_commit(database))
            return RECOVERY_STEPPED;
    } else {
        database_rollback(database);
    }
    job_destroy(*notices);
    *notices = NULL;
    return RECOVERY_FAILED;
}
