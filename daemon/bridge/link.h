/* link.h - one room on its way to one target of a driver: it reads the room from its cursor, hands over one
 * entry at a time, and reads on only when that was taken; so its memory is bounded whatever waits. What was
 * taken is noted in the cursor, under the target's name, and never told again but after a crash. Loop thread.
 *
 *   WAITING -> READING <-> DELIVERING        GONE
 *      ^          |            |               ^
 *      +----------+------------+---------------+
 */
#ifndef HEARTH_BRIDGE_LINK_H
#define HEARTH_BRIDGE_LINK_H

#include "daemon/bridge/driver.h"

enum link_state { LINK_WAITING, LINK_READING, LINK_DELIVERING, LINK_GONE };

/* Which entries a target wants. */
struct filter {
    const char *kinds;   /* "message,edit"; "" all */
    const char *mention; /* only messages that call this name; "" any */
};

/* Adds a link to bridge->links. NULL without memory. Texts are copied. */
struct link *link_add(struct bridge *bridge, const struct driver *driver, void *target, const char *name,
                      const char *room, const struct filter *filter);

/* What became of the entry that was handed over. retry_after_ms: of DELIVERY_LATER; 0 leaves it to the link.
 * why may be NULL. */
void link_delivered(struct link *link, enum delivery delivery, int64_t retry_after_ms, const char *why);

/* Does what is due. Gives the ms until something is due again. */
int64_t links_tick(struct bridge *bridge);

/* With is_once: everything there was has been delivered. Else: no cursor is to be noted any more. */
bool links_are_idle(const struct bridge *bridge);
bool links_are_noted(const struct bridge *bridge);

/* Ends the reading of all; cursors are still noted. */
void links_stop(struct bridge *bridge);
void links_destroy(struct bridge *bridge);

#endif
