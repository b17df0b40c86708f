/* handle_audit.c - what moderators are told and can look up: report, audit. */
#include "daemon/core/access.h"
#include "daemon/core/audit.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/share.h"
#include "daemon/core/user.h"

#include <stdio.h>

#define LINES_DEFAULT 50

struct actor audit_actor(const struct ask *ask, struct job *job)
{
    char name[NAME_BYTES_MAX + 1];
    const struct user *user = ask->session->user;
    return (struct actor){.user_id = session_user_id(ask->session),
                          .role = access_gateway_role(ask->session),
                          .account = user && user->account,
                          .name = job_text(job, session_name(ask->session, name))};
}

void audit_add(const struct ask *ask, struct job *job, enum act act, const struct room *room,
               const char *user, const char *reason)
{
    char name[NAME_BYTES_MAX + 1];
    struct audit_line *line = job && ask->session ? job_memory(job, sizeof *line) : NULL;
    if (!line)
        return;
    *line = (struct audit_line){
        .act = act,
        .by = job_text(job, session_name(ask->session, name)),
        .user = job_text(job, user),
        .room = job_text(job, room ? room->name : NULL),
        .reason = job_text(job, reason && reason[0] ? reason : NULL),
        .room_id = room ? room->id : 0,
        .is_private = room && room->visibility != VISIBILITY_PUBLIC,
    };
    job->audit = line;
}

/* --- audit --------------------------------------------------------------------------------------- */

static struct record_audit_line line_of(const struct audit_row *row)
{
    return (struct record_audit_line){
        .id = row->id,
        .ts = row->ts,
        .by = row->line.by,
        .act = word_of(WORDS_act, (int)row->line.act),
        .user = row->line.user,
        .room = row->line.room,
        .reason = row->line.reason,
    };
}

static enum outcome answer_audit(struct ask *ask, struct job *job)
{
    const struct job_audit_page *page = &job->audit_page;
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    struct record_audit_line *lines = job_memory(job, (page->count + 1) * sizeof *lines);
    if (!lines)
        return ask_fail(ask, ERROR_internal, NULL, NULL);
    for (size_t i = 0; i < page->count; i++)
        lines[i] = line_of(&page->rows[i]);
    struct reply_audit reply = {.lines = {lines, page->count}, .more = page->more};
    struct refusal refusal;
    if (ask->session && !share_cut(ask->session, RECORD_audit_line, SHARE_FIRST, &reply.lines,
                                   &reply.more, &refusal))
        return ask_refuse(ask, &refusal);
    return ask_reply(ask, REPLY_audit, &reply);
}

enum outcome handle_audit(struct ask *ask)
{
    const struct request_audit *audit = &ask->request.as_audit;
    struct refusal refusal;
    if (!ask->room && !access_allows_here(ask->session, OPERATION_audit, &refusal))
        return ask_refuse(ask, &refusal);
    struct job *job = job_create(JOB_AUDIT_PAGE);
    if (job) {
        job->audit_page.room_id = ask->room ? ask->room->id : 0;
        job->audit_page.is_all = access_is_administrator(ask->session);
        job->audit_page.before = audit->before == NUMBER_ABSENT ? INT64_MAX : audit->before;
        job->audit_page.limit = audit->limit == NUMBER_ABSENT ? LINES_DEFAULT : (int)audit->limit;
    }
    return ask_submit(ask, job, answer_audit);
}

/* --- report -------------------------------------------------------------------------------------- */

struct report_context {
    struct request_context request;
    int64_t room_id, target;
};

/* Those who may do something about it: the room's moderators in it, and the gateway's where they have a
 * say, wherever they are. */
static bool is_told(const struct session *session, const struct room *room)
{
    const struct member *member = session_member(session, room);
    return session->phase == PHASE_READY && session->user &&
           access_role(session, room, member ? &member->grant : NULL) >= ROLE_MODERATOR;
}

static void tell_moderators(const struct gateway *gateway, const struct room *room,
                            const struct event_report *event)
{
    struct table_link *link = NULL;
    while ((link = table_step(&gateway->sessions.by_id, link))) {
        struct session *session = TABLE_ITEM(link, struct session, by_id);
        if (is_told(session, room))
            (void)session_tell(session, EVENT_report, event);
    }
}

static enum outcome answer_report(struct ask *ask, struct job *job)
{
    const struct report_context *context = job->context;
    const struct room *room = room_find_id(ask->gateway, context->room_id);
    if (job->result == JOB_DONE && room) {
        const struct event_report event = {.room = room->name,
                                           .target = context->target,
                                           .by = job->audit->by,
                                           .reason = context->request.request->as_report.reason};
        tell_moderators(ask->gateway, room, &event);
    }
    return ask_answer(ask, job);
}

/* It stands in the audit for those who are not here. */
enum outcome handle_report(struct ask *ask)
{
    const struct request_report *report = &ask->request.as_report;
    char text[320];
    if (ask->room->visibility == VISIBILITY_DIRECT)
        return ask_fail(ask, ERROR_forbidden, "room", "A direct conversation has no moderators.");
    if (report->target > ask->room->last)
        return ask_fail(ask, ERROR_message_not_found, "target", NULL);
    struct job *job = job_create(JOB_AUDIT);
    struct report_context *context = submit_context(job, sizeof *context);
    if (context) {
        context->room_id = ask->room->id;
        context->target = report->target;
        snprintf(text, sizeof text, "message %lld%s%s", (long long)report->target,
                 report->reason && report->reason[0] ? ": " : "",
                 report->reason ? report->reason : "");
        audit_add(ask, job, ACT_REPORT, ask->room, NULL, text);
    }
    return ask_submit_whole(ask, job, answer_report);
}
