/* state.h - how a bridge is doing: told to the gateway, for "hearthctl bridge list", and written to a file for
 * Prometheus. Loop thread. */
#ifndef HEARTH_BRIDGE_STATE_H
#define HEARTH_BRIDGE_STATE_H

struct bridge;

/* Tells what has changed, every 2 s at most, and writes the metrics every 15 s, where a file is set. */
void state_tell(struct bridge *bridge);
void state_write(struct bridge *bridge); /* the metrics, now */

#endif
