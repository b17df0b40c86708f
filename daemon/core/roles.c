#include "daemon/core/roles.h"

#include "daemon/core/access.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/user.h"

void roles_tell(struct session *session, const struct room *room, const char *change,
                const struct grant *grant)
{
    const struct event_room event = {
        .change = change,
        .name = room->name,
        .topic = room->topic ? room->topic : "",
        .visibility = visibility_name(room->visibility),
        .role = role_name(access_role(session, room, grant)),
    };
    (void)session_tell(session, EVENT_room, &event);
}

void roles_note(struct room *room, const struct job_grant *done)
{
    if (done->grant.role == ROLE_OWNER) {
        room->orphaned = false;
        room->owner_id = done->user_id;
    } else if (room->owner_id == done->user_id) {
        room->owner_id = 0;
    }
}

/* As storage has written it. Gives whether that may have changed the session's role. */
static bool give_away(struct member *member, int64_t owner_id)
{
    bool was_owner = member->grant.role == ROLE_OWNER;
    bool is_owner = owner_id && session_user_id(member->session) == owner_id;
    if (was_owner || is_owner)
        member->grant.role = is_owner ? ROLE_OWNER : ROLE_MODERATOR;
    return was_owner || is_owner || access_gateway_role(member->session) == ROLE_MODERATOR;
}

static void tell_heir(const struct user *heir, const struct room *room)
{
    static const struct grant owner = {.role = ROLE_OWNER};
    for (struct session *session = heir ? heir->sessions : NULL; session; session = session->next)
        if (!session_member(session, room))
            roles_tell(session, room, "changed", &owner);
}

void roles_fall(struct gateway *gateway, const struct job_handed_on *fallen)
{
    struct room *room = room_find_id(gateway, fallen->room_id);
    struct user *heir = user_find_id(gateway, fallen->owner_id);
    if (!room)
        return;
    room->grants_changed++;
    room->orphaned = fallen->owner_id == 0;
    room->owner_id = fallen->owner_id;
    for (size_t i = 0; i < room->member_count; i++)
        if (give_away(room->members[i], fallen->owner_id))
            roles_tell(room->members[i]->session, room, "changed", &room->members[i]->grant);
    tell_heir(heir, room);
}
