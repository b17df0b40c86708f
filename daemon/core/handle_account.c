/* handle_account.c - hello and what belongs to it. */
#include "daemon/core/access.h"
#include "daemon/core/account.h"
#include "daemon/core/ask.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/invite_link.h"
#include "daemon/core/rates.h"
#include "daemon/core/room_list.h"
#include "daemon/core/session_private.h"
#include "daemon/core/submit.h"
#include "daemon/core/token.h"
#include "daemon/core/user.h"
#include "storage/crypto.h"

#include <stdio.h>
#include <string.h>

/* --- welcome ---------------------------------------------------------------------------------- */

static void fill_bounds(const struct config *config, struct record_bounds *bounds)
{
    bounds->frame_bytes = config->limits.frame_bytes;
    bounds->text_bytes = config->limits.text_bytes;
    bounds->text_characters = config->limits.text_characters;
    bounds->name_characters = config->limits.name_characters;
    bounds->rooms_per_session = config->limits.rooms_per_session;
    bounds->presence_members = config->limits.presence_members;
    bounds->nonce_window = config->limits.nonce_window;
    bounds->file_bytes = config->files.enabled ? config->files.bytes : NUMBER_ABSENT;
    bounds->files_per_message = config->files.enabled ? FILES_MAX : NUMBER_ABSENT;
}

static enum outcome welcome(struct ask *ask, const char *key, const struct job_own *own)
{
    struct gateway *gateway = ask->gateway;
    const struct user *user = ask->session->user;
    static const struct room_wish all = {0};
    struct room_list list = {0};
    struct reply_welcome reply = {
        .user = {.uid = user->id,
                 .name = user->name,
                 .account = user->account,
                 .role = role_name(user->role),
                 .kind = token_kind(user->token)},
        .session = key,
        .server = {.name = gateway->config->server.name, .version = HEARTH_VERSION},
        .time = gateway->now.wall_ms,
        .devices = own->device_count,
        .has_password = own->has_password,
        .may_register = password_allowed(ask->session, NULL),
        .has_recovery = own->has_recovery,
        .first_room = gateway_first_room(gateway),
        .newcomers = word_of(WORDS_newcomers_mode, (int)gateway->newcomers.mode),
        .waiting = access_waits(ask->session),
        .may_create = ask->session->arrival.administrator ||
                      (!user->token && gateway->config->rooms.create != CREATE_ADMINISTRATOR),
    };
    fill_bounds(gateway->config, &reply.limits);
    if (room_list_invite(&list, ask->session, own) &&
        room_list_fill(&list, gateway, ask->session, own, &all)) {
        reply.invitations = (struct message_list){list.invitations, list.invitation_count};
        reply.rooms = (struct message_list){list.lines, list.count};
        reply.more = list.more;
        (void)ask_reply(ask, REPLY_welcome, &reply);
    } else {
        (void)ask_fail(ask, ERROR_internal, NULL, "The gateway has no memory for this.");
    }
    room_list_finish(&list);
    return ANSWERED;
}

/* The session is this user's from now on. */
void account_become(struct session *session, struct user *user, int64_t device_id)
{
    session_ready(session);
    session->device_id = device_id;
    user_attach(user, session);
}

#define INVITE_BYTES_MAX 64 /* as messages.def has it */

/* --- a user who is known ------------------------------------------------------------------------ */

/* The key comes back with welcome. */
struct greeting_context {
    struct request_context request;
    const char *key;
    char invite[INVITE_BYTES_MAX + 1]; /* the code that hello brought; empty: none */
};

/* Whoever is banned, or may not come in, hears so, and is gone. */
static enum outcome turn_away(struct ask *ask, const struct refusal *refusal)
{
    (void)ask_refuse(ask, refusal);
    session_close(ask->session, 4003,
                  refusal->code == ERROR_banned ? "Banned from this gateway" : "Not let in");
    return ANSWERED;
}

static enum outcome come_in(struct ask *ask, const struct greeting_context *context);

static enum outcome answer_greeting(struct ask *ask, struct job *job)
{
    const struct greeting_context *context = job->context;
    if (!ask->session || !ask->session->user)
        return ANSWERED;
    if (job->result != JOB_DONE) {
        (void)ask_fail_job(ask, job);
        session_close(ask->session, 1013, "The gateway cannot read just now; come back soon");
        return ANSWERED;
    }
    struct refusal refusal;
    if (!access_enter(ask->session, &refusal))
        return turn_away(ask, &refusal);
    if (context->invite[0] && access_waits(ask->session) &&
        ask->gateway->newcomers.mode != NEWCOMERS_CLOSED)
        return come_in(ask, context);
    bool is_shut = ask->gateway->newcomers.mode == NEWCOMERS_INVITE ||
                   ask->gateway->newcomers.mode == NEWCOMERS_CLOSED;
    if (is_shut && access_waits(ask->session)) {
        refuse(&refusal, ERROR_forbidden, NULL, "Nobody new comes in here just now.");
        return turn_away(ask, &refusal);
    }
    return welcome(ask, context->key, &job->own);
}

