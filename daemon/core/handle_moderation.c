/* handle_moderation.c - who may be in a room and who may speak there: invite, kick, ban, unban,
 * mute, role. What a room remembers about a user is stored first and then applied to whoever is
 * here. */
#include "daemon/core/access.h"
#include "daemon/core/ask.h"
#include "daemon/core/evict.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/user.h"

#include <string.h>

/* One request of this group, whichever it is. */
struct moderation {
    const char *user, *reason;
    enum grant_change change;
    int64_t until;
    enum role role;
};

/* Beside what storage answers. */
struct moderation_context {
    struct request_context request;
    const char *reason; /* told to the user; NULL if none */
};

static answer_handler answer_moderation;

static enum role own_role(const struct ask *ask)
{
    return access_role(ask->session, ask->room, ask->grant);
}

static enum outcome moderate(struct ask *ask, const struct moderation *moderation)
{
    enum role actor = own_role(ask);
    char folded[NAME_BYTES_MAX + 1];
    if (moderation->role > actor)
        return ask_fail(ask, ERROR_forbidden, "role", "Nobody gives a role above the own one.");
    if (!user_fold(moderation->user, folded))
        return ask_fail(ask, ERROR_user_not_found, "user", NULL);
    struct job *job = job_create(JOB_GRANT);
    struct moderation_context *context = submit_context(job, sizeof *context);
    if (context) {
        context->reason = job_text(job, moderation->reason);
        job->grant.room_id = ask->room->id;
        job->grant.change = moderation->change;
        memcpy(job->grant.folded, folded, sizeof folded);
        job->grant.actor_role = actor;
        job->grant.role = moderation->role;
        job->grant.until = moderation->until;
    }
    return ask_submit(ask, job, answer_moderation);
}

/* When so many seconds will have elapsed: no correction of a clock makes an hour longer or shorter. */
static int64_t until(const struct gateway *gateway, int64_t seconds)
{
    if (seconds == NUMBER_ABSENT)
        return FOREVER;
    return seconds == 0 ? 0 : gateway->now.elapsed_ms + seconds * 1000;
}

enum outcome handle_invite(struct ask *ask)
{
    const struct moderation moderation = {.user = ask->request.as_invite.user,
                                          .change = GRANT_INVITE};
    return moderate(ask, &moderation);
}

enum outcome handle_ban(struct ask *ask)
{
    const struct request_ban *ban = &ask->request.as_ban;
    const struct moderation moderation = {.user = ban->user,
                                          .reason = ban->reason,
                                          .change = GRANT_BAN,
                                          .until = until(ask->gateway, ban->seconds)};
    return moderate(ask, &moderation);
}

enum outcome handle_unban(struct ask *ask)
{
    const struct moderation moderation = {.user = ask->request.as_unban.user,
                                          .change = GRANT_UNBAN};
    return moderate(ask, &moderation);
}

enum outcome handle_mute(struct ask *ask)
{
    const struct request_mute *mute = &ask->request.as_mute;
    const struct moderation moderation = {.user = mute->user,
                                          .change = GRANT_MUTE,
                                          .until = until(ask->gateway, mute->seconds)};
    return moderate(ask, &moderation);
}

enum outcome handle_role(struct ask *ask)
{
    const struct moderation moderation = {.user = ask->request.as_role.user,
                                          .change = GRANT_ROLE,
                                          .role = role_find(ask->request.as_role.role)};
    if (moderation.role == ROLE_NONE || moderation.role == ROLE_ADMIN)
        return ask_fail(ask, ERROR_bad_request, "role",
                        "A role is owner, moderator, member or guest.");
    return moderate(ask, &moderation);
}

/* --- kick ------------------------------------------------------------------------------------- */

static const struct member *member_of(const struct user *user, const struct room *room)
{
    const struct member *member = NULL;
    for (struct session *session = user->sessions; session && !member; session = session->next)
        member = session_member(session, room);
    return member;
}

enum outcome handle_kick(struct ask *ask)
{
    char folded[NAME_BYTES_MAX + 1];
    const struct request_kick *kick = &ask->request.as_kick;
    const struct room *room = ask->room;
    const struct user *user =
        user_fold(kick->user, folded) ? user_find(ask->gateway, folded) : NULL;
    const struct member *target = user ? member_of(user, room) : NULL;
    if (!target)
        return evict_plain(room, kick->user)
                   ? ask_ok(ask)
                   : ask_fail(ask, ERROR_user_not_found, "user", NULL);
    enum role role = access_role(target->session, room, &target->grant);
    if (!permission_outranks(own_role(ask), role))
        return ask_fail(ask, ERROR_forbidden, "user", "The user's role is not below yours.");
    evict_user(user, room, EVICTION_KICK, kick->reason);
    return ask_ok(ask);
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

static void apply(const struct user *user, const struct room *room, const struct job_grant *done,
                  const char *reason)
{
    for (struct session *session = user->sessions; session; session = session->next) {
        struct member *member = session_member(session, room);
        if (member)
            member->grant = done->grant;
    }
    if (done->change == GRANT_BAN)
        evict_user(user, room, EVICTION_BAN, reason);
    else if (done->change == GRANT_ROLE)
        tell_user(user, room, "changed", &done->grant);
    else if (done->change == GRANT_INVITE && room->visibility == VISIBILITY_PRIVATE)
        tell_user(user, room, "created", &done->grant);
}

static enum outcome answer_moderation(struct ask *ask, struct job *job)
{
    const struct moderation_context *context = job->context;
    struct room *room = room_find_id(ask->gateway, job->grant.room_id);
    const struct user *user = user_find_id(ask->gateway, job->grant.user_id);
    if (job->result == JOB_DONE && room) {
        room->grants_changed++;
        if (user)
            apply(user, room, &job->grant, context->reason);
    }
    return ask_answer(ask, job);
}
