/* handle_clock.c - what time it is, who vouches for it, and an administrator who knows better. */
#include "daemon/core/ask.h"
#include "daemon/core/gateway_private.h"

static enum outcome reply_clock(struct ask *ask, int64_t wall_ms, enum clock_state state)
{
    const struct reply_clock reply = {.time = wall_ms,
                                      .state = word_of(WORDS_clock_state, (int)state),
                                      .proven = store_is_time_proven(ask->gateway->storage.store)};
    return ask_reply(ask, REPLY_clock, &reply);
}

static enum outcome answer_clock(struct ask *ask, struct job *job)
{
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    int64_t passed_ms = ask->gateway->now.monotonic_ms - job->clock.monotonic_ms;
    return reply_clock(ask, job->clock.wall_ms + passed_ms, CLOCK_GIVEN);
}

enum outcome handle_clock(struct ask *ask)
{
    const struct moment *now = &ask->gateway->now;
    int64_t time = ask->request.as_clock.time;
    if (time == NUMBER_ABSENT)
        return reply_clock(ask, now->wall_ms, now->clock);
    if (now->clock == CLOCK_SYNCHRONISED)
        return ask_fail(ask, ERROR_forbidden, "time",
                        "The system's clock is synchronised; the gateway goes by it.");
    if (time < clock_built_ms())
        return ask_fail(ask, ERROR_bad_request, "time",
                        "This time is before the day that the gateway was built.");
    struct job *job = job_create(JOB_CLOCK);
    if (job)
        job->clock = (struct job_clock){.wall_ms = time, .monotonic_ms = now->monotonic_ms};
    return ask_submit(ask, job, answer_clock);
}
