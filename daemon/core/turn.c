#include "daemon/core/turn.h"

#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"

#include <utlist.h>

#define BUDGET_LEAST  2000000
#define TURN_LONG_US  10000
#define TURN_SHORT_US 6000

/* A list of utlist.h: whoever is on it has somebody before, the first has the last. */
void turn_add_session(struct session *session)
{
    if (!session->dirty_prev)
        DL_APPEND2(session->gateway->turn.dirty, session, dirty_prev, dirty_next);
}

void turn_remove_session(struct session *session)
{
    if (!session->dirty_prev)
        return;
    DL_DELETE2(session->gateway->turn.dirty, session, dirty_prev, dirty_next);
    session->dirty_prev = NULL;
}

void turn_add_room(struct gateway *gateway, struct room *room)
{
    room->flushed_count = 0; /* those who had their turn have something new */
    if (!room->changed_prev)
        DL_PREPEND2(gateway->turn.changed, room, changed_prev, changed_next);
}

void turn_remove_room(struct gateway *gateway, struct room *room)
{
    if (!room->changed_prev)
        return;
    DL_DELETE2(gateway->turn.changed, room, changed_prev, changed_next);
    room->changed_prev = NULL;
}

/* What is estimated in ns takes longer on a small board: the turns themselves tell. */
static void learn(struct turn *turn, int64_t microseconds)
{
    int64_t budget = turn->budget;
    if (microseconds > TURN_LONG_US)
        budget = budget * 3 / 4;
    else if (microseconds < TURN_SHORT_US)
        budget += budget / 64;
    budget = budget < BUDGET_LEAST ? BUDGET_LEAST : budget;
    turn->budget = budget > TURN_NS_MOST ? TURN_NS_MOST : budget;
}

void gateway_turn_took(struct gateway *gateway, int64_t microseconds)
{
    learn(&gateway->turn, microseconds);
    struct figures *figures = &gateway->figures;
    int bucket = 0;
    while (bucket < TURN_BUCKETS - 1 && microseconds >= (INT64_C(16) << bucket))
        bucket++;
    figures->turns[bucket]++;
    figures->turn_sum_us += microseconds;
    if (microseconds > figures->turn_max_us)
        figures->turn_max_us = microseconds;
}
