/* handle_moderation.c - who may be in a room and who may speak there: invite, kick, ban, unban,
 * mute, role. What a room remembers about a user is stored first and then applied to whoever is
 * here. */
#include "daemon/core/state.h"

#include <string.h>

/* One request of this group, whichever it is. */
struct order {
    const char *room, *user, *reason;
    enum operation operation;
    enum grant_change change;
    int64_t until;
    enum role role;
};

static enum role own_role(const struct session *session, const struct room *room,
                          const struct member *member)
{
    return access_role(session, room, member ? &member->grant : NULL);
}

static void fail_user(struct session *session, const struct ref *ref)
{
    session_fail(session, ref, ERROR_user_not_found, "user", NULL);
}

static void give_order(struct gateway *gateway, struct session *session,
                       const struct request *request, const struct order *order)
{
    struct member *member = NULL;
    struct room *room = access_member(session, request, order->room, order->operation, &member);
    if (!room)
        return;
    enum role actor = own_role(session, room, member);
    if (order->role > actor) {
        session_fail(session, &request->ref, ERROR_forbidden, "role",
                     "Nobody gives a role above the own one.");
        return;
    }
    char folded[NAME_BYTES_MAX + 1];
    if (!user_fold(order->user, folded)) {
        fail_user(session, &request->ref);
        return;
    }
    struct job *job = job_create(JOB_GRANT);
    if (job) {
        job->grant.room_id = room->id;
        job->grant.change = order->change;
        memcpy(job->grant.folded, folded, sizeof folded);
        job->grant.actor_role = actor;
        job->grant.role = order->role;
        job->grant.until = order->until;
        job->grant.reason = job_text(job, order->reason);
    }
    gateway_submit(gateway, session, request, job);
}

/* When so many seconds are over, by the wall clock: bans outlast a restart. */
static int64_t until(const struct gateway *gateway, int64_t seconds)
{
    if (seconds == NUMBER_ABSENT)
        return FOREVER;
    return seconds == 0 ? 0 : gateway->now.wall_ms + seconds * 1000;
}

void handle_invite(struct gateway *gateway, struct session *session, const struct request *request)
{
    const struct order order = {.room = request->as_invite.room,
                                .user = request->as_invite.user,
                                .operation = OPERATION_invite,
                                .change = GRANT_INVITE};
    give_order(gateway, session, request, &order);
}

void handle_ban(struct gateway *gateway, struct session *session, const struct request *request)
{
    const struct order order = {.room = request->as_ban.room,
                                .user = request->as_ban.user,
                                .reason = request->as_ban.reason,
                                .operation = OPERATION_ban,
                                .change = GRANT_BAN,
                                .until = until(gateway, request->as_ban.seconds)};
    give_order(gateway, session, request, &order);
}

void handle_unban(struct gateway *gateway, struct session *session, const struct request *request)
{
    const struct order order = {.room = request->as_unban.room,
                                .user = request->as_unban.user,
                                .operation = OPERATION_unban,
                                .change = GRANT_UNBAN};
    give_order(gateway, session, request, &order);
}

void handle_mute(struct gateway *gateway, struct session *session, const struct request *request)
{
    const struct order order = {.room = request->as_mute.room,
                                .user = request->as_mute.user,
                                .operation = OPERATION_mute,
                                .change = GRANT_MUTE,
                                .until = until(gateway, request->as_mute.seconds)};
    give_order(gateway, session, request, &order);
}

void handle_role(struct gateway *gateway, struct session *session, const struct request *request)
{
    const struct order order = {.room = request->as_role.room,
                                .user = request->as_role.user,
                                .operation = OPERATION_role,
                                .change = GRANT_ROLE,
                                .role = role_find(request->as_role.role)};
    if (order.role == ROLE_NONE || order.role == ROLE_ADMIN) {
        session_fail(session, &request->ref, ERROR_bad_request, "role",
                     "A role is owner, moderator, member or guest.");
        return;
    }
    give_order(gateway, session, request, &order);
}

/* --- putting somebody out ----------------------------------------------------------------------
 */

