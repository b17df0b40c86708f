#include "daemon/core/ask.h"

#include "daemon/core/access.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/recovering.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/token.h"

#include <stdarg.h>
#include <stdio.h>

#define RETRY_MS 1000 /* when storage is busy or failing */

/* --- what the row names ------------------------------------------------------------------------ */

enum resolved { RESOLVED, REFUSED, LACKS_GRANT };

/* A plain client names no room: it is in one. */
static const char *room_name(const struct ask *ask)
{
    const struct session *session = ask->session;
    if (session->arrival.kind == SESSION_PLAIN)
        return session->members ? session->members->room->name : "";
    return *(const char *const *)((const char *)&ask->request + ask->row->room_offset);
}

/* What the room remembers about this user; NULL when that has to be read. known was read of a room. */
static const struct grant *find_grant(const struct ask *ask, const struct room *known)
{
    static const struct grant nothing = {0};
    if (ask->member)
        return &ask->member->grant;
    if (!ask->session->user)
        return &nothing;
    return ask->room == known ? ask->grant : NULL;
}

/* Whoever may not join cannot be asked to: a token that only posts. */
static bool must_be_member(const struct session *session)
{
    const struct token *token = token_of(session);
    return !session->arrival.administrator && !session_is_single(session) &&
           (!token || token_allows(token, OPERATION_join));
}

static enum resolved check_room(const struct ask *ask, struct refusal *refusal)
{
    const struct session *session = ask->session;
    bool is_outside =
        ask->row->scope == SCOPE_MEMBER && !ask->member && must_be_member(session);
    if (!is_outside)
        return access_allows(session, ask->room, ask->grant, ask->row->operation, refusal)
                   ? RESOLVED
                   : REFUSED;
    if (access_read(session, ask->room, ask->grant, refusal))
        refuse(refusal, ERROR_not_joined, "room", NULL);
    return REFUSED;
}

static enum resolved resolve(struct ask *ask, struct refusal *refusal)
{
    const struct row *row = ask->row;
    const struct room *known = ask->room;
    if (row->scope == SCOPE_NONE)
        return access_allows_here(ask->session, row->operation, refusal) ? RESOLVED : REFUSED;
    const char *name = room_name(ask);
    if (!name)
        return RESOLVED;
    ask->room = access_find_room(ask->session, name, refusal);
    if (!ask->room)
        return REFUSED;
    if (!recovering_allows(ask->room, refusal))
        return REFUSED;
    ask->member = session_member(ask->session, ask->room);
    if (row->scope == SCOPE_ROOM)
        return RESOLVED;
    ask->grant = find_grant(ask, known);
    return ask->grant ? check_room(ask, refusal) : LACKS_GRANT;
}

/* --- reading a grant ---------------------------------------------------------------------------- */

struct grant_context {
    struct request_context request;
    uint32_t grants_changed; /* of the room, when it was asked */
};

static answer_handler answer_grant_read;

static enum outcome read_grant(struct ask *ask)
{
    const struct room *room = ask->room;
    struct job *job = job_create(JOB_GRANT_FIND);
    struct grant_context *context = submit_context(job, sizeof *context);
    if (context) {
        context->grants_changed = room->grants_changed;
        job->grant_find.room_id = room->id;
        job->grant_find.user_id = session_user_id(ask->session);
    }
    return ask_submit_whole(ask, job, answer_grant_read);
}

/* The ask is resolved afresh: much may have changed meanwhile. A ban that was told since must not be
 * overlooked: then the grant is read once more. */
static enum outcome answer_grant_read(struct ask *ask, struct job *job)
{
    const struct grant_context *context = job->context;
    struct room *room = room_find_id(ask->gateway, job->grant_find.room_id);
    if (!ask->session)
        return ANSWERED;
    if (job->result == JOB_DONE && !room)
        job->result = JOB_ROOM_MISSING;
    /* The room is on its way into storage, where nobody has been granted anything there yet. */
    bool is_too_early = job->result == JOB_ROOM_MISSING && room;
    if (job->result != JOB_DONE && !is_too_early)
        return ask_fail_job(ask, job);
    bool is_fresh = context->grants_changed == room->grants_changed &&
                    (!is_too_early || room_is_ahead_of_storage(room));
    ask->room = is_fresh ? room : NULL;
    ask->grant = is_fresh ? &job->grant_find.grant : NULL;
    return ask_run(ask);
}

enum outcome ask_run(struct ask *ask)
{
    struct refusal refusal;
    switch (resolve(ask, &refusal)) {
    case RESOLVED:
        return ask->row->handle(ask);
    case LACKS_GRANT:
        return read_grant(ask);
    case REFUSED:
        break;
    }
    return ask_refuse(ask, &refusal);
}

/* --- jobs ------------------------------------------------------------------------------------- */

static void finish(struct gateway *gateway, struct job *job)
{
    const struct request_context *context = job->context;
    struct session *session = session_find(gateway, context->session);
    struct ask ask = {.gateway = gateway, .row = context->row, .checked = context->checked};
    if (context->request)
        ask.request = *context->request;
    ask.request.ref = context->ref;
    if (session) {
        session->in_flight--;
        ask.session = session->phase == PHASE_CLOSING ? NULL : session;
    }
    enum outcome outcome = context->answer(&ask, job);
    if (!session)
        return;
    if (outcome == ANSWERED && context->row->order == ORDER_BLOCKING)
        session_unblock(session);
    session_continue(session);
}

