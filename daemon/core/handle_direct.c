/* handle_direct.c - saying something to one user. The room "@A,B" is made with the first message,
 * for both at once: its job and the message's go to storage one behind the other. */
#include "daemon/core/access.h"
#include "daemon/core/ask.h"
#include "daemon/core/direct.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/leaving.h"
#include "daemon/core/repeat.h"
#include "daemon/core/recovering.h"
#include "daemon/core/rates.h"
#include "daemon/core/room.h"
#include "daemon/core/room_budget.h"
#include "daemon/core/room_make.h"
#include "daemon/core/session_private.h"
#include "daemon/core/user.h"

#include <stdio.h>
#include <string.h>

/* Whom, as far as it is known here. */
struct peer {
    int64_t id;
    const char *name;
};

/* --- the message -------------------------------------------------------------------------------- */

static enum outcome answer_message(struct ask *ask, struct job *job)
{
    /* The room is missing because storage would not have it. */
    if (job->result == JOB_ROOM_MISSING || job->result == JOB_UNAVAILABLE)
        return ask_fail(ask, ERROR_storage_unavailable, NULL, NULL);
    return answer_append(ask, job);
}

static enum outcome send_message(struct ask *ask, struct room *room)
{
    const struct request_direct *direct = &ask->request.as_direct;
    const struct user *user = ask->session->user;
    struct job *job = job_create(JOB_APPEND);
    if (job) {
        job->append = (struct job_append){.room_id = room->id,
                                           .peer_id = direct_peer(room, user->id),
                                           .at = ask->gateway->now};
        job->append.entry = (struct entry){.kind = ENTRY_KIND_MESSAGE,
                                           .user_id = user->id,
                                           .from = job_text(job, user->name),
                                           .text = job_text(job, direct->text),
                                           .nonce = job_text(job, direct->nonce),
                                           .guest = session_is_guest(ask->session)};
    }
    room_note_typing(room, ask->session, false);
    return repeat_submit(ask, room, (struct repeat){direct->since, direct->log}, job, answer_message);
}

/* --- the room ----------------------------------------------------------------------------------- */

static enum outcome begin(struct ask *ask, const struct peer *peer)
{
    struct gateway *gateway = ask->gateway;
    struct room_row row;
    struct refusal refusal;
    if (!room_make_direct_row(gateway, ask->session->user, peer->id, peer->name, &row, &refusal))
        return ask_refuse(ask, &refusal);
    struct room *room = direct_find(gateway, row.user_a, row.user_b);
    if (!room && !room_budget_take(ask->session, VISIBILITY_DIRECT, &refusal))
        return ask_refuse(ask, &refusal);
    if (room && !recovering_allows(room, &refusal))
        return ask_refuse(ask, &refusal);
    if (!rates_take_stored(ask, ask->request.as_direct.text, &refusal))
        return ask_refuse(ask, &refusal);
    if (!room)
        room = room_make(gateway, &row);
    return room ? send_message(ask, room)
                : ask_fail(ask, ERROR_storage_unavailable, NULL, NULL);
}

/* --- leaving ------------------------------------------------------------------------------------- */

/* For the user's other connections the room is no longer there, either. */
static void put_away(const struct user *user, const struct room *room, const struct session *by)
{
    const struct event_room event = {.change = "removed", .name = room->name};
    for (struct session *session = user->sessions; session; session = session->next) {
        struct member *member = session_member(session, room);
        if (member)
            room_leave(member);
        if (session != by)
            (void)session_tell(session, EVENT_room, &event);
    }
}

/* Something may have been said meanwhile: then it is shown, and only this connection has left. */
static enum outcome answer_left(struct ask *ask, struct job *job)
{
    struct room *room = room_find_id(ask->gateway, job->read.room_id);
    const struct user *user = user_find_id(ask->gateway, job->read.user_id);
    if (job->result != JOB_DONE || !room)
        return ask_fail_job(ask, job);
    room->grants_changed++;
    struct member *member = ask->session ? session_member(ask->session, room) : NULL;
    const struct reply_left reply = {.room = room->name};
    (void)ask_reply(ask, REPLY_left, &reply);
    if (member)
        room_leave(member);
    if (room->last > job->read.seq)
        return ANSWERED;
    direct_note_left(room, job->read.user_id);
    if (user)
        put_away(user, room, ask->session);
    return ANSWERED;
}

enum outcome direct_leave(struct ask *ask)
{
    struct job *job = job_create(JOB_READ);
    if (job)
        job->read = (struct job_read){.room_id = ask->room->id,
                                      .user_id = ask->session->user->id,
                                      .seq = ask->room->last,
                                      .leaves = true};
    return ask_submit(ask, job, answer_left);
}

/* --- whom --------------------------------------------------------------------------------------- */

/* To somebody one has written to who was called so until lately. */
static struct room *find_by_former_name(const struct ask *ask)
{
    struct room_row row;
    return direct_name(ask->session->user->name, ask->request.as_direct.to, &row)
               ? direct_find_held(ask->gateway, ask->session->user->id, row.name)
               : NULL;
}

static enum outcome answer_looked_up(struct ask *ask, struct job *job)
{
    const struct peer peer = {job->user_find.user.id, job->user_find.user.name};
    struct refusal refusal;
    if (!ask->session || !ask->session->user)
        return ANSWERED;
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    if (!access_speak(ask->session, &refusal)) /* muted meanwhile */
        return ask_refuse(ask, &refusal);
    if (job->user_find.is_blocked) {
        job->result = JOB_BLOCKED;
        return ask_fail_job(ask, job);
    }
    if (job->user_find.found)
        return begin(ask, &peer);
    struct room *room = find_by_former_name(ask);
    return room ? send_message(ask, room) : ask_fail(ask, ERROR_user_not_found, "to", NULL);
}

/* Somebody who is not here is asked for by name, and whoever one has not written to, for they may have
 * blocked one: then there is no room either. */
static enum outcome look_up(struct ask *ask, const char *folded)
{
    struct job *job = job_create(JOB_USER_FIND);
    if (job) {
        snprintf(job->user_find.folded, sizeof job->user_find.folded, "%s", folded);
        job->user_find.asker_id = ask->session->user->id;
    }
    return ask_submit_whole(ask, job, answer_looked_up);
}

enum outcome handle_direct(struct ask *ask)
{
    const struct request_direct *direct = &ask->request.as_direct;
    char folded[NAME_BYTES_MAX + 1];
    struct refusal refusal;
    if (!access_text(ask->gateway, direct->text, &refusal))
        return ask_refuse(ask, &refusal);
    if (!ask->session->user)
        return ask_fail(ask, ERROR_forbidden, NULL, "Only a user may write to a user.");
    if (!user_fold(direct->to, folded))
        return ask_fail(ask, ERROR_user_not_found, "to", NULL);
    if (strcmp(folded, ask->session->user->folded) == 0)
        return ask_fail(ask, ERROR_bad_request, "to", "This is your own name.");
    if (!access_speak(ask->session, &refusal))
        return ask_refuse(ask, &refusal);
    const struct user *user = user_find(ask->gateway, folded);
    bool is_known = user && !user->is_creating &&
                    direct_find(ask->gateway, ask->session->user->id, user->id);
    if (!is_known)
        return look_up(ask, folded);
    const struct peer peer = {user->id, user->name};
    return begin(ask, &peer);
}
