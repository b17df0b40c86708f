/* The index: blocks of up to BLOCK_PLACES_MAX messages in the order they were indexed, and for each
 * block and trigram the places in it, many trigrams to a row. A block is written once, at the right edge of its tables, so
 * indexing costs little; and a message is taken out of its block again at once, which SQLite's own
 * FTS5 could do only by rewriting everything around it (its secure-delete came with SQLite 3.42).
 */
#include "storage/search/search.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/fold.h"
#include "storage/messages.h"
#include "storage/search/trigram.h"

_Static_assert(SEARCH_BLOCK_MESSAGES == BLOCK_PLACES_MAX, "a block has a place for each message");

#define POSTINGS_MAX ((size_t)64 * 1024) /* 256 KiB; a block of long messages is closed early */

/* How postings are kept, and how texts are folded before. */
enum { INDEX_VERSION = 1 << 8 | FOLD_VERSION };

struct block {
    int64_t number, oldest_ts, newest_ts;
    int64_t ids[BLOCK_PLACES_MAX];
    size_t count;
    uint32_t *postings; /* trigram << PLACE_BITS | place */
    size_t posting_count, posting_max;
    struct buffer folded; /* of one message at a time */
};

static void block_finish(struct block *block)
{
    free(block->postings);
    buffer_finish(&block->folded);
}

static bool block_is_full(const struct block *block)
{
    return block->count == BLOCK_PLACES_MAX || block->posting_count >= POSTINGS_MAX;
}

static bool out_of_memory(struct database *database)
{
    return database_failed(database, SQLITE_NOMEM);
}

static bool reserve_postings(struct block *block, size_t more)
{
    size_t needed = block->posting_count + more;
    if (needed <= block->posting_max)
        return true;
    size_t max = needed * 3 / 2;
    uint32_t *postings = realloc(block->postings, max * sizeof *postings);
    if (!postings)
        return false;
    block->postings = postings;
    block->posting_max = max;
    return true;
}

static bool block_add(struct block *block, int64_t id, int64_t ts, const char *text, size_t length)
{
    block->folded.length = 0;
    if (!text_fold(text, length, &block->folded))
        return false;
    size_t most = GRAMS_OF_BYTES(block->folded.length);
    if (!reserve_postings(block, most))
        return false;
    uint32_t *trigrams = block->postings + block->posting_count;
    size_t count =
        trigrams_of((const char *)block->folded.bytes, block->folded.length, trigrams, most);
    for (size_t i = 0; i < count; i++)
        trigrams[i] = trigrams[i] << PLACE_BITS | (uint32_t)block->count;
    block->posting_count += count;
    if (block->count == 0 || ts < block->oldest_ts)
        block->oldest_ts = ts;
    if (block->count == 0 || ts > block->newest_ts)
        block->newest_ts = ts;
    block->ids[block->count++] = id;
    return true;
}

/* Stable, eight bits a pass: the postings lie in the order of their places already, and only the
 * trigram's bits need sorting; after three passes they are in the other array. */
static bool sort_postings(struct block *block)
{
    uint32_t *other = malloc((block->posting_count + 1) * sizeof *other);
    if (!other)
        return false;
    uint32_t *from = block->postings, *to = other;
    for (unsigned shift = PLACE_BITS; shift < 32; shift += 8) {
        size_t starts[257] = {0};
        for (size_t i = 0; i < block->posting_count; i++)
            starts[(from[i] >> shift & 0xff) + 1]++;
        for (size_t i = 1; i < 256; i++)
            starts[i] += starts[i - 1];
        for (size_t i = 0; i < block->posting_count; i++)
            to[starts[from[i] >> shift & 0xff]++] = from[i];
        uint32_t *swap = from;
        from = to;
        to = swap;
    }
    block->postings = from;
    block->posting_max = block->posting_count;
    free(to);
    return true;
}

