#include "storage/retention.h"

#include <stdio.h>

#include "storage/days.h"
#include "storage/files/files.h"
#include "storage/messages.h"
#include "storage/rooms.h"
#include "storage/search/search.h"

enum { SHRINK_PAGES = 256, SHRINK_KEEP_PARTS = 16, SHRINK_KEEP_PAGES = 512 };

enum {
    RANGES_MAX = 64, /* rooms that give in one step */
    PURGE_ROWS = 500, /* a message may have to wait for so many */
    AGE_PARTS = 64    /* entries that differ in age by less than this part of it are as old */
};

/* The oldest rows of one room that are to go: first..last, as ids. */
struct prune_range {
    int64_t room_id;
    int64_t first, last; /* last 0: nothing */
    int rows;
    bool is_removed; /* of a room that is gone already */
};

/* Binds a room's range of ids to ?1 and ?2. */
static sqlite3_stmt *prepare_range(struct database *database, const char *sql, int64_t room_id)
{
    sqlite3_stmt *statement = database_prepare(database, sql);
    sqlite3_bind_int64(statement, 1, row_id(room_id, 0));
    sqlite3_bind_int64(statement, 2, row_id(room_id, SEQ_KEPT_MAX));
    return statement;
}

/* The oldest rows_max rows up to the one with id last, stamped from known to before ts. Rows of
 * unknown age go with the first that comes after them. */
static bool limit_range(struct database *database, struct prune_range *range, int64_t last,
                        int64_t known, int64_t ts, int rows_max)
{
    sqlite3_stmt *statement =
        prepare_range(database,
                      "SELECT (SELECT min(id) FROM messages WHERE id>?1 AND id<=?2), max(id),"
                      " count(*) FROM"
                      " (SELECT id, ts FROM messages WHERE id>?1 AND id<=?2 AND id<=?3 AND ts>=?4"
                      " ORDER BY id LIMIT ?5) WHERE ts<?6",
                      range->room_id);
    sqlite3_bind_int64(statement, 3, last);
    sqlite3_bind_int64(statement, 4, known);
    sqlite3_bind_int(statement, 5, rows_max);
    sqlite3_bind_int64(statement, 6, ts);
    if (database_step(database, statement) != STEP_ROW)
        return false;
    range->first = sqlite3_column_int64(statement, 0);
    range->last = sqlite3_column_int64(statement, 1);
    range->rows = sqlite3_column_int(statement, 2);
    database_reset(statement);
    return true;
}

/* The newest row that is one too many; 0 none. Counting is needed only where seqs have gaps. */
static bool find_surplus(struct database *database, int64_t room_id, int64_t entries_max,
                         int64_t *last)
{
    int64_t first_seq, last_seq;
    *last = 0;
    if (!rooms_bounds(database, room_id, &first_seq, &last_seq))
        return false;
    if (last_seq - first_seq < entries_max)
        return true;
    sqlite3_stmt *statement =
        prepare_range(database,
                      "SELECT id FROM messages WHERE id>?1 AND id<=?2 ORDER BY id DESC LIMIT 1"
                      " OFFSET ?3",
                      room_id);
    sqlite3_bind_int64(statement, 3, entries_max);
    return database_number(database, statement, 0, last);
}

/* What was stored before the cutoff's day; else what is of day -1 and stamped before its time. */
static bool find_old(struct database *database, const struct cutoff *cutoff, int rows_max,
                     struct prune_range *range)
{
    int64_t end = 0, room = range->room_id;
    range->last = 0;
    if (cutoff->day > 0 && (!days_end(database, room, cutoff->day, &end) ||
                            (end > 0 && !limit_range(database, range, row_id(room, end), INT64_MIN,
                                                     INT64_MAX, rows_max))))
        return false;
    if (range->last || cutoff->ts <= AGE_KNOWN_MS)
        return true;
    return days_end_unknown(database, room, &end) &&
           (end == 0 ||
            limit_range(database, range, row_id(room, end), AGE_KNOWN_MS, cutoff->ts, rows_max));
}

