/* room_list.h - the rooms that a user may see: their own first, then those with the newest entries,
 * limits.rooms_listed in all. */
#ifndef HEARTH_CORE_ROOM_LIST_H
#define HEARTH_CORE_ROOM_LIST_H

#include "protocol/message.h"
#include "storage/job.h"

struct gateway;
struct session;

struct room_list {
    struct record_room_line *lines; /* owned; their texts are borrowed from the rooms */
    size_t count, capacity;
};

/* own: what the rooms remember about the session's user. False without memory. */
bool room_list_fill(struct room_list *list, struct gateway *gateway, struct session *session,
                    const struct job_own *own);
void room_list_finish(struct room_list *list);

#endif
