/* session_receive.c - what arrives: messages whole or in parts, and requests in C; dispatched in their
 * order, or kept until what blocks the session is over.
 *
 * Two things follow from each other here and nowhere else. gateway->sessions.blocked lists exactly
 * those that are BLOCKED_ON_STORAGE. The carrier is paused exactly while something is in the backlog:
 * then what follows waits in the kernel. */
#include "daemon/core/dispatch.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/session_private.h"
#include "daemon/core/submit.h"

#include <string.h>

#include <utlist.h>

#define IN_FLIGHT_MAX 256  /* requests of one session whose answers are awaited */
#define ANSWER_BYTES  512  /* that each of them is expected to add to the replies */
#define HELD_BYTES    1024 /* that every session may keep unread, also when all together are too many */

/* --- blocked or not ----------------------------------------------------------------------------- */

void session_block(struct session *session, enum blocked reason)
{
    if (session->phase == PHASE_CLOSING || session->blocked == BLOCKED_ON_REPLY ||
        session->blocked == reason)
        return;
    session_unblock(session);
    session->blocked = reason;
    if (reason == BLOCKED_ON_STORAGE)
        DL_APPEND2(session->gateway->sessions.blocked, session, blocked_prev, blocked_next);
}

void session_unblock(struct session *session)
{
    if (session->blocked == BLOCKED_ON_STORAGE)
        DL_DELETE2(session->gateway->sessions.blocked, session, blocked_prev, blocked_next);
    session->blocked = BLOCKED_NOT;
}

/* Administrators do not wait: who looks into a busy storage must not stand in its queue. Nobody does
 * once what is kept of all sessions leaves only half of the bound to those who have no choice; then
 * storage takes it all the same, or refuses it. */
bool session_waits_for_storage(const struct session *session)
{
    const struct gateway *gateway = session->gateway;
    size_t most = (size_t)gateway->config->limits.received_bytes / 2;
    bool may_wait = session->backlog.length || gateway->sessions.received_bytes < most;
    return may_wait && session->phase == PHASE_READY && !session->arrival.administrator &&
           gateway_waits_for_storage(gateway);
}

/* Not while a request is under way that changes what the next ones mean, nor while the answers to
 * those before are not taken. */
static bool may_dispatch(const struct session *session)
{
    const struct gateway *gateway = session->gateway;
    size_t most = (size_t)gateway->config->limits.reply_bytes;
    size_t waiting = session->replies.length;
    if (session->phase == PHASE_CLOSING || session->blocked == BLOCKED_ON_REPLY ||
        session->in_flight >= IN_FLIGHT_MAX)
        return false;
    if (waiting > (session->backlog.length ? most / 2 : most))
        return false;
    if (waiting == 0 && session->in_flight == 0)
        return true;
    size_t expected = (size_t)gateway->storage.job_count * ANSWER_BYTES;
    return gateway->sessions.replies_bytes + expected <=
           (size_t)gateway->config->limits.replies_bytes;
}

/* --- the backlog -------------------------------------------------------------------------------- */

/* What the session keeps of what arrived, counted anew. */
static void count_received(struct session *session)
{
    size_t bytes = session->received.capacity + session->backlog.capacity;
    session->gateway->sessions.received_bytes += bytes - session->received_bytes;
    session->received_bytes = bytes;
}

/* The backlog has changed from so many bytes. */
static void note_backlog(struct session *session, size_t before)
{
    struct gateway *gateway = session->gateway;
    size_t now = session->backlog.length;
    count_received(session);
    if (session->phase == PHASE_CLOSING)
        return;
    if (now && session_waits_for_storage(session))
        session_block(session, BLOCKED_ON_STORAGE);
    else if (!now && session->blocked == BLOCKED_ON_STORAGE)
        session_unblock(session);
    if (!before && now) {
        gateway->figures.pauses++;
        session->carrier->pause(session->connection);
    } else if (before && !now) {
        session->carrier->resume(session->connection);
    }
}

