/* drain.c - stopping: what was taken is answered, then everybody is told to go. */
#include "daemon/core/state.h"

#define DRAIN_MS      5000  /* how long answers are awaited before sessions are closed */
#define DRAIN_JOBS_MS 10000

static void bid_farewell(struct gateway *gateway, bool is_patient)
{
    gateway->has_told_all = true;
    for (size_t i = 0; i < gateway->sessions.slot_count; i++)
        for (struct table_link *link = gateway->sessions.slots[i]; link; link = link->next) {
            struct session *session = TABLE_ITEM(link, struct session, by_id);
            if (session->in_flight == 0 || !is_patient)
                session_close(session, 1001, "The gateway is stopping; reconnect soon");
            gateway->has_told_all &= session->is_closing;
        }
}

bool gateway_drain(struct gateway *gateway)
{
    if (!gateway->is_draining) {
        gateway->is_draining = true;
        gateway->drain_since_ms = gateway->now.monotonic_ms;
    }
    int64_t waited_ms = gateway->now.monotonic_ms - gateway->drain_since_ms;
    (void)gateway_flush(gateway);
    bid_farewell(gateway, waited_ms < DRAIN_MS);
    return gateway->sessions.count == 0 && (gateway->jobs == 0 || waited_ms >= DRAIN_JOBS_MS);
}

bool gateway_has_told_all(const struct gateway *gateway)
{
    return gateway->has_told_all;
}
