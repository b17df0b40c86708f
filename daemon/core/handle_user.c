/* handle_user.c - what administrators see of users and do to them. */
#include "daemon/core/account.h"
#include "daemon/core/ask.h"
#include "daemon/core/audit.h"
#include "daemon/core/direct.h"
#include "daemon/core/evict.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/naming.h"
#include "daemon/core/room.h"
#include "daemon/core/room_make.h"
#include "daemon/core/session_private.h"
#include "daemon/core/share.h"
#include "daemon/core/user.h"
#include "daemon/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define USERS_DEFAULT 100
#define DAY_MS        INT64_C(86400000)

/* --- seeing ------------------------------------------------------------------------------------- */

static void fill_line(const struct gateway *gateway, const struct user_figures *figures,
                      struct record_user_line *line)
{
    const struct user *here = user_find_id(gateway, figures->user.id);
    bool is_here = here && here->sessions;
    *line = (struct record_user_line){
        .uid = figures->user.id,
        .name = figures->user.name,
        .role = role_name(figures->user.role),
        .account = figures->user.account,
        .devices = figures->device_count,
        .seen = is_here ? gateway->now.wall_ms : figures->seen_ms,
        .here = is_here,
        .held = figures->held[0] ? figures->held : NULL,
        .has_password = figures->has_password,
        .has_recovery = figures->has_recovery,
    };
}

static enum outcome reply_users(struct ask *ask, struct job *job)
{
    const struct job_users *list = &job->users;
    struct record_user_line *lines = job_memory(job, (list->count + 1) * sizeof *lines);
    struct reply_users reply = {.more = list->more};
    struct refusal refusal;
    if (!lines)
        return ask_fail(ask, ERROR_internal, NULL, NULL);
    for (size_t i = 0; i < list->count; i++)
        fill_line(ask->gateway, &list->users[i], &lines[i]);
    reply.users = (struct message_list){lines, list->count};
    if (ask->session && !share_cut(ask->session, RECORD_user_line, SHARE_FIRST, &reply.users,
                                   &reply.more, &refusal))
        return ask_refuse(ask, &refusal);
    return ask_reply(ask, REPLY_users, &reply);
}

static enum outcome answer_users(struct ask *ask, struct job *job)
{
    return job->result == JOB_DONE ? reply_users(ask, job) : ask_fail_job(ask, job);
}

enum outcome handle_users(struct ask *ask)
{
    const struct request_users *users = &ask->request.as_users;
    struct job *job = job_create(JOB_USERS);
    if (job) {
        job->users.limit = users->limit == NUMBER_ABSENT ? USERS_DEFAULT : (int)users->limit;
        job->users.elapsed_ms = ask->gateway->now.elapsed_ms;
    }
    if (job && ((users->query && !name_fold(users->query, job->users.query)) ||
                (users->after && !user_fold(users->after, job->users.after)))) {
        job_destroy(job);
        return ask_fail(ask, ERROR_bad_request, users->query ? "query" : "after",
                        "A name may not look like this.");
    }
    return ask_submit(ask, job, answer_users);
}

/* --- changing ----------------------------------------------------------------------------------- */

static void close_all(struct user *user, const char *reason)
{
    for (struct session *session = user->sessions; session; session = session->next)
        session_close(session, 4001, reason);
}

/* Whoever loses one may be a newcomer again, and has no place in a private room. */
static void give_role(struct gateway *gateway, struct user *user, enum role role)
{
    const struct event_role event = {.role = role_name(role)};
    user->role = role;
    for (struct session *session = user->sessions; session; session = session->next)
        (void)session_tell(session, EVENT_role, &event);
    for (struct room *room = gateway->rooms.newest; room; room = room->older)
        evict_barred(room);
}

static void remove_directs(struct gateway *gateway, int64_t user_id)
{
    for (struct room *room = gateway->rooms.directs, *next; room; room = next) {
        next = room->next_direct;
        if (room->user_a == user_id || room->user_b == user_id)
            room_remove(gateway, room);
    }
}