/* What has no life outside the room ends with it: a plain connection, a stream over HTTP. */
static void put_out(struct member *member, bool is_banned, const char *reason)
{
    struct session *session = member->session;
    const struct event_kicked event = {
        .room = member->room->name, .banned = is_banned, .reason = reason};
    if (session->arrival.kind != SESSION_PLAIN)
        session_reply(session, NULL, EVENT_kicked, &event);
    room_leave(member);
    if (session->arrival.kind != SESSION_WEBSOCKET && !session->arrival.keeper)
        session_close(session, 4003, is_banned ? "Banned from the room" : "Put out of the room");
}

static size_t put_user_out(const struct user *user, const struct room *room, bool is_banned,
                           const char *reason)
{
    size_t count = 0;
    for (struct session *session = user->sessions, *next; session; session = next) {
        struct member *member = session_member(session, room);
        next = session->next;
        if (member) {
            put_out(member, is_banned, reason);
            count++;
        }
    }
    return count;
}

void access_put_strangers_out(const struct room *room)
{
    struct refusal refusal;
    for (size_t i = room->member_count; i-- > 0;) {
        struct member *member = room->members[i];
        if (!access_read(member->session, room, &member->grant, &refusal))
            put_out(member, false, "The room is private now.");
    }
}

static bool put_plain_out(const struct room *room, const char *name)
{
    char own[NAME_BYTES_MAX + 1];
    for (size_t i = 0; i < room->member_count; i++) {
        struct member *member = room->members[i];
        if (member->session->arrival.kind != SESSION_PLAIN ||
            strcmp(session_name(member->session, own), name) != 0)
            continue;
        put_out(member, false, NULL);
        return true;
    }
    return false;
}

static const struct member *member_of(const struct user *user, const struct room *room)
{
    const struct member *member = NULL;
    for (struct session *session = user->sessions; session && !member; session = session->next)
        member = session_member(session, room);
    return member;
}

void handle_kick(struct gateway *gateway, struct session *session, const struct request *request)
{
    char folded[NAME_BYTES_MAX + 1];
    struct member *own = NULL;
    const struct request_kick *kick = &request->as_kick;
    const struct room *room = access_member(session, request, kick->room, OPERATION_kick, &own);
    if (!room)
        return;
    const struct user *user = user_fold(kick->user, folded) ? user_find(gateway, folded) : NULL;
    const struct member *target = user ? member_of(user, room) : NULL;
    if (!target && !put_plain_out(room, kick->user)) {
        fail_user(session, &request->ref);
        return;
    }
    if (target) {
        enum role role = access_role(target->session, room, &target->grant);
        if (!permission_outranks(own_role(session, room, own), role)) {
            session_fail(session, &request->ref, ERROR_forbidden, "user",
                         "The user's role is not below yours.");
            return;
        }
        put_user_out(user, room, false, kick->reason);
    }
    session_ok(session, &request->ref);
}

/* --- what was stored, for those who are here ---------------------------------------------------
 */

/* The user's connections hear of a room that opened to them, or of their new role. */
static void tell_user(const struct user *user, const struct room *room, const char *change,
                      const struct grant *grant)
{
    for (struct session *session = user->sessions; session; session = session->next) {
        const struct event_room event = {
            .change = change,
            .name = room->name,
            .topic = room->topic ? room->topic : "",
            .visibility = visibility_name(room->visibility),
            .role = role_name(access_role(session, room, grant)),
        };
        (void)session_tell(session, EVENT_room, &event);
    }
}

static void apply(const struct user *user, const struct room *room, const struct job_grant *done)
{
    for (struct session *session = user->sessions; session; session = session->next) {
        struct member *member = session_member(session, room);
        if (member)
            member->grant = done->grant;
    }
    if (done->change == GRANT_BAN)
        put_user_out(user, room, true, done->reason);
    else if (done->change == GRANT_ROLE)
        tell_user(user, room, "changed", &done->grant);
    else if (done->change == GRANT_INVITE && room->visibility == VISIBILITY_PRIVATE)
        tell_user(user, room, "created", &done->grant);
}

void answer_grant(struct gateway *gateway, struct session *session, struct job *job)
{
    if (visit_answer(gateway, session, job))
        return;
    struct room *room = room_find_id(gateway, job->grant.room_id);
    const struct user *user = user_find_id(gateway, job->grant.user_id);
    if (job->result == JOB_DONE && room) {
        room->grants_changed++;
        if (user)
            apply(user, room, &job->grant);
    }
    session_answer(session, job);
}
