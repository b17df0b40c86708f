#include "daemon/core/room_budget.h"

#include "daemon/core/gateway_private.h"
#include "daemon/core/rates.h"
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
    enum limit_kind kind = visibility == VISIBILITY_DIRECT ? LIMIT_DIRECT_ROOMS : LIMIT_ROOMS;
    return has_space(session, visibility, refusal) &&
           (is_administrator(session) || rates_take(session, kind, refusal));
}
