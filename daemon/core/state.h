/* state.h - what the files of daemon/core share: the gateway, a session, a user. Nobody outside
 * daemon/core includes it (tests of the core do). Loop thread. */
#ifndef HEARTH_CORE_STATE_H
#define HEARTH_CORE_STATE_H

#include "daemon/core/gateway.h"
#include "daemon/core/limit.h"
#include "daemon/core/permission.h"
#include "daemon/core/room.h"
#include "daemon/core/table.h"
#include "protocol/buffer.h"
#include "protocol/message.h"

#define TURN_BUCKETS 16

/* Somebody who is here, or whose JOB_USER_CREATE is under way. Freed when neither is the case. */
struct user {
    struct table_link by_id, by_name;
    struct session *sessions; /* linked by session->next */
    int64_t id;
    uint8_t key_hash[HASH_BYTES];
    bool account;
    bool is_creating;
    uint16_t owned_count;     /* rooms that are this user's, for limits.rooms_per_user */
    enum role role;           /* in the gateway */
    char *folded;             /* in the same block */
    char name[];
};

struct session {
    struct table_link by_id;
    uint64_t id;               /* never used twice */
    struct gateway *gateway;
    void *connection;
    struct user *user;         /* NULL before hello, and for plain, keeper and anonymous sessions */
    struct session *next, *previous; /* of the user's sessions, or of those that have not said hello */
    struct session *next_dirty;  /* gateway's list of sessions to flush; on it while is_dirty */
    struct session *parked_prev, *parked_next; /* gateway's list; on it while is_parked */
    struct member *members;    /* owned; linked by member->next */
    struct buffer received;    /* parts of a message that is not whole yet */
    struct buffer backlog;     /* whole messages that wait for their turn: size, bytes, ... */
    struct buffer replies;     /* framed; written before any entry */
    struct bucket frames;      /* requests_per_second */
    struct arrival arrival;
    size_t received_bytes;     /* taken by received and backlog, as counted in the gateway's */
    size_t unsent_bytes;       /* written last and not taken by the kernel, at most */
    int64_t opened_ms, heard_ms; /* monotonic */
    uint32_t in_flight;        /* jobs that will be answered */
    uint32_t refused_count;    /* frames refused in a row by requests_per_second */
    uint16_t member_count;
    uint16_t close_code;       /* what the connection is closed with, once closing */
    bool is_stranger;          /* on the gateway's list of those that have not said hello */
    bool has_hello;            /* may ask: said hello, or needs none */
    bool is_waiting;           /* a request is under way that changes what the next ones mean */
    bool is_paused;            /* the carrier was told to */
    bool is_parked;            /* goes on with its backlog once storage has room */
    bool is_behind;            /* write no more until session_writeable */
    bool is_dirty;
    bool is_paging;            /* a JOB_PAGE is under way */
    bool is_stalled;           /* a page was refused; asked again by gateway_tick */
    bool is_closing;
    bool is_dispatching;       /* the backlog is being worked through */
};

/* Counted since the start, for status and metrics. */
struct figures {
    int64_t requests, entries, events, writes, written_bytes, pages, lagged;
    int64_t sessions, refused_sessions, repeated_nonces, pauses;
    int64_t errors[ERROR_COUNT];
    int64_t turns[TURN_BUCKETS]; /* turns[i]: took less than 2^i * 16 microseconds; the last: longer */
    int64_t turn_sum_us, turn_max_us;
};

struct gateway {
    const struct config *config; /* borrowed */
    struct store *store;         /* borrowed */
    struct carrier carrier;
    struct moment now;
    int64_t started_ms;          /* monotonic */
    uint64_t seed;               /* of the tables */

    struct table sessions, rooms, rooms_by_name, users, users_by_name;
    uint64_t session_id_last;
    int64_t room_id_last, user_id_last;
    struct session *strangers;        /* no hello yet, the newest first */
    struct session *strangers_oldest;
    struct session *dirty, **dirty_end; /* the first marked is the first flushed */
    struct session *parked;           /* the first parked is the first to go on */
    struct room *newest, *oldest;     /* all rooms by newest entry */
    struct room *oldest_ringed;       /* rooms older than this one have no ring; NULL: unknown */
    struct room *changed;
    struct room *directs;
    struct room *due;                 /* presence turns */
    struct room *plain_room;          /* NULL when there is none */
    struct limit_table *limits;       /* by user and by address */

