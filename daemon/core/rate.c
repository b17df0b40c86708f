/* rate.c - how often a session, a user and an address may ask. */
#include "daemon/core/state.h"

#define ABUSE_SECONDS 2 /* as many refused frames as it may send in so long: then it is closed */

static bool is_exempt(const struct session *session)
{
    return session->arrival.keeper || session->arrival.exempt;
}

static void refuse_for(struct refusal *refusal, int64_t wait_ms)
{
    refuse(refusal, ERROR_rate_limited, NULL, NULL);
    refusal->retry_after_ms = wait_ms;
}

bool rate_frame(struct session *session, struct refusal *refusal)
{
    const struct gateway *gateway = session->gateway;
    int64_t per_second = gateway->config->limits.requests_per_second;
    const struct rate rate = {.per_minute = per_second * 60, .burst = per_second * 2};
    if (is_exempt(session))
        return true;
    int64_t wait_ms = bucket_take(&session->frames, &rate, gateway->now.monotonic_ms);
    if (wait_ms == 0) {
        session->refused_count -= session->refused_count > 0;
        return true;
    }
    refuse_for(refusal, wait_ms);
    if (++session->refused_count >= ABUSE_SECONDS * per_second)
        session_close(session, 4008, "Far too many requests");
    return false;
}

static struct rate rate_of(const struct gateway *gateway, enum limit_kind kind)
{
    const struct config_limits *limits = &gateway->config->limits;
    switch (kind) {
    case LIMIT_MESSAGES:
        return (struct rate){limits->messages_per_minute, limits->messages_burst};
    case LIMIT_JOINS:
        return (struct rate){limits->joins_per_minute, limits->joins_burst};
    case LIMIT_READS:
        return (struct rate){limits->reads_per_minute, limits->reads_burst};
    case LIMIT_HELLOS:
    case LIMIT_KIND_COUNT:
        break;
    }
    return (struct rate){limits->hellos_per_minute, limits->hellos_per_minute};
}

/* Somebody without a name is known by the connection; the address still counts for all of them. */
static uint64_t user_key(const struct session *session)
{
    int64_t user_id = session_user_id(session);
    return user_id ? table_hash_number((uint64_t)user_id) : ~table_hash_number(session->id);
}

/* Waiting is asked of both before anything is taken of either. */
static int64_t wait_ms_of(struct gateway *gateway, uint64_t key, enum limit_kind kind,
                          const struct rate *rate)
{
    const struct bucket *buckets = limit_table_find(gateway->limits, key);
    return buckets ? bucket_wait_ms(&buckets[kind], rate, gateway->now.monotonic_ms) : 0;
}

static void take(struct gateway *gateway, uint64_t key, enum limit_kind kind,
                 const struct rate *rate)
{
    struct bucket *buckets = limit_table_find(gateway->limits, key);
    if (buckets)
        (void)bucket_take(&buckets[kind], rate, gateway->now.monotonic_ms);
}

bool rate_take(struct session *session, enum limit_kind kind, struct refusal *refusal)
{
    struct gateway *gateway = session->gateway;
    if (kind == COST_NONE || is_exempt(session))
        return true;
    uint64_t user = user_key(session), address = session->arrival.address_key;
    bool by_user = kind != LIMIT_HELLOS; /* nobody is anybody before hello */
    int64_t factor = by_user ? gateway->config->limits.address_factor : 1;
    const struct rate own = rate_of(gateway, kind);
    const struct rate all = {own.per_minute * factor, own.burst * factor};
    int64_t wait_ms = wait_ms_of(gateway, address, kind, &all);
    int64_t own_ms = by_user ? wait_ms_of(gateway, user, kind, &own) : 0;
    if (wait_ms > 0 || own_ms > 0) {
        refuse_for(refusal, own_ms > wait_ms ? own_ms : wait_ms);
        return false;
    }
    take(gateway, address, kind, &all);
    if (by_user)
        take(gateway, user, kind, &own);
    return true;
}
