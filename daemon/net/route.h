/* route.h - paths with one name in them. No state. */
#ifndef HEARTH_NET_ROUTE_H
#define HEARTH_NET_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

/* "/api/v1/rooms/{room}/messages" against a path, decoded already; {room} is one segment that is not empty
 * and is copied to name. False if it does not match, or if the name does not fit. */
bool route_matches(const char *pattern, const char *path, char *name, size_t name_size);

#endif
