#include "daemon/core/session.h"

#include "daemon/core/dispatch.h"
#include "daemon/core/frame.h"
#include "daemon/core/state.h"
#include "daemon/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#define IN_FLIGHT_MAX 256 /* requests of one session whose answers are awaited */
#define HELD_BYTES    1024 /* that every session may keep unread, also when all together are too many */

struct member *session_member(const struct session *session, const struct room *room)
{
    struct member *member = session->members;
    while (member && member->room != room)
        member = member->next;
    return member;
}

const char *session_name(const struct session *session, char out[NAME_BYTES_MAX + 1])
{
    if (session->user)
        return session->user->name;
    if (session->arrival.kind == SESSION_PLAIN)
        snprintf(out, NAME_BYTES_MAX + 1, "client-%" PRId64, session->arrival.client_id);
    else
        snprintf(out, NAME_BYTES_MAX + 1, "%s", session->gateway->config->server.name);
    return out;
}

int64_t session_user_id(const struct session *session)
{
    return session->user ? session->user->id : 0;
}

int64_t session_presence_id(const struct session *session)
{
    if (session->arrival.kind == SESSION_PLAIN)
        return -(int64_t)session->id;
    return session_user_id(session);
}

bool session_is_guest(const struct session *session)
{
    return session->user && !session->user->account;
}

/* --- strangers: those that have not said hello ------------------------------------------------ */

static void add_stranger(struct gateway *gateway, struct session *session)
{
    session->previous = NULL;
    session->next = gateway->strangers;
    if (gateway->strangers)
        gateway->strangers->previous = session;
    else
        gateway->strangers_oldest = session;
    gateway->strangers = session;
}

void session_no_stranger(struct session *session)
{
    struct gateway *gateway = session->gateway;
    if (!session->is_stranger)
        return;
    session->is_stranger = false;
    if (session->previous)
        session->previous->next = session->next;
    else
        gateway->strangers = session->next;
    if (session->next)
        session->next->previous = session->previous;
    else
        gateway->strangers_oldest = session->previous;
    session->next = session->previous = NULL;
}

/* --- opening and closing ---------------------------------------------------------------------- */

static bool may_open(const struct gateway *gateway, const struct arrival *arrival,
                     struct refusal *refusal)
{
    size_t most = (size_t)gateway->config->limits.connections;
    if (gateway->is_draining) {
        refuse(refusal, ERROR_shutting_down, NULL, NULL);
        return false;
    }
    if (gateway->sessions.count >= most && !arrival->keeper) {
        refuse(refusal, ERROR_server_full, NULL, NULL);
        return false;
    }
    return true;
}

static bool enter_plain_room(struct session *session)
{
    static const struct grant nothing = {0};
    struct room *room = session->gateway->plain_room;
    if (!room)
        return false;
    struct member *member = room_enter(room, session, room->last, room->last, &nothing);
    if (!member)
        return false;
    struct roomlog *log = room_log_of(room, session);
    member->offset = roomlog_end(log);
    member->live = true;
    return true;
}

static struct session *create(struct gateway *gateway, void *connection,
                              const struct arrival *arrival)
{
    struct session *session = calloc(1, sizeof *session);
    if (!session)
        return NULL;
    session->id = ++gateway->session_id_last;
    session->gateway = gateway;
    session->connection = connection;
    session->arrival = *arrival;
    session->opened_ms = session->heard_ms = gateway->now.monotonic_ms;
    session->has_hello = arrival->keeper || arrival->kind == SESSION_PLAIN;
    if (table_insert(&gateway->sessions, &session->by_id, table_hash_number(session->id)))
        return session;
    free(session);
    return NULL;
}