static bool write_row(struct database *database, int64_t block, const struct posting_row *row)
{
    sqlite3_stmt *insert =
        database_prepare(database, "INSERT INTO search_grams(id,places) VALUES(?1,?2)");
    sqlite3_bind_int64(insert, 1, block << TRIGRAM_BITS | row->first);
    sqlite3_bind_blob(insert, 2, row->bytes, (int)row->size, SQLITE_STATIC);
    return database_run(database, insert);
}

/* The places of the trigram that comes at *at, which goes on to the next one. */
static void take_places(const struct block *block, size_t *at, struct posting_list *list)
{
    uint32_t trigram = block->postings[*at] >> PLACE_BITS;
    memset(list, 0, sizeof *list);
    for (; *at < block->posting_count && block->postings[*at] >> PLACE_BITS == trigram; ++*at)
        posting_list_add(list, block->postings[*at] & (BLOCK_PLACES_MAX - 1));
}

static bool write_trigrams(struct database *database, const struct block *block)
{
    struct posting_row row;
    struct posting_list list;
    if (block->posting_count == 0)
        return true;
    posting_row_init(&row, block->postings[0] >> PLACE_BITS);
    for (size_t at = 0; at < block->posting_count;) {
        uint32_t trigram = block->postings[at] >> PLACE_BITS;
        take_places(block, &at, &list);
        if (posting_row_add(&row, trigram, &list))
            continue;
        if (!write_row(database, block->number, &row))
            return false;
        posting_row_init(&row, trigram);
        (void)posting_row_add(&row, trigram, &list);
    }
    return write_row(database, block->number, &row);
}

static bool write_ids(struct database *database, int64_t block, const int64_t *ids, size_t count)
{
    uint8_t bytes[IDS_BYTES_MAX];
    sqlite3_stmt *insert =
        database_prepare(database, "INSERT OR REPLACE INTO search_ids(block,ids) VALUES(?1,?2)");
    sqlite3_bind_int64(insert, 1, block);
    sqlite3_bind_blob(insert, 2, bytes, (int)ids_write(ids, count, bytes), SQLITE_STATIC);
    return database_run(database, insert);
}

static bool write_block(struct database *database, struct block *block)
{
    if (block->count == 0)
        return true;
    if (!sort_postings(block))
        return out_of_memory(database);
    if (!database_number(
            database,
            database_prepare(database, "SELECT coalesce(max(block),0)+1 FROM search_blocks"), 1,
            &block->number))
        return false;
    sqlite3_stmt *insert = database_prepare(
        database, "INSERT INTO search_blocks(block,oldest_ts,newest_ts,kept) VALUES(?1,?2,?3,?4)");
    sqlite3_bind_int64(insert, 1, block->number);
    sqlite3_bind_int64(insert, 2, block->oldest_ts);
    sqlite3_bind_int64(insert, 3, block->newest_ts);
    sqlite3_bind_int64(insert, 4, (int64_t)block->count);
    return database_run(database, insert) &&
           write_ids(database, block->number, block->ids, block->count) &&
           write_trigrams(database, block);
}

/* Adds one row of SEARCH_TEXT; what has no text is not searched. */
static bool add_row(struct database *database, struct block *block, sqlite3_stmt *row)
{
    const char *text = (const char *)sqlite3_column_text(row, 2);
    if (!text || sqlite3_column_int(row, 3) != ENTRY_KIND_MESSAGE)
        return true;
    return block_add(block, sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1), text,
                     (size_t)sqlite3_column_bytes(row, 2)) ||
           out_of_memory(database);
}

#define SEARCH_TEXT "SELECT m.id, m.ts, " TEXT_NOW ", m.kind "
#define UNINDEXED "rooms r CROSS JOIN messages m ON m.id>" ROW_ID("r.id", "r.indexed")             \
                  " AND m.id<" ROW_ID("r.id+1", "0")

static bool set_indexed(struct database *database, int64_t indexed)
{
    sqlite3_stmt *update = database_prepare(database, "UPDATE rooms SET indexed=?2 WHERE id=?1");
    sqlite3_bind_int64(update, 1, row_room(indexed));
    sqlite3_bind_int64(update, 2, row_seq(indexed));
    return database_run(database, update);
}

