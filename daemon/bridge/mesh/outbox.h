/* outbox.h - what waits for the radio, and when which part of it goes. A mesh is slow: a part every pace_ms, and
 * so many messages a minute of each room. What is said while the radio is reached goes in its order; what waited
 * through an outage goes after it, the newest first, and what has become too old, or was too much, is given up and
 * counted, so that the room can be told. Knows no clock, no network and no gateway: now_ms is monotonic. One
 * thread. */
#ifndef HEARTH_BRIDGE_MESH_OUTBOX_H
#define HEARTH_BRIDGE_MESH_OUTBOX_H

#include "daemon/bridge/mesh/parts.h"

#define OUTBOX_ROOMS_MAX 8
#define OUTBOX_LATE_MS 30000 /* what waited so long when the radio came back waited through an outage */

struct outbox_plan {
    int64_t pace_ms;     /* between two parts */
    int64_t age_ms;      /* older than that nothing goes */
    int64_t message_ms;  /* a room's rate: a message each, some of them at once */
    size_t burst;        /* so many */
    size_t waiting_max;  /* of a room */
    int repeats;         /* each part again so often, with the same id */
};

/* What goes. */
struct outgoing {
    struct outgoing *prev, *next; /* the outbox's */
    size_t room;                  /* below OUTBOX_ROOMS_MAX */
    int64_t seq;                  /* of its entry */
    int64_t said_ms;              /* on the clock of now_ms; it may lie before that began */
    int64_t taken_ms;             /* when it was pushed */
    int64_t ts;                   /* of its entry */
    uint32_t reply_id;            /* 0: to nothing */
    bool is_emoji;
    bool is_late;                 /* the outbox's */
    char text[];
};

struct outbox_room {
    size_t waiting, given_up; /* given_up: since it was last taken */
    int64_t next_ms, sent_ms;
};

struct outbox {
    struct outbox_plan plan;
    struct outgoing *items;  /* owned, the oldest entry first */
    struct outgoing *current; /* one of them, of which parts have gone */
    struct parts parts;      /* of it */
    size_t part;             /* the next of them */
    int repeat;              /* how often it has gone */
    int64_t next_ms;
    bool is_ready;
    struct outbox_room rooms[OUTBOX_ROOMS_MAX];
};

/* A part that is to go now. */
struct outbox_part {
    const struct outgoing *item;
    const char *text;
    size_t number; /* 0 the first */
};

void outbox_init(struct outbox *outbox, const struct outbox_plan *plan);
void outbox_finish(struct outbox *outbox);

/* NULL without memory. What waits beyond waiting_max is given up, the oldest first. */
struct outgoing *outbox_push(struct outbox *outbox, size_t room, int64_t seq, const char *text, int64_t said_ms,
                             int64_t now_ms);

bool outbox_has(const struct outbox *outbox, size_t room, int64_t seq);

/* Its entry was deleted: no more of it goes. */
void outbox_forget(struct outbox *outbox, size_t room, int64_t seq);

/* To be called now and then: the radio is reached, or not, and what is too old is given up. */
void outbox_turn(struct outbox *outbox, bool is_ready, int64_t now_ms);

/* What is to go now. False: nothing, for wait_ms or until something is pushed. */
bool outbox_next(struct outbox *outbox, int64_t now_ms, struct outbox_part *part, int64_t *wait_ms);

/* That part has gone; or something else has, which takes its time, too. */
void outbox_sent(struct outbox *outbox, int64_t now_ms);
void outbox_pause(struct outbox *outbox, int64_t now_ms);

/* The oldest entry of a room that has not gone. INT64_MAX: all have. */
int64_t outbox_oldest(const struct outbox *outbox, size_t room);

/* How long a room's oldest has been waiting here; 0 when none does. */
int64_t outbox_waiting_ms(const struct outbox *outbox, size_t room, int64_t now_ms);

#endif
