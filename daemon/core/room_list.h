/* room_list.h - the rooms that a user may see: their own first, then those with the newest entries, as
 * many as limits.rooms_listed, 64 KiB and the session's share (share.h) allow. */
#ifndef HEARTH_CORE_ROOM_LIST_H
#define HEARTH_CORE_ROOM_LIST_H

#include "protocol/message.h"
#include "protocol/name.h"
#include "storage/job.h"

#define ROOM_LIST_BYTES_MAX 65536 /* of the lines, as they go out */

struct gateway;
struct room;
struct session;

/* Which rooms are wanted. All zero: all, from the beginning. */
struct room_wish {
    char folded[ROOM_NAME_BYTES_MAX + 1]; /* part of the folded name */
    const struct room *after;             /* those behind it in the list; NULL: from the beginning */
    const struct job_empty_rooms *empty;  /* only these, but those that the configuration names; NULL: all */
};

struct room_list {
    struct record_room_line *lines; /* owned; their texts are borrowed from the rooms */
    size_t count, capacity;
    struct record_invitation_line *invitations; /* owned; texts borrowed from rooms and the user's own */
    size_t invitation_count;
    size_t bytes; /* of all lines, as they go out */
    bool more;    /* there are others */
};

/* own: what the rooms remember about the session's user. False without memory. */
bool room_list_fill(struct room_list *list, struct gateway *gateway, struct session *session,
                    const struct job_own *own, const struct room_wish *wish);

/* Before the rooms: the invitations that wait for the user, the newest first. They take at most a quarter of
 * the list's bytes. False without memory. */
bool room_list_invite(struct room_list *list, struct session *session, const struct job_own *own);
void room_list_finish(struct room_list *list);

#endif