static struct job *create_greeting(enum job_kind kind, const char *key, const char *invite)
{
    struct job *job = job_create(kind);
    struct greeting_context *context = submit_context(job, sizeof *context);
    if (context) {
        context->key = job_text(job, key);
        snprintf(context->invite, sizeof context->invite, "%s", invite);
    }
    return job;
}

/* What the rooms remember about the user is asked for, then comes welcome. */
static enum outcome ask_for_own(struct ask *ask, int64_t user_id, const char *key,
                                const char *invite)
{
    struct job *job = create_greeting(JOB_OWN, key, invite);
    if (job) {
        job->own.user_id = user_id;
        job->own.invitations_max = (int)ask->gateway->config->limits.invitations;
    }
    return ask_submit(ask, job, answer_greeting);
}

static enum outcome greet_known(struct ask *ask, const char *key, struct user *user,
                                const struct device_row *device, const char *invite)
{
    bool was_here = user_has_device(user, device->id, NULL);
    if (ask_for_own(ask, user->id, key, invite) == ANSWERED) {
        user_release(ask->gateway, user);
        return ANSWERED;
    }
    account_become(ask->session, user, device->id);
    if (!was_here)
        user_touch(ask->session, device->client);
    return AWAITS;
}

/* Storage has it that the user is known: greeted once more, as such. */
static enum outcome answer_known(struct ask *ask, struct job *job)
{
    const struct greeting_context *context = job->context;
    struct user *user = user_find_id(ask->gateway, job->invite_use.user_id);
    if (job->result != JOB_DONE) {
        invite_link_give_back(ask->gateway, job->invite_use.link_id);
        (void)ask_fail_job(ask, job);
        if (ask->session)
            session_close(ask->session, 1013, "The gateway cannot write just now; come back soon");
        return ANSWERED;
    }
    if (user)
        newcomers_let_in(ask->gateway, user, ask->session);
    return user && ask->session ? ask_for_own(ask, user->id, context->key, "") : ANSWERED;
}

/* A user who is stored and would wait has the code of an invite link. */
static enum outcome come_in(struct ask *ask, const struct greeting_context *context)
{
    struct refusal refusal;
    int64_t link_id = invite_link_take(ask->session, context->invite, NULL, &refusal);
    if (!link_id)
        return turn_away(ask, &refusal);
    struct job *job = create_greeting(JOB_INVITE_USE, context->key, "");
    if (job)
        job->invite_use =
            (struct job_invite_use){.link_id = link_id, .user_id = ask->session->user->id};
    enum outcome outcome = ask_submit(ask, job, answer_known);
    if (outcome == ANSWERED)
        invite_link_give_back(ask->gateway, link_id);
    return outcome;
}

static enum outcome refuse_unknown_key(struct ask *ask)
{
    return ask_fail(ask, ERROR_unauthorized, "session",
                    "This key is not known; say hello with a name.");
}

/* What a login that was asked too early has to know: see gateway->users.forgotten_count. */
struct login_context {
    struct request_context request;
    uint32_t forgotten_count;
    const char *password;              /* that hello brought; NULL: none */
    char invite[INVITE_BYTES_MAX + 1]; /* as in greeting_context */
};

/* With a key, the name counts only if the key is not known. client may be NULL. */
struct job *account_login_job(const char *key, const struct user_row *row, const char *client)
{
    struct job *job = job_create(JOB_LOGIN);
    if (!job)
        return NULL;
    struct job_login *login = &job->login;
    login->by_key = key != NULL;
    if (key)
        memcpy(login->key, key, strlen(key) + 1);
    memcpy(login->folded, row->folded, sizeof login->folded);
    login->user = *row;
    snprintf(login->device.client, sizeof login->device.client, "%s", client ? client : "");
    return job;
}

/* --- tokens ------------------------------------------------------------------------------------- */

/* The user of a token, here now. NULL without memory. */
struct user *account_token_user(struct gateway *gateway, struct token *token)
{
    struct user_row row = {.id = token->row.user_id, .role = ROLE_GUEST};
    memcpy(row.name, token->row.name, sizeof row.name);
    memcpy(row.folded, token->row.folded, sizeof row.folded);
    struct user *user = user_find_id(gateway, row.id);
    if (!user)
        user = user_create(gateway, &row);
    if (user)
        user->token = token;
    return user;
}

