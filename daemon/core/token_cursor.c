#include "daemon/core/token_cursor.h"

#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/submit.h"
#include "daemon/core/token.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#define WRITE_MS 1000

static struct token_cursor *find(const struct token *token, const struct cursor_row *row)
{
    struct token_cursor *cursor;
    DL_FOREACH(token->cursors, cursor)
    {
        if (cursor->row.room_id == row->room_id && strcmp(cursor->row.name, row->name) == 0)
            return cursor;
    }
    return NULL;
}

static struct token_cursor *find_or_add(struct token *token, const struct cursor_row *row)
{
    struct token_cursor *cursor = find(token, row);
    if (cursor || token->cursor_count == TOKEN_CURSORS_MAX)
        return cursor;
    cursor = calloc(1, sizeof *cursor);
    if (!cursor)
        return NULL;
    DL_APPEND(token->cursors, cursor);
    token->cursor_count++;
    return cursor;
}

bool token_cursor_load(struct token *token, const struct cursor_row *row)
{
    struct token_cursor *cursor = find_or_add(token, row);
    if (cursor)
        cursor->row = *row;
    return cursor != NULL;
}

bool token_cursor_set(struct gateway *gateway, struct token *token, const struct cursor_row *row)
{
    struct token_cursor *cursor = find_or_add(token, row);
    if (!cursor)
        return false;
    gateway->tokens.changed_count += !cursor->is_changed;
    cursor->is_changed = true;
    cursor->row = *row;
    return true;
}

bool token_cursor_put_back(struct gateway *gateway, struct token *token, const struct cursor_row *row)
{
    struct token_cursor *cursor = find(token, row);
    if (cursor)
        cursor->is_put_back = true;
    return cursor && token_cursor_set(gateway, token, row);
}

bool token_cursor_is_put_back(const struct token *token, const struct cursor_row *row)
{
    const struct token_cursor *cursor = find(token, row);
    return cursor && cursor->is_put_back && row->seq > cursor->row.seq;
}

/* --- writing ------------------------------------------------------------------------------------- */

/* The rows that have changed, in the job's memory. */
static size_t gather(struct gateway *gateway, struct cursor_row *rows)
{
    struct token *token;
    struct token_cursor *cursor;
    size_t count = 0;
    DL_FOREACH(gateway->tokens.first, token)
    {
        DL_FOREACH(token->cursors, cursor)
        {
            if (cursor->is_changed)
                rows[count++] = cursor->row;
        }
    }
    return count;
}

static void mark_all_written(struct gateway *gateway)
{
    struct token *token;
    struct token_cursor *cursor;
    DL_FOREACH(gateway->tokens.first, token)
    {
        DL_FOREACH(token->cursors, cursor)
        {
            cursor->is_changed = false;
        }
    }
    gateway->tokens.changed_count = 0;
}

/* What could not be written is written with the next. */
static void finish_write(struct gateway *gateway, struct job *job)
{
    for (size_t i = 0; job->result != JOB_DONE && i < job->cursors.count; i++) {
        const struct cursor_row *row = &job->cursors.cursors[i];
        struct token *token = token_find_user(gateway, row->user_id);
        struct token_cursor *cursor = token ? find(token, row) : NULL;
        if (!cursor || cursor->is_changed)
            continue;
        cursor->is_changed = true;
        gateway->tokens.changed_count++;
    }
}

static void write_changed(struct gateway *gateway)
{
    struct job *job = job_create(JOB_CURSORS);
    struct job_context *context = submit_context(job, sizeof *context);
    struct cursor_row *rows =
        context ? job_memory(job, gateway->tokens.changed_count * sizeof *rows) : NULL;
    if (rows) {
        job->cursors.cursors = rows;
        job->cursors.count = gather(gateway, rows);
    }
    if (gateway_submit(gateway, job, finish_write))
        mark_all_written(gateway);
}

int64_t token_cursors_write(struct gateway *gateway, bool is_last)
{
    if (gateway->tokens.changed_count == 0)
        return INT64_MAX;
    int64_t left_ms = gateway->tokens.written_ms + WRITE_MS - gateway->now.monotonic_ms;
    if (left_ms > 0 && !is_last)
        return left_ms;
    gateway->tokens.written_ms = gateway->now.monotonic_ms;
    write_changed(gateway);
    return gateway->tokens.changed_count ? WRITE_MS : INT64_MAX;
}

/* --- forgetting ---------------------------------------------------------------------------------- */

int64_t token_cursors_behind(struct gateway *gateway, const struct token *token)
{
    const struct token_cursor *cursor;
    int64_t most = 0;
    DL_FOREACH(token->cursors, cursor)
    {
        const struct room *room = room_find_id(gateway, cursor->row.room_id);
        int64_t behind = room ? room->last - cursor->row.seq : 0;
        most = behind > most ? behind : most;
    }
    return most;
}

void token_cursors_forget(struct gateway *gateway, int64_t room_id)
{
    struct token *token;
    struct token_cursor *cursor, *after;
    DL_FOREACH(gateway->tokens.first, token)
    {
        DL_FOREACH_SAFE(token->cursors, cursor, after)
        {
            if (cursor->row.room_id == room_id)
                token_drop_cursor(gateway, token, cursor);
        }
    }
}
