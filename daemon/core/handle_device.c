/* handle_device.c - the devices by which a user comes in: seeing them, putting one out. */
#include "daemon/core/ask.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/session_private.h"
#include "daemon/core/token.h"
#include "daemon/core/user.h"

#include <string.h>

/* --- devices ------------------------------------------------------------------------------------
 */

static bool fill_lines(const struct ask *ask, struct job *job, struct message_list *list)
{
    const struct job_devices *devices = &job->devices;
    const struct session *session = ask->session;
    struct record_device_line *lines = job_memory(job, devices->count * sizeof *lines);
    for (size_t i = 0; lines && i < devices->count; i++) {
        const struct device_row *device = &devices->devices[i];
        bool is_here = user_has_device(session->user, device->id, NULL);
        lines[i] = (struct record_device_line){.id = device->id,
                                               .client = device->client,
                                               .created = device->created_ms,
                                               .seen = is_here ? ask->gateway->now.wall_ms
                                                               : device->seen_ms,
                                               .current = device->id == session->device_id};
    }
    *list = (struct message_list){lines, devices->count};
    return lines != NULL;
}

static enum outcome answer_devices(struct ask *ask, struct job *job)
{
    struct reply_devices reply = {0};
    if (!ask->session || !ask->session->user)
        return ANSWERED;
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    if (!fill_lines(ask, job, &reply.devices))
        return ask_fail(ask, ERROR_internal, NULL, NULL);
    return ask_reply(ask, REPLY_devices, &reply);
}

static enum outcome refuse_nobody(struct ask *ask)
{
    return ask_fail(ask, ERROR_forbidden, NULL, "Only a person has devices.");
}

enum outcome handle_devices(struct ask *ask)
{
    if (!ask->session->device_id)
        return refuse_nobody(ask);
    struct job *job = job_create(JOB_DEVICES);
    if (job)
        job->devices.user_id = ask->session->user->id;
    return ask_submit(ask, job, answer_devices);
}

/* --- forgetting one -----------------------------------------------------------------------------
 */

/* Of the user who asks: its key opens nothing any more. */
static enum outcome forget(struct ask *ask, int64_t device_id, answer_handler *answer)
{
    struct job *job = job_create(JOB_DEVICE_FORGET);
    if (job) {
        job->device.device.id = device_id;
        job->device.device.user_id = ask->session->user->id;
    }
    return ask_submit(ask, job, answer);
}

static void close_forgotten(struct ask *ask, const struct job *job, const char *reason)
{
    struct user *user = user_find_id(ask->gateway, job->device.device.user_id);
    ask->gateway->users.forgotten_count++;
    if (user)
        user_close_device(user, job->device.device.id, ask->session, reason);
}

static enum outcome answer_forget(struct ask *ask, struct job *job)
{
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    close_forgotten(ask, job, "This device was signed out by another one");
    (void)ask_ok(ask);
    if (ask->session && ask->session->device_id == job->device.device.id)
        session_close(ask->session, 4001, "This device signed itself out");
    return ANSWERED;
}

enum outcome handle_forget_device(struct ask *ask)
{
    if (!ask->session->device_id)
        return refuse_nobody(ask);
    return forget(ask, ask->request.as_forget_device.id, answer_forget);
}

/* --- logout: this device ------------------------------------------------------------------------
 */

static enum outcome log_out(struct ask *ask)
{
    (void)ask_ok(ask);
    if (ask->session)
        session_close(ask->session, 1000, "Logged out");
    return ANSWERED;
}

static enum outcome answer_logout(struct ask *ask, struct job *job)
{
    if (job->result == JOB_UNAVAILABLE)
        return ask_fail_job(ask, job);
    close_forgotten(ask, job, "Logged out on another connection");
    return log_out(ask);
}

enum outcome handle_logout(struct ask *ask)
{
    if (!ask->session->user)
        return log_out(ask);
    if (token_of(ask->session))
        return ask_fail(ask, ERROR_forbidden, NULL, "A token is revoked by an administrator.");
    return forget(ask, ask->session->device_id, answer_logout);
}
