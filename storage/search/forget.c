/* Taking messages out of the index, so that what was deleted is in no byte of the file: the places
 * of a message are removed from every trigram of its block, and SQLite's secure_delete overwrites
 * the rest. */
#include "storage/search/search.h"

#include <stdlib.h>

#include "storage/messages.h"
#include "storage/search/trigram.h"

#define BLOCKS_AT_ONCE 64

struct range {
    int64_t first, last;          /* ids */
    int64_t oldest_ts, newest_ts; /* of the rows there */
};

static bool find_times(struct database *database, struct range *range)
{
    sqlite3_stmt *select =
        database_prepare(database, "SELECT coalesce(min(ts),0), coalesce(max(ts),-1) FROM messages"
                                   " WHERE id BETWEEN ?1 AND ?2 AND kind=0");
    sqlite3_bind_int64(select, 1, range->first);
    sqlite3_bind_int64(select, 2, range->last);
    if (database_step(database, select) != STEP_ROW)
        return false;
    range->oldest_ts = sqlite3_column_int64(select, 0);
    range->newest_ts = sqlite3_column_int64(select, 1);
    database_reset(select);
    return true;
}

static bool remove_rows(struct database *database, const char *sql, int64_t first, int64_t last)
{
    sqlite3_stmt *remove = database_prepare(database, sql);
    sqlite3_bind_int64(remove, 1, first);
    sqlite3_bind_int64(remove, 2, last);
    return database_run(database, remove);
}

static bool drop_block(struct database *database, int64_t block)
{
    return remove_rows(database, "DELETE FROM search_grams WHERE id BETWEEN ?1 AND ?2",
                       block << TRIGRAM_BITS, ((block + 1) << TRIGRAM_BITS) - 1) &&
           remove_rows(database, "DELETE FROM search_ids WHERE block BETWEEN ?1 AND ?2", block,
                       block) &&
           remove_rows(database, "DELETE FROM search_blocks WHERE block BETWEEN ?1 AND ?2", block,
                       block);
}

static bool put_row(struct database *database, int64_t id, const struct posting_row *row)
{
    if (row->size == 0)
        return remove_rows(database, "DELETE FROM search_grams WHERE id BETWEEN ?1 AND ?2", id, id);
    sqlite3_stmt *update =
        database_prepare(database, "UPDATE search_grams SET places=?2 WHERE id=?1");
    sqlite3_bind_int64(update, 1, id);
    sqlite3_bind_blob(update, 2, row->bytes, (int)row->size, SQLITE_STATIC);
    return database_run(database, update);
}

/* The row being looked at is changed in place, which SQLite allows while its query is open. */
static bool drop_postings(struct database *database, int64_t block, const struct posting_list *gone)
{
    sqlite3_stmt *rows = database_prepare(
        database, "SELECT id, places FROM search_grams WHERE id BETWEEN ?1 AND ?2");
    const int64_t first = block << TRIGRAM_BITS;
    sqlite3_bind_int64(rows, 1, first);
    sqlite3_bind_int64(rows, 2, first + (1 << TRIGRAM_BITS) - 1);
    enum step step;
    while ((step = database_step(database, rows)) == STEP_ROW) {
        int64_t id = sqlite3_column_int64(rows, 0);
        struct posting_row kept;
        if (posting_row_drop(sqlite3_column_blob(rows, 1), (size_t)sqlite3_column_bytes(rows, 1),
                             (uint32_t)(id - first), gone, &kept) &&
            !put_row(database, id, &kept)) {
            step = STEP_FAILED;
            break;
        }
    }
    database_reset(rows);
    return step == STEP_DONE;
}

static bool read_ids(struct database *database, int64_t block, int64_t *ids, size_t *count)
{
    sqlite3_stmt *select = database_prepare(database, "SELECT ids FROM search_ids WHERE block=?1");
    sqlite3_bind_int64(select, 1, block);
    enum step step = database_step(database, select);
    *count = 0;
    if (step == STEP_ROW)
        *count = ids_read(ids, BLOCK_PLACES_MAX, sqlite3_column_blob(select, 0),
                          (size_t)sqlite3_column_bytes(select, 0));
    database_reset(select);
    return step != STEP_FAILED;
}

