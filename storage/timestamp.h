/* timestamp.h - what time an entry of a room gets. */
#ifndef HEARTH_STORAGE_TIMESTAMP_H
#define HEARTH_STORAGE_TIMESTAMP_H

#include "storage/clock.h"

/* Of one room. */
struct timestamp {
    int64_t last_ts;    /* of its newest entry; 0 when it has none */
    int64_t elapsed_ms; /* when that was given; -1: in an earlier run */
};

/* The time that is believed now, and not earlier than the newest entry's: small corrections do not
 * make a room's time run backwards. When the clock was wrong by more than an hour and somebody
 * vouches for what it says now, the room's time follows. While the clock is unset it counts on from
 * the newest entry. */
int64_t timestamp_next(struct timestamp *timestamp, const struct moment *now);

#endif
