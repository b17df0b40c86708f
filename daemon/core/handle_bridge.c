/* handle_bridge.c - what bridges and bots ask for besides: what their entries are called elsewhere, where
 * they have got to, how they are doing; and what administrators see of that. */
#include "daemon/core/ask.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/share.h"
#include "daemon/core/token.h"
#include "daemon/core/token_cursor.h"
#include "daemon/core/user.h"

#include <stdio.h>
#include <string.h>

#include <utlist.h>

/* The session's own; NULL, and the request is answered, when no token opened it. */
static struct token *own_token(struct ask *ask)
{
    struct user *user = ask->session->user;
    if (user && user->token)
        return user->token;
    (void)ask_fail(ask, ERROR_forbidden, NULL, "Only a bridge or bot may ask this.");
    return NULL;
}

/* --- origins ------------------------------------------------------------------------------------ */

static enum outcome answer_origins(struct ask *ask, struct job *job)
{
    const struct job_origins *origins = &job->origins;
    const struct room *room = room_find_id(ask->gateway, origins->room_id);
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    struct record_origin_line *lines = job_memory(job, (origins->count + 1) * sizeof *lines);
    if (!room)
        return ask_fail(ask, ERROR_room_not_found, "room", NULL);
    if (!lines)
        return ask_fail(ask, ERROR_internal, NULL, NULL);
    for (size_t i = 0; i < origins->count; i++)
        lines[i] = (struct record_origin_line){.seq = origins->origins[i].seq,
                                               .origin = origins->origins[i].origin};
    const struct reply_origins reply = {.room = room->name, .origins = {lines, origins->count}};
    return ask_reply(ask, REPLY_origins, &reply);
}

static void fill_wanted(struct job *job, const struct request_origins *request)
{
    size_t count = request->seqs.count + request->origins.count;
    const int64_t *seqs = request->seqs.items;
    const char *const *names = request->origins.items;
    struct origin *wanted = job_memory(job, count * sizeof *wanted);
    for (size_t i = 0; wanted && i < request->seqs.count; i++)
        wanted[i].seq = seqs[i];
    for (size_t i = 0; wanted && i < request->origins.count; i++)
        wanted[request->seqs.count + i].origin = job_text(job, names[i]);
    job->origins.wanted = wanted;
    job->origins.wanted_count = count;
}

enum outcome handle_origins(struct ask *ask)
{
    const struct request_origins *request = &ask->request.as_origins;
    size_t count = request->seqs.count + request->origins.count;
    if (!own_token(ask))
        return ANSWERED;
    if (count == 0 || count > ORIGINS_MAX)
        return ask_fail(ask, ERROR_bad_request, request->seqs.count ? "seqs" : "origins",
                        "Ask for 1 to %d at once.", ORIGINS_MAX);
    struct job *job = job_create(JOB_ORIGINS);
    if (job) {
        job->origins.room_id = ask->room->id;
        job->origins.user_id = session_user_id(ask->session);
        fill_wanted(job, request);
    }
    return ask_submit(ask, job, answer_origins);
}

/* --- cursors ------------------------------------------------------------------------------------ */

enum outcome handle_cursor(struct ask *ask)
{
    const struct request_cursor *cursor = &ask->request.as_cursor;
    const struct room *room = ask->room;
    struct token *token = own_token(ask);
    if (!token)
        return ANSWERED;
    if (cursor->log && strcmp(cursor->log, room->log_id) != 0)
        return ask_fail(ask, ERROR_bad_request, "log", "This is not the log of this room.");
    if (cursor->seq > room->last)
        return ask_fail(ask, ERROR_bad_request, "seq", "The room has no such entry yet.");
    struct cursor_row row = {.user_id = token->row.user_id, .room_id = room->id, .seq = cursor->seq};
    snprintf(row.name, sizeof row.name, "%s", cursor->name);
    memcpy(row.log_id, room->log_id, sizeof row.log_id);
    if (token_cursor_is_put_back(token, &row))
        return ask_fail(ask, ERROR_bad_request, "seq", "The cursor was put back: go on from where it stands.");
    if (!token_cursor_set(ask->gateway, token, &row))
        return ask_fail(ask, ERROR_forbidden, "name", "A token has at most %d cursors.",
                        TOKEN_CURSORS_MAX);
    return ask_ok(ask);
}

