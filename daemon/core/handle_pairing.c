/* handle_pairing.c - one more device of a user: by claim and approve, by offer, by move, by the
 * recovery code. Each makes a key here, stores the device, tells the user's others, and has the new
 * one come in with that key as any hello with a key does. */
#include "daemon/core/account.h"
#include "daemon/core/ask.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/pairing.h"
#include "daemon/core/rates.h"
#include "daemon/core/session_private.h"
#include "daemon/core/token.h"
#include "daemon/core/user.h"
#include "storage/crypto.h"

#include <stdio.h>
#include <string.h>

/* --- one more device ----------------------------------------------------------------------------
 */

struct device_context {
    struct request_context request;
    char key[KEY_TEXT_BYTES + 1];
    uint64_t claimant; /* session that comes in with it; 0: the one that asks */
    struct ref ref;    /* of its hello */
    char address[46];
};

static struct job *create_device(struct gateway *gateway, int64_t user_id, const char *client,
                                 const char *address)
{
    struct job *job = job_create(JOB_DEVICE_CREATE);
    struct device_context *context = submit_context(job, sizeof *context);
    struct device_row *device = context ? &job->device_create.device : NULL;
    if (!device || !random_hex(context->key, KEY_BYTES) ||
        !hash_text(context->key, device->key_hash)) {
        job_destroy(job);
        return NULL;
    }
    device->id = ++gateway->users.device_id_last;
    device->user_id = user_id;
    job->device_create.at = gateway->now;
    snprintf(device->client, sizeof device->client, "%s", client ? client : "");
    snprintf(context->address, sizeof context->address, "%s", address);
    return job;
}

static void note_added(struct gateway *gateway, const struct job_device_create *create,
                       const char *address)
{
    struct user *user = user_find_id(gateway, create->device.user_id);
    const struct event_device_added event = {
        .id = create->device.id, .client = create->device.client, .address = address};
    gateway->users.forgotten_count += create->dropped_id != 0;
    if (user && create->dropped_id)
        user_close_device(user, create->dropped_id, NULL, "Another device took its place");
    for (struct session *session = user ? user->sessions : NULL; session; session = session->next)
        (void)session_tell(session, EVENT_device_added, &event);
}

/* --- coming in by a code of one's own ------------------------------------------------------------
 */

static enum outcome answer_came_in(struct ask *ask, struct job *job)
{
    const struct device_context *context = job->context;
    struct refusal refusal;
    if (job->result == JOB_USER_MISSING && ask->session)
        return rates_take(ask->session, LIMIT_CODES, &refusal)
                   ? ask_fail(ask, ERROR_unauthorized, "recovery", "No user has this code.")
                   : ask_refuse(ask, &refusal);
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    note_added(ask->gateway, &job->device_create, context->address);
    return ask->session ? account_greet(ask, context->key, job->device_create.device.client)
                        : ANSWERED;
}

enum outcome pairing_come_in(struct ask *ask, int64_t user_id, const char *client)
{
    struct job *job = create_device(ask->gateway, user_id, client, ask->session->arrival.address);
    return ask_submit(ask, job, answer_came_in);
}

enum outcome pairing_recover(struct ask *ask, const char *typed, const char *client)
{
    char code[SECRET_TEXT_BYTES + 1];
    struct refusal refusal;
    if (!rates_may_try(ask->session, &refusal))
        return ask_refuse(ask, &refusal);
    struct job *job = create_device(ask->gateway, 0, client, ask->session->arrival.address);
    if (job && (!code_normalise(typed, code, SECRET_TEXT_BYTES) ||
                !hash_text(code, job->device_create.recovery_hash)))
        code[0] = '\0';
    return ask_submit(ask, job, answer_came_in);
}

static enum outcome refuse_code(struct ask *ask, enum error_code code)
{
    struct refusal refusal;
    if (!rates_take(ask->session, LIMIT_CODES, &refusal))
        return ask_refuse(ask, &refusal);
    return ask_fail(ask, code, "code", "This code is wrong, or no longer good.");
}

static enum outcome take_up_offer(struct ask *ask, struct pairing *offer, const char *client)
{
    struct session *owner = session_find(ask->gateway, offer->owner);
    offer->claimant = ask->session->id;
    offer->claimed_ms = ask->gateway->now.elapsed_ms;
    offer->ref = ask->request.ref;
    snprintf(offer->client, sizeof offer->client, "%s", client ? client : "");
    snprintf(offer->address, sizeof offer->address, "%s", ask->session->arrival.address);
    const struct reply_claimant claimant = {
        .code = offer->code, .client = offer->client, .address = offer->address};
    if (owner)
        (void)session_tell(owner, REPLY_claimant, &claimant);
    session_wait(ask->session);
    return AWAITS;
}

