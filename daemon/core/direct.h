/* direct.h - direct rooms: each is its two users, and is called as they are just now. While a name that
 * one of them gave up is held, these two find it by that, too. Loop thread. */
#ifndef HEARTH_CORE_DIRECT_H
#define HEARTH_CORE_DIRECT_H

#include "storage/job.h"
#include "storage/store.h"

struct gateway;
struct room;

/* Names the row of a room whose user_a and user_b are called so. False when a name will not do. */
bool direct_name(const char *name_a, const char *name_b, struct room_row *row);

/* The room of two users; NULL when they have none. */
struct room *direct_find(const struct gateway *gateway, int64_t user_a, int64_t user_b);

/* The other one of a direct room; 0 when it is none. */
int64_t direct_peer(const struct room *room, int64_t user_id);

/* One that this user finds by a name in which a held one stands; NULL: none. */
struct room *direct_find_held(struct gateway *gateway, int64_t user_id, const char *name);

/* The user's name from before, in place of one held until now. Only users of direct rooms are noted. */
void direct_hold_name(struct gateway *gateway, const struct held_name *held);

/* A user is called otherwise: so are their direct rooms, and those in them are told. */
void direct_rename(struct gateway *gateway, int64_t user_id, const char *name);

/* All connections of this one of its two users are told that it is there. */
void direct_tell(const struct gateway *gateway, const struct room *room, int64_t user_id);

/* A user is not shown it any more until something is said in it; and that, if anybody was. */
void direct_note_left(struct room *room, int64_t user_id);
void direct_show(struct gateway *gateway, struct room *room);

/* Whether the room is one that its user, who has this grant, has left and nothing was said in since. */
bool direct_is_left(const struct room *room, const struct grant *grant);

void direct_finish(struct gateway *gateway);

#endif
