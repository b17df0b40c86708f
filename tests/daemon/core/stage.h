/* stage.h - a gateway on a fake store and a carrier of arrays: what tests of the core play on. */
#ifndef HEARTH_TESTS_DAEMON_CORE_STAGE_H
#define HEARTH_TESTS_DAEMON_CORE_STAGE_H

#include "daemon/core/state.h"
#include "tests/support/fake_store.h"

#define PEERS_MAX 64
#define HEARD_BYTES 8192 /* of one message, as a test reads it */

/* One connection, seen from its far end. */
struct peer {
    struct stage *stage;
    struct session *session; /* NULL once closed */
    enum session_kind kind;
    struct buffer heard;     /* what was written, not yet read by the test */
    char text[HEARD_BYTES];  /* the message read last */
    size_t writes;
    bool is_stuck;           /* takes what is written, and no more until told */
    bool is_paused, wants_writeable;
    int close_code;          /* 0: open */
};

struct stage {
    struct config config;
    struct store *store;
    struct gateway *gateway;
    struct moment now;
    struct peer peers[PEERS_MAX];
    size_t peer_count;
};

/* The defaults, with limits.exempt's effect on every peer. change, if given, changes settings first. */
void stage_open(struct stage *stage, void (*change)(struct config *config));
void stage_close(struct stage *stage);

/* Turns of the loop until everything has settled: answers are collected, what gathered goes out. */
void stage_turn(struct stage *stage);
void stage_one_turn(struct stage *stage);
void stage_wait(struct stage *stage, int64_t ms); /* a turn, so much later */

struct peer *stage_peer(struct stage *stage, enum session_kind kind);
struct peer *stage_limited_peer(struct stage *stage); /* without the exemption */
struct peer *stage_keeper(struct stage *stage);
struct peer *stage_guest(struct stage *stage, const char *name); /* said hello; nothing left to read */
struct peer *stage_member(struct stage *stage, const char *name, const char *room); /* and joined */

/* Says one message, then a turn. */
void peer_say(struct peer *peer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Without the turn. */
void peer_mutter(struct peer *peer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The next message, without its header; NULL when there is none. */
const char *peer_hear(struct peer *peer);
/* Reads on to the next message of this type, which must come. */
const char *peer_hear_type(struct peer *peer, const char *type);
/* Reads on to the next error, which must come and be this one. */
void peer_expect_error(struct peer *peer, const char *code);
void peer_forget(struct peer *peer); /* what was heard until now */

void peer_take_again(struct peer *peer); /* no longer stuck: writeable, then a turn */
void peer_hang_up(struct peer *peer);    /* the connection ends, then a turn */

/* The number behind "name": in a message; -1 if it is not there. */
int64_t number_in(const char *message, const char *name);

#endif
