/* target.h - what rooms are carried to: each group of the configuration is one target of a driver, with a link for
 * each of its rooms. A group is known by its text, so that reading the configuration again touches only the targets
 * whose text changed. Loop thread. */
#ifndef HEARTH_BRIDGE_TARGET_H
#define HEARTH_BRIDGE_TARGET_H

#include "daemon/bridge/bridge.h"

/* Reads the file's gateway and targets, and takes them over: opens what is new, ends what has gone. False, with why
 * on standard error: nothing has changed. With is_check nothing changes either. */
bool targets_read(struct bridge *bridge, const char *path, bool is_check);

size_t targets_count(const struct bridge *bridge);
void targets_tick(struct bridge *bridge);

/* Whether none says that it is in trouble, as one that is still connecting does. */
bool targets_are_well(const struct bridge *bridge);

/* Ends all, without waiting. */
void targets_close(struct bridge *bridge);

#endif