void session_continue(struct session *session)
{
    struct buffer *backlog = &session->backlog;
    size_t before = backlog->length;
    if (before == 0)
        return;
    while (backlog->length && may_dispatch(session)) {
        uint32_t size;
        memcpy(&size, backlog->bytes, sizeof size);
        if (!dispatch(session, (const char *)backlog->bytes + sizeof size, size))
            break;
        buffer_consume(backlog, sizeof size + size);
    }
    if (backlog->length == 0)
        buffer_finish(backlog);
    note_backlog(session, before);
}

void session_forget_received(struct session *session)
{
    buffer_finish(&session->received);
    buffer_finish(&session->backlog);
    count_received(session);
}

/* All sessions together keep no more than limits.received_bytes. */
static bool may_keep(const struct session *session, size_t length)
{
    const struct gateway *gateway = session->gateway;
    size_t most = (size_t)gateway->config->limits.received_bytes;
    return session->received.length + session->backlog.length + length <= HELD_BYTES ||
           gateway->sessions.received_bytes + length <= most;
}

/* None of what is lost was acknowledged: the client comes back and says it again. */
static void reject(struct session *session)
{
    session_close(session, 1013, "The gateway keeps as many unfinished messages as it may");
}

static void keep_for_later(struct session *session, const char *bytes, size_t length)
{
    if (!may_keep(session, sizeof(uint32_t) + length)) {
        reject(session);
        return;
    }
    size_t most = 2 * (size_t)session->gateway->config->limits.frame_bytes;
    uint32_t size = (uint32_t)length;
    struct buffer *backlog = &session->backlog;
    size_t before = backlog->length;
    if (before + sizeof size + length > most || !buffer_append(backlog, &size, sizeof size) ||
        !buffer_append(backlog, bytes, length))
        session_close(session, 4008, "More was sent at once than may wait");
    note_backlog(session, before);
}

/* --- the two ways in ---------------------------------------------------------------------------- */

static bool is_next(const struct session *session)
{
    return session->backlog.length == 0 && may_dispatch(session);
}

static void take_message(struct session *session, const char *bytes, size_t length)
{
    if (!is_next(session) || !dispatch(session, bytes, length))
        keep_for_later(session, bytes, length);
}

void session_receive(struct session *session, const void *bytes, size_t length, size_t remaining,
                     bool is_last)
{
    struct buffer *received = &session->received;
    size_t most = (size_t)session->gateway->config->limits.frame_bytes;
    if (session->phase == PHASE_CLOSING)
        return;
    session->heard_ms = session->gateway->now.monotonic_ms;
    if (length > most || remaining > most || received->length + length + remaining > most) {
        session_close(session, 1009, "A message is longer than this gateway allows");
        return;
    }
    if (is_last && received->length == 0) {
        take_message(session, bytes, length);
        return;
    }
    if (!may_keep(session, length)) {
        reject(session);
        return;
    }
    if (!buffer_append(received, bytes, length)) {
        session_close(session, 1011, "The gateway has no memory for this message");
        return;
    }
    count_received(session);
    if (!is_last)
        return;
    struct buffer whole = *received;
    *received = (struct buffer){0};
    count_received(session);
    take_message(session, (const char *)whole.bytes, whole.length);
    buffer_finish(&whole);
}

/* What has to wait does so as it would have come. */
static void keep_request(struct session *session, const struct request *request)
{
    struct buffer text = {0};
    if (message_encode(&text, request->type, &request->ref, &request->as_hello))
        keep_for_later(session, (const char *)text.bytes, text.length);
    else
        session_close(session, 1011, "The gateway has no memory for this message");
    buffer_finish(&text);
}

void session_ask(struct session *session, const struct request *request)
{
    if (session->phase == PHASE_CLOSING)
        return;
    session->heard_ms = session->gateway->now.monotonic_ms;
    if (!is_next(session) || !dispatch_request(session, request))
        keep_request(session, request);
}
