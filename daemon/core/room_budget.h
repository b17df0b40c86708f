/* room_budget.h - how many rooms there may be, and how many may be made from one address. Rooms and
 * direct conversations have budgets of their own, so that neither uses up the other; the administrator
 * has rooms in reserve. Loop thread. */
#ifndef HEARTH_CORE_ROOM_BUDGET_H
#define HEARTH_CORE_ROOM_BUDGET_H

#include "protocol/message.h"
#include "storage/job.h"

struct session;

/* Takes one of its address's hourly rooms for a room that this session is about to make. False, with
 * nothing taken, when there are as many of that kind as may be (too_many_rooms), or when as many were
 * made from the address lately (rate_limited, with the wait). An hour is an hour that has passed. */
bool room_budget_take(struct session *session, enum visibility visibility,
                      struct refusal *refusal);

#endif