    size_t log_bytes;      /* taken by all rooms' logs */
    size_t replies_bytes;  /* waiting for all sessions */
    size_t received_bytes; /* of messages that are not whole or wait for their turn, of all sessions */
    size_t unsent_bytes;   /* of all sessions */
    size_t members;        /* of all rooms */
    size_t users_here;     /* with at least one session */
    size_t users_creating; /* not stored yet */
    int64_t touched_ms;    /* when those here were last said to be seen */
    int64_t jobs;          /* under way */
    size_t stalled;        /* sessions with is_stalled */
    struct buffer scratch; /* one write */
    struct buffer encoded; /* one message */
    int64_t effort;        /* of this turn, estimated in ns: see gateway_spend */
    int64_t effort_max;    /* then the rest is left for the next turn; follows how long turns take */
    bool has_collected;    /* in this turn */
    bool changed_late;     /* rooms were left for the next turn */
    bool is_draining;
    bool has_told_all;     /* while draining: no session waits for an answer any more */
    bool wants_restart;    /* a backup was restored: to be built again from it */
    bool is_failing;       /* storage; the rooms have been told */
    int64_t drain_since_ms;
    bool has_unstored;     /* some room has is_unstored */
    bool has_more;         /* finished jobs were left for the next turn */
    int64_t woken_ms;      /* when stalled sessions were last asked for again */
    int64_t checked_ms;    /* when storage's health was asked for last */
    struct figures figures;
};

/* --- the gateway: gateway.c ------------------------------------------------------------------- */

/* Takes the job and submits it; finish is called with it when it is done, unless NULL. False when
 * storage did not take it, or job is NULL or lacks memory. */
bool gateway_submit(struct gateway *gateway, struct job *job,
                    void (*finish)(struct gateway *gateway, struct job *job));

/* Storage is well and has room for little more: new requests had better wait than be refused. */
bool gateway_waits_for_storage(const struct gateway *gateway);

/* What an act costs, roughly, in ns: so that a turn of the loop stays short without a clock. */
#define EFFORT_JOB              1000
#define EFFORT_WRITE(length)    (3000 + (int64_t)(length) / 3)
#define EFFORT_ENCODE(length)   ((int64_t)(length) * 2)
#define EFFORT_FAN_OUT(length, count) ((int64_t)(length) * (int64_t)(count) / 4)
#define EFFORT_MOST             6000000 /* of a turn */
bool gateway_is_spent(const struct gateway *gateway);

struct session *gateway_session(const struct gateway *gateway, uint64_t id); /* NULL if gone */

/* The next room's row: id, names and a log id, in public. False when the name will not do, or random
 * bytes are not to be had. Whoever uses it sets room_id_last. */
bool gateway_fill_room(struct gateway *gateway, const char *name, struct room_row *row);

/* Tells everybody: every hearth.v1 session that said hello. */
void gateway_broadcast(struct gateway *gateway, enum message_type event, const void *fields);

/* Tells everybody but its owner and those who are in the room, on whatever connection. */
void gateway_tell_strangers(struct gateway *gateway, const struct room *room,
                            enum message_type event, const void *fields);

/* --- a session: session.c --------------------------------------------------------------------- */

/* The one reply to a request. */
void session_reply(struct session *session, const struct ref *ref, enum message_type type,
                   const void *fields);
void session_refuse(struct session *session, const struct ref *ref, const struct refusal *refusal);
/* An event: state, not history. Dropped, with false, when the session is too far behind to need it. */
bool session_tell(struct session *session, enum message_type event, const void *fields);
/* The same, encoded already: JSON without a header. */
bool session_tell_json(struct session *session, const struct buffer *json);

/* Closes the connection with what waits for it written first. Its rooms are left when it has ended. */
void session_close(struct session *session, uint16_t code, const char *reason);

/* Takes it off the list of those that have not said hello. */
void session_no_stranger(struct session *session);

void session_mark_dirty(struct session *session);
void session_note_unsent(struct session *session, size_t bytes); /* of its last write */
void session_clean(struct session *session); /* takes it off that list */
/* Writes what there is for the session, replies first, until the connection takes no more. */
void session_flush(struct session *session);
/* Works through the backlog as far as may be; pauses or resumes the carrier. */
void session_continue(struct session *session);
void session_unpark(struct session *session); /* takes it off the list of the parked */
/* What may end in storage is not dispatched now but later: see gateway_waits_for_storage. */
bool session_waits_for_storage(const struct session *session);

struct member *session_member(const struct session *session, const struct room *room);
const char *session_name(const struct session *session, char out[NAME_BYTES_MAX + 1]);
int64_t session_user_id(const struct session *session);    /* 0: none */
int64_t session_presence_id(const struct session *session); /* for presence.h */
bool session_is_guest(const struct session *session);

/* --- users: user.c ---------------------------------------------------------------------------- */

/* What users are found by, of a name as a client wrote it. False when nobody can be called so. */
bool user_fold(const char *name, char out[NAME_BYTES_MAX + 1]);
struct user *user_find(const struct gateway *gateway, const char *folded);
struct user *user_find_id(const struct gateway *gateway, int64_t id);
struct user *user_create(struct gateway *gateway, const struct user_row *row); /* NULL: no memory */
void user_touch(struct gateway *gateway, const struct user *user); /* seen now */
/* Stores a user who is here already; false when storage takes nothing more. */
bool user_store(struct gateway *gateway, const struct user_row *row);
void user_attach(struct user *user, struct session *session);
void user_detach(struct session *session); /* frees a user that nobody needs any more */
void user_release(struct gateway *gateway, struct user *user); /* the same, after is_creating */

#endif
