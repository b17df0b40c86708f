/* handle_password.c - passwords: to have one, to change it, to come in by it, to be given one.
 *
 *   hello      find -> hash -> one more device, as with a recovery code
 *   register   find -> hash -> set
 *   password   find -> hash -> set, and the user's other devices are signed out
 *   user               hash -> set, and all of them are
 *
 * Hashing takes long: it is done one at a time on a thread of storage, and so many wait for it as may. Who
 * has no such name, or no password, waits as long and hears the same as who typed a wrong one. */
#include "daemon/core/access.h"
#include "daemon/core/account.h"
#include "daemon/core/audit.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/rates.h"
#include "daemon/core/session_private.h"
#include "daemon/core/submit.h"
#include "daemon/core/user.h"

#include <stdio.h>
#include <string.h>

#define HASHING_MAX 32
#define RETRY_MS    2000 /* when so many wait */

/* What is done with a password, from job to job. */
struct attempt {
    enum { ATTEMPT_HELLO, ATTEMPT_REGISTER, ATTEMPT_CHANGE, ATTEMPT_GIVE } what;
    int64_t user_id;                     /* 0: nobody's */
    char name[NAME_BYTES_MAX + 1];       /* folded; of ATTEMPT_GIVE as written */
    char client[CLIENT_BYTES_MAX + 1];   /* of ATTEMPT_HELLO */
    char typed[PASSWORD_BYTES_MAX + 1];  /* to be compared; empty: nothing */
    char wanted[PASSWORD_BYTES_MAX + 1]; /* to be made; empty: nothing */
    char was[PASSWORD_KEPT_BYTES];       /* what was kept when it was compared */
};

struct attempt_context {
    struct request_context request;
    struct attempt attempt;
};

static struct job *create_job(enum job_kind kind, const struct attempt *attempt)
{
    struct job *job = job_create(kind);
    struct attempt_context *context = submit_context(job, sizeof *context);
    if (context)
        context->attempt = *attempt;
    return job;
}

static const struct attempt *attempt_of(const struct job *job)
{
    return &((const struct attempt_context *)job->context)->attempt;
}

/* --- what is refused ----------------------------------------------------------------------------- */

static enum outcome refuse_wrong(struct ask *ask, const struct attempt *attempt)
{
    if (attempt->what == ATTEMPT_CHANGE)
        return ask_fail(ask, ERROR_unauthorized, "old", "This is not your password.");
    return ask_fail(ask, ERROR_unauthorized, "password", "The name or the password is wrong.");
}

static enum outcome refuse_first(struct ask *ask)
{
    return ask_fail(ask, ERROR_forbidden, "password",
                    "You have a password; it is changed by giving the old one.");
}

bool password_allowed(const struct session *session, struct refusal *refusal)
{
    const char *why = NULL;
    if (!session->gateway->config->accounts.passwords)
        why = "This gateway has no passwords.";
    else if (!session->device_id)
        why = "Only a person has a password.";
    else if (access_waits(session))
        why = "You wait to be let in; then you may have a password.";
    if (why && refusal)
        refuse(refusal, ERROR_forbidden, NULL, "%s", why);
    return !why;
}

/* As it is compared, however a keyboard composes it (RFC 8265, OpaqueString). */
static bool take(const char *password, const char *field, char out[PASSWORD_BYTES_MAX + 1],
                 struct refusal *refusal)
{
    if (text_compose(password, out, PASSWORD_BYTES_MAX + 1))
        return true;
    refuse(refusal, ERROR_too_long, field, "A password has at most %d bytes.", PASSWORD_BYTES_MAX);
    return false;
}

/* --- the new one is kept -------------------------------------------------------------------------- */

static void sign_out(struct ask *ask, const struct job_password_set *set, const char *reason)
{
    struct user *user = user_find_id(ask->gateway, set->user_id);
    ask->gateway->users.forgotten_count++;
    for (struct session *session = user ? user->sessions : NULL; session; session = session->next)
        if (session->device_id != set->device_id)
            session_close(session, 4001, reason);
}

