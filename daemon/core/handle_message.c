/* handle_message.c - what becomes an entry of a log: send, edit, delete, react. */
#include "daemon/core/state.h"

#include <string.h>

#include "protocol/text.h"

/* Who says it, and when it was asked. */
static void sign(struct session *session, struct job *job)
{
    char name[NAME_BYTES_MAX + 1];
    struct job_append *append = &job->append;
    append->entry.user_id = session_user_id(session);
    append->entry.from = job_text(job, session_name(session, name));
    append->entry.guest = session_is_guest(session);
    if (session->arrival.kind == SESSION_PLAIN)
        append->entry.via = "plain";
    append->wall_ms = session->gateway->now.wall_ms;
    append->monotonic_ms = session->gateway->now.monotonic_ms;
}

/* An entry of this kind by this session; NULL without memory, which gateway_submit answers. */
static struct job *create_append(struct session *session, const struct room *room,
                                 enum entry_kind kind, const char *nonce)
{
    struct job *job = job_create(JOB_APPEND);
    if (!job)
        return NULL;
    job->append.room_id = room->id;
    job->append.entry.kind = kind;
    job->append.entry.nonce = job_text(job, nonce);
    sign(session, job);
    return job;
}

static bool check_text(struct session *session, const struct request *request, const char *text)
{
    struct refusal refusal;
    if (access_text(session->gateway, text, &refusal))
        return true;
    session_refuse(session, &request->ref, &refusal);
    return false;
}

/* Every target lies behind the newest entry. */
static bool check_target(struct session *session, const struct request *request,
                         const struct room *room, int64_t target, const char *field)
{
    if (target <= room->last)
        return true;
    session_fail(session, &request->ref, ERROR_message_not_found, field,
                 "There is no such message in this room.");
    return false;
}

static struct room *send_room(struct session *session, const struct request *request)
{
    struct member *member;
    const char *name = request->as_send.room;
    if (session->arrival.kind == SESSION_PLAIN)
        name = session->members ? session->members->room->name : "";
    return access_member(session, request, name, OPERATION_send, &member);
}

void handle_send(struct gateway *gateway, struct session *session, const struct request *request)
{
    const struct request_send *send = &request->as_send;
    bool is_answer = send->reply_to != NUMBER_ABSENT;
    struct room *room = send_room(session, request);
    if (!room || !check_text(session, request, send->text) ||
        (is_answer && !check_target(session, request, room, send->reply_to, "reply_to")))
        return;
    struct job *job = create_append(session, room, ENTRY_KIND_MESSAGE, send->nonce);
    if (job) {
        job->append.entry.text = job_text(job, send->text);
        job->append.entry.target = is_answer ? send->reply_to : 0;
    }
    if (gateway_submit(gateway, session, request, job))
        room_note_typing(room, session, false);
}

static enum role role_here(const struct session *session, const struct room *room,
                           const struct member *member)
{
    return access_role(session, room, member ? &member->grant : NULL);
}

void handle_edit(struct gateway *gateway, struct session *session, const struct request *request)
{
    const struct request_edit *edit = &request->as_edit;
    struct member *member;
    struct room *room = access_member(session, request, edit->room, OPERATION_edit, &member);
    if (!room || !check_text(session, request, edit->text) ||
        !check_target(session, request, room, edit->target, "target"))
        return;
    struct job *job = create_append(session, room, ENTRY_KIND_EDIT, edit->nonce);
    if (job) {
        job->append.entry.target = edit->target;
        job->append.entry.text = job_text(job, edit->text);
        job->append.may_touch_others =
            permission_allows(role_here(session, room, member), OPERATION_edit_others);
    }
    (void)gateway_submit(gateway, session, request, job);
}

void handle_delete(struct gateway *gateway, struct session *session,
                   const struct request *request)
{
    const struct request_delete *delete = &request->as_delete;
    struct member *member;
    struct room *room = access_member(session, request, delete->room, OPERATION_delete, &member);
    if (!room || !check_target(session, request, room, delete->target, "target"))
        return;
    struct job *job = create_append(session, room, ENTRY_KIND_DELETE, delete->nonce);
    if (job) {
        job->append.entry.target = delete->target;
        job->append.may_touch_others =
            permission_allows(role_here(session, room, member), OPERATION_delete_others);
    }
    (void)gateway_submit(gateway, session, request, job);
}

void handle_react(struct gateway *gateway, struct session *session, const struct request *request)
{
    const struct request_react *react = &request->as_react;
    struct member *member;
    struct room *room = access_member(session, request, react->room, OPERATION_react, &member);
    if (!room || !check_target(session, request, room, react->target, "target"))
        return;
    if (text_count_characters(react->emoji) != 1) {
        session_fail(session, &request->ref, ERROR_bad_request, "emoji",
                     "emoji must be one character.");
        return;
    }
    struct job *job = create_append(session, room, ENTRY_KIND_REACTION, react->nonce);
    if (job) {
        job->append.entry.target = react->target;
        job->append.entry.emoji = job_text(job, react->emoji);
        job->append.entry.on = react->on;
    }
    (void)gateway_submit(gateway, session, request, job);
}

/* Of send, edit, delete and react: told to all, also when who asked has gone. */
void answer_append(struct gateway *gateway, struct session *session, struct job *job)
{
    if (visit_answer(gateway, session, job))
        return;
    const struct entry *entry = &job->append.entry;
    struct room *room = room_find_id(gateway, job->append.room_id);
    if (job->result == JOB_DONE && room)
        room_tell(gateway, room, entry, job->append.forget_through);
    if (!session)
        return;
    gateway->figures.repeated_nonces += job->result == JOB_REPEATED;
    if (!room) {
        session_fail(session, &job->asker.ref, ERROR_room_not_found, "room", NULL);
    } else if (job->result != JOB_DONE && job->result != JOB_REPEATED) {
        session_fail_job(session, job);
    } else if (session->arrival.kind != SESSION_PLAIN) {
        struct reply_ack ack = {
            .room = room->name, .seq = entry->seq, .ts = entry->ts, .nonce = entry->nonce};
        session_reply(session, &job->asker.ref, REPLY_ack, &ack);
    }
}
