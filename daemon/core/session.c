#include "daemon/core/session.h"

#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/user.h"
#include "daemon/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <utlist.h>

struct session *session_find(const struct gateway *gateway, uint64_t id)
{
    struct table_link *link = table_first(&gateway->sessions.by_id, table_hash_number(id));
    for (; link; link = table_next(link)) {
        struct session *session = TABLE_ITEM(link, struct session, by_id);
        if (session->id == id)
            return session;
    }
    return NULL;
}

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

bool session_is_single(const struct session *session)
{
    return session->carrier->reply != NULL;
}

bool session_is_guest(const struct session *session)
{
    return session->user && !session->user->account && !session->user->token;
}

/* --- opening and closing ---------------------------------------------------------------------- */

static bool may_open(const struct gateway *gateway, const struct arrival *arrival,
                     struct refusal *refusal)
{
    size_t most = (size_t)gateway->config->limits.connections;
    if (gateway->drain.phase != DRAIN_NONE) {
        refuse(refusal, ERROR_shutting_down, NULL, NULL);
        return false;
    }
    if (gateway->sessions.by_id.count >= most && !arrival->administrator) {
        refuse(refusal, ERROR_server_full, NULL, NULL);
        return false;
    }
    return true;
}

struct subject session_subject(const struct session *session)
{
    const struct arrival *arrival = &session->arrival;
    enum role role = session->user ? session->user->role : ROLE_GUEST;
    return (struct subject){.user_id = session_user_id(session),
                            .role = arrival->administrator ? ROLE_ADMIN : role,
                            .is_client = arrival->kind == SESSION_PLAIN,
                            .client_id = arrival->client_id,
                            .marks = arrival->marks};
}

bool session_nobody_enters(const struct gateway *gateway, enum session_kind kind)
{
    enum config_row row = kind == SESSION_PLAIN ? CONFIG_ROW_plain_enabled
                                                : CONFIG_ROW_http_anonymous_read;
    return gateway->newcomers.mode == NEWCOMERS_OPEN ||
           gateway->config->origins[row].source != CONFIG_DEFAULT;
}

/* Those who will say who they are are looked at when they have. */
static bool is_banned(const struct session *session, struct refusal *refusal)
{
    const struct gateway *gateway = session->gateway;
    const struct room *room = session->arrival.kind == SESSION_PLAIN ? gateway->rooms.plain : NULL;
    const struct subject subject = session_subject(session);
    if (!room && !session->arrival.anonymous)
        return false;
    if (!session_nobody_enters(gateway, session->arrival.kind)) {
        refuse(refusal, room ? ERROR_forbidden : ERROR_unauthorized, NULL,
               "The door of this gateway is closed to those whom nobody here knows.");
        return true;
    }
    int64_t until = sanction_until(gateway, &subject, room ? room->id : 0, SANCTION_BAN);
    bool is_of_gateway = sanction_until(gateway, &subject, 0, SANCTION_BAN) != 0;
    if (until)
        sanction_refuse(gateway, is_of_gateway ? "this gateway" : "this room", until, refusal);
    return until != 0;
}

