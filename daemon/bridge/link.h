/* link.h - one room on its way to one target of a driver: it reads the room from its cursor, hands over one
 * entry at a time, and reads on only when that was taken; so its memory is bounded whatever waits. What was
 * taken is noted in the cursor, under the target's name, and never told again but after a crash. Before it reads
 * on after a break it notes how far it is: who put the cursor back meanwhile is obeyed. Loop thread.
 *
 *   WAITING -> READING <-> DELIVERING        GONE
 *      ^          |            |               ^
 *      +----------+------------+---------------+
 */
#ifndef HEARTH_BRIDGE_LINK_H
#define HEARTH_BRIDGE_LINK_H

#include "daemon/bridge/driver.h"
#include "daemon/bridge/filter.h"

enum link_state { LINK_WAITING, LINK_READING, LINK_DELIVERING, LINK_GONE };

/* What a link is: borrowed for as long as it is. */
struct link_plan {
    const struct driver *driver;
    void *target;     /* the driver's */
    const char *name; /* of its cursor */
    const char *room;
    struct filter filter;
    int rate;         /* entries a second at most; 0: as fast as they are taken */
};

/* How it has done since it began. */
struct link_figures {
    const char *name, *room, *why; /* why: the last failure; empty: it is well */
    int64_t delivered, passed, failures;
    int64_t delivered_ts;          /* when the entry delivered last was said, in ms; 0: none yet */
};

/* Adds a link to bridge->links. NULL without memory. */
struct link *link_add(struct bridge *bridge, const struct link_plan *plan);

/* What became of the entry that was handed over. retry_after_ms: of DELIVERY_LATER; 0 leaves it to the link.
 * why may be NULL. */
void link_delivered(struct link *link, enum delivery delivery, int64_t retry_after_ms, const char *why);

/* The cursor is not noted at or beyond this entry, although it was told as delivered: the driver has it yet.
 * INT64_MAX: it has none. */
void link_hold(struct link *link, int64_t seq);

/* Does what is due. Gives the ms until something is due again. */
int64_t links_tick(struct bridge *bridge);

/* With is_once: everything there was has been delivered, or waits for another time. */
bool links_are_idle(const struct bridge *bridge);

/* Of a target, or of all with NULL: ends the reading, cursors are still noted; whether no cursor is to be noted any
 * more; and forgets them. */
void links_stop(struct bridge *bridge, const void *target);
bool links_are_noted(const struct bridge *bridge, const void *target);
void links_destroy(struct bridge *bridge, const void *target);

/* The figures of the next link; NULL begins, and is given at the end. */
const struct link *link_next(const struct bridge *bridge, const struct link *link, struct link_figures *figures);

#endif
