/* handle_replay.c - what administrators do with a bridge or bot that runs elsewhere: pause it, let it go on, and let
 * it be told again what was said since. */
#include "daemon/core/ask.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/token.h"
#include "daemon/core/token_cursor.h"
#include "daemon/core/user.h"

#include <utlist.h>

/* Not a hook's: that has no cursors, and is removed. NULL, and the request is answered, when there is none. */
static struct token *find_bridge(struct ask *ask, const char *name)
{
    char folded[NAME_BYTES_MAX + 1];
    struct token *token = user_fold(name, folded) ? token_find_folded(ask->gateway, folded) : NULL;
    if (token && token->row.role != TOKEN_ROLE_HOOK)
        return token;
    (void)ask_fail(ask, ERROR_user_not_found, "name", "There is no bridge or bot of this name.");
    return NULL;
}

/* --- pausing ------------------------------------------------------------------------------------ */

static enum outcome answer_pause(struct ask *ask, struct job *job)
{
    struct token *token = token_find_user(ask->gateway, job->token.token.user_id);
    if (job->result == JOB_DONE && token) {
        token->row.is_paused = job->token.token.is_paused;
        if (token->row.is_paused)
            token_close_sessions(ask->gateway, token, 1013, "An administrator has paused this bridge");
    }
    return ask_answer(ask, job);
}

enum outcome handle_bridge_pause(struct ask *ask)
{
    const struct request_bridge_pause *pause = &ask->request.as_bridge_pause;
    const struct token *token = find_bridge(ask, pause->name);
    if (!token)
        return ANSWERED;
    struct job *job = job_create(JOB_TOKEN_PAUSE);
    if (job) {
        job->token.token.user_id = token->row.user_id;
        job->token.token.is_paused = pause->on;
    }
    return ask_submit(ask, job, answer_pause);
}

/* --- telling again ------------------------------------------------------------------------------ */

static enum outcome answer_rewind(struct ask *ask, struct job *job)
{
    const struct job_rewind *rewind = &job->rewind;
    struct token *token = rewind->count ? token_find_user(ask->gateway, rewind->cursors[0].user_id) : NULL;
    if (job->result != JOB_DONE || !token)
        return ask_answer(ask, job);
    for (size_t i = 0; i < rewind->count; i++)
        (void)token_cursor_put_back(ask->gateway, token, &rewind->cursors[i]);
    token_close_sessions(ask->gateway, token, 1013, "An administrator has put the cursors back");
    return ask_answer(ask, job);
}

static void fill_rewind(struct job *job, const struct token *token, const struct room *room)
{
    const struct token_cursor *cursor;
    job->rewind.cursors = job_memory(job, (token->cursor_count + 1) * sizeof *job->rewind.cursors);
    DL_FOREACH(token->cursors, cursor)
    {
        if (job->rewind.cursors && (!room || cursor->row.room_id == room->id))
            job->rewind.cursors[job->rewind.count++] = cursor->row;
    }
}

enum outcome handle_bridge_replay(struct ask *ask)
{
    const struct request_bridge_replay *replay = &ask->request.as_bridge_replay;
    const struct room *room = replay->room ? room_find(ask->gateway, replay->room) : NULL;
    const struct token *token = find_bridge(ask, replay->name);
    if (!token)
        return ANSWERED;
    if (replay->room && !room)
        return ask_fail(ask, ERROR_room_not_found, "room", NULL);
    struct job *job = job_create(JOB_REWIND);
    if (job) {
        job->rewind.since_ts = ask->gateway->now.wall_ms - replay->last_ms;
        fill_rewind(job, token, room);
    }
    if (job && job->rewind.count == 0 && !job_failed(job)) {
        job_destroy(job);
        return ask_fail(ask, ERROR_bad_request, "name", "This bridge or bot has no cursor there.");
    }
    return ask_submit(ask, job, answer_rewind);
}
