/* room_make.h - the one way a room comes to be, and its end.
 *
 *   room_make        -> CREATING --- stored ---------------> STORED, and told
 *                          +------- storage will not have it: gone as if it had never been
 *   room_make_first  -> STORING ---- stored ---------------> STORED
 *                        ^  +------- will not have it ---> UNSTORED
 *                        +-- room_make_retry, a second later --+
 *
 * Storage does what is submitted for a room after its own job. Whether there may be one more room is
 * room_budget.h's. Loop thread. */
#ifndef HEARTH_CORE_ROOM_MAKE_H
#define HEARTH_CORE_ROOM_MAKE_H

#include "protocol/message.h"
#include "storage/job.h"

struct gateway;
struct room;
struct user;

/* What a client asks for; NULL is public. False when it is neither public nor private. */
bool room_make_visibility(const char *word, enum visibility *visibility, struct refusal *refusal);

/* The row of a room that may be called so: public, without a topic. Else name_invalid or internal. */
bool room_make_row(struct gateway *gateway, const char *name, struct room_row *row,
                   struct refusal *refusal);

/* The same of the direct room of a user and another. */
bool room_make_direct_row(struct gateway *gateway, const struct user *user, int64_t peer_id,
                          const char *peer_name, struct room_row *row, struct refusal *refusal);

/* The room in memory, its name taken at once, and the job that stores it: whoever submits that calls
 * room_made with it in the end, or room_make_undo when it was not taken. owner_id gets ROLE_OWNER;
 * 0 is none. NULL without memory: then there is no room either. */
struct job *room_make_begin(struct gateway *gateway, const struct room_row *row, int64_t owner_id);
void room_make_undo(struct gateway *gateway, int64_t room_id);

/* It is stored: those who may know of it are told. Or it is not: undone. */
void room_made(struct gateway *gateway, struct job *job);

/* All of it for a room that nobody waits for. NULL, and nothing was made: storage_unavailable. */
struct room *room_make(struct gateway *gateway, const struct room_row *row);

/* A room that the configuration names: the one that is there, or one that is found before it is
 * stored. NULL when the name will not do, or without memory. */
struct room *room_make_first(struct gateway *gateway, const char *name);

/* The rooms that the configuration names, rooms.first and plain.room, where they are not there. False
 * when a name will not do, or without memory. */
bool room_make_named(struct gateway *gateway);

/* The same later: whoever is here hears of the new ones. */
void room_make_named_again(struct gateway *gateway);
void room_make_retry(struct gateway *gateway); /* asks storage again for those it would not take */

/* Storage has removed it: tells so, puts everybody out and forgets the room. One that the configuration
 * names is there again at once, empty. */
void room_remove(struct gateway *gateway, struct room *room);

#endif
