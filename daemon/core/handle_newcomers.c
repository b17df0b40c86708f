/* handle_newcomers.c - the door: newcomers, knock, knocks, admit. */
#include "daemon/core/access.h"
#include "daemon/core/audit.h"
#include "daemon/core/evict.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/newcomers.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/user.h"

#include <stdio.h>
#include <string.h>

#define TELL_MS 1000 /* moderators are told of one who knocks so often at most */
#define CLOSE_REFUSED 4003

/* --- coming in ----------------------------------------------------------------------------------- */

static bool may_wait(const struct session *session, struct refusal *refusal)
{
    switch (session->gateway->newcomers.mode) {
    case NEWCOMERS_INVITE:
        refuse(refusal, ERROR_forbidden, "invite", "An invitation is needed to come in here.");
        return false;
    case NEWCOMERS_CLOSED:
        refuse(refusal, ERROR_forbidden, NULL, "Nobody new comes in here just now.");
        return false;
    case NEWCOMERS_OPEN:
    case NEWCOMERS_ASK:
        break;
    }
    if (session_is_single(session))
        refuse(refusal, ERROR_forbidden, NULL, "Knock at the door by WebSocket, and wait there.");
    return !session_is_single(session);
}

/* Those of limits.exempt are not counted: a class behind one address, say. */
static uint64_t address_of(const struct session *session)
{
    return session->arrival.exempt ? 0 : session->arrival.address_key;
}

struct user *newcomers_receive(struct session *session, const struct job_login *login,
                               int64_t *device_id, struct refusal *refusal)
{
    struct gateway *gateway = session->gateway;
    struct knock knock = {.session = session->id,
                          .address_key = address_of(session),
                          .is_new = true,
                          .row = login->user,
                          .device = login->device,
                          .marks = session->arrival.marks};
    if (!may_wait(session, refusal))
        return NULL;
    knock.row.role = ROLE_GUEST;
    knock.row.account = false;
    knock.user_id = knock.row.id = knock.device.user_id = ++gateway->users.id_last;
    *device_id = knock.device.id = ++gateway->users.device_id_last;
    if (!newcomers_add(gateway, &knock, refusal))
        return NULL;
    struct user *user = user_create(gateway, &knock.row);
    if (user) {
        user->is_new = true;
        return user;
    }
    newcomers_forget(gateway, session->id);
    refuse(refusal, ERROR_internal, NULL, "The gateway has no memory for this.");
    return NULL;
}

/* --- knock --------------------------------------------------------------------------------------- */

/* A user who is stored and not known waits, too. */
static bool add_known(struct ask *ask, struct refusal *refusal)
{
    const struct session *session = ask->session;
    const struct knock knock = {.session = session->id,
                                .user_id = session->user->id,
                                .address_key = address_of(session)};
    return newcomers_find(ask->gateway, session->user->id) ||
           newcomers_add(ask->gateway, &knock, refusal);
}

enum outcome handle_knock(struct ask *ask)
{
    const char *text = ask->request.as_knock.text;
    struct refusal refusal;
    if (!access_waits(ask->session))
        return ask_fail(ask, ERROR_bad_request, NULL, "The door is open to you already.");
    if (!add_known(ask, &refusal))
        return ask_refuse(ask, &refusal);
    struct knock *knock = newcomers_find(ask->gateway, ask->session->user->id);
    snprintf(knock->text, sizeof knock->text, "%s", text ? text : "");
    knock->is_told = false;
    return ask_ok(ask);
}

static void tell_moderators(const struct gateway *gateway, const struct knock *knock)
{
    const struct user *user = user_find_id(gateway, knock->user_id);
    struct table_link *link = NULL;
    if (!user)
        return;
    const struct event_knock event = {.user = user->name,
                                      .text = knock->text[0] ? knock->text : NULL,
                                      .waiting = (int64_t)gateway->newcomers.count};
    while ((link = table_step(&gateway->sessions.by_id, link))) {
        struct session *session = TABLE_ITEM(link, struct session, by_id);
        if (session->phase == PHASE_READY && session->user &&
            access_gateway_role(session) >= ROLE_MODERATOR)
            (void)session_tell(session, EVENT_knock, &event);
    }
}

int64_t gateway_tell_knocks(struct gateway *gateway)
{
    struct newcomers *newcomers = &gateway->newcomers;
    struct knock *knock = newcomers->knocks;
    while (knock && knock->is_told)
        knock = knock->next;
    if (!knock)
        return INT64_MAX;
    int64_t left_ms = newcomers->told_ms + TELL_MS - gateway->now.monotonic_ms;
    if (newcomers->told_ms && left_ms > 0)
        return left_ms;
    newcomers->told_ms = gateway->now.monotonic_ms;
    knock->is_told = true;
    tell_moderators(gateway, knock);
    return TELL_MS;
}

