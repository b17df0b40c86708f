/* turn.h - what one turn of the loop gathers, and how much it takes upon itself. Costs are estimated in
 * ns, so that a turn stays short without a clock; how long turns really take corrects the budget. */
#ifndef HEARTH_CORE_TURN_H
#define HEARTH_CORE_TURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gateway;
struct room;
struct session;

struct turn {
    struct session *dirty;   /* have something to be written; the first marked is the first flushed */
    struct room *changed;    /* whose logs have grown */
    int64_t spent, budget;   /* ns; once all is spent, the rest is left for the next turn */
    int64_t fan_out;         /* ns that writing what was told to all will take */
    bool has_collected;      /* in this turn */
    bool has_jobs_left;      /* finished, and left for the next turn */
    bool has_rooms_left;     /* changed, and left for the next turn */
};

#define TURN_NS_JOB                    1000
#define TURN_NS_REQUEST                2000
#define TURN_NS_REPLY                  1000 /* or event, besides encoding it */
#define TURN_NS_WRITE(length)          (3000 + (int64_t)(length) / 3)
#define TURN_NS_ENCODE(length)         ((int64_t)(length) * 4)
#define TURN_NS_FAN_OUT(length, count) ((int64_t)(length) * (int64_t)(count) / 4)
#define TURN_NS_MOST                   3000000 /* of what is collected and told, and of what is written */

static inline void turn_spend(struct turn *turn, int64_t nanoseconds)
{
    turn->spent += nanoseconds;
}

static inline bool turn_is_spent(const struct turn *turn)
{
    return turn->spent >= turn->budget;
}

/* So that there is time for something else. */
static inline bool turn_is_half_spent(const struct turn *turn)
{
    return turn->spent > turn->budget / 2;
}

/* More than that is not told at once: writing it takes several turns. */
static inline bool turn_has_told_enough(const struct turn *turn)
{
    return turn->fan_out >= turn->budget * 2;
}

static inline void turn_tell_no_more(struct turn *turn)
{
    turn->fan_out = turn->budget * 2;
}

/* On the list at most once; flushed at the end of this turn. */
void turn_add_session(struct session *session);
void turn_remove_session(struct session *session);
void turn_add_room(struct gateway *gateway, struct room *room);
void turn_remove_room(struct gateway *gateway, struct room *room);

#endif
