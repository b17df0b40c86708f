#include "daemon/core/repeat.h"

#include "daemon/core/gateway_private.h"
#include "daemon/core/rates.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"

#include <string.h>

enum {
    NEAR_ENTRIES = 256,   /* so many behind since the writer looks through itself */
    STEP_ENTRIES = 10000, /* read in one go; whoever goes back further pays for a read */
};

static bool check(const struct room *room, struct repeat repeat, const char *nonce,
                  struct refusal *refusal)
{
    const char *field = repeat.since == NUMBER_ABSENT ? "since" : !repeat.log ? "log" : NULL;
    if (field)
        refuse(refusal, ERROR_bad_request, field, "since and log belong together.");
    else if (!nonce)
        refuse(refusal, ERROR_bad_request, "nonce", "Only with a nonce a repeat is recognised.");
    else if (strcmp(repeat.log, room->log_id) != 0)
        refuse(refusal, ERROR_bad_request, "log",
               "The room has another log now: whether this was stored cannot be known.");
    else
        return true;
    return false;
}

/* --- reading the log ---------------------------------------------------------------------------- */

static answer_handler answer_looked;

static enum outcome look(struct ask *ask, const struct job_repeat *where)
{
    struct job *job = job_create(JOB_REPEAT);
    if (job) {
        job->repeat = *where;
        job->repeat.from = job_text(job, where->from);
        job->repeat.nonce = job_text(job, where->nonce);
        job->repeat.limit = STEP_ENTRIES;
    }
    return ask_submit_whole(ask, job, answer_looked);
}

static enum outcome acknowledge(struct ask *ask, const struct job_repeat *found)
{
    const struct room *room = room_find_id(ask->gateway, found->room_id);
    ask->gateway->figures.repeated_nonces++;
    if (!room)
        return ask_fail(ask, ERROR_room_not_found, "room", NULL);
    const struct reply_ack ack = {
        .room = room->name, .seq = found->seq, .ts = found->ts, .nonce = found->nonce};
    return ask_reply(ask, REPLY_ack, &ack);
}

/* What was not found is said again from the start: meanwhile the room may have gone, or the user out
 * of it. */
static enum outcome go_on(struct ask *ask, struct job *job)
{
    if (job->result == JOB_REPEATED)
        return acknowledge(ask, &job->repeat);
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    if (!job->repeat.complete)
        return look(ask, &job->repeat);
    ask->checked = job->repeat.first_said.checked;
    return ask_run(ask);
}

static enum outcome answer_looked(struct ask *ask, struct job *job)
{
    if (!ask->session)
        return ANSWERED;
    bool reads_on = job->result == JOB_DONE && !job->repeat.complete;
    enum outcome outcome = go_on(ask, job);
    bool waits = reads_on && outcome == AWAITS;
    if (ask->row->order == ORDER_PIPELINED && !waits)
        session_unblock(ask->session);
    return outcome;
}

static enum outcome read_log(struct ask *ask, const struct job_append *append, int64_t since)
{
    const struct job_repeat where = {.room_id = append->room_id,
                                     .user_id = append->entry.user_id,
                                     .from = append->entry.from,
                                     .nonce = append->entry.nonce,
                                     .first_said = {since, since}};
    enum outcome outcome = look(ask, &where);
    if (outcome == AWAITS && ask->row->order == ORDER_PIPELINED)
        session_block(ask->session, BLOCKED_ON_REPLY);
    return outcome;
}

/* --- submitting --------------------------------------------------------------------------------- */

enum outcome repeat_submit(struct ask *ask, struct room *room, struct repeat repeat, struct job *job,
                           answer_handler *answer)
{
    struct refusal refusal;
    bool is_plain = repeat.since == NUMBER_ABSENT && !repeat.log;
    if (is_plain || !job || job_failed(job))
        return ask_submit(ask, job, answer);
    bool is_checked = ask->checked >= repeat.since && ask->checked > 0;
    bool is_near = is_checked || room->last - repeat.since <= NEAR_ENTRIES;
    bool is_far = !is_near && room->last - repeat.since > STEP_ENTRIES;
    if (!check(room, repeat, job->append.entry.nonce, &refusal) ||
        (is_far && !rates_take(ask->session, LIMIT_READS, &refusal))) {
        job_destroy(job);
        return ask_refuse(ask, &refusal);
    }
    if (!is_near) {
        enum outcome outcome = read_log(ask, &job->append, repeat.since);
        job_destroy(job);
        return outcome;
    }
    struct first_said *first = job_memory(job, sizeof *first);
    if (first)
        *first = (struct first_said){repeat.since, is_checked ? ask->checked : repeat.since};
    job->append.first_said = first;
    return ask_submit(ask, job, answer);
}
