/* Answering a search: the words' trigrams lead to messages in the blocks, newest block first; each
 * is compared by its own text. What is not indexed yet is read. All of it in the caller's snapshot.
 */
#include "storage/search/search.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/fold.h"
#include "storage/history.h"
#include "storage/messages.h"
#include "storage/search/query.h"
#include "storage/search/trigram.h"

#define SCAN_ROWS_MAX    20000  /* read for a query that has no trigrams, or without an index */
#define WAITING_ROWS_MAX 200000 /* read of what waits for the index, after a large import say */

struct hit {
    int64_t ts, id;
};

struct room {
    int64_t id, indexed;
};

struct room_list {
    struct room *rooms; /* ascending */
    size_t count, capacity;
};

struct search {
    struct database *database;
    struct job_search *job;
    struct query query;
    struct room_list list;
    struct hit after;    /* where the page before ended, if there was one */
    struct hit *hits; /* a heap, the oldest first */
    size_t hit_count, hit_max;
    bool dropped;        /* a hit that was older than all kept */
    int64_t waiting_max; /* rows to read that have no index */
    int64_t rows;        /* compared so far */
    struct buffer folded;
};

static bool out_of_memory(struct search *search)
{
    return database_failed(search->database, SQLITE_NOMEM);
}

static bool is_older(struct hit a, struct hit b)
{
    return a.ts != b.ts ? a.ts < b.ts : a.id < b.id;
}

static void swap_hits(struct hit *a, struct hit *b)
{
    struct hit hit = *a;
    *a = *b;
    *b = hit;
}

static void sink(struct hit *hits, size_t count, size_t at)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < count && is_older(hits[child + 1], hits[child]))
            child++;
        if (child >= count || is_older(hits[at], hits[child]))
            return;
        swap_hits(&hits[at], &hits[child]);
        at = child;
    }
}

static void keep_hit(struct search *search, struct hit hit)
{
    if (search->hit_count < search->hit_max) {
        size_t at = search->hit_count++;
        search->hits[at] = hit;
        for (; at > 0 && is_older(search->hits[at], search->hits[(at - 1) / 2]); at = (at - 1) / 2)
            swap_hits(&search->hits[at], &search->hits[(at - 1) / 2]);
        return;
    }
    search->dropped = true;
    if (is_older(search->hits[0], hit)) {
        search->hits[0] = hit;
        sink(search->hits, search->hit_count, 0);
    }
}

/* True when nothing of that time can become a result any more. */
static bool is_too_old(const struct search *search, int64_t ts)
{
    return search->hit_count == search->hit_max && ts < search->hits[0].ts;
}

/* Rooms that may be read, ascending; see job.h. A ban counts everywhere. */
static bool list_rooms(struct search *search)
{
    const struct job_search *job = search->job;
    sqlite3_stmt *rows = database_prepare(
        search->database,
        "SELECT r.id, r.indexed FROM rooms r LEFT JOIN grants g ON g.room_id=r.id AND g.user_id=?1"
        " WHERE (?4=0 OR r.id=?4) AND CASE r.visibility"
        " WHEN 2 THEN ?1<>0 AND ?1 IN (r.user_a, r.user_b)"
        " ELSE ?2 OR (coalesce(g.banned_until,0)<=?3 AND (r.visibility=0 OR"
        "  coalesce(g.role,0)>0 OR coalesce(g.invited,0)<>0)) END ORDER BY r.id");
    sqlite3_bind_int64(rows, 1, job->user_id);
    sqlite3_bind_int(rows, 2, job->role == ROLE_ADMIN);
    sqlite3_bind_int64(rows, 3, job->elapsed_ms);
    sqlite3_bind_int64(rows, 4, job->room_id);
    struct room_list *list = &search->list;
    enum step step;
    while ((step = database_step(search->database, rows)) == STEP_ROW) {
        if (list->count == list->capacity) {
            size_t capacity = list->capacity ? list->capacity * 2 : 64;
            void *grown = realloc(list->rooms, capacity * sizeof *list->rooms);
            if (!grown) {
                database_reset(rows);
                return out_of_memory(search);
            }
            list->rooms = grown;
            list->capacity = capacity;
        }
        list->rooms[list->count].id = sqlite3_column_int64(rows, 0);
        list->rooms[list->count++].indexed = sqlite3_column_int64(rows, 1);
    }
    return step == STEP_DONE;
}