enum outcome pairing_hello(struct ask *ask, const char *typed, const char *client)
{
    struct refusal refusal;
    if (session_is_single(ask->session))
        return ask_fail(ask, ERROR_bad_request, "code", "A device comes in by a WebSocket.");
    if (!rates_may_try(ask->session, &refusal))
        return ask_refuse(ask, &refusal);
    struct pairing *offer = pairing_find(ask->gateway, PAIRING_OFFER, typed);
    if (offer && !offer->claimant)
        return take_up_offer(ask, offer, client);
    struct pairing *move = pairing_find(ask->gateway, PAIRING_MOVE, typed);
    if (!move)
        return refuse_code(ask, ERROR_unauthorized);
    int64_t user_id = move->user_id;
    pairing_drop(ask->gateway, move);
    return pairing_come_in(ask, user_id, client);
}

/* --- letting one in -----------------------------------------------------------------------------
 */

/* It comes in as by a hello of its own. */
static void welcome_claimant(struct gateway *gateway, const struct device_context *context,
                             const char *client)
{
    struct session *session = session_find(gateway, context->claimant);
    struct request hello = {.type = REQUEST_hello, .ref = context->ref};
    if (!session || session->phase != PHASE_WAITING)
        return;
    hello.as_hello.session = context->key;
    hello.as_hello.client = client;
    session_await_hello(session);
    session_unblock(session);
    session_ask(session, &hello);
}

static enum outcome answer_let_in(struct ask *ask, struct job *job)
{
    const struct device_context *context = job->context;
    struct refusal refusal;
    if (job->result != JOB_DONE) {
        refuse(&refusal, ERROR_storage_unavailable, NULL, NULL);
        pairing_turn_away(ask->gateway, context->claimant, &context->ref, &refusal);
        return ask_fail_job(ask, job);
    }
    note_added(ask->gateway, &job->device_create, context->address);
    (void)ask_ok(ask);
    welcome_claimant(ask->gateway, context, job->device_create.device.client);
    return ANSWERED;
}

/* The code is used up by it. */
static enum outcome let_in(struct ask *ask, struct pairing *pairing)
{
    struct job *job =
        create_device(ask->gateway, ask->session->user->id, pairing->client, pairing->address);
    struct device_context *context = job ? job->context : NULL;
    if (context) {
        context->claimant = pairing->claimant;
        context->ref = pairing->ref;
        pairing_drop(ask->gateway, pairing);
    }
    return ask_submit(ask, job, answer_let_in);
}

static enum outcome turn_away(struct ask *ask, struct pairing *pairing)
{
    pairing_refuse(ask->gateway, pairing, "The other device did not let this one in.");
    return ask_ok(ask);
}

static enum outcome refuse_nobody(struct ask *ask)
{
    return ask_fail(ask, ERROR_forbidden, NULL, "Only a person has devices.");
}

/* --- claim and approve --------------------------------------------------------------------------
 */

enum outcome handle_claim(struct ask *ask)
{
    struct session *session = ask->session;
    struct refusal refusal;
    if (session->phase != PHASE_OPENING || session_is_single(session))
        return ask_fail(ask, ERROR_bad_request, NULL,
                        "A claim is the first thing that a new WebSocket says.");
    struct pairing *claim = pairing_make(session, PAIRING_CLAIM, &refusal);
    if (!claim)
        return ask_refuse(ask, &refusal);
    claim->claimant = session->id;
    claim->claimed_ms = claim->since_ms;
    snprintf(claim->client, sizeof claim->client, "%s",
             ask->request.as_claim.client ? ask->request.as_claim.client : "");
    snprintf(claim->address, sizeof claim->address, "%s", session->arrival.address);
    session_wait(session);
    const struct reply_claimed claimed = {
        .code = claim->code, .digits = claim->digits, .expires_ms = PAIRING_MS};
    return ask_reply(ask, REPLY_claimed, &claimed);
}

static enum outcome show_claimant(struct ask *ask, struct pairing *claim)
{
    claim->user_id = ask->session->user->id;
    const struct reply_claimant claimant = {.client = claim->client,
                                            .address = claim->address,
                                            .age_ms =
                                                ask->gateway->now.elapsed_ms - claim->claimed_ms};
    return ask_reply(ask, REPLY_claimant, &claimant);
}

static enum outcome refuse_digits(struct ask *ask, struct pairing *claim)
{
    struct refusal refusal;
    if (++claim->wrong_count == PAIRING_DIGITS_TRIES)
        pairing_refuse(ask->gateway, claim, "The digits were typed wrong too often.");
    if (!rates_take(ask->session, LIMIT_CODES, &refusal))
        return ask_refuse(ask, &refusal);
    return ask_fail(ask, ERROR_forbidden, "digits", "These are not the digits of that device.");
}

