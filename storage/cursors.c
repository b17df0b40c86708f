#include "storage/cursors.h"

#include <stdio.h>
#include <stdlib.h>

#include "storage/messages.h"
#include "storage/options.h"

static bool write_one(struct database *database, const struct cursor_row *cursor)
{
    sqlite3_stmt *statement = database_prepare(
        database, "INSERT OR REPLACE INTO cursors(user_id, name, room_id, log_id, seq)"
                  " VALUES(?1,?2,?3,?4,?5)");
    sqlite3_bind_int64(statement, 1, cursor->user_id);
    bind_text(statement, 2, cursor->name);
    sqlite3_bind_int64(statement, 3, cursor->room_id);
    bind_text(statement, 4, cursor->log_id);
    sqlite3_bind_int64(statement, 5, cursor->seq);
    return database_run(database, statement);
}

bool cursors_write(struct database *database, struct job *job)
{
    for (size_t i = 0; i < job->cursors.count; i++)
        if (!write_one(database, &job->cursors.cursors[i]))
            return false;
    return true;
}

static bool read_lag(struct database *database, struct lag *lag)
{
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT count(*), min(ts) FROM (SELECT ts FROM messages WHERE id>?1 AND id<=?2"
                  " ORDER BY id LIMIT ?3)");
    sqlite3_bind_int64(statement, 1, row_id(lag->room_id, lag->seq));
    sqlite3_bind_int64(statement, 2, row_id(lag->room_id, SEQ_KEPT_MAX));
    sqlite3_bind_int64(statement, 3, LAG_MAX);
    enum step step = database_step(database, statement);
    if (step == STEP_ROW) {
        lag->count = sqlite3_column_int64(statement, 0);
        lag->oldest_ts = sqlite3_column_int64(statement, 1);
        database_reset(statement);
    }
    return step != STEP_FAILED;
}

bool cursors_lag(struct database *database, struct job *job)
{
    for (size_t i = 0; i < job->lag.count; i++)
        if (!read_lag(database, &job->lag.lags[i]))
            return false;
    return true;
}

/* The newest entry that was said before, found from the end of the room. */
static bool rewind_one(struct database *database, struct cursor_row *cursor, int64_t since_ts)
{
    int64_t id;
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT id FROM messages WHERE id>=?1 AND id<=?2 AND ts<?3 ORDER BY id DESC LIMIT 1");
    sqlite3_bind_int64(statement, 1, row_id(cursor->room_id, 0));
    sqlite3_bind_int64(statement, 2, row_id(cursor->room_id, cursor->seq));
    sqlite3_bind_int64(statement, 3, since_ts);
    if (!database_number(database, statement, row_id(cursor->room_id, 0), &id))
        return false;
    cursor->seq = id - row_id(cursor->room_id, 0);
    return true;
}

bool cursors_rewind(struct database *database, struct job *job)
{
    for (size_t i = 0; i < job->rewind.count; i++)
        if (!rewind_one(database, &job->rewind.cursors[i], job->rewind.since_ts))
            return false;
    return true;
}

static void read_cursor(sqlite3_stmt *row, struct cursor_row *cursor)
{
    *cursor = (struct cursor_row){.user_id = sqlite3_column_int64(row, 0),
                                  .room_id = sqlite3_column_int64(row, 2),
                                  .seq = sqlite3_column_int64(row, 4)};
    text_clean(column_text(row, 1), TEXT_LINE, cursor->name, sizeof cursor->name);
    snprintf(cursor->log_id, sizeof cursor->log_id, "%s", column_text(row, 3));
}

bool cursors_load(struct database *database, struct store_start *start)
{
    int64_t count;
    if (!database_number(database, database_prepare(database, "SELECT count(*) FROM cursors"), 0,
                         &count))
        return false;
    start->cursors = calloc((size_t)count + 1, sizeof *start->cursors);
    if (!start->cursors)
        return database_failed(database, SQLITE_NOMEM);
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT user_id, name, room_id, log_id, seq FROM cursors"
                  " ORDER BY user_id, name, room_id");
    enum step step;
    while ((step = database_step(database, statement)) == STEP_ROW &&
           start->cursor_count < (size_t)count)
        read_cursor(statement, &start->cursors[start->cursor_count++]);
    database_reset(statement);
    return step != STEP_FAILED;
}