/* Room by room, each from where its index ends, until the block is full. */
static bool gather_rooms(struct database *database, struct block *block)
{
    sqlite3_stmt *rows = database_prepare(
        database, SEARCH_TEXT "FROM " UNINDEXED " ORDER BY r.id, m.id");
    int64_t indexed = 0; /* the row it has come to; at first of no room */
    enum step step = STEP_DONE;
    bool ok = true;
    while (ok && !block_is_full(block) && (step = database_step(database, rows)) == STEP_ROW) {
        int64_t id = sqlite3_column_int64(rows, 0);
        ok = (row_room(id) == row_room(indexed) || set_indexed(database, indexed)) &&
             add_row(database, block, rows);
        indexed = id;
    }
    database_reset(rows);
    return ok && step != STEP_FAILED && set_indexed(database, indexed);
}

/* Edited messages first: they lie around singly. */
static bool gather_unindexed_edits(struct database *database, struct block *block)
{
    sqlite3_stmt *rows =
        database_prepare(database, SEARCH_TEXT
                         "FROM search_loose l CROSS JOIN messages m ON m.id=l.id ORDER BY l.id");
    enum step step = STEP_DONE;
    int64_t last = 0;
    while (!block_is_full(block) && (step = database_step(database, rows)) == STEP_ROW) {
        last = sqlite3_column_int64(rows, 0);
        if (!add_row(database, block, rows)) {
            step = STEP_FAILED;
            break;
        }
    }
    database_reset(rows);
    sqlite3_stmt *remove = database_prepare(database, "DELETE FROM search_loose WHERE id<=?1");
    sqlite3_bind_int64(remove, 1, last);
    return step != STEP_FAILED && database_run(database, remove);
}

static bool count_unindexed(struct database *database, int64_t *count)
{
    sqlite3_stmt *counting = database_prepare(
        database, "SELECT count(*) FROM (SELECT 1 FROM search_loose UNION ALL SELECT 1 FROM " UNINDEXED
                  " WHERE +m.kind=0 AND m.text IS NOT NULL LIMIT ?1)");
    sqlite3_bind_int64(counting, 1, SEARCH_WAITING_MAX);
    return database_number(database, counting, 0, count);
}

int64_t search_unindexed(struct database *database)
{
    int64_t count = 0;
    return count_unindexed(database, &count) ? count : 0;
}

bool search_waiting(struct database *database, int64_t *waiting)
{
    bool ok = count_unindexed(database, waiting);
    if (*waiting >= SEARCH_WAITING_MAX)
        *waiting = SEARCH_WAITING_MANY;
    return ok;
}

/* Counted again only while more wait than were counted: it reads them. */
static bool note_indexed(struct database *database, size_t count, int64_t *waiting)
{
    if (*waiting >= SEARCH_WAITING_MANY)
        return search_waiting(database, waiting);
    *waiting = count < (size_t)*waiting ? *waiting - (int64_t)count : 0;
    return true;
}

bool search_index(struct database *database, int64_t *waiting)
{
    if (*waiting < SEARCH_BLOCK_MESSAGES)
        return true;
    struct block *block = calloc(1, sizeof *block);
    if (!block)
        return out_of_memory(database);
    bool ok = gather_unindexed_edits(database, block) && gather_rooms(database, block) &&
              write_block(database, block) && note_indexed(database, block->count, waiting);
    block_finish(block);
    free(block);
    return ok;
}

/* Empties in steps, so that the journal stays small; a mark keeps a half-emptied index from use. */
static bool empty_step(struct database *database, bool *more)
{
    if (!database_execute(
            database,
            "DELETE FROM search_grams WHERE id < (SELECT min(block)+32 FROM search_blocks) << 23;"
            "DELETE FROM search_ids WHERE block < (SELECT min(block)+32 FROM search_blocks);"
            "DELETE FROM search_blocks WHERE block < (SELECT min(block)+32 FROM search_blocks)"))
        return false;
    *more = database_ask(database, "SELECT 1 FROM search_blocks LIMIT 1", 0) == 1;
    return *more || (database_execute(database, "DELETE FROM search_loose;"
                                                "UPDATE rooms SET indexed=0 WHERE indexed<>0") &&
                     database_set_meta(database, "search_emptying", 0));
}

