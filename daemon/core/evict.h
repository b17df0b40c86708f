/* evict.h - putting somebody out of a room, who hears why. What has no life outside the room ends with
 * it: a plain connection, a stream over HTTP. Loop thread. */
#ifndef HEARTH_CORE_EVICT_H
#define HEARTH_CORE_EVICT_H

#include <stdbool.h>

struct room;
struct user;

enum eviction { EVICTION_KICK, EVICTION_BAN };

/* All of the user's connections. reason may be NULL. */
void evict_user(const struct user *user, const struct room *room, enum eviction eviction,
                const char *reason);

/* A plain client by its name, as client-7. False when none is called so. */
bool evict_plain(const struct room *room, const char *name);

/* Everybody who may not read the room any more: it has become private. */
void evict_barred(const struct room *room);

#endif
