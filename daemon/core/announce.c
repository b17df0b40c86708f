#include "daemon/core/announce.h"

#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/user.h"

/* Whose user is in the room on another connection is none either. */
static bool is_nonmember(const struct session *session, const struct room *room)
{
    const struct user *user = session->user;
    bool is_known = session_member(session, room) || (user && user->id == room->owner_id);
    for (const struct session *own = user ? user->sessions : NULL; own && !is_known; own = own->next)
        is_known = session_member(own, room) != NULL;
    return !is_known;
}

/* The room may be NULL: nobody is left out. */
static void tell_all_but(struct gateway *gateway, const struct room *room, enum message_type event,
                         const void *fields)
{
    struct buffer *encoded = &gateway->encoded;
    encoded->length = 0;
    if (!message_encode(encoded, event, NULL, fields))
        return;
    struct table_link *link = NULL;
    while ((link = table_step(&gateway->sessions.by_id, link))) {
        struct session *session = TABLE_ITEM(link, struct session, by_id);
        bool is_here = session->phase == PHASE_READY && (session->user || session->members);
        if (is_here && (!room || is_nonmember(session, room)))
            (void)session_tell_json(session, encoded);
    }
}

void announce(struct gateway *gateway, enum message_type event, const void *fields)
{
    tell_all_but(gateway, NULL, event, fields);
}

void announce_to_nonmembers(struct gateway *gateway, const struct room *room,
                            enum message_type event, const void *fields)
{
    tell_all_but(gateway, room, event, fields);
}

static void tell_room(struct gateway *gateway, const struct room *room, const char *change,
                      const char *was)
{
    struct event_room event = {
        .change = change,
        .name = room->name,
        .was = was,
        .archived = room->archived,
        .topic = room->topic ? room->topic : "",
        .visibility = visibility_name(room->visibility),
        .slow_seconds = room->slow_seconds,
        .speak = role_name(room->speak),
    };
    if (room->visibility == VISIBILITY_PUBLIC && !room->archived)
        announce(gateway, EVENT_room, &event);
    else
        room_broadcast(gateway, room, EVENT_room, &event);
}

void announce_room(struct gateway *gateway, const struct room *room, const char *change)
{
    tell_room(gateway, room, change, NULL);
}

void announce_changed(struct gateway *gateway, const struct room *room, const char *was)
{
    tell_room(gateway, room, "changed", was && was[0] ? was : NULL);
}
