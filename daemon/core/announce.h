/* announce.h - events for everybody, whatever rooms they are in. Loop thread. */
#ifndef HEARTH_CORE_ANNOUNCE_H
#define HEARTH_CORE_ANNOUNCE_H

#include "protocol/message.h"

struct gateway;
struct room;

/* Tells every hearth.v1 session that said hello, or is in a room. */
void announce(struct gateway *gateway, enum message_type event, const void *fields);

/* The same, but not the room's owner and those who are in the room, on whatever connection. */
void announce_to_nonmembers(struct gateway *gateway, const struct room *room,
                            enum message_type event, const void *fields);

/* Tells the event `room`, created, changed, removed or purged: of a room that is listed to everybody, else to
 * those in it. */
void announce_room(struct gateway *gateway, const struct room *room, const char *change);

/* The same of a room that has another name, to those who are not in it: its members hear it by room_rename. */
void announce_new_name(struct gateway *gateway, const struct room *room, const char *was);

/* To everybody who shares a room with the user, who may be away, and to the user: each session once. */
void announce_to_company(struct gateway *gateway, int64_t user_id, enum message_type event,
                         const void *fields);

#endif
