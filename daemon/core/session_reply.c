/* session_reply.c - what a session is answered and told: replies, refusals, events. */
#include "daemon/core/frame.h"
#include "daemon/core/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define RETRY_MS     1000 /* when storage is busy or failing */
#define BEHIND_BYTES 2048 /* events kept for a connection that takes nothing */

void session_mark_dirty(struct session *session)
{
    struct gateway *gateway = session->gateway;
    if (session->is_dirty)
        return;
    session->is_dirty = true;
    session->next_dirty = NULL;
    *gateway->dirty_end = session;
    gateway->dirty_end = &session->next_dirty;
}

void session_clean(struct session *session)
{
    struct gateway *gateway = session->gateway;
    if (!session->is_dirty)
        return;
    struct session **at = &gateway->dirty;
    while (*at != session)
        at = &(*at)->next_dirty;
    *at = session->next_dirty;
    if (!*at)
        gateway->dirty_end = at;
    session->is_dirty = false;
}

static void count(struct session *session, size_t before)
{
    session->gateway->replies_bytes += session->replies.length - before;
    session->gateway->effort += EFFORT_ENCODE(session->replies.length - before);
    session_mark_dirty(session);
}

static bool add(struct session *session, const struct ref *ref, enum message_type type,
                const void *fields)
{
    size_t before = session->replies.length;
    if (session->is_closing ||
        !frame_encode(&session->replies, session->arrival.kind, type, ref, fields))
        return false;
    count(session, before);
    return true;
}

void session_reply(struct session *session, const struct ref *ref, enum message_type type,
                   const void *fields)
{
    /* An answer may not be left out: whoever waits for it would wait for ever. */
    if (!add(session, ref, type, fields) && !session->is_closing)
        session_close(session, 1011, "The gateway has no memory for an answer");
}

/* The plain endpoint's errors are {"error_code":...,"message":...} and no more. */
static void refuse_plain(struct session *session, const struct refusal *refusal)
{
    struct buffer text = {0};
    size_t before = session->replies.length;
    bool is_whole = buffer_append_text(&text, "{\"error_code\":") &&
                    json_append_string(&text, error_code_name(refusal->code)) &&
                    buffer_append_text(&text, ",\"message\":") &&
                    json_append_string(&text, refusal->message) && buffer_append_text(&text, "}");
    if (is_whole && !session->is_closing &&
        frame_append(&session->replies, SESSION_PLAIN, (const char *)text.bytes, text.length))
        count(session, before);
    buffer_finish(&text);
}

void session_refuse(struct session *session, const struct ref *ref, const struct refusal *refusal)
{
    session->gateway->figures.errors[refusal->code]++;
    if (session->arrival.kind == SESSION_PLAIN) {
        refuse_plain(session, refusal);
        return;
    }
    struct reply_error error = {
        .error_code = error_code_name(refusal->code),
        .message = refusal->message,
        .field = refusal->field,
        .retry_after_ms = refusal->retry_after_ms,
    };
    session_reply(session, ref, REPLY_error, &error);
}

void session_fail(struct session *session, const struct ref *ref, enum error_code code,
                  const char *field, const char *format, ...)
{
    struct refusal refusal;
    char sentence[sizeof refusal.message];
    if (format) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(sentence, sizeof sentence, format, arguments);
        va_end(arguments);
        refuse(&refusal, code, field, "%s", sentence);
    } else {
        refuse(&refusal, code, field, NULL);
    }
    if (code == ERROR_storage_unavailable)
        refusal.retry_after_ms = RETRY_MS;
    session_refuse(session, ref, &refusal);
}

void session_fail_job(struct session *session, const struct job *job)
{
    const struct ref *ref = &job->asker.ref;
    switch (job->result) {
    case JOB_MESSAGE_MISSING:
        session_fail(session, ref, ERROR_message_not_found, "target", NULL);
        return;
    case JOB_NOT_OWN:
        session_fail(session, ref, ERROR_forbidden, "target", "The message is somebody else's.");
        return;
    case JOB_NAME_TAKEN:
        session_fail(session, ref, ERROR_name_taken, "name", NULL);
        return;
    case JOB_USER_MISSING:
        session_fail(session, ref, ERROR_user_not_found, "user", NULL);
        return;
    case JOB_OUTRANKED:
        session_fail(session, ref, ERROR_forbidden, "user", "The user's role is not below yours.");
        return;
    case JOB_ROOM_MISSING:
        session_fail(session, ref, ERROR_room_not_found, "room", NULL);
        return;
    case JOB_REFUSED:
        session_fail(session, ref, ERROR_bad_request, NULL, "%s", job->why);
        return;
    case JOB_UNAVAILABLE:
        session_fail(session, ref, ERROR_storage_unavailable, NULL, NULL);
        return;
    case JOB_DONE:
    case JOB_REPEATED:
        session_fail(session, ref, ERROR_internal, NULL, NULL);
        return;
    }
}

void session_ok(struct session *session, const struct ref *ref)
{
    static const struct reply_ok ok = {0};
    session_reply(session, ref, REPLY_ok, &ok);
}

void session_answer(struct session *session, const struct job *job)
{
    if (!session)
        return;
    if (job->result == JOB_DONE)
        session_ok(session, &job->asker.ref);
    else
        session_fail_job(session, job);
}

/* Events are state: who is too far behind to take them reads the state when it asks for it. */
static bool wants_events(const struct session *session)
{
    const struct gateway *gateway = session->gateway;
    size_t most = session->is_behind ? BEHIND_BYTES : (size_t)gateway->config->limits.write_bytes;
    return !session->is_closing && session->arrival.kind != SESSION_PLAIN &&
           session->replies.length < most &&
           gateway->replies_bytes < (size_t)gateway->config->limits.replies_bytes;
}

bool session_tell(struct session *session, enum message_type event, const void *fields)
{
    return wants_events(session) && add(session, NULL, event, fields);
}

bool session_tell_json(struct session *session, const struct buffer *json)
{
    size_t before = session->replies.length;
    if (!wants_events(session) ||
        !frame_append(&session->replies, session->arrival.kind, (const char *)json->bytes,
                      json->length))
        return false;
    count(session, before);
    return true;
}