static bool empty(struct database *database)
{
    if (!database_begin(database))
        return false;
    if (!database_set_meta(database, "search_emptying", 1)) {
        database_rollback(database);
        return false;
    }
    bool ok = database_commit(database);
    for (bool more = true; ok && more;) {
        if (!database_begin(database))
            return false;
        ok = empty_step(database, &more);
        if (ok)
            ok = database_commit(database);
        else
            database_rollback(database);
    }
    return ok;
}

/* --- an index that is damaged -------------------------------------------------------------------
 */

enum { TABLES_MAX = 8 };

/* What the index was made with. False when that cannot be read. */
static bool read_tables(struct database *database, char *sql[TABLES_MAX], size_t *count)
{
    sqlite3_stmt *rows = database_prepare(database,
                                          "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"
                                          " AND tbl_name LIKE 'search_%' ORDER BY rowid");
    enum step step;
    *count = 0;
    while ((step = database_step(database, rows)) == STEP_ROW && *count < TABLES_MAX)
        if (!(sql[(*count)++] = strdup(column_text(rows, 0))))
            break;
    database_reset(rows);
    return step == STEP_DONE || out_of_memory(database);
}

static bool make_again(struct database *database, char *const sql[], size_t count)
{
    bool ok = database_execute(database, "DROP TABLE IF EXISTS search_blocks;"
                                         "DROP TABLE IF EXISTS search_ids;"
                                         "DROP TABLE IF EXISTS search_grams;"
                                         "DROP TABLE IF EXISTS search_loose;"
                                         "UPDATE rooms SET indexed=0 WHERE indexed<>0");
    for (size_t i = 0; ok && i < count; i++)
        ok = database_execute(database, sql[i]);
    return ok && database_set_meta(database, "search_emptying", 0);
}

/* A large index has more pages than should wait in memory for the commit. */
bool search_rebuild(struct database *database)
{
    char *sql[TABLES_MAX] = {NULL};
    size_t count;
    bool ok = read_tables(database, sql, &count) && database_begin(database);
    if (ok) {
        (void)database_execute(database, "PRAGMA cache_spill=ON");
        ok = make_again(database, sql, count) && database_commit(database);
        (void)database_execute(database, "PRAGMA cache_spill=OFF");
    }
    if (!ok)
        database_rollback(database);
    for (size_t i = 0; i < TABLES_MAX; i++)
        free(sql[i]);
    return ok;
}

static bool open_index(struct database *database, bool wanted, int64_t *waiting)
{
    int64_t emptying = 0, was_wanted = 1, version = 0;
    *waiting = 0;
    if (!database_meta(database, "search_emptying", 0, &emptying) ||
        !database_meta(database, "search", 1, &was_wanted) ||
        !database_meta(database, "search_fold", 1, &version) ||
        (wanted != was_wanted && !database_set_meta(database, "search", wanted)))
        return false;
    bool filled = database_ask(database, "SELECT max(indexed)>0 FROM rooms", 0) == 1 ||
                  database_ask(database, "SELECT 1 FROM search_blocks LIMIT 1", 0) == 1;
    /* An index that was made otherwise finds nothing: it is made anew. */
    bool is_old = version != INDEX_VERSION;
    if ((emptying || ((!wanted || is_old) && filled)) && !empty(database))
        return false;
    if (is_old && !database_set_meta(database, "search_fold", INDEX_VERSION))
        return false;
    return !wanted || search_waiting(database, waiting);
}

bool search_open(struct database *database, bool wanted, int64_t *waiting)
{
    if (open_index(database, wanted, waiting))
        return true;
    return database_is_corrupt(database) && search_rebuild(database) &&
           open_index(database, wanted, waiting);
}
