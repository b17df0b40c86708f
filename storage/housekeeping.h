/* housekeeping.h - what the writer does when nobody waits for it: one small step at a time, and
 * only when there is something to do. Writer thread. */
#ifndef HEARTH_STORAGE_HOUSEKEEPING_H
#define HEARTH_STORAGE_HOUSEKEEPING_H

#include "storage/proof.h"
#include "storage/retention.h"

struct housekeeping {
    int64_t due_ms;   /* when the next step is wanted; monotonic */
    int64_t round_ms; /* when retention looks at everything again */
    bool has_round;   /* a round is under way */
    bool is_over;     /* more is stored than max_bytes allows */
    int wal_pages;    /* in the WAL when that was last looked at */
    struct proof proof;
};

void housekeeping_init(struct housekeeping *housekeeping, int64_t now_ms);

/* Something was committed: the writer may have something to do after it. */
void housekeeping_wake(struct housekeeping *housekeeping, struct writer *writer,
                       const struct store_options *options, int64_t now_ms);

/* The options have changed: look at everything now. */
void housekeeping_look(struct housekeeping *housekeeping, int64_t now_ms);

/* True when it is so late, or so much waits, that messages should wait for one step. */
bool housekeeping_is_urgent(const struct housekeeping *housekeeping, const struct writer *writer,
                            int64_t now_ms);

/* One step, and when the next is due. notices: JOB_PRUNED, JOB_HANDED_ON, JOB_RECOVERED for the loop, linked by next; or NULL.
 * False when storage failed. */
bool housekeeping_step(struct housekeeping *housekeeping, struct writer *writer,
                       const struct store_options *options, int64_t now_ms, struct job **notices);

#endif
