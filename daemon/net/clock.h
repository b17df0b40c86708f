/* clock.h - the only place that reads clocks. */
#ifndef HEARTH_NET_CLOCK_H
#define HEARTH_NET_CLOCK_H

#include "daemon/core/session.h"

struct moment moment_now(void);

/* CLOCK_MONOTONIC in microseconds. */
int64_t clock_us(void);

#ifdef HEARTH_TEST_ENDPOINTS
/* So much passes at once, by the monotonic clock. */
void clock_advance(int64_t us);
#endif

#endif
