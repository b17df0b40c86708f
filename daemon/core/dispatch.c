/* dispatch.c - one row a request: who may ask, what it costs, who answers. */
#include "daemon/core/state.h"
#include "daemon/log.h"

#include <string.h>

#define REFUSED_MAX 100 /* frames refused in a row before the connection is closed */
#define BURST_SECONDS 4 /* of requests_per_second at once: a page that opens joins all its rooms */

/* handler, answer, need, waits, cost. Keep the order of messages.def. */
static const struct row rows[MESSAGE_COUNT] = {
    [REQUEST_hello] = {handle_hello, answer_hello, NEEDS_NOTHING, true, LIMIT_HELLOS},
    [REQUEST_rooms] = {handle_rooms, answer_rooms, NEEDS_READER, true, LIMIT_READS},
    [REQUEST_join] = {handle_join, answer_join, NEEDS_READER, true, LIMIT_JOINS},
    [REQUEST_leave] = {handle_leave, answer_visit, NEEDS_READER, true, COST_NONE},
    [REQUEST_send] = {handle_send, answer_append, NEEDS_USER, false, LIMIT_MESSAGES},
    [REQUEST_edit] = {handle_edit, answer_append, NEEDS_USER, false, LIMIT_MESSAGES},
    [REQUEST_delete] = {handle_delete, answer_append, NEEDS_USER, false, LIMIT_MESSAGES},
    [REQUEST_react] = {handle_react, answer_append, NEEDS_USER, false, LIMIT_MESSAGES},
    [REQUEST_direct] = {handle_direct, answer_direct, NEEDS_USER, true, LIMIT_MESSAGES},
    [REQUEST_history] = {handle_history, answer_history, NEEDS_READER, true, LIMIT_READS},
    [REQUEST_search] = {handle_search, answer_search, NEEDS_READER, true, LIMIT_READS},
    [REQUEST_typing] = {handle_typing, answer_visit, NEEDS_USER, false, COST_NONE},
    [REQUEST_read] = {handle_read, answer_read, NEEDS_USER, false, LIMIT_READS},
    [REQUEST_who] = {handle_who, answer_who, NEEDS_READER, true, LIMIT_READS},
    [REQUEST_create] = {handle_create, answer_create, NEEDS_USER, true, LIMIT_JOINS},
    [REQUEST_set] = {handle_set, answer_set, NEEDS_USER, true, LIMIT_MESSAGES},
    [REQUEST_remove] = {handle_remove, answer_remove, NEEDS_USER, true, COST_NONE},
    [REQUEST_invite] = {handle_invite, answer_grant, NEEDS_USER, true, LIMIT_MESSAGES},
    [REQUEST_kick] = {handle_kick, answer_visit, NEEDS_USER, true, LIMIT_MESSAGES},
    [REQUEST_ban] = {handle_ban, answer_grant, NEEDS_USER, true, LIMIT_MESSAGES},
    [REQUEST_unban] = {handle_unban, answer_grant, NEEDS_USER, true, LIMIT_MESSAGES},
    [REQUEST_mute] = {handle_mute, answer_grant, NEEDS_USER, true, LIMIT_MESSAGES},
    [REQUEST_role] = {handle_role, answer_grant, NEEDS_USER, true, LIMIT_MESSAGES},
    [REQUEST_register] = {handle_register, NULL, NEEDS_USER, false, COST_NONE},
    [REQUEST_password] = {handle_password, NULL, NEEDS_USER, false, COST_NONE},
    [REQUEST_logout] = {handle_logout, answer_logout, NEEDS_USER, true, COST_NONE},
    [REQUEST_ping] = {handle_ping, NULL, NEEDS_NOTHING, false, COST_NONE},
    [REQUEST_status] = {handle_status, answer_status, NEEDS_KEEPER, true, COST_NONE},
    [REQUEST_backup] = {handle_backup, answer_backup, NEEDS_KEEPER, true, COST_NONE},
    [REQUEST_restore] = {handle_restore, answer_restore, NEEDS_KEEPER, true, COST_NONE},
    [REQUEST_export] = {handle_export, answer_export, NEEDS_KEEPER, true, COST_NONE},
    [REQUEST_import] = {handle_import, answer_import, NEEDS_KEEPER, true, COST_NONE},
};

const struct row *dispatch_row(enum message_type request)
{
    return &rows[request];
}

/* --- how often -------------------------------------------------------------------------------- */

static struct rate rate_of(const struct config *config, enum limit_kind kind, int64_t factor)
{
    struct rate rate = {0};
    switch (kind) {
    case LIMIT_MESSAGES:
        rate = (struct rate){config->limits.messages_per_minute, config->limits.messages_burst};
        break;
    case LIMIT_JOINS:
        rate = (struct rate){config->limits.joins_per_minute, config->limits.joins_burst};
        break;
    case LIMIT_READS:
        rate = (struct rate){config->limits.reads_per_minute, config->limits.reads_burst};
        break;
    case LIMIT_HELLOS:
        return (struct rate){config->limits.hellos_per_minute, config->limits.hellos_per_minute};
    case LIMIT_KIND_COUNT:
        break;
    }
    return (struct rate){rate.per_minute * factor, rate.burst * factor};
}

