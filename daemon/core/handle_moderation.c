/* handle_moderation.c - who may be in a room and what they may do there: invite, kick, role. What a room remembers
 * about a user is stored first and then applied to whoever is here. */
#include "daemon/core/access.h"
#include "daemon/core/ask.h"
#include "daemon/core/audit.h"
#include "daemon/core/evict.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/rates.h"
#include "daemon/core/roles.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/user.h"

#include <string.h>

/* One request of this group, whichever it is. */
struct moderation {
    const char *user;
    enum grant_change change;
    enum role role;
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
        return ask_fail(ask, ERROR_forbidden, "role", "You cannot give a role above your own.");
    if (!user_fold(moderation->user, folded))
        return ask_fail(ask, ERROR_user_not_found, "user", NULL);
    struct job *job = job_create(JOB_GRANT);
    if (job) {
        job->grant.room_id = ask->room->id;
        job->grant.change = moderation->change;
        memcpy(job->grant.folded, folded, sizeof folded);
        job->grant.actor = audit_actor(ask, job);
        job->grant.role = moderation->role;
        job->grant.rooms_max = (int)ask->gateway->config->limits.rooms_per_user;
        job->grant.invitations_max = (int)ask->gateway->config->limits.invitations;
        job->grant.wall_ms = ask->gateway->now.wall_ms;
        audit_add(ask, job, moderation->change == GRANT_ROLE ? ACT_ROLE : ACT_INVITE, ask->room,
                  moderation->user,
                  moderation->change == GRANT_ROLE ? role_name(moderation->role) : NULL);
    }
    return ask_submit(ask, job, answer_moderation);
}

enum outcome handle_invite(struct ask *ask)
{
    const struct moderation moderation = {.user = ask->request.as_invite.user,
                                          .change = GRANT_INVITE};
    struct refusal refusal;
    if (!rates_take(ask->session, LIMIT_INVITATIONS, &refusal))
        return ask_refuse(ask, &refusal);
    return moderate(ask, &moderation);
}

enum outcome handle_role(struct ask *ask)
{
    const struct moderation moderation = {.user = ask->request.as_role.user,
                                          .change = GRANT_ROLE,
                                          .role = role_find(ask->request.as_role.role)};
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

struct kick_context {
    struct request_context request;
    int64_t room_id, user_id; /* user_id 0: the plain clients of this name */
};

static enum outcome answer_kick(struct ask *ask, struct job *job)
{
    const struct kick_context *context = job->context;
    const struct request_kick *kick = &context->request.request->as_kick;
    const struct room *room = room_find_id(ask->gateway, context->room_id);
    const struct user *user = user_find_id(ask->gateway, context->user_id);
    if (job->result == JOB_DONE && room && user)
        evict_user(user, room, EVICTION_KICK, kick->reason);
    else if (job->result == JOB_DONE && room && !context->user_id)
        (void)evict_plain(room, kick->user);
    return ask_answer(ask, job);
}

static enum outcome kick_out(struct ask *ask, int64_t user_id)
{
    const struct request_kick *kick = &ask->request.as_kick;
    struct job *job = job_create(JOB_AUDIT);
    struct kick_context *context = submit_context(job, sizeof *context);
    if (context) {
        context->room_id = ask->room->id;
        context->user_id = user_id;
        audit_add(ask, job, ACT_KICK, ask->room, kick->user, kick->reason);
    }
    return ask_submit_whole(ask, job, answer_kick);
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
        return evict_has_plain(room, kick->user)
                   ? kick_out(ask, 0)
                   : ask_fail(ask, ERROR_user_not_found, "user", NULL);
    enum role role = access_role(target->session, room, &target->grant);
    if (!permission_outranks(own_role(ask), role))
        return ask_fail(ask, ERROR_forbidden, "user", "The user's role is not below yours.");
    return kick_out(ask, user->id);
}

/* --- what was stored, for those who are here ---------------------------------------------------
 */

/* The user's connections hear of a room that opened to them, or of their new role. */
static void apply(const struct user *user, const struct room *room, const struct job_grant *done)
{
    bool is_opened = done->change == GRANT_INVITE && room->visibility == VISIBILITY_PRIVATE;
    for (struct session *session = user->sessions; session; session = session->next) {
        struct member *member = session_member(session, room);
        if (member)
            member->grant = done->grant;
        if (done->change == GRANT_ROLE || is_opened)
            roles_tell(session, room, is_opened ? "created" : "changed", &done->grant);
    }
}

static void tell_invited(const struct user *user, const struct room *room, const struct job_grant *done)
{
    const struct event_invited event = {.room = room->name, .by = done->actor.name};
    if (room->visibility != VISIBILITY_PRIVATE)
        return;
    for (struct session *session = user->sessions; session; session = session->next)
        (void)session_tell(session, EVENT_invited, &event);
}

static enum outcome answer_moderation(struct ask *ask, struct job *job)
{
    struct room *room = room_find_id(ask->gateway, job->grant.room_id);
    struct user *user = user_find_id(ask->gateway, job->grant.user_id);
    if (job->result == JOB_DONE && room) {
        room->grants_changed++;
        if (job->grant.change == GRANT_ROLE)
            roles_note(room, &job->grant);
        if (user)
            apply(user, room, &job->grant);
        if (user && job->grant.change == GRANT_INVITE && grant_is_invitation(&job->grant.grant))
            tell_invited(user, room, &job->grant);
    }
    return ask_answer(ask, job);
}