enum outcome handle_knocks(struct ask *ask)
{
    struct refusal refusal;
    if (!access_allows_here(ask->session, OPERATION_sanctions, &refusal))
        return ask_refuse(ask, &refusal);
    struct record_knock_line lines[KNOCKS_MAX];
    struct reply_knocks reply = {.knocks = {lines, 0}};
    for (const struct knock *knock = ask->gateway->newcomers.knocks; knock; knock = knock->next) {
        const struct user *user = user_find_id(ask->gateway, knock->user_id);
        if (user)
            lines[reply.knocks.count++] = (struct record_knock_line){
                .user = user->name, .text = knock->text[0] ? knock->text : NULL};
    }
    return ask_reply(ask, REPLY_knocks, &reply);
}

/* --- admit --------------------------------------------------------------------------------------- */

/* Of one who is new: the user is kept from now on. */
static struct job *create_storing(const struct gateway *gateway, const struct knock *knock)
{
    struct job *job = job_create(JOB_USER_CREATE);
    if (job) {
        job->user = (struct job_user){.user = knock->row, .device = knock->device,
                                      .at = gateway->now, .marks = knock->marks};
        job->user.user.admitted = true;
    }
    return job;
}

static void settle(struct gateway *gateway, struct knock *knock, bool accept)
{
    struct user *user = user_find_id(gateway, knock->user_id);
    static const struct event_admitted admitted = {0};
    if (user && accept) {
        user->admitted = true;
        user->is_new = false;
    }
    for (struct session *session = user ? user->sessions : NULL; session; session = session->next) {
        if (accept)
            (void)session_tell(session, EVENT_admitted, &admitted);
        else
            session_close(session, CLOSE_REFUSED, "Nobody let you in");
    }
    newcomers_remove(gateway, knock);
}

void newcomers_let_in(struct gateway *gateway, struct user *user, const struct session *by)
{
    static const struct event_admitted admitted = {0};
    struct knock *knock = newcomers_find(gateway, user->id);
    if (knock)
        newcomers_remove(gateway, knock);
    user->admitted = true;
    for (struct session *session = user->sessions; session; session = session->next)
        if (session != by)
            (void)session_tell(session, EVENT_admitted, &admitted);
}

static enum outcome answer_admit(struct ask *ask, struct job *job)
{
    bool is_new = job->kind == JOB_USER_CREATE;
    int64_t user_id = is_new ? job->user.user.id : job->admit.user_id;
    struct knock *knock = newcomers_find(ask->gateway, user_id);
    if (job->result == JOB_DONE && knock)
        settle(ask->gateway, knock, is_new || job->admit.accept);
    return ask_answer(ask, job);
}

enum outcome handle_admit(struct ask *ask)
{
    const struct request_admit *admit = &ask->request.as_admit;
    char folded[NAME_BYTES_MAX + 1];
    struct refusal refusal;
    if (!access_allows_here(ask->session, OPERATION_sanctions, &refusal))
        return ask_refuse(ask, &refusal);
    const struct user *user =
        user_fold(admit->user, folded) ? user_find(ask->gateway, folded) : NULL;
    const struct knock *knock = user ? newcomers_find(ask->gateway, user->id) : NULL;
    if (!knock)
        return ask_fail(ask, ERROR_user_not_found, "user", "Nobody of this name waits.");
    bool is_stored = admit->accept && knock->is_new;
    struct job *job = is_stored ? create_storing(ask->gateway, knock) : job_create(JOB_ADMIT);
    if (job && !is_stored) {
        job->admit.user_id = user->id;
        job->admit.accept = admit->accept;
    }
    audit_add(ask, job, admit->accept ? ACT_ADMIT : ACT_REFUSE, NULL, user->name, NULL);
    return ask_submit(ask, job, answer_admit);
}

/* --- newcomers ----------------------------------------------------------------------------------- */

static enum outcome tell_mode(struct ask *ask)
{
    const struct newcomers *newcomers = &ask->gateway->newcomers;
    const struct reply_newcomers reply = {
        .mode = word_of(WORDS_newcomers_mode, (int)newcomers->mode),
        .spoke_before_ms = newcomers->spoke_before_ms,
        .knocks = (int64_t)newcomers->count,
        .left_ms = sanction_left_ms(ask->gateway, newcomers->until),
        .afterwards = newcomers->until == FOREVER
                          ? NULL
                          : word_of(WORDS_newcomers_mode, (int)newcomers->afterwards)};
    return ask_reply(ask, REPLY_newcomers, &reply);
}

