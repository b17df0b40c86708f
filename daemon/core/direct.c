#include "daemon/core/direct.h"

#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/user.h"
#include "daemon/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hold {
    struct hold *next;
    int64_t user_id, until; /* elapsed */
    char folded[];
};

static bool is_of(const struct room *room, int64_t user_id)
{
    return user_id && (room->user_a == user_id || room->user_b == user_id);
}

/* The next one of the user's, from NULL to NULL. */
static struct room *next_of(const struct gateway *gateway, int64_t user_id, const struct room *room)
{
    struct room *next = room ? room->next_direct : gateway->rooms.directs;
    while (next && !is_of(next, user_id))
        next = next->next_direct;
    return next;
}

int64_t direct_peer(const struct room *room, int64_t user_id)
{
    return room->user_a == user_id ? room->user_b : room->user_a;
}

struct room *direct_find(const struct gateway *gateway, int64_t user_a, int64_t user_b)
{
    struct room *room = next_of(gateway, user_a, NULL);
    while (room && !is_of(room, user_b))
        room = next_of(gateway, user_a, room);
    return room;
}

/* --- names -------------------------------------------------------------------------------------- */

bool direct_name(const char *name_a, const char *name_b, struct room_row *row)
{
    char a[NAME_BYTES_MAX + 1], b[NAME_BYTES_MAX + 1];
    if (!name_of_direct_room(name_a, name_b, row->name) || !name_fold(name_a, a) ||
        !name_fold(name_b, b))
        return false;
    row->is_turned = strcmp(a, b) > 0;
    return room_fold(row->name, row->folded);
}

/* --- left, and shown again ----------------------------------------------------------------------- */

bool direct_is_left(const struct room *room, const struct grant *grant)
{
    return room->visibility == VISIBILITY_DIRECT && grant && grant->left && grant->read >= room->last;
}

void direct_note_left(struct room *room, int64_t user_id)
{
    room->left_a |= user_id == room->user_a;
    room->left_b |= user_id == room->user_b;
}

void direct_tell(const struct gateway *gateway, const struct room *room, int64_t user_id)
{
    const struct user *user = user_find_id(gateway, user_id);
    for (struct session *session = user ? user->sessions : NULL; session; session = session->next) {
        const struct event_room event = room_event(room, session, "created", NULL);
        (void)session_tell(session, EVENT_room, &event);
    }
}

void direct_show(struct gateway *gateway, struct room *room)
{
    if (room->left_a)
        direct_tell(gateway, room, room->user_a);
    if (room->left_b)
        direct_tell(gateway, room, room->user_b);
    room->left_a = room->left_b = false;
}

/* --- names --------------------------------------------------------------------------------------- */

/* The user's connections that are not in the room: the others hear it by room_call. */
static void tell_renamed(const struct gateway *gateway, const struct room *room, int64_t user_id,
                         const char *was)
{
    const struct user *user = user_find_id(gateway, user_id);
    for (struct session *session = user ? user->sessions : NULL; session; session = session->next) {
        const struct event_room event = room_event(room, session, "changed", was);
        if (!session_member(session, room))
            (void)session_tell(session, EVENT_room, &event);
    }
}

static void rename_room(struct gateway *gateway, struct room *room, int64_t user_id,
                        const char *name)
{
    struct room_row row = {.visibility = VISIBILITY_DIRECT};
    char was[ROOM_NAME_BYTES_MAX + 1];
    snprintf(was, sizeof was, "%s", room->name);
    if (!direct_name(room->user_a == user_id ? name : room->peer_a,
                     room->user_b == user_id ? name : room->peer_b, &row) ||
        !room_call(gateway, room, &row)) {
        log_error("gateway: no memory to rename a direct room");
        return;
    }
    tell_renamed(gateway, room, room->user_a, was);
    tell_renamed(gateway, room, room->user_b, was);
}

void direct_rename(struct gateway *gateway, int64_t user_id, const char *name)
{
    struct room *room = NULL;
    while ((room = next_of(gateway, user_id, room)))
        rename_room(gateway, room, user_id, name);
}

/* --- held names --------------------------------------------------------------------------------- */

static void drop_hold(struct hold **at)
{
    struct hold *hold = *at;
    *at = hold->next;
    free(hold);
}

/* Those of the user and those that are over. */
static void drop_holds(struct gateway *gateway, int64_t user_id)
{
    struct hold **at = &gateway->rooms.holds;
    while (*at) {
        if ((*at)->user_id == user_id || (*at)->until <= gateway->now.elapsed_ms)
            drop_hold(at);
        else
            at = &(*at)->next;
    }
}

void direct_hold_name(struct gateway *gateway, const struct held_name *held)
{
    size_t size = strlen(held->folded) + 1;
    drop_holds(gateway, held->user_id);
    if (!next_of(gateway, held->user_id, NULL) || held->until <= gateway->now.elapsed_ms)
        return;
    struct hold *hold = malloc(sizeof *hold + size);
    if (!hold)
        return;
    hold->user_id = held->user_id;
    hold->until = held->until;
    memcpy(hold->folded, held->folded, size);
    hold->next = gateway->rooms.holds;
    gateway->rooms.holds = hold;
}

static bool holds(const struct gateway *gateway, int64_t user_id, const char *folded)
{
    const struct hold *hold = gateway->rooms.holds;
    while (hold && (hold->user_id != user_id || strcmp(hold->folded, folded) != 0))
        hold = hold->next;
    return hold && hold->until > gateway->now.elapsed_ms;
}

static bool is_called(const struct gateway *gateway, int64_t user_id, const char *name,
                      const char *folded)
{
    char own[NAME_BYTES_MAX + 1];
    return (name_fold(name, own) && strcmp(own, folded) == 0) || holds(gateway, user_id, folded);
}

struct room *direct_find_held(struct gateway *gateway, int64_t user_id, const char *name)
{
    char folded[ROOM_NAME_BYTES_MAX + 1], a[NAME_BYTES_MAX + 1], b[NAME_BYTES_MAX + 1];
    struct room *room = NULL;
    if (!gateway->rooms.holds || !room_fold(name, folded) || !name_split_direct(folded, a, b))
        return NULL;
    while ((room = next_of(gateway, user_id, room))) {
        bool fits = (is_called(gateway, room->user_a, room->peer_a, a) &&
                     is_called(gateway, room->user_b, room->peer_b, b)) ||
                    (is_called(gateway, room->user_a, room->peer_a, b) &&
                     is_called(gateway, room->user_b, room->peer_b, a));
        if (fits && room->stage != ROOM_CREATING)
            return room;
    }
    return NULL;
}

void direct_finish(struct gateway *gateway)
{
    while (gateway->rooms.holds)
        drop_hold(&gateway->rooms.holds);
}
