/* figures.h - what is counted since the start, for status, metrics and the log. Plain data. */
#ifndef HEARTH_CORE_FIGURES_H
#define HEARTH_CORE_FIGURES_H

#include "daemon/log.h"
#include "protocol/message.h"

#define TURN_BUCKETS 16

struct figures {
    int64_t requests, entries, events, writes, written_bytes, pages, lagged;
    int64_t mended; /* texts that had to be cleaned as they were read from storage */
    int64_t passwords; /* hashed */
    int64_t sessions, refused_sessions, repeated_nonces, pauses;
    int64_t errors[ERROR_COUNT];
    int64_t joins[2], joins_failed; /* over http, over https */
    struct log_pace error_paces[ERROR_COUNT];
    int64_t turns[TURN_BUCKETS]; /* turns[i]: took less than 2^i * 16 microseconds; the last: longer */
    int64_t turn_sum_us, turn_max_us;
};

#endif
