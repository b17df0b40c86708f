/* handle_direct.c - saying something to one user. The room "@A,B" is made with the first message,
 * for both at once: its job and the message's go to storage one behind the other. */
#include "daemon/core/state.h"

#include <stdio.h>
#include <string.h>

/* Whom, as far as it is known here. */
struct peer {
    int64_t id;
    const char *name;
};

static void send_message(struct gateway *gateway, struct session *session,
                         const struct asker *asker, struct room *room, const char *text,
                         const char *nonce)
{
    struct job *job = job_create(JOB_APPEND);
    if (job) {
        job->append = (struct job_append){.room_id = room->id,
                                          .wall_ms = gateway->now.wall_ms,
                                          .monotonic_ms = gateway->now.monotonic_ms};
        job->append.entry = (struct entry){.kind = ENTRY_KIND_MESSAGE,
                                           .user_id = session->user->id,
                                           .from = job_text(job, session->user->name),
                                           .text = job_text(job, text),
                                           .nonce = job_text(job, nonce),
                                           .guest = session_is_guest(session)};
    }
    if (gateway_submit_next(gateway, session, asker, job))
        room_note_typing(room, session, false);
}

static bool fill_row(struct gateway *gateway, const struct user *user, const struct peer *peer,
                     struct room_row *row)
{
    *row = (struct room_row){.id = gateway->room_id_last + 1, .visibility = VISIBILITY_DIRECT};
    row->user_a = user->id;
    row->user_b = peer->id;
    return name_of_direct_room(user->name, peer->name, row->name) &&
           room_fold(row->name, row->folded) && random_hex(row->log_id, LOG_ID_BYTES / 2);
}

/* Nobody finds the room before it is stored; what follows its job to storage comes after it. */
static struct room *make_direct(struct gateway *gateway, const struct room_row *row)
{
    struct room *room = room_create(gateway, row);
    if (!room)
        return NULL;
    room->is_pending = true;
    struct job *job = job_create(JOB_ROOM_CREATE);
    if (job) {
        job->room = (struct job_room){.room = *row};
        job->asker.request = REQUEST_direct;
    }
    if (!gateway_submit_alone(gateway, job)) {
        room_destroy(gateway, room);
        return NULL;
    }
    gateway->room_id_last = row->id;
    return room;
}

static void begin(struct gateway *gateway, struct session *session, const struct asker *asker,
                  const struct peer *peer, const char *text, const char *nonce)
{
    struct room_row row;
    if (!fill_row(gateway, session->user, peer, &row)) {
        session_fail(session, &asker->ref, ERROR_internal, NULL, NULL);
        return;
    }
    struct room *room = room_find_folded(gateway, row.folded);
    if (!room && gateway->rooms.count >= (size_t)gateway->config->limits.rooms) {
        session_fail(session, &asker->ref, ERROR_too_many_rooms, NULL, NULL);
        return;
    }
    if (!room)
        room = make_direct(gateway, &row);
    if (room)
        send_message(gateway, session, asker, room, text, nonce);
    else
        session_fail(session, &asker->ref, ERROR_storage_unavailable, NULL, NULL);
}

/* Somebody who is not here is asked for by name. */
static void look_up(struct gateway *gateway, struct session *session, const struct request *request,
                    const char *folded)
{
    struct job *job = job_create(JOB_LOGIN);
    if (job) {
        snprintf(job->login.folded, sizeof job->login.folded, "%s", folded);
        job->login.text = job_text(job, request->as_direct.text);
        job->login.nonce = job_text(job, request->as_direct.nonce);
    }
    (void)gateway_submit(gateway, session, request, job);
}

void handle_direct(struct gateway *gateway, struct session *session, const struct request *request)
{
    const struct request_direct *direct = &request->as_direct;
    const struct asker asker = {
        .session = session->id, .request = request->type, .ref = request->ref};
    char folded[NAME_BYTES_MAX + 1];
    struct refusal refusal;
    if (!access_text(gateway, direct->text, &refusal)) {
        session_refuse(session, &request->ref, &refusal);
    } else if (!session->user) {
        session_fail(session, &request->ref, ERROR_forbidden, NULL,
                     "Only a user may write to a user.");
    } else if (!user_fold(direct->to, folded)) {
        session_fail(session, &request->ref, ERROR_user_not_found, "to", NULL);
    } else if (strcmp(folded, session->user->folded) == 0) {
        session_fail(session, &request->ref, ERROR_bad_request, "to", "This is your own name.");
    } else {
        const struct user *user = user_find(gateway, folded);
        const struct peer peer = {user ? user->id : 0, user ? user->name : NULL};
        if (user)
            begin(gateway, session, &asker, &peer, direct->text, direct->nonce);
        else
            look_up(gateway, session, request, folded);
    }
}

/* --- answers -----------------------------------------------------------------------------------
 */

static void tell_of_room(const struct gateway *gateway, const struct room *room, int64_t user_id)
{
    const struct user *user = user_find_id(gateway, user_id);
    for (struct session *session = user ? user->sessions : NULL; session; session = session->next) {
        const struct event_room event = {.change = "created",
                                         .name = room->name,
                                         .visibility = visibility_name(room->visibility),
                                         .peer = room_peer(room, session)};
        (void)session_tell(session, EVENT_room, &event);
    }
}

static void answer_made(struct gateway *gateway, const struct job *job)
{
    struct room *room = room_find_id(gateway, job->room.room.id);
    if (!room)
        return;
    if (job->result != JOB_DONE) {
        room_destroy(gateway, room); /* nobody has seen it */
        return;
    }
    room->is_pending = false;
    tell_of_room(gateway, room, room->user_a);
    tell_of_room(gateway, room, room->user_b);
}

static void answer_looked_up(struct gateway *gateway, struct session *session,
                             const struct job *job)
{
    const struct peer peer = {job->login.user.id, job->login.user.name};
    if (job->result != JOB_DONE)
        session_fail_job(session, job);
    else if (!job->login.taken)
        session_fail(session, &job->asker.ref, ERROR_user_not_found, "to", NULL);
    else
        begin(gateway, session, &job->asker, &peer, job->login.text, job->login.nonce);
}

void answer_direct(struct gateway *gateway, struct session *session, struct job *job)
{
    /* The room is missing because storage would not have it. */
    bool is_refused = job->result == JOB_ROOM_MISSING || job->result == JOB_UNAVAILABLE;
    if (job->kind == JOB_ROOM_CREATE)
        answer_made(gateway, job);
    else if (job->kind == JOB_APPEND && is_refused && session)
        session_fail(session, &job->asker.ref, ERROR_storage_unavailable, NULL, NULL);
    else if (job->kind == JOB_APPEND)
        answer_append(gateway, session, job);
    else if (session && session->user)
        answer_looked_up(gateway, session, job);
}
