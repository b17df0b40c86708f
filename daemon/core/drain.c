/* drain.c - stopping: what was taken is answered, then everybody is told to go. */
#include "daemon/core/gateway_private.h"
#include "daemon/core/session_private.h"
#include "daemon/core/token_cursor.h"

#define DRAIN_MS      5000  /* how long answers are awaited before sessions are closed */
#define DRAIN_JOBS_MS 10000

/* True once no session waits for an answer any more. */
static bool close_sessions(struct gateway *gateway, bool is_patient)
{
    bool are_all_told = true;
    struct table_link *link = NULL;
    while ((link = table_step(&gateway->sessions.by_id, link))) {
        struct session *session = TABLE_ITEM(link, struct session, by_id);
        if (session->in_flight == 0 || !is_patient)
            session_close(session, 1001, "The gateway is stopping; reconnect soon");
        are_all_told &= session->phase == PHASE_CLOSING;
    }
    return are_all_told;
}

bool gateway_drain(struct gateway *gateway)
{
    if (gateway->drain.phase == DRAIN_NONE)
        gateway->drain.since_ms = gateway->now.monotonic_ms;
    int64_t waited_ms = gateway->now.monotonic_ms - gateway->drain.since_ms;
    gateway->drain.phase = DRAIN_ANSWERS;
    (void)gateway_flush(gateway);
    if (close_sessions(gateway, waited_ms < DRAIN_MS))
        gateway->drain.phase = DRAIN_ALL_TOLD;
    (void)token_cursors_write(gateway, true);
    return gateway->sessions.by_id.count == 0 &&
           (gateway->storage.job_count == 0 || waited_ms >= DRAIN_JOBS_MS);
}

bool gateway_has_told_all(const struct gateway *gateway)
{
    return gateway->drain.phase == DRAIN_ALL_TOLD;
}
