/* session_reply.c - what a session is answered and told: replies, refusals, events. */
#include "daemon/core/frame.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/session_private.h"
#include "daemon/log.h"

#include <inttypes.h>

#define BEHIND_BYTES 2048 /* events kept for a connection that takes nothing */

void session_count_replies(struct session *session)
{
    size_t bytes = session->replies.capacity;
    session->gateway->sessions.replies_bytes += bytes - session->replies_bytes;
    session->replies_bytes = bytes;
}

static void count(struct session *session, size_t before)
{
    session_count_replies(session);
    turn_spend(&session->gateway->turn, TURN_NS_REPLY + TURN_NS_ENCODE(session->replies.length - before));
    turn_add_session(session);
}

static bool add(struct session *session, const struct ref *ref, enum message_type type,
                const void *fields)
{
    size_t before = session->replies.length;
    if (session->phase == PHASE_CLOSING ||
        !frame_encode(&session->replies, session->arrival.kind, type, ref, fields))
        return false;
    count(session, before);
    return true;
}

/* To a carrier that takes the one reply as such. */
static void hand_over(struct session *session, const struct ref *ref, enum message_type type,
                      const void *fields, const struct refusal *refusal)
{
    struct buffer *encoded = &session->gateway->encoded;
    encoded->length = 0;
    if (session->phase == PHASE_CLOSING)
        return;
    if (message_encode(encoded, type, ref, fields)) {
        const struct reply reply = {type, fields, refusal, encoded->bytes, encoded->length};
        session->carrier->reply(session->connection, &reply);
    } else {
        session_close(session, 1011, "The gateway has no memory for an answer");
    }
    session->is_behind = true; /* what follows comes behind the reply, when the carrier says so */
}

void session_reply(struct session *session, const struct ref *ref, enum message_type type,
                   const void *fields)
{
    /* An answer may not be left out: whoever waits for it would wait for ever. */
    if (session_is_single(session))
        hand_over(session, ref, type, fields, NULL);
    else if (!add(session, ref, type, fields) && session->phase != PHASE_CLOSING)
        session_close(session, 1011, "The gateway has no memory for an answer");
}

/* The plain endpoint's errors are {"error_code":...,"message":...} and no more. */
static void refuse_plain(struct session *session, const struct refusal *refusal)
{
    struct buffer text = {0};
    size_t before = session->replies.length;
    bool is_whole = error_encode(&text, error_code_name(refusal->code), refusal->message, NULL);
    if (is_whole && session->phase != PHASE_CLOSING &&
        frame_append(&session->replies, SESSION_PLAIN, (const char *)text.bytes, text.length))
        count(session, before);
    buffer_finish(&text);
}

void session_note_refusal(struct gateway *gateway, const struct arrival *arrival, enum error_code code)
{
    struct figures *figures = &gateway->figures;
    int64_t times;
    figures->errors[code]++;
    if (log_is_due(&figures->error_paces[code], gateway->now.monotonic_ms, &times))
        log_info("session: refused error_code=%s address=%s times=%" PRId64, error_code_name(code),
                 arrival->address, times);
}

void session_refuse(struct session *session, const struct ref *ref, const struct refusal *refusal)
{
    session_note_refusal(session->gateway, &session->arrival, refusal->code);
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
    if (session_is_single(session))
        hand_over(session, ref, REPLY_error, &error, refusal);
    else
        session_reply(session, ref, REPLY_error, &error);
}

/* Events are state: who is too far behind to take them is told `missed` later, and asks for what it is then. */
static bool takes_more(const struct session *session)
{
    const struct gateway *gateway = session->gateway;
    size_t most = session->is_behind ? BEHIND_BYTES : (size_t)gateway->config->limits.write_bytes;
    return session->replies.length < most &&
           gateway->sessions.replies_bytes < (size_t)gateway->config->limits.replies_bytes;
}

static bool is_told_again(enum message_type event)
{
    return event == EVENT_presence || event == EVENT_typing;
}

static bool wants_events(const struct session *session)
{
    return session->phase != PHASE_CLOSING && session->arrival.kind != SESSION_PLAIN;
}

static bool note(struct session *session, enum message_type event, bool is_told)
{
    if (!is_told && !is_told_again(event))
        session->has_missed = session->has_arrears = true;
    return is_told;
}

bool session_tell(struct session *session, enum message_type event, const void *fields)
{
    return wants_events(session) &&
           note(session, event, takes_more(session) && add(session, NULL, event, fields));
}

static bool append_json(struct session *session, const struct buffer *json)
{
    size_t before = session->replies.length;
    if (!frame_append(&session->replies, session->arrival.kind, (const char *)json->bytes, json->length))
        return false;
    count(session, before);
    return true;
}

bool session_tell_json(struct session *session, enum message_type event, const struct buffer *json)
{
    return wants_events(session) && note(session, event, takes_more(session) && append_json(session, json));
}

void session_tell_missed(struct session *session)
{
    static const struct event_missed missed = {0};
    if (!session->has_missed || !takes_more(session))
        return;
    session->has_missed = false;
    (void)session_tell(session, EVENT_missed, &missed);
}
