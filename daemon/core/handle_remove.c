/* handle_remove.c - what goes for good: a room, or all that was said in it. */
#include "daemon/core/announce.h"
#include "daemon/core/ask.h"
#include "daemon/core/audit.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/room_make.h"

/* --- remove ----------------------------------------------------------------------------------- */

static enum outcome answer_remove(struct ask *ask, struct job *job)
{
    struct room *room = room_find_id(ask->gateway, job->room.room.id);
    if (job->result == JOB_DONE && room)
        room_remove(ask->gateway, room);
    return ask_answer(ask, job);
}

enum outcome handle_remove(struct ask *ask)
{
    struct job *job = job_create(JOB_ROOM_REMOVE);
    if (job)
        job->room = (struct job_room){.room = {.id = ask->room->id},
                                      .is_only_empty = ask->request.as_remove.empty};
    audit_add(ask, job, ACT_REMOVE, ask->room, NULL, NULL);
    return ask_submit(ask, job, answer_remove);
}

/* --- purge ------------------------------------------------------------------------------------ */

struct purge_context {
    struct request_context request;
    int64_t entries; /* gone so far */
    bool is_step;    /* whoever asks goes on */
};

static answer_handler answer_purge;

/* As many as one commit bears; what is said meanwhile stays. */
static struct job *create_purge(int64_t room_id, int64_t up_to, int64_t entries, bool is_step)
{
    struct job *job = job_create(JOB_ROOM_PURGE);
    struct purge_context *context = submit_context(job, sizeof *context);
    if (context) {
        context->entries = entries;
        context->is_step = is_step;
        job->purge.room_id = room_id;
        job->purge.up_to = up_to;
    }
    return job;
}

static enum outcome answer_purge(struct ask *ask, struct job *job)
{
    const struct purge_context *context = job->context;
    const struct job_purge *purge = &job->purge;
    struct room *room = room_find_id(ask->gateway, purge->room_id);
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    if (room && purge->pruned > 0)
        room_note_pruned(room, purge->first, purge->pruned);
    if (room && !purge->more)
        announce_room(ask->gateway, room, "purged");
    if (purge->more && !context->is_step)
        return ask_submit(
            ask, create_purge(purge->room_id, purge->up_to, context->entries + purge->removed, false),
            answer_purge);
    const struct reply_purged reply = {
        .entries = context->entries + purge->removed,
        .pruned = context->is_step ? purge->pruned : NUMBER_ABSENT,
        .up_to = context->is_step ? purge->up_to : NUMBER_ABSENT,
        .more = context->is_step && purge->more,
    };
    return ask_reply(ask, REPLY_purged, &reply);
}

enum outcome handle_purge(struct ask *ask)
{
    int64_t up_to = ask->request.as_purge.up_to;
    bool is_first = up_to == NUMBER_ABSENT || up_to == 0;
    struct job *job = create_purge(ask->room->id, is_first ? ask->room->last : up_to, 0, up_to != NUMBER_ABSENT);
    if (is_first)
        audit_add(ask, job, ACT_ERASE, ask->room, NULL, "all that was said");
    return ask_submit(ask, job, answer_purge);
}