static void apply(struct gateway *gateway, const struct job_user_change *done)
{
    static const struct held_name nothing = {0};
    struct held_name held = nothing;
    struct user *user = user_find_id(gateway, done->user_id);
    held.user_id = done->user_id;
    gateway->users.forgotten_count += done->change == USER_SIGN_OUT || done->change == USER_FORGET;
    if (done->change == USER_FREE_NAME)
        direct_hold_name(gateway, &held);
    if (done->change == USER_FORGET) {
        remove_directs(gateway, done->user_id);
        drafts_drop_user(&gateway->drafts, done->user_id);
    }
    if (!user)
        return;
    if (done->change == USER_ROLE)
        give_role(gateway, user, done->role);
    if (done->change == USER_SIGN_OUT)
        close_all(user, "An administrator signed this device out");
    if (done->change == USER_FORGET)
        close_all(user, "An administrator removed this user");
}

static enum outcome answer_change(struct ask *ask, struct job *job)
{
    static const char *const words[] = {"role", "free_name", "sign_out", "forget"};
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    log_info("user: changed by an administrator uid=%" PRId64 " what=%s", job->user_change.user_id,
             words[job->user_change.change]);
    apply(ask->gateway, &job->user_change);
    return ask_ok(ask);
}

static enum outcome change(struct ask *ask, const struct user_row *user, enum user_change what, enum role role)
{
    static const enum act acts[] = {ACT_ROLE, ACT_FREE_NAME, ACT_SIGN_OUT, ACT_FORGET};
    struct job *job = job_create(JOB_USER_CHANGE);
    if (job)
        job->user_change =
            (struct job_user_change){.user_id = user->id, .change = what, .role = role};
    const char *reason = what == USER_ROLE        ? role_name(role)
                         : what == USER_FREE_NAME ? ask->request.as_user.user
                                                  : NULL;
    audit_add(ask, job, acts[what], NULL, user->name, reason);
    return ask_submit(ask, job, answer_change);
}

/* A name in use is given up by being called by one that nobody has. */
static enum outcome free_name(struct ask *ask, const struct user_figures *figures)
{
    char folded[NAME_BYTES_MAX + 1], other[NAME_BYTES_MAX + 32];
    bool is_current = user_fold(ask->request.as_user.user, folded) &&
                      strcmp(folded, figures->user.folded) == 0;
    if (!is_current)
        return change(ask, &figures->user, USER_FREE_NAME, ROLE_NONE);
    snprintf(other, sizeof other, "user-%" PRId64, figures->user.id);
    return naming_rename(ask, figures->user.id, figures->user.name, other, 0);
}

/* The request is whole: see ask_submit_whole. */
static enum outcome answer_user(struct ask *ask, struct job *job)
{
    const struct request_user *wanted = &ask->request.as_user;
    const struct user_figures *figures = job->users.users;
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    if (job->users.count == 0)
        return ask_fail(ask, ERROR_user_not_found, "user", NULL);
    if (wanted->role)
        return change(ask, &figures->user, USER_ROLE, role_find(wanted->role));
    if (wanted->rename)
        return naming_rename(ask, figures->user.id, figures->user.name, wanted->rename,
                             ask->gateway->config->accounts.name_hold_days * DAY_MS);
    if (wanted->free_name)
        return free_name(ask, figures);
    if (wanted->password)
        return password_give(ask, &figures->user, wanted->password);
    if (wanted->sign_out)
        return change(ask, &figures->user, USER_SIGN_OUT, ROLE_NONE);
    if (wanted->forget)
        return change(ask, &figures->user, USER_FORGET, ROLE_NONE);
    return reply_users(ask, job);
}

enum outcome handle_user(struct ask *ask)
{
    const struct request_user *wanted = &ask->request.as_user;
    int count = (wanted->role != NULL) + (wanted->rename != NULL) + wanted->free_name +
                wanted->sign_out + wanted->forget + (wanted->password != NULL);
    if (count > 1)
        return ask_fail(ask, ERROR_bad_request, NULL, "One change at a time.");
    struct job *job = job_create(JOB_USERS);
    if (job) {
        job->users.limit = 1;
        job->users.elapsed_ms = ask->gateway->now.elapsed_ms;
    }
    if (job && !user_fold(wanted->user, job->users.only)) {
        job_destroy(job);
        return ask_fail(ask, ERROR_user_not_found, "user", NULL);
    }
    return ask_submit_whole(ask, job, answer_user);
}
