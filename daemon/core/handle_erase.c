/* handle_erase.c - deleting all that somebody said: a step at a time, so that others speak meanwhile, room
 * after room. It goes on when whoever asked for it has gone. */
#include "daemon/core/access.h"
#include "daemon/core/audit.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/user.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ERASING_MAX 4  /* at once: each holds one job at most */
#define PROGRESS   500 /* messages from one event to the next */

struct erase_context {
    struct request_context request;
    bool is_everywhere;
    bool has_a_say, is_outranked; /* in one room at least */
    int64_t count;
    char user[NAME_BYTES_MAX + 1]; /* as it was asked for */
};

static answer_handler answer_erase;

static void finish_alone(struct gateway *gateway, struct job *job)
{
    struct ask ask = {.gateway = gateway};
    (void)answer_erase(&ask, job);
}

/* The room with the next higher id; NULL: there is none. */
static struct room *next_room(const struct gateway *gateway, int64_t id)
{
    struct room *next = NULL;
    for (struct room *room = gateway->rooms.newest; room; room = room->older)
        if (room->id > id && (!next || room->id < next->id))
            next = room;
    return next;
}

/* One step in the room, from its newest entry or from where the step before ended. */
static struct job *create_step(const struct room *room, const struct job_erase *like,
                               const struct erase_context *before)
{
    struct job *job = job_create(JOB_ERASE);
    struct erase_context *context = submit_context(job, sizeof *context);
    if (!context)
        return job;
    *context = *before;
    context->request = (struct request_context){0};
    job->erase = *like;
    job->erase.actor.name = job_text(job, like->actor.name);
    job->erase.room_id = room->id;
    job->erase.before = like->room_id == room->id && like->more ? like->before : room->last + 1;
    job->erase.erased = job_memory(job, ERASE_STEP_MAX * sizeof *job->erase.erased);
    return job;
}

static enum outcome submit_step(struct ask *ask, struct job *job)
{
    if (ask->session)
        return ask_submit(ask, job, answer_erase);
    return gateway_submit(ask->gateway, job, finish_alone) ? AWAITS : ANSWERED;
}

static void tell_erased(struct gateway *gateway, const struct job_erase *done, int64_t *count)
{
    struct room *room = room_find_id(gateway, done->room_id);
    for (size_t i = 0; i < done->count; i++) {
        const struct erased *erased = &done->erased[i];
        *count += erased->is_gone;
        if (erased->is_gone && room)
            room_tell(gateway, room, &erased->entry, erased->forget_through);
    }
}

static void tell_progress(const struct ask *ask, const struct erase_context *context, int64_t before)
{
    const struct event_erasing event = {.user = context->user, .count = context->count};
    if (ask->session && context->count / PROGRESS > before / PROGRESS)
        (void)session_tell(ask->session, EVENT_erasing, &event);
}

static struct room *room_after(const struct ask *ask, const struct job *job)
{
    const struct erase_context *context = job->context;
    struct room *room = job->erase.more ? room_find_id(ask->gateway, job->erase.room_id) : NULL;
    return room || !context->is_everywhere ? room : next_room(ask->gateway, job->erase.room_id);
}

/* Everywhere is where whoever asked has a say. */
static bool is_skipped(const struct erase_context *context, const struct job *job)
{
    return context->is_everywhere &&
           (job->result == JOB_OUTRANKED || job->result == JOB_ROOM_MISSING);
}

static enum outcome end(struct ask *ask, struct job *job)
{
    const struct erase_context *context = job->context;
    const struct reply_erased reply = {.count = context->count};
    ask->gateway->erasing_count--;
    if (context->is_outranked && !context->has_a_say) /* whatever became of the last room */
        job->result = JOB_OUTRANKED;
    else if (job->result == JOB_DONE || is_skipped(context, job))
        return ask_reply(ask, REPLY_erased, &reply);
    return ask_fail_job(ask, job);
}

static enum outcome answer_erase(struct ask *ask, struct job *job)
{
    struct erase_context *context = job->context;
    int64_t before = context->count;
    bool may_go_on = job->result == JOB_DONE || is_skipped(context, job);
    context->has_a_say |= job->result == JOB_DONE;
    context->is_outranked |= job->result == JOB_OUTRANKED;
    if (job->result == JOB_DONE)
        tell_erased(ask->gateway, &job->erase, &context->count);
    tell_progress(ask, context, before);
    struct room *room = may_go_on ? room_after(ask, job) : NULL;
    if (!room || ask->gateway->drain.phase != DRAIN_NONE)
        return end(ask, job);
    enum outcome outcome = submit_step(ask, create_step(room, &job->erase, context));
    ask->gateway->erasing_count -= outcome == ANSWERED;
    return outcome;
}

static void describe(const struct request_erase *erase, char *text, size_t size)
{
    if (erase->last_ms == NUMBER_ABSENT)
        snprintf(text, size, "all");
    else
        snprintf(text, size, "the last %" PRId64 " s", erase->last_ms / 1000);
}

/* A user's folded name, or the number of a plain client. */
static bool read_target(const char *name, struct job_erase *wanted)
{
    if (!user_fold(name, wanted->folded))
        return false;
    if (name_is_plain(wanted->folded)) {
        wanted->client_id = strtoll(wanted->folded + strlen("client-"), NULL, 10);
        wanted->folded[0] = '\0';
    }
    return true;
}

static struct job *create_first(struct ask *ask, const struct room *room, struct job_erase *wanted)
{
    const struct request_erase *erase = &ask->request.as_erase;
    struct erase_context none = {.is_everywhere = !ask->room};
    char text[48];
    snprintf(none.user, sizeof none.user, "%.*s", NAME_BYTES_MAX, erase->user);
    wanted->last_ms = erase->last_ms;
    wanted->at = ask->gateway->now;
    struct job *job = create_step(room, wanted, &none);
    describe(erase, text, sizeof text);
    if (job) {
        job->erase.actor = audit_actor(ask, job);
        audit_add(ask, job, ACT_ERASE, ask->room, erase->user, text);
    }
    return job;
}

enum outcome handle_erase(struct ask *ask)
{
    struct gateway *gateway = ask->gateway;
    struct job_erase wanted = {.room_id = 0};
    struct refusal refusal;
    const struct room *room = ask->room ? ask->room : next_room(gateway, 0);
    if (!ask->room && !access_allows_here(ask->session, OPERATION_erase, &refusal))
        return ask_refuse(ask, &refusal);
    if (!read_target(ask->request.as_erase.user, &wanted) || !room)
        return ask_fail(ask, ERROR_user_not_found, "user", NULL);
    if (gateway->erasing_count >= ERASING_MAX)
        return ask_fail(ask, ERROR_rate_limited, NULL, "Much is being erased already; try again.");
    gateway->erasing_count++;
    enum outcome outcome = submit_step(ask, create_first(ask, room, &wanted));
    gateway->erasing_count -= outcome == ANSWERED;
    return outcome;
}