static enum outcome greet_token(struct ask *ask, const char *text)
{
    struct token *token = token_find(ask->gateway, text);
    if (!token)
        return ask_fail(ask, ERROR_unauthorized, "token", "This token is not known here.");
    struct user *user = account_token_user(ask->gateway, token);
    if (!user)
        return ask_fail(ask, ERROR_internal, NULL, "The gateway has no memory for this.");
    const struct device_row none = {0};
    return greet_known(ask, text, user, &none, "");
}

/* --- a new guest -------------------------------------------------------------------------------- */

/* Nobody is told what a power cut would take back: there is a user when storage has it, and its name is
 * taken from now on. */
static enum outcome answer_stored(struct ask *ask, struct job *job)
{
    static const struct job_own nothing = {.device_count = 1};
    const struct greeting_context *context = job->context;
    struct user *user = user_find_id(ask->gateway, job->user.user.id);
    struct refusal refusal;
    user->is_creating = false;
    if (ask->session && job->result == JOB_DONE) {
        account_become(ask->session, user, job->user.device.id);
        return access_enter(ask->session, &refusal) ? welcome(ask, context->key, &nothing)
                                                    : turn_away(ask, &refusal);
    }
    user_release(ask->gateway, user);
    if (job->result != JOB_DONE)
        invite_link_give_back(ask->gateway, job->user.invite_link_id);
    if (job->result != JOB_NAME_TAKEN)
        return ask_fail_job(ask, job);
    user_refuse_taken(ask->gateway, job->user.user.name, &refusal);
    return ask_refuse(ask, &refusal);
}

static struct job *create_storing(struct gateway *gateway, const struct job_login *login,
                                  const struct marks *marks, int64_t invite_link_id)
{
    struct job *job = job_create(JOB_USER_CREATE);
    struct greeting_context *context = submit_context(job, sizeof *context);
    if (!context)
        return job;
    context->key = job_text(job, login->key);
    job->user =
        (struct job_user){.user = login->user, .device = login->device, .at = gateway->now};
    job->user.marks = *marks;
    job->user.invite_link_id = invite_link_id;
    job->user.user.admitted = invite_link_id != 0;
    job->user.user.role = ROLE_GUEST;
    job->user.user.account = false;
    job->user.user.id = job->user.device.user_id = gateway->users.id_last + 1;
    job->user.device.id = gateway->users.device_id_last + 1;
    return job;
}

/* invite_link_id: a use of that one is taken with it; 0 none. */
static enum outcome store_guest(struct ask *ask, const struct job_login *login,
                                int64_t invite_link_id)
{
    struct gateway *gateway = ask->gateway;
    struct job *job =
        create_storing(gateway, login, &ask->session->arrival.marks, invite_link_id);
    struct user *user = job ? user_create(gateway, &job->user.user) : NULL;
    if (!user) {
        job_destroy(job);
        return ask_fail(ask, ERROR_internal, NULL, "The gateway has no memory for this.");
    }
    user->is_creating = true;
    if (ask_submit(ask, job, answer_stored) == AWAITS) {
        gateway->users.id_last++;
        gateway->users.device_id_last++;
        return AWAITS;
    }
    user->is_creating = false;
    user_release(gateway, user);
    return ANSWERED;
}

static enum outcome greet_waiting(struct ask *ask, const struct job_login *login)
{
    static const struct job_own nothing = {.device_count = 1};
    struct refusal refusal;
    int64_t device_id;
    struct user *user = newcomers_receive(ask->session, login, &device_id, &refusal);
    if (!user)
        return ask_refuse(ask, &refusal);
    account_become(ask->session, user, device_id);
    return welcome(ask, login->key, &nothing);
}

static enum outcome greet_invited(struct ask *ask, const struct job_login *login, const char *invite)
{
    struct refusal refusal;
    int64_t link_id = invite_link_take(ask->session, invite, NULL, &refusal);
    if (!link_id)
        return ask_refuse(ask, &refusal);
    enum outcome outcome = store_guest(ask, login, link_id);
    if (outcome == ANSWERED)
        invite_link_give_back(ask->gateway, link_id);
    return outcome;
}