enum outcome ask_submit(struct ask *ask, struct job *job, answer_handler *answer)
{
    struct request_context *context = job ? job->context : NULL;
    if (!ask->session) {
        job_destroy(job);
        return ANSWERED;
    }
    if (!context)
        context = submit_context(job, sizeof *context);
    if (context) {
        context->answer = answer;
        context->row = ask->row;
        context->session = ask->session->id;
        context->ref = ask->request.ref;
        context->checked = ask->checked;
    }
    if (!gateway_submit(ask->gateway, job, finish))
        return ask_fail(ask, ERROR_storage_unavailable, NULL,
                        "The gateway has too much to store just now; try again.");
    ask->session->in_flight++;
    return AWAITS;
}

static void *take_memory(void *job, size_t size)
{
    return job_memory(job, size);
}

enum outcome ask_submit_whole(struct ask *ask, struct job *job, answer_handler *answer)
{
    struct request_context *context = job ? job->context : NULL;
    if (!context)
        context = submit_context(job, sizeof *context);
    struct request *copy = context ? job_memory(job, sizeof *copy) : NULL;
    if (copy && request_copy(&ask->request, take_memory, job, copy))
        context->request = copy;
    return ask_submit(ask, job, answer);
}

/* --- replies ------------------------------------------------------------------------------------ */

enum outcome ask_reply(struct ask *ask, enum message_type type, const void *fields)
{
    if (ask->session)
        session_reply(ask->session, &ask->request.ref, type, fields);
    return ANSWERED;
}

enum outcome ask_ok(struct ask *ask)
{
    static const struct reply_ok ok = {0};
    return ask_reply(ask, REPLY_ok, &ok);
}

enum outcome ask_refuse(struct ask *ask, const struct refusal *refusal)
{
    ask->gateway->figures.joins_failed += ask->request.type == REQUEST_join;
    if (ask->session)
        session_refuse(ask->session, &ask->request.ref, refusal);
    return ANSWERED;
}

enum outcome ask_fail(struct ask *ask, enum error_code code, const char *field, const char *format,
                      ...)
{
    struct refusal refusal;
    char sentence[sizeof refusal.message];
    if (format) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(sentence, sizeof sentence, format, arguments);
        va_end(arguments);
        refuse(&refusal, code, field, "%s", sentence);
    } else {
        refuse(&refusal, code, field, NULL);
    }
    if (code == ERROR_storage_unavailable)
        refusal.retry_after_ms = RETRY_MS;
    return ask_refuse(ask, &refusal);
}

enum outcome ask_fail_job(struct ask *ask, const struct job *job)
{
    switch (job->result) {
    case JOB_MESSAGE_MISSING:
        return ask_fail(ask, ERROR_message_not_found, "target", NULL);
    case JOB_NOT_OWN:
        return ask_fail(ask, ERROR_forbidden, "target", "The message is somebody else's.");
    case JOB_NAME_TAKEN:
        return ask_fail(ask, ERROR_name_taken, "name", NULL);
    case JOB_USER_MISSING:
        return ask_fail(ask, ERROR_user_not_found, "user", NULL);
    case JOB_BLOCKED:
        return ask_fail(ask, ERROR_forbidden, NULL, "This user does not want to hear from you.");
    case JOB_DEVICE_MISSING:
        return ask_fail(ask, ERROR_bad_request, "id", "You have no such device.");
    case JOB_OUTRANKED:
        return ask_fail(ask, ERROR_forbidden, "user", "The user's role is not below yours.");
    case JOB_IN_USE:
        return ask_fail(ask, ERROR_forbidden, "room", "The room is not empty.");
    case JOB_LAST_OWNER:
        return ask_fail(ask, ERROR_forbidden, "role", "Make somebody else an owner of the room first.");
    case JOB_TOO_MANY_ROOMS:
        return ask_fail(ask, ERROR_too_many_rooms, "user", "The user owns as many rooms as one may.");
    case JOB_SANCTION_MISSING:
        return ask_fail(ask, ERROR_bad_request, "id", "There is no such ban or mute; it may be over.");
    case JOB_ROOM_MISSING:
        return ask_fail(ask, ERROR_room_not_found, "room", NULL);
    case JOB_SINCE_PRUNED:
        return ask_fail(ask, ERROR_bad_request, "since",
                        "Entries after since are gone: whether this was stored cannot be known.");
    case JOB_FILE_MISSING:
        return ask_fail(ask, ERROR_message_not_found, "id", "There is no such file.");
    case JOB_FILES_FULL:
        return ask_fail(ask, ERROR_disk_quota, NULL, NULL);
    case JOB_REFUSED:
        return ask_fail(ask, ERROR_bad_request, NULL, "%s", job->why);
    case JOB_UNAVAILABLE:
        return ask_fail(ask, ERROR_storage_unavailable, NULL, NULL);
    case JOB_PASSWORD_CHANGED:
    case JOB_DONE:
    case JOB_REPEATED:
        break;
    }
    return ask_fail(ask, ERROR_internal, NULL, NULL);
}

enum outcome ask_answer(struct ask *ask, const struct job *job)
{
    return job->result == JOB_DONE ? ask_ok(ask) : ask_fail_job(ask, job);
}