struct session *session_open(struct gateway *gateway, void *connection,
                             const struct arrival *arrival, struct refusal *refusal)
{
    if (!may_open(gateway, arrival, refusal)) {
        gateway->figures.refused_sessions++;
        return NULL;
    }
    struct session *session = create(gateway, connection, arrival);
    if (!session) {
        refuse(refusal, ERROR_server_full, NULL, NULL);
        return NULL;
    }
    if (arrival->kind == SESSION_PLAIN && !enter_plain_room(session)) {
        table_remove(&gateway->sessions, &session->by_id);
        free(session);
        refuse(refusal, ERROR_room_not_found, NULL, "There is no room for plain clients.");
        return NULL;
    }
    session->is_stranger = !session->has_hello && !arrival->anonymous;
    if (session->is_stranger)
        add_stranger(gateway, session);
    gateway->figures.sessions++;
    return session;
}

static void say_farewell(struct session *session)
{
    char text[64];
    if (session->arrival.kind != SESSION_PLAIN || !session->members)
        return;
    snprintf(text, sizeof text, "Client %" PRId64 " left the chat", session->arrival.client_id);
    room_tell_plain(session->gateway, session->members->room, text);
}

/* What the session keeps of what arrived, counted anew. */
static void count_received(struct session *session)
{
    size_t bytes = session->received.capacity + session->backlog.capacity;
    session->gateway->received_bytes += bytes - session->received_bytes;
    session->received_bytes = bytes;
}

static void free_buffers(struct session *session)
{
    session->gateway->replies_bytes -= session->replies.length;
    buffer_finish(&session->received);
    buffer_finish(&session->backlog);
    buffer_finish(&session->replies);
    count_received(session);
}

void session_closed(struct session *session)
{
    struct gateway *gateway = session->gateway;
    log_debug("session: closed id=%" PRIu64 " code=%d", session->id, session->close_code);
    say_farewell(session);
    while (session->members)
        room_leave(session->members);
    session_no_stranger(session);
    if (session->user)
        user_detach(session);
    session_clean(session);
    session_unpark(session);
    if (session->is_stalled)
        gateway->stalled--;
    free_buffers(session);
    session_note_unsent(session, 0);
    table_remove(&gateway->sessions, &session->by_id);
    free(session);
}

/* What waits goes out first, also when it is cut in the middle: a frame is not left half. */
void session_close(struct session *session, uint16_t code, const char *reason)
{
    struct gateway *gateway = session->gateway;
    if (session->is_closing)
        return;
    session->is_closing = true;
    session->close_code = code;
    if (session->replies.length &&
        gateway->carrier.write(session->connection, session->replies.bytes,
                               session->replies.length) == CARRIER_BEHIND)
        session_note_unsent(session, session->unsent_bytes + session->replies.length);
    free_buffers(session);
    gateway->carrier.close(session->connection, code, reason);
}

void session_heard(struct session *session)
{
    session->heard_ms = session->gateway->now.monotonic_ms;
}

/* --- what arrives ----------------------------------------------------------------------------- */

/* Not while a request is under way that changes what the next ones mean, nor while the answers to
 * those before are not taken: then it waits here, and behind it in the kernel. */
static bool may_dispatch(const struct session *session)
{
    const struct gateway *gateway = session->gateway;
    size_t most = (size_t)gateway->config->limits.reply_bytes;
    size_t waiting = session->replies.length;
    if (session->is_closing || session->is_waiting || session->in_flight >= IN_FLIGHT_MAX)
        return false;
    if (waiting > (session->is_paused ? most / 2 : most))
        return false;
    return waiting == 0 || gateway->replies_bytes <= (size_t)gateway->config->limits.replies_bytes;
}

/* The keeper does not wait: who looks into a busy storage must not stand in its queue. Nobody does once
 * what is kept of all sessions leaves only half of the bound to those who have no choice; then storage
 * takes it all the same, or refuses it. */
bool session_waits_for_storage(const struct session *session)
{
    const struct gateway *gateway = session->gateway;
    bool may_wait = session->backlog.length ||
                    gateway->received_bytes < (size_t)gateway->config->limits.received_bytes / 2;
    return may_wait && session->has_hello && !session->arrival.keeper &&
           gateway_waits_for_storage(gateway);
}

