/* The survey of a damaged file: the rows of the small tables, which come over at once, and what there is
 * of each log. */
#include "storage/recovery_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "storage/messages.h"
#include "storage/schema.h"
#include "storage/trees.h"

enum {
    PROGRESS_PAGES = 1024, /* between two calls of on_progress */
    SEQ_SKIP = 1 << 20     /* as after any unclean stop */
};

/* What was seen of a room's log. */
struct room_log {
    int64_t id, last_page, last_seq, entries;
    UT_hash_handle hh;
};

struct survey {
    struct database *to;
    struct pages pages;
    struct btree btree;
    struct layouts layouts;
    const struct layout *messages;
    struct trees trees;
    struct room_log *logs; /* hash table */
    int64_t broken;       /* entries that are there and cannot be read */
    int64_t unreadable;   /* pages */
    int64_t user_id_max;
    void (*on_progress)(void);
    struct {
        const struct layout *layout;
        int count;
        sqlite3_stmt *statement;
    } insert;
};

static bool out_of_memory(struct survey *survey)
{
    return database_failed(survey->to, SQLITE_NOMEM);
}

/* --- the small tables ---------------------------------------------------------------------------- */

/* The logs come later; what is made from them is made again. */
static bool is_taken_over(const struct layout *layout)
{
    return strncmp(layout->name, "search_", 7) != 0 && strcmp(layout->name, "messages") != 0 &&
           strcmp(layout->name, "edits") != 0 && strncmp(layout->name, "reaction", 8) != 0;
}

/* What says how this very file was left. */
static bool is_left_out(const struct layout *layout, const struct btree_row *row)
{
    const struct btree_value *name = &row->values[0];
    return strcmp(layout->name, "meta") == 0 &&
           (btree_says(name, "clean") || btree_says(name, "search") ||
            (name->type == BTREE_TEXT && name->size > 7 && memcmp(name->bytes, "search_", 7) == 0));
}

static bool prepare_insert(struct survey *survey, const struct layout *layout, int count)
{
    char sql[LAYOUT_SQL_BYTES];
    if (survey->insert.layout == layout && survey->insert.count == count)
        return true;
    sqlite3_finalize(survey->insert.statement);
    survey->insert.statement = NULL;
    survey->insert.layout = layout;
    survey->insert.count = count;
    layout_write_insert(layout, count, sql);
    int code =
        sqlite3_prepare_v2(survey->to->handle, sql, -1, &survey->insert.statement, NULL);
    return code == SQLITE_OK || database_failed(survey->to, code);
}

static bool take_row(struct survey *survey, const struct layout *layout, const struct btree_row *row)
{
    if (is_left_out(layout, row))
        return true;
    if (!prepare_insert(survey, layout, row->count))
        return false;
    layout_bind(layout, row, survey->insert.statement);
    sqlite3_step(survey->insert.statement);
    int code = sqlite3_reset(survey->insert.statement);
    return code == SQLITE_OK || (code & 0xff) == SQLITE_CONSTRAINT ||
           database_failed(survey->to, code);
}

/* The only table that the rows of such a page can belong to; NULL when there are several, or none. */
static const struct layout *guess_table(struct survey *survey)
{
    const struct layout *guess = NULL;
    struct btree_row row;
    bool is_keyed = survey->btree.kind == BTREE_TABLE_LEAF;
    if (survey->btree.cells == 0 || !btree_read_row(&survey->btree, 0, &row))
        return NULL;
    for (size_t i = 0; i < survey->layouts.count; i++) {
        const struct layout *layout = &survey->layouts.tables[i];
        if (!trees_is_torn(&survey->trees, layout) || layout->is_keyed != is_keyed || !layout_fits(layout, &row))
            continue;
        if (guess)
            return NULL;
        guess = layout;
    }
    return guess;
}

static bool take_page(struct survey *survey, uint32_t page)
{
    struct btree *btree = &survey->btree;
    const struct layout *layout = trees_table(&survey->trees, page);
    if (btree->kind == BTREE_NONE || btree->kind == BTREE_TABLE_INTERIOR)
        return true;
    if (trees_owner(&survey->trees, page) == TREES_NOBODY && btree->kind != BTREE_INDEX_INTERIOR)
        layout = guess_table(survey);
    struct btree_row row;
    for (int cell = 0; layout && is_taken_over(layout) && cell < btree->cells; cell++)
        if (btree_read_row(btree, cell, &row) && layout_fits(layout, &row) &&
            !take_row(survey, layout, &row))
            return false;
    return true;
}

/* --- the logs ------------------------------------------------------------------------------------ */