enum outcome handle_cursors(struct ask *ask)
{
    struct record_cursor_line lines[TOKEN_CURSORS_MAX];
    const struct token *token = own_token(ask);
    struct token_cursor *cursor;
    size_t count = 0;
    if (!token)
        return ANSWERED;
    DL_FOREACH(token->cursors, cursor)
    {
        const struct room *room = room_find_id(ask->gateway, cursor->row.room_id);
        cursor->is_put_back = false;
        if (room)
            lines[count++] = (struct record_cursor_line){.name = cursor->row.name,
                                                         .room = room->name,
                                                         .log = cursor->row.log_id,
                                                         .seq = cursor->row.seq,
                                                         .last = room->last};
    }
    const struct reply_cursors reply = {.cursors = {lines, count}};
    return ask_reply(ask, REPLY_cursors, &reply);
}

/* --- how it is doing ---------------------------------------------------------------------------- */

enum outcome handle_bridge_state(struct ask *ask)
{
    const struct request_bridge_state *state = &ask->request.as_bridge_state;
    struct token *token = own_token(ask);
    if (!token)
        return ANSWERED;
    snprintf(token->state.text, sizeof token->state.text, "%s", state->text);
    token->state.is_ok = state->ok;
    token->state.since_ms = ask->gateway->now.wall_ms;
    return ask_ok(ask);
}

/* How far it is behind in all its rooms. */
static void add_lags(const struct job_lag *lag, int64_t now_ms, struct record_bridge_line *line,
                     int64_t user_id)
{
    int64_t oldest = INT64_MAX;
    for (size_t i = 0; i < lag->count; i++) {
        const struct lag *one = &lag->lags[i];
        if (one->user_id != user_id || one->count == 0)
            continue;
        line->behind += one->count;
        oldest = one->oldest_ts < oldest ? one->oldest_ts : oldest;
    }
    if (line->behind > 0)
        line->behind_ms = now_ms > oldest ? now_ms - oldest : 0;
}

static struct record_bridge_line describe(const struct gateway *gateway, const struct token *token,
                                          const struct job_lag *lag)
{
    const struct user *user = user_find_id(gateway, token->row.user_id);
    bool has_state = token->state.since_ms != 0;
    struct record_bridge_line line = {
        .name = token->row.name,
        .role = word_of(WORDS_token_role, (int)token->row.role),
        .here = user && user->sessions,
        .paused = token->row.is_paused,
        .behind_ms = NUMBER_ABSENT,
        .ok = has_state && token->state.is_ok,
        .text = has_state ? token->state.text : NULL,
        .since = has_state ? token->state.since_ms : NUMBER_ABSENT,
    };
    add_lags(lag, gateway->now.wall_ms, &line, token->row.user_id);
    return line;
}

static enum outcome answer_bridges(struct ask *ask, struct job *job)
{
    struct gateway *gateway = ask->gateway;
    const struct token *token;
    struct reply_bridges reply = {0};
    struct refusal refusal;
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    struct record_bridge_line *lines = job_memory(job, (gateway->tokens.count + 1) * sizeof *lines);
    if (!lines)
        return ask_fail(ask, ERROR_internal, NULL, NULL);
    DL_FOREACH(gateway->tokens.first, token)
    {
        if (token->row.role != TOKEN_ROLE_HOOK)
            lines[reply.bridges.count++] = describe(gateway, token, &job->lag);
    }
    reply.bridges.items = lines;
    if (ask->session && !share_cut(ask->session, RECORD_bridge_line, SHARE_FIRST, &reply.bridges,
                                   &reply.more, &refusal))
        return ask_refuse(ask, &refusal);
    return ask_reply(ask, REPLY_bridges, &reply);
}

static size_t count_cursors(const struct gateway *gateway)
{
    const struct token *token;
    size_t count = 0;
    DL_FOREACH(gateway->tokens.first, token)
    {
        count += token->cursor_count;
    }
    return count;
}

static void fill_lags(const struct gateway *gateway, struct job_lag *lag)
{
    const struct token *token;
    const struct token_cursor *cursor;
    DL_FOREACH(gateway->tokens.first, token)
    {
        DL_FOREACH(token->cursors, cursor)
        {
            lag->lags[lag->count++] = (struct lag){.user_id = cursor->row.user_id,
                                                   .room_id = cursor->row.room_id,
                                                   .seq = cursor->row.seq};
        }
    }
}

enum outcome handle_bridges(struct ask *ask)
{
    struct job *job = job_create(JOB_LAG);
    if (job) {
        job->lag.lags = job_memory(job, count_cursors(ask->gateway) * sizeof *job->lag.lags);
        if (job->lag.lags)
            fill_lags(ask->gateway, &job->lag);
    }
    return ask_submit(ask, job, answer_bridges);
}
