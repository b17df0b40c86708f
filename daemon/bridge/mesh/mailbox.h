/* mailbox.h - what came from the mesh and has not been looked at. Threads of radios put letters in; the loop
 * takes the first, and drops it when the gateway has what it said. So whoever put one in can wait until then, and
 * a gateway that is away for a while loses nothing as long as there is room. */
#ifndef HEARTH_BRIDGE_MESH_MAILBOX_H
#define HEARTH_BRIDGE_MESH_MAILBOX_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAILBOX_LETTERS_MAX 2048
#define MAILBOX_LETTER_BYTES_MAX 2048

enum letter_kind { LETTER_PACKET, LETTER_ENVELOPE, LETTER_JSON };

struct letter {
    struct letter *next;
    enum letter_kind kind;
    char channel[64]; /* of LETTER_JSON: the topic's */
    size_t length;
    uint8_t bytes[];  /* and a NUL behind them */
};

struct mailbox {
    pthread_mutex_t mutex;
    pthread_cond_t dropped;
    struct letter *first, *last; /* owned */
    bool is_ended;
    int waiting; /* threads that have put a letter in, and wait */
    uint64_t put_count, dropped_count, lost_count; /* lost: there was no room */
};

void mailbox_init(struct mailbox *mailbox);
void mailbox_finish(struct mailbox *mailbox);

/* Any thread. waits: comes back when the letter was dropped, or all is ended. */
void mailbox_put(struct mailbox *mailbox, enum letter_kind kind, const char *channel, const void *bytes,
                 size_t length, bool waits);

/* A thread that has put one in waits. */
bool mailbox_is_waited_for(struct mailbox *mailbox);

/* Nobody waits any more, and nothing more is kept. */
void mailbox_end(struct mailbox *mailbox);

/* Loop thread. NULL: there is none. Borrowed until mailbox_drop. */
const struct letter *mailbox_first(struct mailbox *mailbox);
void mailbox_drop(struct mailbox *mailbox);

/* How many were lost since this was asked last. */
uint64_t mailbox_lost(struct mailbox *mailbox);

#endif