static enum outcome greet_new(struct ask *ask, const struct job_login *login, const char *invite)
{
    enum newcomers_mode mode = ask->gateway->newcomers.mode;
    struct refusal refusal;
    if (login->taken || user_has_name(ask->gateway, login->user.folded)) {
        user_refuse_taken(ask->gateway, login->user.name, &refusal);
        return ask_refuse(ask, &refusal);
    }
    if (!access_enter(ask->session, &refusal))
        return turn_away(ask, &refusal);
    if (!rates_take_guest(ask->session, &refusal)) {
        session_grant_time(ask->session, refusal.retry_after_ms);
        return ask_refuse(ask, &refusal);
    }
    if (mode == NEWCOMERS_OPEN)
        return store_guest(ask, login, 0);
    return invite[0] && mode != NEWCOMERS_CLOSED ? greet_invited(ask, login, invite)
                                                 : greet_waiting(ask, login);
}

/* --- hello -------------------------------------------------------------------------------------- */

static enum outcome greet_stored(struct ask *ask, const struct job_login *login, const char *invite)
{
    struct user *user = user_find_id(ask->gateway, login->user.id);
    if (!user)
        user = user_create(ask->gateway, &login->user);
    if (!user)
        return ask_fail(ask, ERROR_internal, NULL, "The gateway has no memory for this.");
    return greet_known(ask, login->key, user, &login->device, invite);
}

static answer_handler answer_login;

static enum outcome log_in(struct ask *ask, struct job *job, const char *invite, const char *password)
{
    struct login_context *context = submit_context(job, sizeof *context);
    if (job)
        job->login.elapsed_ms = ask->gateway->now.elapsed_ms;
    if (context) {
        context->forgotten_count = ask->gateway->users.forgotten_count;
        context->password = job_text(job, password);
        snprintf(context->invite, sizeof context->invite, "%s", invite ? invite : "");
    }
    return ask_submit(ask, job, answer_login);
}

/* Asked once more: a device was forgotten meanwhile, perhaps this one. */
static enum outcome log_in_again(struct ask *ask, const struct job_login *login,
                                 const struct login_context *context)
{
    return log_in(ask, account_login_job(login->key, &login->user, login->device.client),
                  context->invite, context->password);
}

static enum outcome answer_login(struct ask *ask, struct job *job)
{
    const struct login_context *context = job->context;
    if (!ask->session)
        return ANSWERED;
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    if (job->login.known && context->forgotten_count != ask->gateway->users.forgotten_count)
        return log_in_again(ask, &job->login, context);
    if (job->login.known)
        return greet_stored(ask, &job->login, context->invite);
    if (context->password)
        return password_hello(ask, job->login.folded, context->password, job->login.device.client);
    return job->login.folded[0] ? greet_new(ask, &job->login, context->invite) : refuse_unknown_key(ask);
}

enum outcome account_greet(struct ask *ask, const char *key, const char *client)
{
    static const struct user_row nobody = {0};
    return log_in(ask, account_login_job(key, &nobody, client), NULL, NULL);
}

static bool may_say_hello(const struct session *session, const struct request_hello *hello,
                          struct refusal *refusal)
{
    if (session->phase == PHASE_READY) {
        refuse(refusal, ERROR_bad_request, NULL, "Hello has been said on this connection.");
        return false;
    }
    if (hello->password && !hello->name) {
        refuse(refusal, ERROR_bad_request, "name", "name is missing; a password is somebody's.");
        return false;
    }
    if (!hello->name && !hello->session && !hello->token && !hello->code && !hello->recovery) {
        refuse(refusal, ERROR_bad_request, "name", "name is missing; it must be a string.");
        return false;
    }
    return true;
}

enum outcome handle_hello(struct ask *ask)
{
    const struct request_hello *hello = &ask->request.as_hello;
    const char *key = hello->session ? hello->session : hello->token;
    struct user_row row = {0};
    struct refusal refusal;
    if (!may_say_hello(ask->session, hello, &refusal) ||
        (hello->name && !user_check_name(ask->gateway, hello->name, &row, &refusal)))
        return ask_refuse(ask, &refusal);
    if (key && token_is(key))
        return greet_token(ask, key);
    if (hello->code)
        return pairing_hello(ask, hello->code, hello->client);
    if (hello->recovery)
        return pairing_recover(ask, hello->recovery, hello->client);
    if (key && strlen(key) != KEY_TEXT_BYTES)
        key = NULL;
    if (!key && !hello->name)
        return refuse_unknown_key(ask);
    if (!key && hello->password)
        return password_hello(ask, row.folded, hello->password, hello->client);
    return log_in(ask, account_login_job(key, &row, hello->client), hello->invite, hello->password);
}

/* --- the rest --------------------------------------------------------------------------------- */

enum outcome handle_ping(struct ask *ask)
{
    const struct reply_pong pong = {.time = ask->gateway->now.wall_ms};
    return ask_reply(ask, REPLY_pong, &pong);
}
