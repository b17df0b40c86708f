#include "daemon/core/transfer.h"

#include "daemon/core/gateway_private.h"
#include "daemon/core/submit.h"

#include <string.h>

struct transfer_context {
    struct job_context job;
    uint32_t number; /* of the transfer: another may have begun since */
};

static void refuse_busy(struct refusal *refusal)
{
    refuse(refusal, ERROR_storage_unavailable, NULL,
           "The gateway has too much to store just now; try again.");
}

static void tell(struct gateway *gateway, struct transfer_news *news)
{
    gateway->transfer.listener(gateway->transfer.owner, news);
}

/* --- what storage says -------------------------------------------------------------------------- */

static void tell_refused(struct gateway *gateway, const struct job *job)
{
    struct transfer_news news = {.kind = TRANSFER_REFUSED};
    enum error_code code =
        job->result == JOB_REFUSED ? ERROR_bad_request : ERROR_storage_unavailable;
    refuse(&news.refusal, code, NULL, job->why[0] ? "%s" : NULL, job->why);
    tell(gateway, &news);
}

static void tell_done(struct gateway *gateway, const struct job *job)
{
    const struct job_transfer *step = &job->transfer;
    struct transfer_news news = {
        .bytes = step->bytes, .piece = step->piece, .length = step->length};
    switch (step->step) {
    case TRANSFER_STEP_COPY:
        gateway->transfer.bytes = step->bytes;
        news.kind = TRANSFER_BEGUN;
        break;
    case TRANSFER_STEP_UPLOAD:
        news.kind = TRANSFER_BEGUN;
        break;
    case TRANSFER_STEP_READ:
        gateway->transfer.at += (int64_t)step->length;
        news.kind = TRANSFER_PIECE;
        break;
    case TRANSFER_STEP_WRITE:
        gateway->transfer.at += (int64_t)step->length;
        news.kind = TRANSFER_WRITTEN;
        break;
    case TRANSFER_STEP_TAKE:
        gateway->transfer.is_taken = true;
        news.kind = TRANSFER_TAKEN;
        break;
    case TRANSFER_STEP_END:
        return;
    }
    tell(gateway, &news);
}

/* What was taken counts also when nobody waits for the answer any more. */
static void finish(struct gateway *gateway, struct job *job)
{
    const struct transfer_context *context = job->context;
    bool is_current = gateway->transfer.owner && context->number == gateway->transfer.number;
    bool is_taken = job->transfer.step == TRANSFER_STEP_TAKE && job->result == JOB_DONE;
    if (is_current && job->result == JOB_DONE)
        tell_done(gateway, job);
    else if (is_current)
        tell_refused(gateway, job);
    else
        gateway->drain.wants_restart |= is_taken;
}

/* --- what is asked of it ------------------------------------------------------------------------ */

static struct job *create_step(struct gateway *gateway, enum transfer_step step, size_t length)
{
    struct job *job = job_create(JOB_TRANSFER);
    struct transfer_context *context = submit_context(job, sizeof *context);
    if (!context)
        return job;
    context->number = gateway->transfer.number;
    job->transfer.step = step;
    job->transfer.at = gateway->transfer.at;
    job->transfer.length = length;
    job->transfer.piece = length ? job_memory(job, length) : NULL;
    return job;
}

static void submit_or_tell(struct gateway *gateway, struct job *job)
{
    struct transfer_news news = {.kind = TRANSFER_REFUSED};
    if (gateway_submit(gateway, job, finish))
        return;
    refuse_busy(&news.refusal);
    tell(gateway, &news);
}

static bool begin(struct gateway *gateway, transfer_listener *listener, void *owner,
                  struct job *job, struct refusal *refusal)
{
    if (!gateway_submit(gateway, job, finish)) {
        refuse_busy(refusal);
        return false;
    }
    gateway->transfer.listener = listener;
    gateway->transfer.owner = owner;
    return true;
}

static bool is_free(struct gateway *gateway, struct refusal *refusal)
{
    if (gateway->drain.phase != DRAIN_NONE)
        refuse(refusal, ERROR_shutting_down, NULL, NULL);
    else if (gateway->transfer.owner)
        refuse(refusal, ERROR_storage_unavailable, NULL,
               "Another backup or restore is under way; try again when it is done.");
    else {
        gateway->transfer.number++;
        gateway->transfer.at = 0;
        gateway->transfer.is_taken = false;
        return true;
    }
    return false;
}

bool transfer_begin_backup(struct gateway *gateway, transfer_listener *listener, void *owner,
                           struct refusal *refusal)
{
    if (!is_free(gateway, refusal))
        return false;
    return begin(gateway, listener, owner, create_step(gateway, TRANSFER_STEP_COPY, 0), refusal);
}

bool transfer_begin_restore(struct gateway *gateway, transfer_listener *listener, void *owner,
                            int64_t bytes, bool overwrite, struct refusal *refusal)
{
    if (!is_free(gateway, refusal))
        return false;
    struct job *job = create_step(gateway, TRANSFER_STEP_UPLOAD, 0);
    if (job) {
        job->transfer.bytes = bytes;
        job->transfer.overwrite = overwrite;
    }
    return begin(gateway, listener, owner, job, refusal);
}

void transfer_read(struct gateway *gateway)
{
    int64_t left = gateway->transfer.bytes - gateway->transfer.at;
    size_t length = left < TRANSFER_PIECE_BYTES ? (size_t)left : TRANSFER_PIECE_BYTES;
    submit_or_tell(gateway, create_step(gateway, TRANSFER_STEP_READ, length));
}

void transfer_write(struct gateway *gateway, const unsigned char *bytes, size_t length)
{
    struct job *job = create_step(gateway, TRANSFER_STEP_WRITE, length);
    if (job && job->transfer.piece)
        memcpy(job->transfer.piece, bytes, length);
    submit_or_tell(gateway, job);
}

void transfer_take(struct gateway *gateway)
{
    submit_or_tell(gateway, create_step(gateway, TRANSFER_STEP_TAKE, 0));
}

/* When storage does not take even that, the file goes with the next transfer, or with the stop. */
void transfer_end(struct gateway *gateway, const void *owner)
{
    if (!owner || gateway->transfer.owner != owner)
        return;
    gateway->transfer.owner = NULL;
    gateway->drain.wants_restart |= gateway->transfer.is_taken;
    if (!gateway->transfer.is_taken)
        (void)gateway_submit(gateway, create_step(gateway, TRANSFER_STEP_END, 0), finish);
}