static enum outcome answer_set(struct ask *ask, struct job *job)
{
    const struct job_password_set *set = &job->password_set;
    struct user *user = user_find_id(ask->gateway, set->user_id);
    if (job->result == JOB_PASSWORD_CHANGED)
        return set->change == PASSWORD_REGISTER ? refuse_first(ask)
                                                : refuse_wrong(ask, attempt_of(job));
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    if (user)
        user->account = true;
    if (set->had_one)
        sign_out(ask, set,
                 set->change == PASSWORD_GIVE ? "An administrator gave this user another password"
                                              : "The password was changed on another device");
    return ask_ok(ask);
}

static struct job *create_set(const struct attempt *attempt, enum password_change change,
                              int64_t device_id, const char *made)
{
    struct job *job = create_job(JOB_PASSWORD_SET, attempt);
    if (!job)
        return NULL;
    struct job_password_set *set = &job->password_set;
    *set = (struct job_password_set){
        .user_id = attempt->user_id, .device_id = device_id, .change = change};
    memcpy(set->was, attempt->was, sizeof set->was);
    memcpy(set->kept, made, sizeof set->kept);
    return job;
}

static enum outcome set_password(struct ask *ask, const struct attempt *attempt, const char *made)
{
    enum password_change change = attempt->what == ATTEMPT_REGISTER ? PASSWORD_REGISTER
                                  : attempt->what == ATTEMPT_CHANGE ? PASSWORD_CHANGE
                                                                    : PASSWORD_GIVE;
    struct job *job = create_set(attempt, change, ask->session->device_id, made);
    if (change == PASSWORD_GIVE)
        audit_add(ask, job, ACT_PASSWORD, NULL, attempt->name, NULL);
    return ask_submit(ask, job, answer_set);
}

/* --- hashing ------------------------------------------------------------------------------------- */

/* What is kept was made as is no longer done: nobody waits for the new one. */
static enum outcome come_in(struct ask *ask, const struct attempt *attempt, const char *made)
{
    rates_forget_tries(ask->session, attempt->name);
    if (made[0])
        (void)gateway_submit(ask->gateway, create_set(attempt, PASSWORD_REMAKE, 0, made), NULL);
    return pairing_come_in(ask, attempt->user_id, attempt->client);
}

static enum outcome answer_hash(struct ask *ask, struct job *job)
{
    const struct attempt *attempt = attempt_of(job);
    const struct job_password_hash *hash = &job->password_hash;
    ask->gateway->users.hashing_count--;
    if (!ask->session)
        return ANSWERED;
    if (ask->session->phase == PHASE_WAITING)
        session_await_hello(ask->session);
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    if (!hash->is_right)
        return refuse_wrong(ask, attempt);
    if (attempt->what == ATTEMPT_HELLO)
        return come_in(ask, attempt, hash->made);
    if (attempt->what == ATTEMPT_CHANGE)
        rates_forget_tries(ask->session, attempt->name);
    return set_password(ask, attempt, hash->made);
}

static enum outcome refuse_crowd(struct ask *ask)
{
    struct refusal refusal;
    refuse(&refusal, ERROR_rate_limited, "password",
           "Many sign in with a password just now; wait a moment.");
    refusal.retry_after_ms = RETRY_MS;
    return ask_refuse(ask, &refusal);
}

/* Whoever has said hello is not late while it is being judged. */
static enum outcome submit_hash(struct ask *ask, const struct attempt *attempt)
{
    struct gateway *gateway = ask->gateway;
    if (gateway->users.hashing_count >= HASHING_MAX)
        return refuse_crowd(ask);
    struct job *job = create_job(JOB_PASSWORD_HASH, attempt);
    if (job) {
        struct job_password_hash *hash = &job->password_hash;
        memcpy(hash->typed, attempt->typed, sizeof hash->typed);
        memcpy(hash->wanted, attempt->wanted, sizeof hash->wanted);
        memcpy(hash->kept, attempt->was, sizeof hash->kept);
    }
    if (ask_submit(ask, job, answer_hash) == ANSWERED)
        return ANSWERED;
    gateway->users.hashing_count++;
    gateway->figures.passwords++;
    if (ask->session->phase == PHASE_OPENING && !session_is_single(ask->session))
        session_wait(ask->session);
    return AWAITS;
}