static bool find_in_room(struct database *database, const struct store_options *options,
                         const struct cutoff *cutoff, int rows_max, struct prune_range *range)
{
    if (!find_old(database, cutoff, rows_max, range))
        return false;
    if (range->last || !options->retention_entries)
        return true;
    int64_t last;
    if (!find_surplus(database, range->room_id, options->retention_entries, &last))
        return false;
    return !last || limit_range(database, range, last, INT64_MIN, INT64_MAX, rows_max);
}

/* The first room from the cursor on that has something to give; those before it have been looked at
 * in this round. */
static bool find_aged(struct writer *writer, const struct store_options *options, int rows_max,
                      struct prune_range *range)
{
    struct database *database = &writer->database;
    struct cutoff cutoff = {.day = 0};
    if (!options->retention_age_ms && !options->retention_entries)
        return true;
    if (options->retention_age_ms && !days_cutoff(database, &writer->now, writer->is_time_proven,
                                                  options->retention_age_ms, &cutoff))
        return false;
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT id FROM rooms WHERE keep=0 AND id>=?1 ORDER BY id");
    sqlite3_bind_int64(statement, 1, writer->retention_room);
    enum step step;
    bool ok = true;
    while (ok && !range->last && (step = database_step(database, statement)) == STEP_ROW) {
        range->room_id = sqlite3_column_int64(statement, 0);
        ok = find_in_room(database, options, &cutoff, rows_max, range);
    }
    database_reset(statement);
    writer->retention_room = range->last ? range->room_id : 0;
    return ok && (range->last || step == STEP_DONE);
}

static bool find_removed(struct database *database, int rows_max, struct prune_range *range)
{
    sqlite3_stmt *statement = database_prepare(database, "SELECT id FROM removed_rooms LIMIT 1");
    if (!database_number(database, statement, 0, &range->room_id))
        return false;
    range->is_removed = range->room_id != 0;
    return !range->is_removed || limit_range(database, range, row_id(range->room_id, SEQ_KEPT_MAX),
                                             INT64_MIN, INT64_MAX, rows_max);
}

/* Bytes in use: pages that hold something. Free ones are used before the file grows. */
static bool used_bytes(struct database *database, int64_t *bytes)
{
    int64_t page_bytes, pages, free_pages;
    if (!database_number(database, database_prepare(database, "PRAGMA page_size"), 0,
                         &page_bytes) ||
        !database_number(database, database_prepare(database, "PRAGMA page_count"), 0, &pages) ||
        !database_number(database, database_prepare(database, "PRAGMA freelist_count"), 0,
                         &free_pages))
        return false;
    *bytes = (pages - free_pages) * page_bytes;
    return true;
}

/* The ceiling is for all files: the WAL, one more group of messages and a copy of the version before
 * need their part of it. */
static int64_t ceiling_bytes(const struct writer *writer, const struct store_options *options)
{
    int64_t least = options->max_bytes / 2;
    int64_t rest = options->max_bytes - 2 * writer->wal_bytes_max - options->max_bytes / 16 -
                   writer->old_copy_bytes;
    return rest > least ? rest : least;
}

bool retention_is_over(struct writer *writer, const struct store_options *options)
{
    int64_t bytes;
    return options->max_bytes > 0 && used_bytes(&writer->database, &bytes) &&
           bytes > ceiling_bytes(writer, options);
}

/* The rooms whose oldest entries are the oldest of all; until gives up to when. Rooms to keep never
 * give. */
