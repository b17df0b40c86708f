/* session.h - one open connection: who it is, the rooms it is in, the replies that wait for it. A
 * session is found by its id, never kept by pointer across turns; it ends with session_closed. Loop
 * thread. */
#ifndef HEARTH_CORE_SESSION_H
#define HEARTH_CORE_SESSION_H

#include "daemon/core/carrier.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/clock.h"
#include "storage/job.h"

struct gateway;
struct session;

/* What a session speaks, and so how what it is told is written. */
enum session_kind {
    SESSION_WEBSOCKET, /* hearth.v1: each message behind a WebSocket header (RFC 6455) */
    SESSION_PLAIN,     /* /ws/{client_id}: "NAME: text" behind a WebSocket header */
    SESSION_LINES,     /* JSON lines: replies of the HTTP and admin API, and streams */
    SESSION_EVENTS     /* text/event-stream: "data: JSON\n\n" */
};

/* Where a session came from. Plain data, copied. */
struct arrival {
    enum session_kind kind;
    bool administrator;   /* came through the admin socket: ROLE_ADMIN, needs no hello */
    bool anonymous;       /* HTTP without a key: may read public rooms, needs no hello */
    bool exempt;          /* from limits.exempt: no rate and no per-address limit */
    bool is_secure;       /* came over TLS, to this gateway or to a proxy before it */
    char address[46];     /* the peer's, as text; empty for the admin socket */
    uint64_t address_key; /* the peer's address (IPv6: its /64), hashed; 0 for the admin socket */
    struct marks marks;   /* where from, as gateway_mark says; zero where nobody is kept out by it */
    int64_t client_id;    /* of SESSION_PLAIN */
    const char *key;      /* signs its user in without a hello; borrowed by session_open. NULL: none */
    const char *cursors;  /* where an earlier stream had got to, see cursors.h: a join goes on there.
                             Borrowed until the session is closed. NULL: none */
};

/* A new session, or NULL when refused: refusal says why (server_full, shutting_down, unauthorized). The
 * carrier is borrowed. With a key, what is asked waits until the user is known; of a key that is not,
 * the first request is answered unauthorized. */
struct session *session_open(struct gateway *gateway, const struct carrier *carrier,
                             void *connection, const struct arrival *arrival,
                             struct refusal *refusal);

/* Part of one message, as it comes; is_last ends the message. Copied. Joins the parts, answers
 * what is too long (close 1009), dispatches. remaining is what the frame has announced besides. */
void session_receive(struct session *session, const void *bytes, size_t length, size_t remaining,
                     bool is_last);

/* The same for whoever speaks in C instead of JSON: one request, filled by the caller and borrowed. Not
 * of a SESSION_PLAIN. */
struct request;
void session_ask(struct session *session, const struct request *request);

/* The connection can take more. */
void session_writeable(struct session *session);

/* The connection has ended. The session is freed; leaves its rooms. */
void session_closed(struct session *session);

/* Somebody is there: a hello has been said, or none is needed. */
bool session_is_present(const struct session *session);

/* Something has been heard of the peer (a pong, a message), for idle checks and "away". */
void session_heard(struct session *session);

#endif