static void park(struct session *session)
{
    if (session->is_parked || session->is_closing || !session_waits_for_storage(session))
        return;
    session->is_parked = true;
    DL_APPEND2(session->gateway->parked, session, parked_prev, parked_next);
}

void session_unpark(struct session *session)
{
    if (!session->is_parked)
        return;
    session->is_parked = false;
    DL_DELETE2(session->gateway->parked, session, parked_prev, parked_next);
}

static void pause_or_resume(struct session *session)
{
    struct gateway *gateway = session->gateway;
    bool wants_pause = session->backlog.length > 0;
    if (session->is_closing || wants_pause == session->is_paused)
        return;
    session->is_paused = wants_pause;
    gateway->figures.pauses += wants_pause;
    if (wants_pause)
        gateway->carrier.pause(session->connection);
    else
        gateway->carrier.resume(session->connection);
}

void session_continue(struct session *session)
{
    struct buffer *backlog = &session->backlog;
    if (session->is_dispatching)
        return;
    session->is_dispatching = true;
    while (backlog->length && may_dispatch(session)) {
        uint32_t size;
        memcpy(&size, backlog->bytes, sizeof size);
        if (!dispatch(session, (const char *)backlog->bytes + sizeof size, size))
            break;
        buffer_consume(backlog, sizeof size + size);
    }
    session->is_dispatching = false;
    if (backlog->length == 0)
        buffer_finish(backlog);
    else
        park(session);
    count_received(session);
    pause_or_resume(session);
}

/* All sessions together keep no more than limits.received_bytes. */
static bool may_keep(const struct session *session, size_t length)
{
    const struct gateway *gateway = session->gateway;
    return session->received.length + session->backlog.length + length <= HELD_BYTES ||
           gateway->received_bytes + length <= (size_t)gateway->config->limits.received_bytes;
}

/* None of what is lost was acknowledged: the client comes back and says it again. */
static void turn_away(struct session *session)
{
    session_close(session, 1013, "The gateway keeps as many unfinished messages as it may");
}

static void keep_for_later(struct session *session, const char *bytes, size_t length)
{
    if (!may_keep(session, sizeof(uint32_t) + length)) {
        turn_away(session);
        return;
    }
    size_t most = 2 * (size_t)session->gateway->config->limits.frame_bytes;
    uint32_t size = (uint32_t)length;
    struct buffer *backlog = &session->backlog;
    if (backlog->length + sizeof size + length > most ||
        !buffer_append(backlog, &size, sizeof size) || !buffer_append(backlog, bytes, length))
        session_close(session, 4008, "More was sent at once than may wait");
    park(session);
    count_received(session);
    pause_or_resume(session);
}

static void take_message(struct session *session, const char *bytes, size_t length)
{
    bool is_taken = false;
    if (!session->backlog.length && !session->is_dispatching && may_dispatch(session)) {
        session->is_dispatching = true;
        is_taken = dispatch(session, bytes, length);
        session->is_dispatching = false;
    }
    if (!is_taken)
        keep_for_later(session, bytes, length);
}

void session_receive(struct session *session, const void *bytes, size_t length, size_t remaining,
                     bool is_last)
{
    struct buffer *received = &session->received;
    size_t most = (size_t)session->gateway->config->limits.frame_bytes;
    if (session->is_closing)
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
        turn_away(session);
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
    bool is_taken = false;
    if (session->is_closing)
        return;
    session->heard_ms = session->gateway->now.monotonic_ms;
    if (!session->backlog.length && !session->is_dispatching && may_dispatch(session)) {
        session->is_dispatching = true;
        is_taken = dispatch_request(session, request);
        session->is_dispatching = false;
    }
    if (!is_taken)
        keep_request(session, request);
}