static bool enter_plain_room(struct session *session)
{
    static const struct grant nothing = {0};
    struct room *room = session->gateway->rooms.plain;
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

static struct session *create(struct gateway *gateway, const struct carrier *carrier,
                              void *connection, const struct arrival *arrival)
{
    struct session *session = calloc(1, sizeof *session);
    if (!session)
        return NULL;
    session->id = ++gateway->sessions.id_last;
    session->gateway = gateway;
    session->carrier = carrier;
    session->connection = connection;
    session->arrival = *arrival;
    session->arrival.key = NULL;
    session->opened_ms = session->heard_ms = gateway->now.monotonic_ms;
    session->phase = arrival->administrator || arrival->kind == SESSION_PLAIN ? PHASE_READY
                                                                              : PHASE_OPENING;
    if (table_insert(&gateway->sessions.by_id, &session->by_id, table_hash_number(session->id)))
        return session;
    free(session);
    return NULL;
}

/* No hello is awaited any more. */
static void leave_opening(struct session *session, enum phase phase)
{
    if (session->phase == PHASE_OPENING && !session->arrival.anonymous) {
        DL_DELETE2(session->gateway->sessions.unauthenticated, session, previous, next);
        session->previous = session->next = NULL;
    }
    session->phase = phase;
}

/* They are in the order in which they are due; most are the newest. */
static void await_hello_from(struct session *session, int64_t from_ms)
{
    struct session **list = &session->gateway->sessions.unauthenticated;
    struct session *before = *list ? (*list)->previous : NULL; /* the last one */
    session->hello_from_ms = from_ms;
    while (before && before->hello_from_ms > from_ms)
        before = before == *list ? NULL : before->previous;
    if (before)
        DL_APPEND_ELEM2(*list, before, session, previous, next);
    else
        DL_PREPEND2(*list, session, previous, next);
}

static void take_back(struct session *session)
{
    leave_opening(session, PHASE_CLOSING);
    table_remove(&session->gateway->sessions.by_id, &session->by_id);
    free(session);
}

struct session *session_open(struct gateway *gateway, const struct carrier *carrier,
                             void *connection, const struct arrival *arrival,
                             struct refusal *refusal)
{
    if (!may_open(gateway, arrival, refusal)) {
        gateway->figures.refused_sessions++;
        session_note_refusal(gateway, arrival, refusal->code);
        return NULL;
    }
    struct session *session = create(gateway, carrier, connection, arrival);
    if (!session) {
        refuse(refusal, ERROR_server_full, NULL, NULL);
        return NULL;
    }
    if (session->phase == PHASE_OPENING && !arrival->anonymous)
        await_hello_from(session, session->opened_ms);
    if (is_banned(session, refusal)) {
        take_back(session);
        return NULL;
    }
    if (arrival->key && !session_sign_in(session, arrival->key, refusal)) {
        take_back(session);
        return NULL;
    }
    if (arrival->kind == SESSION_PLAIN && !enter_plain_room(session)) {
        take_back(session);
        refuse(refusal, ERROR_room_not_found, NULL, "There is no room for plain clients.");
        return NULL;
    }
    gateway->figures.sessions++;
    return session;
}

/* Plain clients are told of each other's end. */
static void tell_plain_end(const struct session *session)
{
    char text[64];
    if (session->arrival.kind != SESSION_PLAIN || !session->members)
        return;
    snprintf(text, sizeof text, "Client %" PRId64 " left the chat", session->arrival.client_id);
    room_tell_plain(session->gateway, session->members->room, text);
}

static void drop_replies(struct session *session)
{
    buffer_finish(&session->replies);
    session_count_replies(session);
}

void session_ready(struct session *session)
{
    leave_opening(session, PHASE_READY);
}

void session_wait(struct session *session)
{
    leave_opening(session, PHASE_WAITING);
}

void session_await_hello(struct session *session)
{
    session->phase = PHASE_OPENING;
    session->opened_ms = session->gateway->now.monotonic_ms;
    await_hello_from(session, session->opened_ms);
}

void session_grant_time(struct session *session, int64_t ms)
{
    if (session->phase != PHASE_OPENING || session->arrival.anonymous)
        return;
    leave_opening(session, PHASE_OPENING);
    await_hello_from(session, session->gateway->now.monotonic_ms + ms);
}

void session_closed(struct session *session)
{
    struct gateway *gateway = session->gateway;
    log_debug("session: closed id=%" PRIu64 " code=%d", session->id, session->close_code);
    tell_plain_end(session);
    newcomers_forget(gateway, session->id);
    while (session->members)
        room_leave(session->members);
    leave_opening(session, PHASE_CLOSING);
    if (session->user)
        user_detach(session);
    turn_remove_session(session);
    session_unblock(session);
    session_stop_catching_up(session);
    session_forget_received(session);
    drop_replies(session);
    session_note_unsent(session, 0);
    table_remove(&gateway->sessions.by_id, &session->by_id);
    free(session);
}

/* What waits goes out first, also when it is cut in the middle: a frame is not left half. */
void session_close(struct session *session, uint16_t code, const char *reason)
{
    if (session->phase == PHASE_CLOSING)
        return;
    leave_opening(session, PHASE_CLOSING);
    session->close_code = code;
    if (session->replies.length &&
        session->carrier->write(session->connection, session->replies.bytes,
                               session->replies.length) == CARRIER_BEHIND)
        session_note_unsent(session, session->unsent_bytes + session->replies.length);
    session_forget_received(session);
    drop_replies(session);
    session->carrier->close(session->connection, code, reason);
}

bool session_is_present(const struct session *session)
{
    return session->phase == PHASE_READY;
}

void session_heard(struct session *session)
{
    session->heard_ms = session->gateway->now.monotonic_ms;
}
