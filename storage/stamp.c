#include "storage/stamp.h"

#define SMALL_MS INT64_C(3600000) /* a correction that a room's time waits out */

static int64_t count_on(const struct stamp *stamp, const struct moment *now)
{
    int64_t passed_ms = stamp->elapsed_ms >= 0 ? now->elapsed_ms - stamp->elapsed_ms : 0;
    return stamp->last_ts + (passed_ms > 0 ? passed_ms : 0);
}

static bool is_corrected(const struct stamp *stamp, const struct moment *now)
{
    bool is_vouched_for = now->clock == CLOCK_SYNCHRONISED || now->clock == CLOCK_GIVEN;
    return is_vouched_for && stamp->last_ts - now->wall_ms > SMALL_MS;
}

int64_t stamp_give(struct stamp *stamp, const struct moment *now)
{
    int64_t ts = now->wall_ms;
    if (now->clock == CLOCK_UNSET && stamp->last_ts > 0)
        ts = count_on(stamp, now);
    else if (ts < stamp->last_ts && !is_corrected(stamp, now))
        ts = stamp->last_ts;
    stamp->last_ts = ts;
    stamp->elapsed_ms = now->elapsed_ms;
    return ts;
}
