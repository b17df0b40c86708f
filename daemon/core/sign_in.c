/* sign_in.c - a key or a token without a hello: of HTTP requests and streams. */
#include "daemon/core/access.h"
#include "daemon/core/account.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/session_private.h"
#include "daemon/core/submit.h"
#include "daemon/core/token.h"
#include "daemon/core/user.h"

#include <string.h>

static bool sign_in_with_token(struct session *session, const char *text, struct refusal *refusal)
{
    struct token *token = token_find(session->gateway, text);
    struct user *user = token ? account_token_user(session->gateway, token) : NULL;
    if (user)
        account_become(session, user, 0);
    else if (token)
        refuse(refusal, ERROR_internal, NULL, "The gateway has no memory for this.");
    else
        refuse(refusal, ERROR_unauthorized, NULL, "This token is not known here.");
    return user != NULL;
}

/* --- a key without a hello ---------------------------------------------------------------------- */

struct sign_in_context {
    struct job_context job;
    uint64_t session;
    uint32_t forgotten_count;
};

static void refuse_key(struct refusal *refusal)
{
    refuse(refusal, ERROR_unauthorized, NULL, "This key is not known here.");
}

/* The user whom the job has found. False: there is none, or no memory. */
static bool attach_found(struct session *session, const struct job *job, struct refusal *refusal)
{
    const struct job_login *login = &job->login;
    struct gateway *gateway = session->gateway;
    if (job->result != JOB_DONE) {
        refuse(refusal, ERROR_storage_unavailable, NULL, NULL);
        return false;
    }
    refuse_key(refusal);
    if (!login->known)
        return false;
    struct user *user = user_find_id(gateway, login->user.id);
    if (!user && !(user = user_create(gateway, &login->user))) {
        refuse(refusal, ERROR_internal, NULL, "The gateway has no memory for this.");
        return false;
    }
    account_become(session, user, login->device.id);
    return access_enter(session, refusal);
}

static finish_job finish_sign_in;

static bool look_up_key(struct session *session, const char *key)
{
    static const struct user_row nobody = {0};
    struct gateway *gateway = session->gateway;
    struct job *job = account_login_job(key, &nobody, NULL);
    struct sign_in_context *context = submit_context(job, sizeof *context);
    if (context) {
        context->session = session->id;
        context->forgotten_count = gateway->users.forgotten_count;
    }
    if (!gateway_submit(gateway, job, finish_sign_in))
        return false;
    session->in_flight++;
    return true;
}

static void finish_sign_in(struct gateway *gateway, struct job *job)
{
    const struct sign_in_context *context = job->context;
    struct session *session = session_find(gateway, context->session);
    struct refusal refusal;
    if (!session)
        return;
    session->in_flight--;
    if (session->phase == PHASE_CLOSING)
        return;
    bool is_old = context->forgotten_count != gateway->users.forgotten_count;
    if (is_old && job->result == JOB_DONE && look_up_key(session, job->login.key))
        return;
    session_unblock(session);
    if (!is_old && attach_found(session, job, &refusal)) {
        session_continue(session);
        return;
    }
    if (is_old)
        refuse(&refusal, ERROR_storage_unavailable, NULL, NULL);
    session_refuse(session, NULL, &refusal);
    session_forget_received(session);
}

bool session_sign_in(struct session *session, const char *key, struct refusal *refusal)
{
    if (token_is(key))
        return sign_in_with_token(session, key, refusal);
    refuse_key(refusal);
    if (strlen(key) != KEY_TEXT_BYTES)
        return false;
    if (!look_up_key(session, key)) {
        refuse(refusal, ERROR_storage_unavailable, NULL, NULL);
        return false;
    }
    session_block(session, BLOCKED_ON_REPLY);
    return true;
}
