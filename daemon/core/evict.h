/* evict.h - putting somebody out of a room, who hears why. What has no life outside the room ends with
 * it: a plain connection, a stream over HTTP. Loop thread. */
#ifndef HEARTH_CORE_EVICT_H
#define HEARTH_CORE_EVICT_H

#include <stdbool.h>

struct gateway;
struct room;
struct user;

enum eviction { EVICTION_KICK, EVICTION_BAN };

/* All of the user's connections. reason may be NULL. */
void evict_user(const struct user *user, const struct room *room, enum eviction eviction,
                const char *reason);

/* The plain clients of a name, as client-7: all of their connections. */
bool evict_has_plain(const struct room *room, const char *name);
void evict_plain(const struct room *room, const char *name);

/* Everybody whom a ban hits, in the room or in the gateway. reason may be NULL. */
void evict_banned(const struct room *room, const char *reason);
void close_banned(struct gateway *gateway, const char *reason);

/* Everybody who may not read the room any more: it has become private. */
void evict_barred(const struct room *room);

#endif
