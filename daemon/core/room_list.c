#include "daemon/core/room_list.h"

#include "daemon/core/access.h"
#include "daemon/core/direct.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/share.h"
#include "daemon/core/token.h"
#include "daemon/core/user.h"

#include <stdlib.h>
#include <string.h>

#define LINES_MIN 16
#define INVITATIONS_SHARE 4 /* of the list's bytes: own rooms are never pushed out by them */

/* A list being filled: rooms are offered in their order until one does not fit. */
struct filling {
    struct room_list *list;
    struct gateway *gateway;
    const struct session *session;
    const struct job_own *own;
    const struct room_wish *wish;
    bool is_past;  /* wish->after has been offered */
    bool is_ended; /* the list is full, or there is no memory */
    bool is_starved;
};

/* The room's line as this session sees it; texts are borrowed. */
static void describe(const struct room *room, const struct session *session,
                     const struct grant *grant, struct record_room_line *line)
{
    bool is_joined = session_member(session, room) != NULL;
    *line = (struct record_room_line){
        .name = room->name,
        .topic = room->topic ? room->topic : "",
        .members = (int64_t)room->presence.members,
        .last = room->last,
        .joined = is_joined,
        .role = role_name(access_role(session, room, grant)),
        .visibility = visibility_name(room->visibility),
        .read = grant ? grant->read : 0,
        .peer = room_peer(room, session),
        .keep = room->keep,
        .slow_seconds = room->slow_seconds ? room->slow_seconds : NUMBER_ABSENT,
        .speak = room->speak > ROLE_GUEST ? role_name(room->speak) : NULL,
        .archived = room->archived,
        .seen = is_joined || (grant && grant->entered), /* the note of who came in may wait to be stored */
        .unread = session->user ? (grant ? grant->unread : 0) : NUMBER_ABSENT,
        .mentioned = session->user ? (grant ? grant->mentioned : 0) : NUMBER_ABSENT,
    };
}

static bool append(struct room_list *list, const struct record_room_line *line)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : LINES_MIN;
        struct record_room_line *lines = realloc(list->lines, capacity * sizeof *lines);
        if (!lines)
            return false;
        list->lines = lines;
        list->capacity = capacity;
    }
    list->lines[list->count++] = *line;
    return true;
}

static int compare_ids(const void *a, const void *b)
{
    const int64_t *first = a, *second = b;
    return (*first > *second) - (*first < *second);
}

static bool is_among(const struct filling *filling, const struct room *room)
{
    const struct job_empty_rooms *empty = filling->wish->empty;
    struct gateway *gateway = filling->gateway;
    return !empty || (room != gateway->rooms.plain && strcmp(room->name, gateway_first_room(gateway)) != 0 &&
                      bsearch(&room->id, empty->ids, empty->count, sizeof *empty->ids, compare_ids));
}

/* Of a direct room only the other user's name counts: one's own is in all of them. */
static bool is_wanted(const struct filling *filling, const struct room *room)
{
    const char *peer = room_peer(room, filling->session);
    char folded[NAME_BYTES_MAX + 1];
    if (!filling->wish->folded[0])
        return true;
    if (peer && user_fold(peer, folded))
        return strstr(folded, filling->wish->folded) != NULL;
    return strstr(room->folded, filling->wish->folded) != NULL;
}

static size_t most_bytes(const struct session *session)
{
    size_t share = share_bytes(session);
    return share < ROOM_LIST_BYTES_MAX ? share : ROOM_LIST_BYTES_MAX;
}

static void offer(struct filling *filling, const struct room *room, const struct grant *grant)
{
    struct room_list *list = filling->list;
    struct record_room_line line;
    if (!filling->is_past) {
        filling->is_past = room == filling->wish->after;
        return;
    }
    if (!is_wanted(filling, room) || !is_among(filling, room))
        return;
    describe(room, filling->session, grant, &line);
    size_t bytes = 1 + message_bytes(RECORD_room_line, &line);
    list->more = list->count == (size_t)filling->gateway->config->limits.rooms_listed ||
                 list->bytes + bytes > most_bytes(filling->session);
    filling->is_starved = !list->more && !append(list, &line);
    filling->is_ended = list->more || filling->is_starved;
    list->bytes += bytes;
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
    const struct token *token = token_of(session);
    return room->stage != ROOM_CREATING && (!token || token_holds_in(token, room)) &&
           (!room->archived || access_is_administrator(session)) &&
           access_read(session, room, grant, &refusal);
}

