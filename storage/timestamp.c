#include "storage/timestamp.h"

#define SMALL_MS INT64_C(3600000) /* a correction that a room's time waits out */

static int64_t count_on(const struct timestamp *timestamp, const struct moment *now)
{
    int64_t passed_ms = timestamp->elapsed_ms >= 0 ? now->elapsed_ms - timestamp->elapsed_ms : 0;
    return timestamp->last_ts + (passed_ms > 0 ? passed_ms : 0);
}

static bool is_corrected(const struct timestamp *timestamp, const struct moment *now)
{
    bool is_vouched_for = now->clock == CLOCK_SYNCHRONISED || now->clock == CLOCK_GIVEN;
    return is_vouched_for && timestamp->last_ts - now->wall_ms > SMALL_MS;
}

int64_t timestamp_next(struct timestamp *timestamp, const struct moment *now)
{
    int64_t ts = now->wall_ms;
    if (now->clock == CLOCK_UNSET && timestamp->last_ts > 0)
        ts = count_on(timestamp, now);
    else if (ts < timestamp->last_ts && !is_corrected(timestamp, now))
        ts = timestamp->last_ts;
    timestamp->last_ts = ts;
    timestamp->elapsed_ms = now->elapsed_ms;
    return ts;
}
