#include "daemon/core/room_list.h"

#include "daemon/core/access.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"

#include <stdlib.h>
#include <string.h>

#define LINES_MIN 16

static bool add(struct room_list *list, const struct room *room, const struct session *session,
                const struct grant *grant)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : LINES_MIN;
        struct record_room_line *lines = realloc(list->lines, capacity * sizeof *lines);
        if (!lines)
            return false;
        list->lines = lines;
        list->capacity = capacity;
    }
    room_describe(room, session, grant, &list->lines[list->count++]);
    return true;
}

static const struct grant *grant_in(const struct room *room, const struct job_own *own)
{
    for (size_t i = 0; i < own->count; i++)
        if (own->grants[i].room_id == room->id)
            return &own->grants[i].grant;
    return NULL;
}

/* Rooms that remember the user; what is no longer open to them is left out. */
static bool is_own(const struct session *session, const struct room *room,
                   const struct grant *grant)
{
    struct refusal refusal;
    return !room->is_pending && access_read(session, room, grant, &refusal);
}

static bool add_own(struct room_list *list, struct gateway *gateway, struct session *session,
                    const struct job_own *own, size_t most)
{
    for (size_t i = 0; i < own->count && list->count < most; i++) {
        struct room *room = room_find_id(gateway, own->grants[i].room_id);
        if (room && room->visibility != VISIBILITY_DIRECT &&
            is_own(session, room, &own->grants[i].grant) &&
            !add(list, room, session, &own->grants[i].grant))
            return false;
    }
    struct room *room = session->user ? gateway->rooms.directs : NULL;
    for (; room && list->count < most; room = room->next_direct) {
        const struct grant *grant = grant_in(room, own);
        if (is_own(session, room, grant) && !add(list, room, session, grant))
            return false;
    }
    return true;
}

static bool add_newest(struct room_list *list, struct gateway *gateway, struct session *session,
                       const struct job_own *own, size_t most)
{
    bool is_keeper = session->arrival.administrator;
    struct room *room = gateway->rooms.newest;
    for (; room && list->count < most; room = room->older) {
        bool is_seen = room->visibility == VISIBILITY_PUBLIC ||
                       (is_keeper && room->visibility == VISIBILITY_PRIVATE);
        if (is_seen && !room->is_pending && !grant_in(room, own) &&
            !add(list, room, session, NULL))
            return false;
    }
    return true;
}

bool room_list_fill(struct room_list *list, struct gateway *gateway, struct session *session,
                    const struct job_own *own)
{
    size_t most = (size_t)gateway->config->limits.rooms_listed;
    return add_own(list, gateway, session, own, most) &&
           add_newest(list, gateway, session, own, most);
}

void room_list_finish(struct room_list *list)
{
    free(list->lines);
    *list = (struct room_list){0};
}
