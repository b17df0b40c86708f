#include "daemon/core/evict.h"

#include "daemon/core/access.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/user.h"

#include <string.h>

static void evict(struct member *member, enum eviction eviction, const char *reason)
{
    struct session *session = member->session;
    bool is_ban = eviction == EVICTION_BAN;
    const struct event_kicked event = {
        .room = member->room->name, .banned = is_ban, .reason = reason};
    if (session->arrival.kind != SESSION_PLAIN)
        session_reply(session, NULL, EVENT_kicked, &event);
    room_leave(member);
    if (session->arrival.kind != SESSION_WEBSOCKET && !session->arrival.administrator)
        session_close(session, 4003, is_ban ? "Banned from the room" : "Put out of the room");
}

void evict_user(const struct user *user, const struct room *room, enum eviction eviction,
                const char *reason)
{
    for (struct session *session = user->sessions, *next; session; session = next) {
        struct member *member = session_member(session, room);
        next = session->next;
        if (member)
            evict(member, eviction, reason);
    }
}

bool evict_plain(const struct room *room, const char *name)
{
    char own[NAME_BYTES_MAX + 1];
    for (size_t i = 0; i < room->member_count; i++) {
        struct member *member = room->members[i];
        if (member->session->arrival.kind != SESSION_PLAIN ||
            strcmp(session_name(member->session, own), name) != 0)
            continue;
        evict(member, EVICTION_KICK, NULL);
        return true;
    }
    return false;
}

void evict_barred(const struct room *room)
{
    struct refusal refusal;
    for (size_t i = room->member_count; i-- > 0;) {
        struct member *member = room->members[i];
        if (!access_read(member->session, room, &member->grant, &refusal))
            evict(member, EVICTION_KICK, "The room is private now.");
    }
}