static bool may_read(const struct search *search, int64_t room_id)
{
    size_t low = 0, high = search->list.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (search->list.rooms[middle].id == room_id)
            return true;
        if (search->list.rooms[middle].id < room_id)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static bool is_from(const struct search *search, const char *name)
{
    char folded[NAME_BYTES_MAX + 1];
    if (search->job->from[0] == '\0')
        return true;
    return strlen(name) <= NAME_BYTES_MAX && name_fold(name, folded) &&
           strcmp(folded, search->job->from) == 0;
}

/* Of the time that was asked for, and behind the page before. */
static bool is_wanted(const struct search *search, struct hit hit)
{
    const struct job_search *job = search->job;
    return (job->before_ts == NUMBER_ABSENT || hit.ts < job->before_ts) &&
           (job->after.seq == 0 || is_older(hit, search->after));
}

/* Compares one row of SEARCH_ROW by its text, time and author. */
#define SEARCH_ROW "SELECT m.id, m.ts, m.name, " TEXT_NOW " FROM messages m "
static bool take_row(struct search *search, sqlite3_stmt *row)
{
    struct hit hit = {sqlite3_column_int64(row, 1), sqlite3_column_int64(row, 0)};
    const char *text = (const char *)sqlite3_column_text(row, 3);
    search->rows++;
    if (!text || !is_wanted(search, hit))
        return true;
    search->folded.length = 0;
    if (!text_fold(text, (size_t)sqlite3_column_bytes(row, 3), &search->folded))
        return out_of_memory(search);
    size_t at;
    if (query_matches(&search->query, (const char *)search->folded.bytes, search->folded.length,
                      &at) &&
        is_from(search, column_text(row, 2)) &&
        query_has_its_marks(&search->query, text, (size_t)sqlite3_column_bytes(row, 3),
                            &search->folded))
        keep_hit(search, hit);
    return !search->folded.failed || out_of_memory(search);
}

static bool take_rows(struct search *search, sqlite3_stmt *rows)
{
    enum step step;
    while ((step = database_step(search->database, rows)) == STEP_ROW)
        if (!take_row(search, rows)) {
            step = STEP_FAILED;
            break;
        }
    database_reset(rows);
    return step != STEP_FAILED;
}

/* Without an index there are only the newest rows of each room, as for a query that has no
 * trigrams.
 */
static bool set_waiting_max(struct search *search)
{
    int64_t has_index = 1;
    bool ok = database_meta(search->database, "search", 1, &has_index);
    search->waiting_max = has_index ? WAITING_ROWS_MAX : SCAN_ROWS_MAX;
    return ok;
}

/* What the index does not have yet. */
static bool read_waiting(struct search *search)
{
    for (size_t i = 0; i < search->list.count && search->rows < search->waiting_max; i++) {
        int64_t room = search->list.rooms[i].id;
        sqlite3_stmt *rows =
            database_prepare(search->database, SEARCH_ROW
                             "WHERE m.id>?1 AND m.id<=?2 AND m.kind=0 ORDER BY m.id DESC LIMIT ?3");
        sqlite3_bind_int64(rows, 1, row_id(room, search->list.rooms[i].indexed));
        sqlite3_bind_int64(rows, 2, row_id(room, SEQ_KEPT_MAX));
        sqlite3_bind_int64(rows, 3, search->waiting_max - search->rows);
        if (!take_rows(search, rows))
            return false;
    }
    return true;
}

static bool read_message(struct search *search, int64_t id)
{
    sqlite3_stmt *row = database_prepare(search->database, SEARCH_ROW "WHERE m.id=?1 AND m.kind=0");
    sqlite3_bind_int64(row, 1, id);
    return !may_read(search, row_room(id)) || take_rows(search, row);
}

static bool read_unindexed_edits(struct search *search)
{
    sqlite3_stmt *rows =
        database_prepare(search->database, "SELECT id FROM search_loose ORDER BY id DESC");
    enum step step;
    while ((step = database_step(search->database, rows)) == STEP_ROW)
        if (!read_message(search, sqlite3_column_int64(rows, 0))) {
            database_reset(rows);
            return false;
        }
    return step == STEP_DONE;
}

static bool read_postings(struct search *search, int64_t block, uint32_t trigram,
                          struct posting_list *list)
{
    const int64_t first = block << TRIGRAM_BITS;
    sqlite3_stmt *select = database_prepare(
        search->database,
        "SELECT id, places FROM search_grams WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1");
    sqlite3_bind_int64(select, 1, first);
    sqlite3_bind_int64(select, 2, first | trigram);
    enum step step = database_step(search->database, select);
    memset(list, 0, sizeof *list);
    if (step == STEP_ROW)
        posting_row_find(sqlite3_column_blob(select, 1), (size_t)sqlite3_column_bytes(select, 1),
                         (uint32_t)(sqlite3_column_int64(select, 0) - first), trigram, list);
    database_reset(select);
    return step != STEP_FAILED;
}

/* The places of the block that have every trigram. */
static bool find_postings(struct search *search, int64_t block, struct posting_list *list)
{
    const struct query *query = &search->query;
    posting_list_fill(list, BLOCK_PLACES_MAX);
    for (size_t i = 0; i < query->trigram_count && !posting_list_is_empty(list); i++) {
        struct posting_list here;
        if (!read_postings(search, block, query->trigrams[i], &here))
            return false;
        posting_list_keep(list, &here);
    }
    return true;
}

static bool read_block(struct search *search, int64_t block)
{
    struct posting_list list;
    int64_t ids[BLOCK_PLACES_MAX];
    if (!find_postings(search, block, &list))
        return false;
    if (posting_list_is_empty(&list))
        return true;
    sqlite3_stmt *select =
        database_prepare(search->database, "SELECT ids FROM search_ids WHERE block=?1");
    sqlite3_bind_int64(select, 1, block);
    enum step step = database_step(search->database, select);
    size_t count = 0;
    if (step == STEP_ROW)
        count = ids_read(ids, BLOCK_PLACES_MAX, sqlite3_column_blob(select, 0),
                         (size_t)sqlite3_column_bytes(select, 0));
    database_reset(select);
    for (unsigned place = 0; place < count; place++)
        if (ids[place] != 0 && posting_list_has(&list, place) && !read_message(search, ids[place]))
            return false;
    return step != STEP_FAILED;
}

static int64_t newest_wanted(const struct job_search *job)
{
    int64_t newest = job->before_ts == NUMBER_ABSENT ? INT64_MAX : job->before_ts - 1;
    return job->after.seq != 0 && job->after.ts < newest ? job->after.ts : newest;
}

/* Blocks may overlap in time (rooms are indexed one after another), hence the comparison of times.
 */
static bool read_blocks(struct search *search)
{
    sqlite3_stmt *blocks = database_prepare(
        search->database, "SELECT block, newest_ts FROM search_blocks WHERE oldest_ts<=?1"
                          " ORDER BY newest_ts DESC, block DESC");
    sqlite3_bind_int64(blocks, 1, newest_wanted(search->job));
    enum step step;
    while ((step = database_step(search->database, blocks)) == STEP_ROW) {
        if (is_too_old(search, sqlite3_column_int64(blocks, 1)))
            break;
        if (search->query.trigram_count == 0 && search->rows > SCAN_ROWS_MAX) {
            search->dropped = search->hit_count > 0;
            break;
        }
        if (!read_block(search, sqlite3_column_int64(blocks, 0))) {
            step = STEP_FAILED;
            break;
        }
    }
    database_reset(blocks);
    return step != STEP_FAILED;
}

/* Newest first: the heap gives its oldest to the end, one by one. */
static void sort_hits(struct search *search)
{
    for (size_t left = search->hit_count; left > 1; left--) {
        swap_hits(&search->hits[0], &search->hits[left - 1]);
        sink(search->hits, left - 1, 0);
    }
}

/* One hit more than the limit was kept, which tells whether there is a next page. */
static void cut_hits(struct search *search)
{
    size_t limit = search->hit_max - 1;
    search->dropped = search->dropped || search->hit_count > limit;
    if (search->hit_count > limit)
        search->hit_count = limit;
    search->job->more = search->dropped && search->hit_count > 0;
}

static bool read_entry(struct search *search, struct job *job, int64_t id,
                       struct history_entry *entry)
{
    sqlite3_stmt *row =
        database_prepare(search->database, "SELECT " ENTRY_COLUMNS " FROM messages WHERE id=?1");
    sqlite3_bind_int64(row, 1, id);
    entry->room_id = row_room(id);
    entry->reader_id = search->job->user_id;
    bool ok = database_step(search->database, row) == STEP_ROW;
    if (ok && !messages_read(search->database, job, row, &entry->entry))
        ok = out_of_memory(search);
    database_reset(row);
    return ok && history_apply(search->database, job, entry);
}

static bool fill_entry(struct search *search, struct job *job, struct hit hit,
                       struct history_entry *entry)
{
    if (!read_entry(search, job, hit.id, entry))
        return false;
    const char *text = entry->entry.text ? entry->entry.text : "";
    char snippet[SNIPPET_BYTES_MAX + 1];
    if (!query_snippet(&search->query, text, snippet))
        return out_of_memory(search);
    entry->snippet = job_text(job, snippet);
    return entry->snippet || out_of_memory(search);
}

static bool fill_entries(struct search *search, struct job *job)
{
    struct job_search *answer = search->job;
    size_t bytes = 0;
    answer->entries = job_memory(job, (search->hit_count + 1) * sizeof *answer->entries);
    if (!answer->entries)
        return out_of_memory(search);
    for (answer->count = 0; answer->count < search->hit_count; answer->count++) {
        struct history_entry *entry = &answer->entries[answer->count];
        if (!fill_entry(search, job, search->hits[answer->count], entry))
            return false;
        bytes += history_bytes(entry);
        if (answer->count > 0 && bytes > answer->bytes_max) {
            answer->more = true;
            break;
        }
    }
    return true;
}

static bool run(struct search *search, struct job *job)
{
    if (search->query.term_count == 0 && search->job->from[0] == '\0')
        return true;
    if (!list_rooms(search) || !set_waiting_max(search) || !read_waiting(search) ||
        !read_unindexed_edits(search))
        return false;
    search->dropped = search->dropped || search->rows >= search->waiting_max;
    search->rows = 0;
    if (!read_blocks(search))
        return false;
    sort_hits(search);
    cut_hits(search);
    return fill_entries(search, job);
}

bool search_run(struct database *database, struct job *job)
{
    struct search search = {.database = database, .job = &job->search};
    int limit = job->search.limit > 0 ? job->search.limit : 1;
    bool ok = false;
    const struct place *after = &job->search.after;
    search.after = (struct hit){after->ts, row_id(after->room_id, after->seq)};
    search.hit_max = (size_t)limit + 1;
    search.hits = calloc(search.hit_max, sizeof *search.hits);
    if (search.hits && query_init(&search.query, job->search.query))
        ok = run(&search, job);
    else
        out_of_memory(&search);
    query_finish(&search.query);
    buffer_finish(&search.folded);
    free(search.list.rooms);
    free(search.hits);
    return ok;
}