static bool find_oldest_rooms(struct writer *writer, struct prune_range ranges[RANGES_MAX],
                              size_t *count, int64_t *until)
{
    struct database *database = &writer->database;
    int64_t newest = writer->now.wall_ms;
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT id, (SELECT ts FROM messages m WHERE m.id>(rooms.id<<40) AND"
                  " m.id<(rooms.id+1)<<40 ORDER BY m.id LIMIT 1) AS oldest FROM rooms"
                  " WHERE keep=0 AND oldest IS NOT NULL ORDER BY oldest LIMIT ?1");
    sqlite3_bind_int(statement, 1, RANGES_MAX);
    enum step step;
    while ((step = database_step(database, statement)) == STEP_ROW) {
        int64_t oldest = sqlite3_column_int64(statement, 1);
        if (*count == 0)
            *until = oldest + (newest > oldest ? newest - oldest : 0) / AGE_PARTS + 1;
        ranges[(*count)++] = (struct prune_range){.room_id = sqlite3_column_int64(statement, 0)};
    }
    database_reset(statement);
    return step != STEP_FAILED;
}

/* Takes from each of the rooms what is stamped before until, rows_each at most, rows_max in all. */
static bool take_from_rooms(struct database *database, struct prune_range *ranges, size_t *count,
                            int64_t until, int rows_each, int rows_max, int *rows)
{
    size_t rooms = *count;
    *rows = 0;
    for (*count = 0; *count < rooms && *rows < rows_max; ++*count) {
        struct prune_range *range = &ranges[*count];
        if (!limit_range(database, range, row_id(range->room_id, SEQ_KEPT_MAX), INT64_MIN, until,
                         rows_each))
            return false;
        *rows += range->rows;
    }
    return true;
}

/* Above the ceiling the oldest go first; where those are too few, the oldest rooms give more, since
 * the ceiling is what was promised. */
static bool find_oldest(struct writer *writer, const struct store_options *options, int rows_max,
                        struct prune_range ranges[RANGES_MAX], size_t *count)
{
    struct database *database = &writer->database;
    int64_t until = 0;
    int rows;
    if (!retention_is_over(writer, options))
        return true;
    if (!find_oldest_rooms(writer, ranges, count, &until))
        return false;
    size_t rooms = *count;
    if (!take_from_rooms(database, ranges, count, until, rows_max, rows_max, &rows))
        return false;
    if (rows >= rows_max / 2 || rooms == 0)
        return true;
    *count = rooms;
    return take_from_rooms(database, ranges, count, INT64_MAX, rows_max / (int)rooms + 1, rows_max,
                           &rows);
}

static bool run_range(struct database *database, const char *sql, const struct prune_range *range)
{
    sqlite3_stmt *statement = database_prepare(database, sql);
    sqlite3_bind_int64(statement, 1, range->first);
    sqlite3_bind_int64(statement, 2, range->last);
    return database_run(database, statement);
}

static bool mark_pruned(struct database *database, const struct prune_range *range)
{
    sqlite3_stmt *statement =
        range->is_removed ? database_prepare(database, "DELETE FROM removed_rooms WHERE id=?1 AND"
                                                       " ?2=0")
                          : database_prepare(database, "UPDATE rooms SET pruned=?2 WHERE id=?1");
    sqlite3_bind_int64(statement, 1, range->room_id);
    sqlite3_bind_int64(statement, 2, row_seq(range->last));
    return database_run(database, statement) &&
           (range->is_removed || days_forget(database, range->room_id, row_seq(range->last)));
}

static bool remove_rows(struct writer *writer, const struct prune_range *range)
{
    struct database *database = &writer->database;
    if (!range->last && !range->is_removed)
        return true;
    if (range->last &&
        ((writer->search && !search_forget_rows(database, range->first, range->last)) ||
         !run_range(database, "DELETE FROM messages WHERE id>=?1 AND id<=?2", range) ||
         !run_range(database, "DELETE FROM edits WHERE target>=?1 AND target<=?2", range) ||
         !run_range(database, "DELETE FROM reactions WHERE target>=?1 AND target<=?2", range) ||
         !files_go_with(database, range->first, range->last)))
        return false;
    return mark_pruned(database, range);
}

