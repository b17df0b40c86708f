/* handle_block.c - whom a user hears no more of. What it keeps away is kept away in storage, with what is
 * said: see JOB_BLOCKED. */
#include "daemon/core/ask.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/session_private.h"
#include "daemon/core/user.h"

#include <string.h>

static enum outcome refuse_nobody(struct ask *ask)
{
    return ask_fail(ask, ERROR_forbidden, NULL, "Only a person can block somebody.");
}

static enum outcome answer_block(struct ask *ask, struct job *job)
{
    const char *field = job->block.folded[0] ? "user" : "uid";
    if (job->result == JOB_USER_MISSING)
        return ask_fail(ask, ERROR_user_not_found, field, NULL);
    return job->result == JOB_REFUSED ? ask_fail(ask, ERROR_forbidden, NULL, "%s", job->why)
                                      : ask_answer(ask, job);
}

enum outcome handle_block(struct ask *ask)
{
    const struct request_block *block = &ask->request.as_block;
    char folded[NAME_BYTES_MAX + 1] = "";
    if (!ask->session->device_id)
        return refuse_nobody(ask);
    bool is_by_uid = block->uid != NUMBER_ABSENT;
    if (!is_by_uid && !block->user)
        return ask_fail(ask, ERROR_bad_request, "user", "user or uid is missing.");
    if (is_by_uid ? block->uid == 0 : !user_fold(block->user, folded))
        return ask_fail(ask, ERROR_user_not_found, is_by_uid ? "uid" : "user", NULL);
    struct job *job = job_create(JOB_BLOCK);
    if (job) {
        job->block.user_id = ask->session->user->id;
        job->block.blocked_id = is_by_uid ? block->uid : 0;
        memcpy(job->block.folded, folded, sizeof folded);
        job->block.on = block->on;
    }
    return ask_submit(ask, job, answer_block);
}

static enum outcome answer_blocked(struct ask *ask, struct job *job)
{
    const struct job_blocks *blocks = &job->blocks;
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    struct record_blocked_line *lines = job_memory(job, blocks->count * sizeof *lines);
    for (size_t i = 0; lines && i < blocks->count; i++)
        lines[i] = (struct record_blocked_line){.uid = blocks->blocks[i].user_id,
                                                .name = blocks->blocks[i].name};
    const struct reply_blocked reply = {.blocked = {lines, blocks->count}};
    return lines ? ask_reply(ask, REPLY_blocked, &reply)
                 : ask_fail(ask, ERROR_internal, NULL, NULL);
}

enum outcome handle_blocked(struct ask *ask)
{
    if (!ask->session->device_id)
        return refuse_nobody(ask);
    struct job *job = job_create(JOB_BLOCKS);
    if (job)
        job->blocks.user_id = ask->session->user->id;
    return ask_submit(ask, job, answer_blocked);
}
