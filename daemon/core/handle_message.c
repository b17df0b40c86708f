/* handle_message.c - what becomes an entry of a log: send, edit, delete, react. */
#include "daemon/core/access.h"
#include "daemon/core/ask.h"
#include "daemon/core/audit.h"
#include "daemon/core/bridged.h"
#include "daemon/core/direct.h"
#include "daemon/core/file.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/rates.h"
#include "daemon/core/repeat.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/user.h"

#include "protocol/emoji.h"

/* Who says it, and when it was asked. */
static void sign(struct session *session, struct job *job)
{
    char name[NAME_BYTES_MAX + 1];
    struct job_append *append = &job->append;
    append->entry.user_id = session_user_id(session);
    append->entry.from = job_text(job, session_name(session, name));
    append->entry.guest = session_is_guest(session);
    append->has_spoken = session->user && session->user->spoke_ms;
    if (session->arrival.kind == SESSION_PLAIN)
        append->entry.via = "plain";
    append->at = session->gateway->now;
}

/* An entry of this kind in the ask's room; NULL without memory, which ask_submit answers. */
static struct job *create_append(struct ask *ask, enum entry_kind kind, const char *nonce,
                                 const struct bridged *bridged)
{
    struct job *job = job_create(JOB_APPEND);
    if (!job)
        return NULL;
    job->append.room_id = ask->room->id;
    job->append.peer_id = direct_peer(ask->room, session_user_id(ask->session));
    job->append.entry.kind = kind;
    job->append.entry.nonce = job_text(job, nonce);
    sign(ask->session, job);
    bridged_sign(ask, bridged, job);
    return job;
}

/* Every target lies behind the newest entry; one that is told by its origin is found with it. */
static bool check_target(const struct ask *ask, int64_t target, const char *field,
                         const struct bridged *bridged, struct refusal *refusal)
{
    if (target == NUMBER_ABSENT && bridged->target_origin)
        return true;
    if (target == NUMBER_ABSENT) {
        refuse(refusal, ERROR_bad_request, field, "%s is missing; it must be an integer.", field);
        return false;
    }
    if (target <= ask->room->last)
        return true;
    refuse(refusal, ERROR_message_not_found, field, "There is no such message in this room.");
    return false;
}

static int64_t target_of(int64_t target)
{
    return target == NUMBER_ABSENT ? 0 : target;
}

/* The message may be somebody else's. Then the audit tells it. job NULL is fine. */
static void let_moderate(const struct ask *ask, struct job *job, enum operation operation, enum act act)
{
    if (!job || !permission_allows(access_role(ask->session, ask->room, ask->grant), operation))
        return;
    struct actor *moderator = job_memory(job, sizeof *moderator);
    if (moderator)
        *moderator = audit_actor(ask, job);
    job->append.moderator = moderator;
    audit_add(ask, job, act, ask->room, NULL, NULL);
}

/* Once a request: one whose repeats were looked for has taken its turn before. */
static bool take_slow(struct ask *ask, struct refusal *refusal)
{
    return ask->checked > 0 ||
           rates_take_slow(ask->session, ask->room,
                           access_role(ask->session, ask->room, ask->grant), refusal);
}

/* Only with files there need not be a text. */
static bool check_said(const struct ask *ask, const char *text, struct refusal *refusal)
{
    const struct request_send *send = &ask->request.as_send;
    if (send->files.count > 0 && !file_is_allowed(ask->gateway, 0, refusal))
        return false;
    if (send->files.count > 0 || text[0] != '\0')
        return access_text(ask->gateway, text, refusal);
    refuse(refusal, ERROR_bad_request, "text",
           send->text ? "text must not be empty." : "text is missing; it must be a string.");
    return false;
}

enum outcome handle_send(struct ask *ask)
{
    const struct request_send *send = &ask->request.as_send;
    const struct bridged bridged = BRIDGED(send);
    const char *text = send->text ? send->text : "";
    bool is_answer = send->reply_to != NUMBER_ABSENT;
    struct refusal refusal;
    if (!check_said(ask, text, &refusal) ||
        !bridged_check(ask, &bridged, &refusal) ||
        (is_answer && !check_target(ask, send->reply_to, "reply_to", &bridged, &refusal)) ||
        !rates_take_stored(ask, text, &refusal) || !take_slow(ask, &refusal))
        return ask_refuse(ask, &refusal);
    struct job *job = create_append(ask, ENTRY_KIND_MESSAGE, send->nonce, &bridged);
    if (!file_take_attachments(&send->files, job, &refusal)) {
        job_destroy(job);
        return ask_refuse(ask, &refusal);
    }
    if (job) {
        job->append.entry.text = job_text(job, text);
        job->append.entry.target = target_of(send->reply_to);
    }
    room_note_typing(ask->room, ask->session, false);
    return repeat_submit(ask, ask->room, (struct repeat){send->since, send->log}, job, answer_append);
}

