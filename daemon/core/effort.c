/* effort.c - how much one turn of the loop takes upon itself. */
#include "daemon/core/state.h"

#define EFFORT_LEAST  2000000
#define TURN_LONG_US  12000
#define TURN_SHORT_US 6000

bool gateway_is_spent(const struct gateway *gateway)
{
    return gateway->effort >= gateway->effort_max;
}

/* What is estimated in ns takes longer on a small board: the turns themselves tell. */
static void learn(struct gateway *gateway, int64_t microseconds)
{
    int64_t most = gateway->effort_max;
    if (microseconds > TURN_LONG_US)
        most = most * 3 / 4;
    else if (microseconds < TURN_SHORT_US)
        most += most / 64;
    most = most < EFFORT_LEAST ? EFFORT_LEAST : most;
    gateway->effort_max = most > EFFORT_MOST ? EFFORT_MOST : most;
}

void gateway_turn_took(struct gateway *gateway, int64_t microseconds)
{
    learn(gateway, microseconds);
    struct figures *figures = &gateway->figures;
    int bucket = 0;
    while (bucket < TURN_BUCKETS - 1 && microseconds >= (INT64_C(16) << bucket))
        bucket++;
    figures->turns[bucket]++;
    figures->turn_sum_us += microseconds;
    if (microseconds > figures->turn_max_us)
        figures->turn_max_us = microseconds;
}
