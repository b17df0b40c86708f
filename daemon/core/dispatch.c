/* dispatch.c - what arrives: decoded, held against how often and by whom it may be asked, run. */
#include "daemon/core/dispatch.h"

#include "daemon/core/access.h"
#include "daemon/core/ask.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/rates.h"
#include "daemon/core/session_private.h"
#include "daemon/core/token.h"
#include "daemon/log.h"

#define REFUSED_MAX 100 /* frames refused in a row before the connection is closed */
#define BURST_SECONDS 4 /* of requests_per_second at once: a page that opens joins all its rooms */

#define IN_GATEWAY(name, who, order, operation, cost)                                              \
    static const struct row row_##name = {                                                         \
        handle_##name, WHO_##who, ORDER_##order, SCOPE_NONE, OPERATION_##operation, cost, 0};
#define IN_ROOM(name, who, order, scope, operation, cost)                                          \
    _Static_assert(OPERATION_##operation != OPERATION_none, #name " needs a permission");          \
    static const struct row row_##name = {handle_##name,                                           \
                                          WHO_##who,                                               \
                                          ORDER_##order,                                           \
                                          SCOPE_##scope,                                           \
                                          OPERATION_##operation,                                   \
                                          cost,                                                    \
                                          offsetof(struct request, as_##name.room)};
#include "daemon/core/requests.def"

static const struct row *const rows[MESSAGE_COUNT] = {
#define REQUEST(name, sentence) [REQUEST_##name] = &row_##name,
#include "protocol/messages.def"

#define PAUSED_MS 5000 /* a bridge that is paused asks again after so long */
};

const struct row *dispatch_row(enum message_type request)
{
    return rows[request];
}

/* --- how often -------------------------------------------------------------------------------- */

/* Frames of any kind. Who goes on regardless is closed. */
static bool may_speak_again(struct session *session, const struct ref *ref)
{
    struct gateway *gateway = session->gateway;
    int64_t per_second = gateway->config->limits.requests_per_second;
    struct rate rate = {per_second, 1000, per_second * BURST_SECONDS};
    if (session->arrival.exempt || session->arrival.administrator)
        return true;
    int64_t wait_ms = bucket_take(&session->frames, &rate, gateway->now.monotonic_ms);
    if (wait_ms == 0) {
        session->refused_count -= session->refused_count > 0;
        return true;
    }
    if (++session->refused_count > REFUSED_MAX) {
        log_info("session: closed reason=rate_limited refused_count=%u", session->refused_count);
        session_close(session, 4008, "Too many requests");
        return false;
    }
    struct refusal refusal;
    refuse(&refusal, ERROR_rate_limited, NULL, NULL);
    refusal.retry_after_ms = wait_ms;
    session_refuse(session, ref, &refusal);
    return false;
}

/* --- who may ask ------------------------------------------------------------------------------ */

static bool is_met(const struct session *session, enum who who)
{
    switch (who) {
    case WHO_ANYBODY:
        return true;
    case WHO_READER:
        return session->phase == PHASE_READY || session->arrival.anonymous;
    case WHO_USER:
        return session->phase == PHASE_READY;
    case WHO_ADMINISTRATOR:
        return session->arrival.administrator;
    }
    return false;
}

/* A bridge that is paused says how it is and hears where it is, and that is all. */
static bool is_paused(const struct session *session, const struct row *row)
{
    const struct token *token = token_of(session);
    return token && token->row.is_paused && row->operation != OPERATION_none;
}

static bool may_ask(struct session *session, const struct row *row, struct refusal *refusal)
{
    if (session->gateway->drain.phase != DRAIN_NONE) {
        refuse(refusal, ERROR_shutting_down, NULL, NULL);
        return false;
    }
    if (row->who == WHO_USER && access_waits(session)) {
        refuse(refusal, ERROR_forbidden, NULL,
               "You are waiting at the door: a moderator has to let you in first.");
        return false;
    }
    if (!is_met(session, row->who)) {
        bool is_known = session->phase == PHASE_READY;
        refuse(refusal, is_known ? ERROR_forbidden : ERROR_unauthorized, NULL,
               is_known ? "Only the administrator may do this, on the admin socket."
                        : "Say hello first.");
        return false;
    }
    if (is_paused(session, row)) {
        refuse(refusal, ERROR_rate_limited, NULL, "An administrator has paused this bridge.");
        refusal->retry_after_ms = PAUSED_MS;
        return false;
    }
    if (row->cost == COST_NONE)
        return true;
    return row->cost == LIMIT_RETURNS ? rates_take_hello(session, refusal)
                                      : rates_take(session, row->cost, refusal);
}

static void run(struct ask *ask)
{
    struct refusal refusal;
    if (!may_ask(ask->session, ask->row, &refusal))
        (void)ask_refuse(ask, &refusal);
    else if (ask_run(ask) == AWAITS && ask->row->order == ORDER_BLOCKING)
        session_block(ask->session, BLOCKED_ON_REPLY);
}

/* Whoever comes in or reads goes on: hello, ping, join, history and the like store nothing that waits. */
static bool comes_later(const struct ask *ask)
{
    return ask->row->who == WHO_USER && session_waits_for_storage(ask->session);
}

/* --- the two ways in ---------------------------------------------------------------------------- */

static bool decode(const struct session *session, const char *bytes, size_t length,
                   struct request *request, struct refusal *refusal)
{
    return session->arrival.kind == SESSION_PLAIN
               ? request_decode_plain(bytes, length, request, refusal)
               : request_decode(bytes, length, request, refusal);
}

static bool take_request(struct ask *ask)
{
    ask->row = rows[ask->request.type];
    if (comes_later(ask))
        return false;
    ask->gateway->figures.requests++;
    turn_spend(&ask->gateway->turn, TURN_NS_REQUEST);
    if (may_speak_again(ask->session, &ask->request.ref))
        run(ask);
    return true;
}

bool dispatch(struct session *session, const char *bytes, size_t length)
{
    struct ask ask = {.gateway = session->gateway, .session = session};
    struct refusal refusal;
    if (decode(session, bytes, length, &ask.request, &refusal)) {
        bool is_taken = take_request(&ask);
        request_finish(&ask.request);
        return is_taken;
    }
    ask.gateway->figures.requests++;
    if (may_speak_again(session, &ask.request.ref))
        (void)ask_refuse(&ask, &refusal);
    return true;
}

bool dispatch_request(struct session *session, const struct request *request)
{
    struct ask ask = {.gateway = session->gateway, .session = session, .request = *request};
    return take_request(&ask);
}