static bool put_ids(struct database *database, int64_t block, const int64_t *ids, size_t count,
                    size_t gone)
{
    uint8_t bytes[IDS_BYTES_MAX];
    sqlite3_stmt *update =
        database_prepare(database, "UPDATE search_ids SET ids=?2 WHERE block=?1");
    sqlite3_bind_int64(update, 1, block);
    sqlite3_bind_blob(update, 2, bytes, (int)ids_write(ids, count, bytes), SQLITE_STATIC);
    sqlite3_stmt *kept =
        database_prepare(database, "UPDATE search_blocks SET kept=kept-?2 WHERE block=?1");
    sqlite3_bind_int64(kept, 1, block);
    sqlite3_bind_int64(kept, 2, (int64_t)gone);
    return database_run(database, update) && database_run(database, kept);
}

/* An id that is gone becomes 0 in its place. */
static bool forget_in_block(struct database *database, int64_t block, const struct range *range)
{
    int64_t ids[BLOCK_PLACES_MAX];
    size_t count, gone_count = 0, left = 0;
    struct posting_list gone = {{0}};
    if (!read_ids(database, block, ids, &count))
        return false;
    for (unsigned place = 0; place < count; place++) {
        if (ids[place] >= range->first && ids[place] <= range->last) {
            ids[place] = 0;
            posting_list_add(&gone, place);
            gone_count++;
        }
        left += ids[place] != 0;
    }
    if (gone_count == 0)
        return true;
    if (left == 0)
        return drop_block(database, block);
    return drop_postings(database, block, &gone) &&
           put_ids(database, block, ids, count, gone_count);
}

/* The next blocks beyond *block that may hold such messages. */
static bool find_blocks(struct database *database, const struct range *range, int64_t after,
                        int64_t *blocks, size_t *count)
{
    sqlite3_stmt *select = database_prepare(
        database, "SELECT block FROM search_blocks WHERE block>?1 AND oldest_ts<=?2 AND"
                  " newest_ts>=?3 ORDER BY block LIMIT ?4");
    sqlite3_bind_int64(select, 1, after);
    sqlite3_bind_int64(select, 2, range->newest_ts);
    sqlite3_bind_int64(select, 3, range->oldest_ts);
    sqlite3_bind_int64(select, 4, BLOCKS_AT_ONCE);
    enum step step = STEP_DONE;
    *count = 0;
    while (*count < BLOCKS_AT_ONCE && (step = database_step(database, select)) == STEP_ROW)
        blocks[(*count)++] = sqlite3_column_int64(select, 0);
    database_reset(select);
    return step != STEP_FAILED;
}

bool search_forget_rows(struct database *database, int64_t first, int64_t last)
{
    struct range range = {.first = first, .last = last};
    int64_t blocks[BLOCKS_AT_ONCE] = {0};
    size_t count = 0;
    if (!remove_rows(database, "DELETE FROM search_loose WHERE id BETWEEN ?1 AND ?2", first,
                     last) ||
        !find_times(database, &range))
        return false;
    for (int64_t after = 0;; after = blocks[count - 1]) {
        if (!find_blocks(database, &range, after, blocks, &count))
            return false;
        for (size_t i = 0; i < count; i++)
            if (!forget_in_block(database, blocks[i], &range))
                return false;
        if (count < BLOCKS_AT_ONCE)
            return true;
    }
}

bool search_forget(struct database *database, int64_t id)
{
    return search_forget_rows(database, id, id);
}

/* Not indexed yet: its turn comes, with the text it has then. */
bool search_again(struct database *database, int64_t id)
{
    sqlite3_stmt *insert = database_prepare(
        database,
        "INSERT OR IGNORE INTO search_loose(id) SELECT m.id FROM messages m JOIN rooms r"
        " ON r.id=m.id>>40 WHERE m.id=?1 AND m.kind=0 AND (m.id & ((1<<40)-1))<=r.indexed");
    sqlite3_bind_int64(insert, 1, id);
    return database_run(database, insert);
}
