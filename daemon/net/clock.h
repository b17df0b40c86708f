/* clock.h - the only place that reads clocks. */
#ifndef HEARTH_NET_CLOCK_H
#define HEARTH_NET_CLOCK_H

#include "daemon/core/session.h"

struct moment moment_now(void);

/* CLOCK_MONOTONIC in microseconds. */
int64_t clock_us(void);

#endif
