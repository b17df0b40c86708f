/* handle_session.c - for administrators: who is connected, from where, and the end of a connection. */
#include "daemon/core/ask.h"
#include "daemon/core/audit.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/share.h"
#include "daemon/core/user.h"

#include <stdlib.h>

#define LINES_MAX 1000 /* listed in one reply */
#define CLOSE_KICKED 4003

static const char *kind_of(const struct session *session)
{
    switch (session->arrival.kind) {
    case SESSION_WEBSOCKET:
        return "websocket";
    case SESSION_PLAIN:
        return "plain";
    case SESSION_LINES:
    case SESSION_EVENTS:
        break;
    }
    return "http";
}

/* What a line borrows until it is told. */
struct session_text {
    char name[NAME_BYTES_MAX + 1];
    const char *rooms[64];
};

static size_t list_rooms(const struct session *session, const char **rooms, size_t most)
{
    size_t count = 0;
    for (const struct member *member = session->members; member && count < most; member = member->next)
        rooms[count++] = member->room->name;
    return count;
}

static void fill_line(const struct session *session, struct session_text *text,
                      struct record_session_line *line)
{
    const struct gateway *gateway = session->gateway;
    bool has_name = session->user || session->arrival.kind == SESSION_PLAIN;
    *line = (struct record_session_line){
        .id = (int64_t)session->id,
        .kind = kind_of(session),
        .user = has_name ? session_name(session, text->name) : NULL,
        .address = session->arrival.address[0] ? session->arrival.address : NULL,
        .device = session->device_id,
        .since_ms = gateway->now.monotonic_ms - session->opened_ms,
        .waiting = (int64_t)(session->replies_bytes + session->unsent_bytes),
        .rooms = {text->rooms, list_rooms(session, text->rooms,
                                          sizeof text->rooms / sizeof *text->rooms)},
    };
}

static bool is_listed(const struct session *session, const struct session *asking)
{
    return session != asking && session->phase != PHASE_CLOSING;
}

enum outcome handle_sessions(struct ask *ask)
{
    const struct gateway *gateway = ask->gateway;
    size_t most = gateway->sessions.by_id.count < LINES_MAX ? gateway->sessions.by_id.count : LINES_MAX;
    struct record_session_line *lines = calloc(most + 1, sizeof *lines);
    struct session_text *texts = calloc(most + 1, sizeof *texts);
    struct reply_sessions reply = {.sessions = {lines, 0}};
    struct table_link *link = NULL;
    struct refusal refusal;
    while (lines && texts && (link = table_step(&gateway->sessions.by_id, link))) {
        const struct session *session = TABLE_ITEM(link, struct session, by_id);
        reply.more = reply.sessions.count == most;
        if (reply.more)
            break;
        if (is_listed(session, ask->session)) {
            fill_line(session, &texts[reply.sessions.count], &lines[reply.sessions.count]);
            reply.sessions.count++;
        }
    }
    if (!lines || !texts)
        (void)ask_fail(ask, ERROR_internal, NULL, "The gateway has no memory for this.");
    else if (!share_cut(ask->session, RECORD_session_line, SHARE_FIRST, &reply.sessions, &reply.more,
                        &refusal))
        (void)ask_refuse(ask, &refusal);
    else
        (void)ask_reply(ask, REPLY_sessions, &reply);
    free(lines);
    free(texts);
    return ANSWERED;
}

/* --- kick_session -------------------------------------------------------------------------------- */

static enum outcome answer_kick_session(struct ask *ask, struct job *job)
{
    const struct request_context *context = job->context;
    const struct request_kick_session *kick = &context->request->as_kick_session;
    struct session *session = session_find(ask->gateway, (uint64_t)kick->id);
    if (job->result == JOB_DONE && session)
        session_close(session, CLOSE_KICKED, "Closed by the administrator");
    return ask_answer(ask, job);
}

enum outcome handle_kick_session(struct ask *ask)
{
    const struct request_kick_session *kick = &ask->request.as_kick_session;
    const struct session *session = session_find(ask->gateway, (uint64_t)kick->id);
    char name[NAME_BYTES_MAX + 1];
    if (!session || session == ask->session)
        return ask_fail(ask, ERROR_bad_request, "id", "There is no such session.");
    struct job *job = job_create(JOB_AUDIT);
    audit_add(ask, job, ACT_KICK, NULL, session_name(session, name),
              kick->reason ? kick->reason : "the connection");
    return ask_submit_whole(ask, job, answer_kick_session);
}