/* Invitations that were not taken up come last: nobody is pushed out of the list of their own rooms. */
static void offer_granted(struct filling *filling, bool are_invitations)
{
    const struct job_own *own = filling->own;
    for (size_t i = 0; i < own->count && !filling->is_ended; i++) {
        const struct grant *grant = &own->grants[i].grant;
        const struct room *room = room_find_id(filling->gateway, own->grants[i].room_id);
        if (room && room->visibility != VISIBILITY_DIRECT &&
            (room->visibility == VISIBILITY_PRIVATE && grant_is_invitation(grant)) ==
                are_invitations &&
            is_own(filling->session, room, grant))
            offer(filling, room, grant);
    }
}

static void offer_direct(struct filling *filling)
{
    const struct job_own *own = filling->own;
    struct room *room = filling->session->user ? filling->gateway->rooms.directs : NULL;
    for (; room && !filling->is_ended; room = room->next_direct) {
        const struct grant *grant = grant_in(room, own);
        if (direct_is_left(room, grant))
            direct_note_left(room, filling->session->user->id);
        else if (is_own(filling->session, room, grant))
            offer(filling, room, grant);
    }
}

static bool is_seen(const struct session *session, const struct room *room)
{
    const struct token *token = token_of(session);
    if (room->visibility == VISIBILITY_DIRECT)
        return false;
    if (token)
        return token_holds_in(token, room);
    return session->arrival.administrator || room_is_listed(room);
}

static void offer_newest(struct filling *filling)
{
    const struct room *room = filling->gateway->rooms.newest;
    for (; room && !filling->is_ended; room = room->older) {
        bool is_elsewhere = access_waits(filling->session) &&
                            strcmp(room->name, gateway_first_room(filling->gateway)) != 0;
        if (!is_elsewhere && is_seen(filling->session, room) && room->stage != ROOM_CREATING && !grant_in(room, filling->own))
            offer(filling, room, NULL);
    }
}

bool room_list_fill(struct room_list *list, struct gateway *gateway, struct session *session,
                    const struct job_own *own, const struct room_wish *wish)
{
    struct filling filling = {.list = list, .gateway = gateway, .session = session, .own = own,
                              .wish = wish, .is_past = !wish->after};
    offer_granted(&filling, false);
    offer_direct(&filling);
    offer_newest(&filling);
    offer_granted(&filling, true);
    return !filling.is_starved;
}

/* False when the place is used up. */
static bool add_invitation(struct room_list *list, const struct session *session, const struct room *room,
                           const struct invitation *invitation)
{
    struct record_invitation_line *line = &list->invitations[list->invitation_count];
    *line = (struct record_invitation_line){
        .room = room->name,
        .by = invitation->by ? invitation->by : session->gateway->config->server.name,
        .ts = invitation->ts,
    };
    size_t bytes = 1 + message_bytes(RECORD_invitation_line, line);
    if (list->bytes + bytes > most_bytes(session) / INVITATIONS_SHARE)
        return false;
    list->bytes += bytes;
    list->invitation_count++;
    return true;
}

bool room_list_invite(struct room_list *list, struct session *session, const struct job_own *own)
{
    list->invitations = calloc(own->invitation_count + 1, sizeof *list->invitations);
    for (size_t i = 0; list->invitations && i < own->invitation_count; i++) {
        const struct invitation *invitation = &own->invitations[i];
        const struct room *room = room_find_id(session->gateway, invitation->room_id);
        const struct grant *grant = room ? grant_in(room, own) : NULL;
        if (grant && room->visibility == VISIBILITY_PRIVATE && is_own(session, room, grant) &&
            !add_invitation(list, session, room, invitation))
            break;
    }
    return list->invitations != NULL;
}

void room_list_finish(struct room_list *list)
{
    free(list->invitations);
    free(list->lines);
    *list = (struct room_list){0};
}