/* --- finding ------------------------------------------------------------------------------------- */

static enum outcome answer_find(struct ask *ask, struct job *job)
{
    const struct job_password_find *find = &job->password_find;
    struct attempt attempt = *attempt_of(job);
    if (!ask->session)
        return ANSWERED;
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    if (attempt.what == ATTEMPT_REGISTER && find->kept[0])
        return refuse_first(ask);
    if (attempt.what == ATTEMPT_CHANGE && !find->kept[0])
        return ask_fail(ask, ERROR_forbidden, "old", "You have no password yet; register makes one.");
    attempt.user_id = find->user_id;
    memcpy(attempt.was, find->kept, sizeof attempt.was);
    return submit_hash(ask, &attempt);
}

static enum outcome submit_find(struct ask *ask, const struct attempt *attempt)
{
    struct job *job = create_job(JOB_PASSWORD_FIND, attempt);
    if (job) {
        job->password_find.user_id = attempt->user_id;
        memcpy(job->password_find.folded, attempt->name, sizeof job->password_find.folded);
    }
    return ask_submit(ask, job, answer_find);
}

/* --- the requests -------------------------------------------------------------------------------- */

enum outcome password_hello(struct ask *ask, const char *folded, const char *password,
                            const char *client)
{
    struct attempt attempt = {.what = ATTEMPT_HELLO};
    struct refusal refusal;
    if (!ask->gateway->config->accounts.passwords)
        return ask_fail(ask, ERROR_unauthorized, "password", "This gateway has no passwords.");
    if (!take(password, "password", attempt.typed, &refusal) ||
        !rates_take_password(ask->session, folded, &refusal))
        return ask_refuse(ask, &refusal);
    snprintf(attempt.name, sizeof attempt.name, "%s", folded);
    snprintf(attempt.client, sizeof attempt.client, "%s", client ? client : "");
    return submit_find(ask, &attempt);
}

enum outcome handle_register(struct ask *ask)
{
    struct attempt attempt = {.what = ATTEMPT_REGISTER};
    struct refusal refusal;
    if (!password_allowed(ask->session, &refusal) ||
        !take(ask->request.as_register.password, "password", attempt.wanted, &refusal) ||
        !rates_take(ask->session, LIMIT_PASSWORDS, &refusal))
        return ask_refuse(ask, &refusal);
    attempt.user_id = ask->session->user->id;
    return submit_find(ask, &attempt);
}

enum outcome handle_password(struct ask *ask)
{
    const struct request_password *password = &ask->request.as_password;
    struct attempt attempt = {.what = ATTEMPT_CHANGE};
    struct refusal refusal;
    if (!password_allowed(ask->session, &refusal) ||
        !take(password->old, "old", attempt.typed, &refusal) ||
        !take(password->new, "new", attempt.wanted, &refusal) ||
        !rates_take_password(ask->session, ask->session->user->folded, &refusal))
        return ask_refuse(ask, &refusal);
    attempt.user_id = ask->session->user->id;
    snprintf(attempt.name, sizeof attempt.name, "%s", ask->session->user->folded);
    return submit_find(ask, &attempt);
}

enum outcome password_give(struct ask *ask, const struct user_row *user, const char *password)
{
    struct attempt attempt = {.what = ATTEMPT_GIVE, .user_id = user->id};
    struct refusal refusal;
    if (!ask->gateway->config->accounts.passwords)
        return ask_fail(ask, ERROR_forbidden, NULL, "This gateway has no passwords.");
    if (!take(password, "password", attempt.wanted, &refusal))
        return ask_refuse(ask, &refusal);
    memcpy(attempt.name, user->name, sizeof attempt.name);
    return submit_hash(ask, &attempt);
}
