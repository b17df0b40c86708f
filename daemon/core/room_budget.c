#include "daemon/core/room_budget.h"

#include "daemon/core/gateway_private.h"
#include "daemon/core/limit.h"
#include "daemon/core/session_private.h"
#include "daemon/core/user.h"

static bool is_administrator(const struct session *session)
{
    return session->arrival.administrator || (session->user && session->user->role == ROLE_ADMIN);
}

static bool has_space(const struct session *session, enum visibility visibility,
                      struct refusal *refusal)
{
    const struct gateway *gateway = session->gateway;
    const struct config_limits *limits = &gateway->config->limits;
    bool is_direct = visibility == VISIBILITY_DIRECT;
    size_t count = is_direct ? gateway->rooms.direct_count : gateway->rooms.by_id.count - gateway->rooms.direct_count;
    int64_t most = is_direct ? limits->direct_rooms : limits->rooms;
    if (!is_direct && is_administrator(session))
        most += limits->rooms_reserved;
    if ((int64_t)count < most)
        return true;
    refuse(refusal, ERROR_too_many_rooms, NULL,
           is_direct ? "There are as many direct conversations as there may be."
                     : "There are as many rooms as there may be.");
    return false;
}

bool room_budget_take(struct session *session, enum visibility visibility,
                      struct refusal *refusal)
{
    struct gateway *gateway = session->gateway;
    const struct config_limits *limits = &gateway->config->limits;
    bool is_direct = visibility == VISIBILITY_DIRECT;
    if (!has_space(session, visibility, refusal))
        return false;
    if (session->arrival.exempt || is_administrator(session))
        return true;
    int64_t per_hour = is_direct ? limits->direct_rooms_per_hour : limits->rooms_per_hour;
    const struct rate rate = rate_per_hour(per_hour, per_hour);
    struct bucket *buckets = limit_table_find(gateway->limits, session->arrival.address_key);
    int64_t wait_ms = buckets ? bucket_take(&buckets[is_direct ? LIMIT_DIRECT_ROOMS : LIMIT_ROOMS],
                                            &rate, gateway->now.monotonic_ms)
                              : 0;
    if (wait_ms == 0)
        return true;
    refuse(refusal, ERROR_rate_limited, NULL,
           is_direct ? "From your address as many conversations were begun as may be in an hour."
                     : "From your address as many rooms were made as may be in an hour.");
    refusal->retry_after_ms = wait_ms;
    return false;
}
