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

static bool is_elsewhere(const struct session *session, const struct room *room)
{
    return !session_member(session, room);
}

/* is_meant: NULL, all are. */
static void tell_all(struct gateway *gateway, const struct room *room,
                     bool (*is_meant)(const struct session *session, const struct room *room),
                     enum message_type event, const void *fields)
{
    struct buffer *encoded = &gateway->encoded;
    encoded->length = 0;
    if (!message_encode(encoded, event, NULL, fields))
        return;
    struct table_link *link = NULL;
    while ((link = table_step(&gateway->sessions.by_id, link))) {
        struct session *session = TABLE_ITEM(link, struct session, by_id);
        bool is_here = session->phase == PHASE_READY && (session->user || session->members);
        if (is_here && (!is_meant || is_meant(session, room)))
            (void)session_tell_json(session, event, encoded);
    }
}

void announce(struct gateway *gateway, enum message_type event, const void *fields)
{
    tell_all(gateway, NULL, NULL, event, fields);
}

void announce_to_nonmembers(struct gateway *gateway, const struct room *room,
                            enum message_type event, const void *fields)
{
    tell_all(gateway, room, is_nonmember, event, fields);
}

void announce_room(struct gateway *gateway, const struct room *room, const char *change)
{
    struct event_room event = room_event(room, NULL, change, NULL);
    if (room_is_listed(room))
        announce(gateway, EVENT_room, &event);
    else
        room_broadcast(gateway, room, EVENT_room, &event);
}

void announce_new_name(struct gateway *gateway, const struct room *room, const char *was)
{
    struct event_room event = room_event(room, NULL, "changed", was);
    if (room_is_listed(room))
        tell_all(gateway, room, is_elsewhere, EVENT_room, &event);
}

static void tell_once(struct session *session, enum message_type event, const struct buffer *encoded)
{
    uint64_t telling = session->gateway->sessions.told_last;
    if (session->told != telling)
        (void)session_tell_json(session, event, encoded);
    session->told = telling;
}

static void tell_user(const struct user *user, enum message_type event, const struct buffer *encoded)
{
    for (struct session *session = user ? user->sessions : NULL; session; session = session->next)
        tell_once(session, event, encoded);
}

static void tell_rooms(const struct user *user, enum message_type event, const struct buffer *encoded)
{
    for (struct session *session = user->sessions; session; session = session->next)
        for (const struct member *member = session->members; member; member = member->next)
            for (size_t i = 0; i < member->room->member_count; i++)
                tell_once(member->room->members[i]->session, event, encoded);
}

void announce_to_company(struct gateway *gateway, int64_t user_id, enum message_type event,
                         const void *fields)
{
    struct buffer *encoded = &gateway->encoded;
    const struct user *user = user_find_id(gateway, user_id);
    encoded->length = 0;
    gateway->sessions.told_last++;
    if (!message_encode(encoded, event, NULL, fields))
        return;
    if (user) {
        tell_user(user, event, encoded);
        tell_rooms(user, event, encoded);
    }
    for (const struct room *room = gateway->rooms.directs; room; room = room->next_direct)
        if (room->user_a == user_id || room->user_b == user_id)
            tell_user(user_find_id(gateway, room->user_a ^ room->user_b ^ user_id), event, encoded);
}