enum outcome handle_approve(struct ask *ask)
{
    const struct request_approve *approve = &ask->request.as_approve;
    const struct user *user = ask->session->user;
    struct refusal refusal;
    if (!ask->session->device_id)
        return refuse_nobody(ask);
    if (user->role >= ROLE_MODERATOR)
        return ask_fail(ask, ERROR_forbidden, NULL,
                        "With a role in the gateway a device is let in by an offer only.");
    if (!rates_may_try(ask->session, &refusal))
        return ask_refuse(ask, &refusal);
    struct pairing *claim = pairing_find(ask->gateway, PAIRING_CLAIM, approve->code);
    if (!claim || (claim->user_id && claim->user_id != user->id))
        return refuse_code(ask, ERROR_forbidden);
    if (!approve->digits && !approve->accept)
        return show_claimant(ask, claim);
    if (!approve->accept)
        return turn_away(ask, claim);
    if (!approve->digits)
        return ask_fail(ask, ERROR_bad_request, "digits",
                        "digits is missing; it must be what the new device shows.");
    return strcmp(approve->digits, claim->digits) == 0 ? let_in(ask, claim)
                                                       : refuse_digits(ask, claim);
}

/* --- offer and move -----------------------------------------------------------------------------
 */

static void drop_offers(struct ask *ask)
{
    for (struct pairing *at = ask->gateway->users.pairings, *next; at; at = next) {
        next = at->next;
        if (at->kind != PAIRING_OFFER || at->owner != ask->session->id)
            continue;
        pairing_refuse(ask->gateway, at, "Another offer took the place of this one.");
        next = ask->gateway->users.pairings;
    }
}

/* A newer offer of the same connection takes the place of an older one. */
static enum outcome make_offer(struct ask *ask)
{
    char path[64];
    struct refusal refusal;
    drop_offers(ask);
    struct pairing *offer = pairing_make(ask->session, PAIRING_OFFER, &refusal);
    if (!offer)
        return ask_refuse(ask, &refusal);
    offer->user_id = ask->session->user->id;
    offer->owner = ask->session->id;
    snprintf(path, sizeof path, "/#join/%s", offer->code);
    const struct reply_offer reply = {.code = offer->code, .expires_ms = PAIRING_MS, .path = path};
    return ask_reply(ask, REPLY_offer, &reply);
}

enum outcome handle_offer(struct ask *ask)
{
    const struct request_offer *wanted = &ask->request.as_offer;
    if (!ask->session->device_id || session_is_single(ask->session))
        return refuse_nobody(ask);
    if (!wanted->code)
        return make_offer(ask);
    struct pairing *offer = pairing_find(ask->gateway, PAIRING_OFFER, wanted->code);
    if (!offer || offer->owner != ask->session->id || !offer->claimant)
        return refuse_code(ask, ERROR_forbidden);
    return wanted->accept ? let_in(ask, offer) : turn_away(ask, offer);
}

enum outcome handle_move(struct ask *ask)
{
    char path[64];
    struct refusal refusal;
    if (!ask->session->device_id)
        return refuse_nobody(ask);
    struct pairing *move = pairing_make(ask->session, PAIRING_MOVE, &refusal);
    if (!move)
        return ask_refuse(ask, &refusal);
    move->user_id = ask->session->user->id;
    snprintf(path, sizeof path, "/#move/%s", move->code);
    const struct reply_move reply = {.code = move->code, .expires_ms = PAIRING_MS, .path = path};
    return ask_reply(ask, REPLY_move, &reply);
}

/* --- the recovery code --------------------------------------------------------------------------
 */

struct recovery_context {
    struct request_context request;
    char code[SECRET_TEXT_BYTES + 1];
};

static enum outcome answer_recovery(struct ask *ask, struct job *job)
{
    const struct recovery_context *context = job->context;
    const struct reply_recovery reply = {.code = context->code};
    if (job->result == JOB_USER_MISSING) /* on the way into storage, which fails */
        return ask_fail(ask, ERROR_storage_unavailable, NULL, NULL);
    return job->result == JOB_DONE ? ask_reply(ask, REPLY_recovery, &reply)
                                   : ask_fail_job(ask, job);
}

enum outcome handle_recovery(struct ask *ask)
{
    if (!ask->session->device_id)
        return refuse_nobody(ask);
    struct job *job = job_create(JOB_RECOVERY);
    struct recovery_context *context = submit_context(job, sizeof *context);
    if (context && (!code_make(context->code, SECRET_TEXT_BYTES) ||
                    !hash_text(context->code, job->recovery.hash))) {
        job_destroy(job);
        return ask_fail(ask, ERROR_internal, NULL, NULL);
    }
    if (context)
        job->recovery.user_id = ask->session->user->id;
    return ask_submit(ask, job, answer_recovery);
}
