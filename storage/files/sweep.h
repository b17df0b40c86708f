/* sweep.h - no row without its bytes, and no bytes without a row: what rows have let go is removed once that
 * is on the disk; and now and then everything is looked at, since power may be cut between any two steps.
 * Of an empty folder nothing is taken for gone: its disk may come back. While a damaged database lies
 * beside, bytes without a row stay, too. Writer thread. */
#ifndef HEARTH_STORAGE_SWEEP_H
#define HEARTH_STORAGE_SWEEP_H

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>

struct writer;

/* All zero: one is due at once. */
struct sweep {
    DIR *folder;      /* owned; NULL: none is under way */
    int64_t row;      /* rows up to this one have been looked at */
    int64_t due_ms;   /* the next; monotonic */
    bool leaves_bytes; /* those without a row: the damaged database beside may have it */
};

/* Removes some bytes that rows have let go. False on a failure of the database. *any: there may be more. */
bool sweep_dropped(struct writer *writer, bool *any);

/* A step of looking at everything, when that is due. The same. */
bool sweep_step(struct writer *writer, int64_t now_ms, bool *any);

void sweep_finish(struct sweep *sweep);

#endif