static uint64_t user_key(const struct session *session)
{
    return table_hash_number((uint64_t)session_presence_id(session) ^ session->gateway->seed);
}

/* Takes one of this kind, if the user and the address both may. 0, or how long to wait. */
static int64_t take(struct session *session, enum limit_kind kind)
{
    struct gateway *gateway = session->gateway;
    int64_t now_ms = gateway->now.monotonic_ms;
    struct rate own = rate_of(gateway->config, kind, 1);
    struct rate shared = rate_of(gateway->config, kind, gateway->config->limits.address_factor);
    bool has_user = kind != LIMIT_HELLOS && session_presence_id(session) != 0;
    uint64_t address = session->arrival.address_key;
    struct bucket *buckets = limit_table_find(gateway->limits, address);
    int64_t wait_ms = buckets ? bucket_wait_ms(&buckets[kind], &shared, now_ms) : 0;
    if (wait_ms > 0)
        return wait_ms;
    if (has_user && (buckets = limit_table_find(gateway->limits, user_key(session))))
        wait_ms = bucket_take(&buckets[kind], &own, now_ms);
    if (wait_ms == 0 && (buckets = limit_table_find(gateway->limits, address)))
        (void)bucket_take(&buckets[kind], &shared, now_ms);
    return wait_ms;
}

static bool is_often_enough(struct session *session, enum limit_kind kind,
                            struct refusal *refusal)
{
    if (kind == COST_NONE || session->arrival.exempt || session->arrival.keeper)
        return true;
    int64_t wait_ms = take(session, kind);
    if (wait_ms == 0)
        return true;
    refuse(refusal, ERROR_rate_limited, NULL, NULL);
    refusal->retry_after_ms = wait_ms;
    return false;
}

/* Frames of any kind. Who goes on regardless is closed. */
static bool may_speak_again(struct session *session, const struct ref *ref)
{
    struct gateway *gateway = session->gateway;
    int64_t per_second = gateway->config->limits.requests_per_second;
    struct rate rate = {per_second * 60, per_second * BURST_SECONDS};
    if (session->arrival.exempt || session->arrival.keeper)
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

static bool is_met(const struct session *session, enum need need)
{
    switch (need) {
    case NEEDS_NOTHING:
        return true;
    case NEEDS_READER:
        return session->has_hello || session->arrival.anonymous;
    case NEEDS_USER:
        return session->has_hello;
    case NEEDS_KEEPER:
        return session->arrival.keeper;
    }
    return false;
}

static bool may_ask(struct session *session, const struct row *row, struct refusal *refusal)
{
    if (session->gateway->is_draining) {
        refuse(refusal, ERROR_shutting_down, NULL, NULL);
        return false;
    }
    if (!is_met(session, row->need)) {
        bool is_known = session->has_hello;
        refuse(refusal, is_known ? ERROR_forbidden : ERROR_unauthorized, NULL,
               is_known ? "Only the keeper may do this, on the admin socket." : "Say hello first.");
        return false;
    }
    return is_often_enough(session, row->cost, refusal);
}

static void run(struct gateway *gateway, struct session *session, const struct request *request)
{
    const struct row *row = &rows[request->type];
    struct refusal refusal;
    if (!row->handle) {
        session_fail(session, &request->ref, ERROR_unknown_type, "type", NULL);
    } else if (!may_ask(session, row, &refusal)) {
        session_refuse(session, &request->ref, &refusal);
    } else {
        gateway->has_submitted = false;
        row->handle(gateway, session, request);
        if (row->waits && gateway->has_submitted)
            session->is_waiting = true;
    }
}

/* Whoever comes in or reads goes on: hello, ping, join, history and the like store nothing that waits. */
static bool comes_later(const struct session *session, const struct request *request)
{
    return rows[request->type].need == NEEDS_USER && session_waits_for_storage(session);
}

bool dispatch(struct gateway *gateway, struct session *session, const char *bytes, size_t length)
{
    struct request request;
    struct refusal refusal;
    bool is_plain = session->arrival.kind == SESSION_PLAIN;
    bool is_decoded = is_plain ? request_decode_plain(bytes, length, &request, &refusal)
                               : request_decode(bytes, length, &request, &refusal);
    if (is_decoded && comes_later(session, &request)) {
        request_finish(&request);
        return false;
    }
    gateway->figures.requests++;
    gateway->frame = bytes;
    gateway->frame_length = length;
    if (!may_speak_again(session, &request.ref)) {
        /* answered or closed */
    } else if (!is_decoded) {
        session_refuse(session, &request.ref, &refusal);
    } else {
        run(gateway, session, &request);
    }
    if (is_decoded)
        request_finish(&request);
    return true;
}

void dispatch_again(struct gateway *gateway, struct session *session, const char *frame)
{
    struct request request;
    struct refusal refusal;
    gateway->frame = frame;
    gateway->frame_length = strlen(frame);
    if (!request_decode(frame, gateway->frame_length, &request, &refusal)) {
        session_refuse(session, &request.ref, &refusal); /* no memory this time */
        return;
    }
    rows[request.type].handle(gateway, session, &request);
    request_finish(&request);
}