/* Adds what the loop needs to know. Without memory it learns it from the next join. */
static void add_notice(struct database *database, const struct prune_range *range,
                       struct job **notices)
{
    int64_t last;
    struct job *notice = range->is_removed || !range->last ? NULL : job_create(JOB_PRUNED);
    if (!notice)
        return;
    notice->pruned.room_id = range->room_id;
    notice->pruned.pruned = row_seq(range->last);
    if (!rooms_bounds(database, range->room_id, &notice->pruned.first, &last))
        notice->pruned.first = notice->pruned.pruned;
    notice->next = *notices;
    *notices = notice;
}

bool retention_purge(struct writer *writer, struct job *job)
{
    struct database *database = &writer->database;
    struct job_purge *purge = &job->purge;
    struct prune_range range = {.room_id = purge->room_id};
    struct log *log;
    int64_t last;
    enum log_result found = logs_find(&writer->logs, database, purge->room_id, &log);
    if (found != LOG_FOUND) {
        job->result = JOB_ROOM_MISSING;
        return found == LOG_NO_ROOM;
    }
    if (!limit_range(database, &range, row_id(purge->room_id, purge->up_to), INT64_MIN, INT64_MAX,
                      PURGE_ROWS) ||
        !remove_rows(writer, &range) ||
        !rooms_bounds(database, purge->room_id, &purge->first, &last))
        return false;
    purge->removed = range.rows;
    purge->pruned = row_seq(range.last);
    purge->more = range.rows == PURGE_ROWS;
    writer->needs_wal_truncation |= range.rows > 0;
    return true;
}

static bool find_ranges(struct writer *writer, const struct store_options *options, int rows_max,
                        struct prune_range ranges[RANGES_MAX], size_t *count)
{
    *count = 0;
    if (!find_removed(&writer->database, rows_max, ranges))
        return false;
    if (!ranges->is_removed && !find_aged(writer, options, rows_max, ranges))
        return false;
    if (!ranges->is_removed && !ranges->last)
        return find_oldest(writer, options, rows_max, ranges, count);
    *count = 1;
    return true;
}

enum retention_result retention_step(struct writer *writer, const struct store_options *options,
                                     int rows_max, struct job **notices)
{
    struct database *database = &writer->database;
    struct prune_range ranges[RANGES_MAX] = {{0}};
    size_t count;
    if (!find_ranges(writer, options, rows_max, ranges, &count))
        return RETENTION_FAILED;
    if (count == 0)
        return RETENTION_DONE;
    if (!database_begin(database))
        return RETENTION_FAILED;
    for (size_t i = 0; i < count; i++)
        if (!remove_rows(writer, &ranges[i])) {
            database_rollback(database);
            return RETENTION_FAILED;
        }
    if (!database_commit(database))
        return RETENTION_FAILED;
    for (size_t i = 0; i < count; i++)
        add_notice(database, &ranges[i], notices);
    return RETENTION_STEPPED;
}

enum retention_result retention_shrink(struct writer *writer)
{
    struct database *database = &writer->database;
    int64_t pages, free_pages;
    if (!database_number(database, database_prepare(database, "PRAGMA page_count"), 0, &pages) ||
        !database_number(database, database_prepare(database, "PRAGMA freelist_count"), 0,
                         &free_pages))
        return RETENTION_FAILED;
    /* Some are kept: with a steady stream they are soon used again, and giving back costs writes.
     */
    int64_t kept = pages / SHRINK_KEEP_PARTS + SHRINK_KEEP_PAGES;
    if (free_pages <= kept)
        return RETENTION_DONE;
    char sql[48];
    snprintf(sql, sizeof sql, "PRAGMA incremental_vacuum(%d)", SHRINK_PAGES);
    return database_execute(database, sql) ? RETENTION_STEPPED : RETENTION_FAILED;
}
