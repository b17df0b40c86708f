/* handle_name.c - being called otherwise. Roles, rooms, markers and devices are the user's, not the name's. */
#include "daemon/core/announce.h"
#include "daemon/core/ask.h"
#include "daemon/core/audit.h"
#include "daemon/core/direct.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/naming.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/user.h"

#include <stdio.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

struct rename_context {
    struct request_context request;
    struct wanted_name wanted;
};

static void want(struct gateway *gateway, struct wanted_name *wanted)
{
    wanted->next = gateway->users.wanted_names;
    gateway->users.wanted_names = wanted;
}

static void want_no_more(struct gateway *gateway, const struct wanted_name *wanted)
{
    struct wanted_name **at = &gateway->users.wanted_names;
    while (*at && *at != wanted)
        at = &(*at)->next;
    if (*at)
        *at = wanted->next;
}

/* The user is found by the new name from here on, or, without memory, comes back by it. */
static void rename_here(struct gateway *gateway, const struct job_rename *rename)
{
    struct user *user = user_find_id(gateway, rename->user_id);
    for (struct room *room = gateway->rooms.newest; room; room = room->older)
        presence_rename(&room->presence, rename->user_id, rename->name);
    if (!user || user_rename(gateway, user, rename->name, rename->folded))
        return;
    for (struct session *session = user->sessions; session; session = session->next)
        session_close(session, 1013, "The gateway is short of memory; come back soon");
}

static void tell(struct gateway *gateway, const struct job_rename *rename)
{
    const struct event_renamed event = {
        .uid = rename->user_id, .from = rename->was, .to = rename->name};
    rename_here(gateway, rename);
    direct_rename(gateway, rename->user_id, rename->name);
    if (rename->held_folded[0]) {
        struct held_name held = {.user_id = rename->user_id, .until = rename->held_until};
        memcpy(held.folded, rename->held_folded, sizeof held.folded);
        direct_hold_name(gateway, &held);
    }
    announce_to_company(gateway, rename->user_id, EVENT_renamed, &event);
}

static enum outcome answer_rename(struct ask *ask, struct job *job)
{
    const struct rename_context *context = job->context;
    const struct job_rename *rename = &job->rename;
    struct refusal refusal;
    want_no_more(ask->gateway, &context->wanted);
    if (job->result == JOB_NAME_TAKEN) {
        user_refuse_taken(ask->gateway, rename->name, &refusal);
        return ask_refuse(ask, &refusal);
    }
    if (job->result == JOB_USER_MISSING) /* on the way into storage, which fails */
        return ask_fail(ask, ERROR_storage_unavailable, NULL, NULL);
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    if (strcmp(rename->was, rename->name) != 0)
        tell(ask->gateway, rename);
    return ask_ok(ask);
}

static struct job *create_rename(const struct ask *ask, int64_t user_id,
                                 const struct user_row *row, int64_t hold_ms)
{
    struct job *job = job_create(JOB_RENAME);
    struct rename_context *context = submit_context(job, sizeof *context);
    if (!context)
        return job;
    struct job_rename *rename = &job->rename;
    rename->user_id = user_id;
    memcpy(rename->name, row->name, sizeof rename->name);
    memcpy(rename->folded, row->folded, sizeof rename->folded);
    memcpy(context->wanted.folded, row->folded, sizeof context->wanted.folded);
    rename->hold_ms = hold_ms;
    rename->at = ask->gateway->now;
    return job;
}

enum outcome naming_rename(struct ask *ask, int64_t user_id, const char *was, const char *name, int64_t hold_ms)
{
    struct user_row row = {0};
    struct refusal refusal;
    const struct user *user = user_find_id(ask->gateway, user_id);
    if (!user_check_name(ask->gateway, name, &row, &refusal))
        return ask_refuse(ask, &refusal);
    if (!(user && strcmp(row.folded, user->folded) == 0) &&
        user_has_name(ask->gateway, row.folded)) {
        user_refuse_taken(ask->gateway, row.name, &refusal);
        return ask_refuse(ask, &refusal);
    }
    struct job *job = create_rename(ask, user_id, &row, hold_ms);
    struct rename_context *context = job ? job->context : NULL;
    if (was)
        audit_add(ask, job, ACT_RENAME, NULL, was, row.name);
    enum outcome outcome = ask_submit(ask, job, answer_rename);
    if (outcome == AWAITS)
        want(ask->gateway, &context->wanted);
    return outcome;
}

enum outcome handle_rename(struct ask *ask)
{
    if (!ask->session->device_id)
        return ask_fail(ask, ERROR_forbidden, NULL, "Only a person has a name to change.");
    return naming_rename(ask, ask->session->user->id, NULL, ask->request.as_rename.name,
                         ask->gateway->config->accounts.name_hold_days * DAY_MS);
}
