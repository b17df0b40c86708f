#include "storage/stamp.h"

#ifndef HEARTH_BUILT_SECONDS
#define HEARTH_BUILT_SECONDS 1735689600 /* 2025-01-01, where the build does not say */
#endif

int64_t stamp_built_ms(void)
{
    return INT64_C(1000) * HEARTH_BUILT_SECONDS;
}

int64_t stamp_give(struct stamp *stamp, int64_t wall_ms, int64_t monotonic_ms)
{
    stamp->clock_unset = wall_ms < stamp_built_ms();
    int64_t ts = wall_ms;
    if (stamp->clock_unset && stamp->last_ts > 0) {
        int64_t passed_ms = stamp->monotonic_ms ? monotonic_ms - stamp->monotonic_ms : 0;
        ts = stamp->last_ts + (passed_ms > 0 ? passed_ms : 0);
    }
    if (ts < stamp->last_ts)
        ts = stamp->last_ts;
    stamp->last_ts = ts;
    stamp->monotonic_ms = monotonic_ms;
    return ts;
}
