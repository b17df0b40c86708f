/* room_event.c - what a room's members are told and what is not kept. Where they are many, a part of them
 * hears it in this turn and the others in the next ones. */
#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"

#include <stdlib.h>

#include <utlist.h>

struct event_room room_event(const struct room *room, const struct session *session, const char *change, const char *was)
{
    bool is_direct = room->visibility == VISIBILITY_DIRECT;
    return (struct event_room){
        .change = change,
        .name = room->name,
        .was = was,
        .archived = room->archived,
        .topic = is_direct ? NULL : room->topic ? room->topic : "",
        .visibility = visibility_name(room->visibility),
        .slow_seconds = room->slow_seconds,
        .speak = is_direct ? NULL : role_name(room->speak),
        .peer = session ? room_peer(room, session) : NULL,
    };
}

struct room_event {
    struct room_event *prev, *next; /* of gateway->rooms.events, the oldest first */
    const struct room *room;
    enum message_type type;
    struct buffer json; /* owned */
    size_t told;        /* of the room's members */
};

/* Gives how many have been told then. Half of the turn is left for writing it. */
static size_t tell_some(struct gateway *gateway, const struct room *room, enum message_type type,
                        const struct buffer *json, size_t told)
{
    while (told < room->member_count && !turn_is_half_spent(&gateway->turn))
        (void)session_tell_json(room->members[told++]->session, type, json);
    return told;
}

static void drop(struct gateway *gateway, struct room_event *event)
{
    DL_DELETE(gateway->rooms.events, event);
    gateway->rooms.event_count--;
    buffer_finish(&event->json);
    free(event);
}

static void tell_others(const struct room *room, enum message_type type, const struct buffer *json, size_t told)
{
    while (told < room->member_count)
        (void)session_tell_json(room->members[told++]->session, type, json);
}

static void tell_rest(struct gateway *gateway, struct room_event *event)
{
    tell_others(event->room, event->type, &event->json, event->told);
    drop(gateway, event);
}

/* For the next turns. False without memory. */
static bool keep(struct gateway *gateway, const struct room *room, enum message_type type,
                 const struct buffer *json, size_t told)
{
    struct room_event *event = calloc(1, sizeof *event);
    if (!event || !buffer_append(&event->json, json->bytes, json->length)) {
        free(event);
        return false;
    }
    event->room = room;
    event->type = type;
    event->told = told;
    DL_APPEND(gateway->rooms.events, event);
    gateway->rooms.event_count++;
    return true;
}

void room_broadcast(struct gateway *gateway, const struct room *room, enum message_type event,
                    const void *fields)
{
    struct buffer *encoded = &gateway->encoded;
    encoded->length = 0;
    if (!message_encode(encoded, event, NULL, fields))
        return;
    if (gateway->rooms.event_count == ROOM_EVENTS_MAX)
        tell_rest(gateway, gateway->rooms.events);
    size_t told = gateway->rooms.events ? 0 : tell_some(gateway, room, event, encoded, 0);
    if (told < room->member_count && !keep(gateway, room, event, encoded, told))
        tell_others(room, event, encoded, told);
}

bool room_events_go_on(struct gateway *gateway)
{
    struct room_event *event;
    while ((event = gateway->rooms.events)) {
        event->told = tell_some(gateway, event->room, event->type, &event->json, event->told);
        if (event->told < event->room->member_count)
            return false;
        drop(gateway, event);
    }
    return true;
}

void room_events_move(const struct member *last, size_t place)
{
    struct room_event *event;
    DL_FOREACH(last->session->gateway->rooms.events, event)
    if (event->room == last->room && place < event->told)
        (void)session_tell_json(last->session, event->type, &event->json);
}

void room_events_finish(struct gateway *gateway, const struct room *room)
{
    struct room_event *event, *next;
    DL_FOREACH_SAFE(gateway->rooms.events, event, next)
    {
        if (event->room == room)
            tell_rest(gateway, event);
    }
}
