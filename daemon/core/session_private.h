/* session_private.h - a session, for the files of daemon/core (and their tests). Loop thread.
 *
 *   session.c           opening, closing, who it is
 *   session_receive.c   what arrives: messages and requests, in their order; blocked or not
 *   session_reply.c     what it is answered and told
 *   session_flush.c     one write a turn; catching up from storage
 */
#ifndef HEARTH_CORE_SESSION_PRIVATE_H
#define HEARTH_CORE_SESSION_PRIVATE_H

#include "daemon/core/limit.h"
#include "daemon/core/sanction.h"
#include "daemon/core/session.h"
#include "daemon/core/table.h"
#include "protocol/buffer.h"
#include "protocol/message.h"
#include "protocol/name.h"

struct gateway;
struct room;
struct member;
struct user;

enum phase {
    PHASE_OPENING, /* no hello yet. It may be awaited until a deadline: then it is on the gateway's list
                      sessions.unauthenticated. Anonymous HTTP needs none */
    PHASE_WAITING, /* to be let in by a device that is signed in: see pairing.h. On none of the lists */
    PHASE_READY,   /* said hello, or needs none */
    PHASE_CLOSING  /* the carrier was told so: nothing is taken, answered or told any more */
};

/* Why the next request is not dispatched. What has arrived meanwhile waits in the backlog, and behind
 * it, while there is any, the carrier is paused: see session_block. */
enum blocked {
    BLOCKED_NOT,
    BLOCKED_ON_REPLY,  /* an ORDER_BLOCKING request is under way: until it is answered */
    BLOCKED_ON_STORAGE /* until storage has room: on the gateway's list sessions.blocked */
};

/* What a session whose entries have left memory waits for. */
enum catch_up {
    CATCH_UP_NONE,
    CATCH_UP_PAGING, /* a JOB_PAGE is under way */
    CATCH_UP_RETRY   /* a page was refused; asked again by gateway_tick */
};

struct session {
    struct table_link by_id;
    uint64_t id;               /* never used twice */
    struct gateway *gateway;
    const struct carrier *carrier; /* borrowed */
    void *connection;              /* the carrier's own */
    int64_t device_id;         /* whose key it came with; 0 without a user */
    struct user *user;         /* NULL before hello, and for plain, administrators' and anonymous ones */
    struct session *previous, *next; /* of the user's, or of the gateway's unauthenticated ones */
    struct session *dirty_prev, *dirty_next;     /* on the turn's list while dirty_prev is set */
    struct session *blocked_prev, *blocked_next; /* on the gateway's while BLOCKED_ON_STORAGE */
    struct member *members;    /* owned; linked by member->next */
    struct buffer received;    /* parts of a message that is not whole yet */
    struct buffer backlog;     /* whole messages that wait for their turn: size, bytes, ... */
    struct buffer replies;     /* framed; written before any entry */
    struct bucket frames;      /* requests_per_second */
    struct arrival arrival;
    size_t received_bytes;     /* taken by received and backlog, as counted in the gateway's */
    size_t replies_bytes;      /* taken by replies, as counted in the gateway's */
    size_t unsent_bytes;       /* written last and not taken by the kernel, at most */
    int64_t opened_ms, heard_ms; /* monotonic */
    int64_t hello_from_ms; /* from when a hello is awaited, limits.hello_ms long */
    int64_t turn_ms;           /* to come in as a new guest, as was told; 0: none was */
    uint64_t told;             /* the last telling that found it: see announce_to_company */
    uint32_t in_flight;        /* jobs that will be answered */
    uint32_t refused_count;    /* frames refused in a row by requests_per_second */
    uint16_t member_count;
    uint16_t close_code;       /* what the connection is closed with, in PHASE_CLOSING */
    enum phase phase;
    enum blocked blocked;
    enum catch_up catch_up;
    bool is_behind;            /* write no more until session_writeable */
    bool has_missed;           /* events were left out; it will be told so */
    bool has_arrears;          /* that, or a new name of a room: to be told before its next write */
};

/* --- session.c ---------------------------------------------------------------------------------- */

/* Closes the connection with what waits for it written first. Its rooms are left when it has ended. */
void session_close(struct session *session, uint16_t code, const char *reason);

/* Opened for one request, whose reply the carrier takes: such a session is in no room, and need not be in
 * one to ask. */
bool session_is_single(const struct session *session);

/* The session as far as sanctions go by it. */
struct subject session_subject(const struct session *session);

/* Waits to be let in; and does so no more: a hello is awaited again. */
void session_wait(struct session *session);
void session_await_hello(struct session *session);

/* It has been told to say hello again in so long: until then none is awaited. */
void session_grant_time(struct session *session, int64_t ms);

/* May plain clients in, and those who read without a key: see access_nobody_enters. */
bool session_nobody_enters(const struct gateway *gateway, enum session_kind kind);

/* Said hello. */
void session_ready(struct session *session);

struct session *session_find(const struct gateway *gateway, uint64_t id); /* NULL if gone */
struct member *session_member(const struct session *session, const struct room *room);
const char *session_name(const struct session *session, char out[NAME_BYTES_MAX + 1]);
int64_t session_user_id(const struct session *session);    /* 0: none */
int64_t session_presence_id(const struct session *session); /* for presence.h */
bool session_is_guest(const struct session *session);

/* --- handle_account.c ---------------------------------------------------------------------------- */

/* Finds the user of a key; what the session asks waits for it. False: there can be none. */
bool session_sign_in(struct session *session, const char *key, struct refusal *refusal);

/* --- session_receive.c -------------------------------------------------------------------------- */

/* The one place that changes blocked, and the list that goes with it. BLOCKED_ON_REPLY takes the place
 * of BLOCKED_ON_STORAGE; the other way round nothing changes. */
void session_block(struct session *session, enum blocked reason);
void session_unblock(struct session *session);

/* Works through the backlog as far as may be. Called when what blocked it is over, when an answer has
 * been given, and when replies have been written. */
void session_continue(struct session *session);

/* What may end in storage is not dispatched now but later: see gateway_waits_for_storage. */
bool session_waits_for_storage(const struct session *session);

/* Drops what arrived and was not dispatched. */
void session_forget_received(struct session *session);

/* --- session_reply.c ---------------------------------------------------------------------------- */

/* Counts what replies take, after they have changed. */
void session_count_replies(struct session *session);

/* The one reply to a request. Lists in it have been cut: see share.h. */
void session_reply(struct session *session, const struct ref *ref, enum message_type type,
                   const void *fields);
void session_refuse(struct session *session, const struct ref *ref, const struct refusal *refusal);
/* Counts what is refused, and tells the log now and then. */
void session_note_refusal(struct gateway *gateway, const struct arrival *arrival, enum error_code code);
/* An event: state, not history. Left out, with false, when the session is too far behind: it is told `missed` once
 * it keeps up, unless the next one says all of it again. */
bool session_tell(struct session *session, enum message_type event, const void *fields);
/* The same, encoded already: JSON without a header. */
bool session_tell_json(struct session *session, enum message_type event, const struct buffer *json);
/* Before a write. */
void session_tell_missed(struct session *session);

/* --- session_flush.c ---------------------------------------------------------------------------- */

/* Writes what there is for the session, replies first, until the connection takes no more. */
void session_flush(struct session *session);
void session_note_unsent(struct session *session, size_t bytes); /* of its last write */
/* Asks once more for a page that was refused. */
void session_retry(struct session *session);
/* It has ended: nothing is to be caught up. */
void session_stop_catching_up(struct session *session);

#endif