static bool note_entry(struct survey *survey, int64_t page, const struct btree_row *row)
{
    int64_t id = row_room(row->key);
    struct room_log *log = NULL;
    HASH_FIND(hh, survey->logs, &id, sizeof id, log);
    if (!log) {
        if (!(log = calloc(1, sizeof *log)))
            return out_of_memory(survey);
        log->id = id;
        HASH_ADD(hh, survey->logs, id, sizeof id, log);
    }
    log->last_page = page;
    log->entries++;
    if (row_seq(row->key) > log->last_seq)
        log->last_seq = row_seq(row->key);
    if (row->values[4].integer > survey->user_id_max)
        survey->user_id_max = row->values[4].integer;
    return true;
}

static bool note_entries(struct survey *survey, uint32_t page)
{
    struct btree_row row;
    struct recovery_order order = {0};
    int whole = 0;
    for (int cell = 0; cell < survey->btree.cells; cell++) {
        if (!recovery_read_entry(&survey->btree, survey->messages, cell, &order, &row))
            continue;
        whole++;
        if (!note_entry(survey, page, &row))
            return false;
    }
    bool is_of_log = whole > 0 || trees_table(&survey->trees, page) == survey->messages;
    if (is_of_log && survey->btree.kind == BTREE_TABLE_LEAF)
        survey->broken += survey->btree.cells - whole;
    return true;
}

static bool look_through(struct survey *survey)
{
    for (uint32_t page = 1; page <= survey->pages.count; page++) {
        if (page % PROGRESS_PAGES == 0 && survey->on_progress)
            survey->on_progress();
        if (!btree_read(&survey->btree, page)) {
            /* else it is counted already */
            survey->unreadable += trees_owner(&survey->trees, page) == TREES_NOBODY;
            continue;
        }
        if (!take_page(survey, page) || !note_entries(survey, page))
            return false;
    }
    survey->unreadable += survey->pages.missing + survey->trees.unreadable;
    return true;
}

/* --- what is noted ------------------------------------------------------------------------------- */

static bool note_log(struct survey *survey, const struct room_log *log, int64_t recovery,
                     int64_t *found)
{
    static const char *const statements[] = {
        /* what was said in a room whose own row is lost goes into a private one, for administrators */
        ("INSERT OR IGNORE INTO rooms(id,name,folded,topic,log_id,visibility,keep,user_a,user_b)"
         " SELECT ?1, 'rescued-' || ?1, 'rescued-' || ?1, '', '', 1, 0, 0, 0"
         " WHERE ?1 NOT IN (SELECT id FROM removed_rooms)"),
        "UPDATE rooms SET floor=max(floor,?2) WHERE id=?1",
        ("INSERT INTO recovery_rooms(recovery,room_id,last_page,applied)"
         " SELECT ?4,id,?3,0 FROM rooms WHERE id=?1")};
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        sqlite3_stmt *statement = database_prepare(survey->to, statements[i]);
        sqlite3_bind_int64(statement, 1, log->id);
        sqlite3_bind_int64(statement, 2, log->last_seq);
        sqlite3_bind_int64(statement, 3, log->last_page);
        sqlite3_bind_int64(statement, 4, recovery);
        if (!database_run(survey->to, statement))
            return false;
    }
    if (sqlite3_changes(survey->to->handle) > 0)
        *found += log->entries;
    return true;
}

/* No id is given twice, and no seq. Entries of another, unfinished recovery are looked for once more:
 * some of those that had come over may have been lost. */
static bool settle(struct survey *survey, int64_t id)
{
    char sql[1400];
    snprintf(sql, sizeof sql,
             "UPDATE rooms SET indexed=0, log_id=lower(hex(randomblob(8))),"
             " floor=max(floor,pruned)+%d;"
             "INSERT OR REPLACE INTO meta(name,value) VALUES"
             "('room_id_max', max(coalesce((SELECT value FROM meta WHERE name='room_id_max'),0),"
             " coalesce((SELECT max(id) FROM rooms),0),"
             " coalesce((SELECT max(id) FROM removed_rooms),0))),"
             "('user_id_max', max(coalesce((SELECT value FROM meta WHERE name='user_id_max'),0),"
             " coalesce((SELECT max(id) FROM users),0),"
             " coalesce((SELECT max(user_id) FROM grants),0), %lld));"
             "UPDATE recoveries SET next_page=1, entries=0 WHERE ended=0;"
             "UPDATE recovery_rooms SET applied=0 WHERE recovery<%lld",
             SEQ_SKIP, (long long)survey->user_id_max, (long long)id);
    return database_execute(survey->to, sql) &&
           /* what came over without the day it was stored grows old from now on */
           (!layout_find(&survey->layouts, "room_days") ||
            database_execute(survey->to,
                             "INSERT OR IGNORE INTO room_days(room_id,day,first) SELECT id,"
                             " coalesce((SELECT value FROM meta WHERE name='elapsed_ms'),0)/86400000,"
                             " 0 FROM rooms WHERE id NOT IN (SELECT room_id FROM room_days)")) &&
           /* seqs stay what they are: a bridge goes on where it was */
           (!layout_find(&survey->layouts, "cursors") ||
            database_execute(survey->to, "UPDATE cursors SET log_id=(SELECT log_id FROM rooms"
                                         " WHERE id=room_id) WHERE room_id IN (SELECT id FROM rooms)"));
}