enum outcome handle_edit(struct ask *ask)
{
    const struct request_edit *edit = &ask->request.as_edit;
    const struct bridged bridged = BRIDGED(edit);
    struct refusal refusal;
    if (!access_text(ask->gateway, edit->text, &refusal) ||
        !bridged_check(ask, &bridged, &refusal) ||
        !check_target(ask, edit->target, "target", &bridged, &refusal) ||
        !rates_take_stored(ask, edit->text, &refusal))
        return ask_refuse(ask, &refusal);
    struct job *job = create_append(ask, ENTRY_KIND_EDIT, edit->nonce, &bridged);
    if (job) {
        job->append.entry.target = target_of(edit->target);
        job->append.entry.text = job_text(job, edit->text);
    }
    let_moderate(ask, job, OPERATION_edit_others, ACT_EDIT);
    return repeat_submit(ask, ask->room, (struct repeat){edit->since, edit->log}, job, answer_append);
}

enum outcome handle_delete(struct ask *ask)
{
    const struct request_delete *delete = &ask->request.as_delete;
    const struct bridged bridged = BRIDGED(delete);
    struct refusal refusal;
    if (!bridged_check(ask, &bridged, &refusal) ||
        !check_target(ask, delete->target, "target", &bridged, &refusal))
        return ask_refuse(ask, &refusal);
    struct job *job = create_append(ask, ENTRY_KIND_DELETE, delete->nonce, &bridged);
    if (job)
        job->append.entry.target = target_of(delete->target);
    let_moderate(ask, job, OPERATION_delete_others, ACT_DELETE);
    return repeat_submit(ask, ask->room, (struct repeat){delete->since, delete->log}, job, answer_append);
}

enum outcome handle_react(struct ask *ask)
{
    const struct request_react *react = &ask->request.as_react;
    const struct bridged bridged = BRIDGED(react);
    char emoji[EMOJI_BYTES_MAX + 1];
    struct refusal refusal;
    if (!bridged_check(ask, &bridged, &refusal) ||
        !check_target(ask, react->target, "target", &bridged, &refusal) ||
        !rates_take_stored(ask, react->emoji, &refusal))
        return ask_refuse(ask, &refusal);
    if (!emoji_normalise(react->emoji, emoji))
        return ask_fail(ask, ERROR_bad_request, "emoji", "emoji must be one emoji.");
    struct job *job = create_append(ask, ENTRY_KIND_REACTION, react->nonce, &bridged);
    if (job) {
        job->append.entry.target = target_of(react->target);
        job->append.entry.emoji = job_text(job, emoji);
        job->append.entry.on = react->on;
    }
    return repeat_submit(ask, ask->room, (struct repeat){react->since, react->log}, job, answer_append);
}

/* Reactions under a message are bounded: see storage/reactions.h. */
static bool is_one_too_many(const struct job *job)
{
    return job->result == JOB_REFUSED && job->append.entry.kind == ENTRY_KIND_REACTION;
}

enum outcome answer_append(struct ask *ask, struct job *job)
{
    const struct entry *entry = &job->append.entry;
    struct room *room = room_find_id(ask->gateway, job->append.room_id);
    if (job->result == JOB_DONE && room)
        room_tell(ask->gateway, room, entry, job->append.forget_through);
    if (job->result == JOB_DONE && room && entry->kind == ENTRY_KIND_MESSAGE)
        direct_show(ask->gateway, room);
    struct user *user = user_find_id(ask->gateway, entry->user_id);
    if (job->result == JOB_DONE && user && !user->spoke_ms && entry->kind == ENTRY_KIND_MESSAGE)
        user->spoke_ms = entry->ts;
    ask->gateway->figures.repeated_nonces += job->result == JOB_REPEATED;
    if (!room)
        return ask_fail(ask, ERROR_room_not_found, "room", NULL);
    if (job->result == JOB_MESSAGE_MISSING && job->append.target_origin)
        return ask_fail(ask, ERROR_message_not_found, "target_origin", NULL);
    if (job->result == JOB_FILE_MISSING)
        return ask_fail(ask, ERROR_bad_request, "files",
                        "A message has files that its sender uploaded there within the hour, each once.");
    if (job->result == JOB_OUTRANKED)
        return ask_fail(ask, ERROR_forbidden, "target", "The message is by somebody whose role is not below yours.");
    if (job->result != JOB_DONE && job->result != JOB_REPEATED)
        return is_one_too_many(job) ? ask_fail(ask, ERROR_bad_request, "emoji", "%s", job->why)
                                    : ask_fail_job(ask, job);
    if (!ask->session || ask->session->arrival.kind == SESSION_PLAIN)
        return ANSWERED;
    const struct reply_ack ack = {
        .room = room->name, .seq = entry->seq, .ts = entry->ts, .nonce = entry->nonce};
    return ask_reply(ask, REPLY_ack, &ack);
}
