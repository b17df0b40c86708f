#include "daemon/core/evict.h"

#include "daemon/core/access.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/user.h"

#include <stdio.h>
#include <string.h>

#define REASON_BYTES_MAX 120 /* of a close frame's 123 */

static void evict(struct member *member, enum eviction eviction, const char *reason)
{
    struct session *session = member->session;
    bool is_ban = eviction == EVICTION_BAN;
    const struct event_kicked event = {
        .room = member->room->name, .banned = is_ban, .reason = reason};
    room_flush_member(member);
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

static bool is_plain(const struct session *session, const char *name)
{
    char own[NAME_BYTES_MAX + 1];
    return session->arrival.kind == SESSION_PLAIN && strcmp(session_name(session, own), name) == 0;
}

bool evict_has_plain(const struct room *room, const char *name)
{
    for (size_t i = 0; i < room->member_count; i++)
        if (is_plain(room->members[i]->session, name))
            return true;
    return false;
}

void evict_plain(const struct room *room, const char *name)
{
    for (size_t i = room->member_count; i-- > 0;)
        if (is_plain(room->members[i]->session, name))
            evict(room->members[i], EVICTION_KICK, NULL);
}

void evict_banned(const struct room *room, const char *reason)
{
    for (size_t i = room->member_count; i-- > 0;) {
        struct member *member = room->members[i];
        if (access_banned_until(member->session, room, &member->grant))
            evict(member, EVICTION_BAN, reason);
    }
}

void close_banned(struct gateway *gateway, const char *reason)
{
    char whole[320], text[REASON_BYTES_MAX + 1];
    struct table_link *link = NULL;
    snprintf(whole, sizeof whole, "Banned from this gateway%s%s", reason && reason[0] ? ": " : "",
             reason ? reason : "");
    text_clean(whole, TEXT_LINE, text, sizeof text);
    while ((link = table_step(&gateway->sessions.by_id, link))) {
        struct session *session = TABLE_ITEM(link, struct session, by_id);
        if (access_banned_until(session, NULL, NULL))
            session_close(session, 4003, text);
    }
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