static bool note_file(struct survey *survey, const char *file, int version, int64_t *id)
{
    sqlite3_stmt *insert = database_prepare(
        survey->to, "INSERT INTO recoveries(file,version,next_page,found,entries,rooms,unreadable,ended)"
                    " VALUES(?1,?2,1,0,0,0,?3,0)");
    bind_text(insert, 1, file);
    sqlite3_bind_int(insert, 2, version);
    sqlite3_bind_int64(insert, 3, survey->unreadable);
    if (!database_run(survey->to, insert))
        return false;
    *id = sqlite3_last_insert_rowid(survey->to->handle);
    return true;
}

static bool note_found(struct survey *survey, int64_t id, int64_t found)
{
    sqlite3_stmt *update = database_prepare(
        survey->to, "UPDATE recoveries SET found=?2, rooms=(SELECT count(*) FROM rooms) WHERE id=?1");
    sqlite3_bind_int64(update, 1, id);
    sqlite3_bind_int64(update, 2, found);
    return database_run(survey->to, update);
}

static bool note(struct survey *survey, const char *file, int version)
{
    int64_t id = 0, found = survey->broken;
    bool ok = note_file(survey, file, version, &id);
    for (struct room_log *log = survey->logs; ok && log; log = log->hh.next)
        ok = note_log(survey, log, id, &found);
    return ok && note_found(survey, id, found) && settle(survey, id);
}

/* --- all of it ----------------------------------------------------------------------------------- */

/* By the header, which may lie; then it is taken for today's. */
static int version_of(struct pages *pages)
{
    uint8_t *page = malloc(pages->page_bytes);
    int version = schema_version();
    if (page && pages_read(pages, 1, page)) {
        uint32_t said = pages_number32(page + 60);
        if (said >= 1 && said < (uint32_t)version)
            version = (int)said;
    }
    free(page);
    return version;
}

static bool open_survey(struct survey *survey, const char *aside, int *version)
{
    if (!pages_open(&survey->pages, aside))
        return database_failed(survey->to, SQLITE_CANTOPEN);
    *version = version_of(&survey->pages);
    bool ok = btree_init(&survey->btree, &survey->pages) &&
              layouts_read(&survey->layouts, *version, RECOVERY_TABLES) &&
              (survey->messages = layout_find(&survey->layouts, "messages")) &&
              trees_init(&survey->trees, &survey->pages, &survey->btree, &survey->layouts);
    return ok || out_of_memory(survey);
}

static void close_survey(struct survey *survey)
{
    struct room_log *log = survey->logs;
    sqlite3_finalize(survey->insert.statement);
    HASH_CLEAR(hh, survey->logs);
    while (log) {
        struct room_log *next = log->hh.next;
        free(log);
        log = next;
    }
    trees_finish(&survey->trees);
    layouts_finish(&survey->layouts);
    btree_finish(&survey->btree);
    pages_close(&survey->pages);
}

static bool is_noted(struct database *database, const char *file)
{
    if (!recovery_has_tables(database))
        return false;
    int64_t count = 0;
    sqlite3_stmt *row =
        database_prepare(database, "SELECT count(*) FROM recoveries WHERE file=?1");
    bind_text(row, 1, file);
    return database_number(database, row, 0, &count) && count > 0;
}

static bool follow_trees(struct survey *survey)
{
    return trees_follow(&survey->trees) || out_of_memory(survey);
}

static bool take_over(struct survey *survey, const char *file, int version)
{
    struct database *to = survey->to;
    if (!schema_migrate_to(to, version) || !database_begin(to))
        return false;
    if (database_execute(to, RECOVERY_TABLES) && follow_trees(survey) && look_through(survey) &&
        note(survey, file, version))
        return database_commit(to);
    database_rollback(to);
    return false;
}

bool recovery_begin(struct database *database, const char *aside, void (*on_progress)(void))
{
    const char *slash = strrchr(aside, '/'), *file = slash ? slash + 1 : aside;
    struct survey survey = {.to = database,
                            .pages = {.fd = -1, .wal_fd = -1},
                            .on_progress = on_progress};
    int version = 0;
    database_forget_failure(database);
    if (is_noted(database, file))
        return true;
    bool ok = open_survey(&survey, aside, &version) && take_over(&survey, file, version);
    close_survey(&survey);
    return ok;
}
