/* stamp.h - what time an entry gets. It never runs backwards, whatever the board's clock does. */
#ifndef HEARTH_STORAGE_STAMP_H
#define HEARTH_STORAGE_STAMP_H

#include <stdbool.h>
#include <stdint.h>

/* A wall clock before the day this program was built is plainly wrong. */
int64_t stamp_built_ms(void);

struct stamp {
    int64_t last_ts;      /* the newest given, or found in the database at start */
    int64_t monotonic_ms; /* when it was given; 0: not in this run */
    bool clock_unset;     /* of the newest given */
};

/* The later of wall_ms and the last one; while the clock is unset it counts on from the last one by
 * monotonic time. */
int64_t stamp_give(struct stamp *stamp, int64_t wall_ms, int64_t monotonic_ms);

#endif