static void finish_storing(struct gateway *gateway, struct job *job)
{
    struct knock *knock = newcomers_find(gateway, job->user.user.id);
    if (knock)
        settle(gateway, knock, job->result == JOB_DONE);
}

static void open_to_all(struct gateway *gateway)
{
    for (struct knock *knock = gateway->newcomers.knocks, *next; knock; knock = next) {
        next = knock->next;
        bool is_stored = !knock->is_new;
        if (is_stored || !gateway_submit(gateway, create_storing(gateway, knock), finish_storing))
            settle(gateway, knock, is_stored);
    }
}

/* Those who wait are let in when the door opens; those whom nobody knows go when it closes. */
static void apply(struct gateway *gateway)
{
    struct table_link *link = NULL;
    bool is_shut = gateway->newcomers.mode == NEWCOMERS_INVITE ||
                   gateway->newcomers.mode == NEWCOMERS_CLOSED;
    if (gateway->newcomers.mode == NEWCOMERS_OPEN)
        open_to_all(gateway);
    while ((link = table_step(&gateway->sessions.by_id, link))) {
        struct session *session = TABLE_ITEM(link, struct session, by_id);
        bool is_out = session->phase == PHASE_READY && is_shut && access_waits(session);
        bool is_nobody = (session->arrival.kind == SESSION_PLAIN || session->arrival.anonymous) &&
                         !session->user && !access_nobody_enters(session);
        if (is_out || is_nobody)
            session_close(session, CLOSE_REFUSED, "The door is closed to newcomers");
    }
    for (struct room *room = gateway->rooms.newest; room; room = room->older)
        evict_barred(room);
}

int64_t newcomers_expire(struct gateway *gateway)
{
    struct newcomers *newcomers = &gateway->newcomers;
    if (newcomers->until == FOREVER)
        return INT64_MAX;
    if (newcomers->until > gateway->now.elapsed_ms)
        return newcomers->until - gateway->now.elapsed_ms;
    newcomers->mode = newcomers->afterwards; /* a restart comes to the same by what is stored */
    newcomers->until = FOREVER;
    apply(gateway);
    return INT64_MAX;
}

static enum outcome answer_newcomers(struct ask *ask, struct job *job)
{
    struct newcomers *newcomers = &ask->gateway->newcomers;
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    newcomers->mode = (enum newcomers_mode)job->newcomers.mode;
    newcomers->spoke_before_ms = job->newcomers.spoke_before_ms;
    newcomers->until = job->newcomers.until;
    newcomers->afterwards = (enum newcomers_mode)job->newcomers.afterwards;
    apply(ask->gateway);
    return tell_mode(ask);
}

/* One time follows no other: after the second, too, it is what held without an end. */
static void set_end(const struct gateway *gateway, int64_t seconds, struct newcomers_row *row)
{
    const struct newcomers *newcomers = &gateway->newcomers;
    row->until = seconds == NUMBER_ABSENT ? FOREVER : gateway->now.elapsed_ms + seconds * 1000;
    row->afterwards = (int)(newcomers->until == FOREVER ? newcomers->mode : newcomers->afterwards);
}

enum outcome handle_newcomers(struct ask *ask)
{
    const struct request_newcomers *wanted = &ask->request.as_newcomers;
    struct refusal refusal;
    if (!access_allows_here(ask->session, OPERATION_sanctions, &refusal))
        return ask_refuse(ask, &refusal);
    if (!wanted->mode)
        return tell_mode(ask);
    struct job *job = job_create(JOB_NEWCOMERS);
    if (job) {
        job->newcomers.is_set = true;
        job->newcomers.mode = word_find(WORDS_newcomers_mode, wanted->mode);
        job->newcomers.configured = ask->gateway->config->accounts.newcomers;
        job->newcomers.spoke_before_ms = wanted->spoke_before_ms == NUMBER_ABSENT
                                             ? ask->gateway->now.wall_ms
                                             : wanted->spoke_before_ms;
        set_end(ask->gateway, wanted->seconds, &job->newcomers);
        audit_add(ask, job, ACT_NEWCOMERS, NULL, NULL, wanted->mode);
    }
    return ask_submit(ask, job, answer_newcomers);
}
