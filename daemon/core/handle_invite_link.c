/* handle_invite_link.c - invite_link, invite_links, revoke_link. */
#include "daemon/core/access.h"
#include "daemon/core/audit.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/invite_link.h"
#include "daemon/core/pairing.h"
#include "daemon/core/room.h"
#include "daemon/core/sanction.h"
#include "daemon/core/session_private.h"
#include "daemon/core/share.h"
#include "daemon/core/user.h"
#include "storage/crypto.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define USES_DEFAULT  1
#define HOURS_DEFAULT 24
#define HOUR_MS       INT64_C(3600000)
#define PATH_BYTES    (16 + SECRET_TEXT_BYTES + 3 * NAME_BYTES_MAX)

/* Where no room is named, nothing is checked before: see SCOPE_GRANT. */
static bool may_manage(const struct ask *ask, struct refusal *refusal)
{
    return ask->room || access_allows_here(ask->session, OPERATION_invite_links, refusal);
}

/* --- invite_link --------------------------------------------------------------------------------- */

struct link_context {
    struct request_context request;
    char code[SECRET_TEXT_BYTES + 1];
};

static void append_encoded(char *out, const char *text)
{
    for (out += strlen(out); *text; text++) {
        unsigned char byte = (unsigned char)*text;
        out += sprintf(out, byte < 0x80 && isalnum(byte) ? "%c" : "%%%02X", byte);
    }
}

/* The page has to know which room to join. */
static void print_path(const struct room *room, const char *code, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "/#invite/%s%s", code, room ? "/" : "");
    if (room)
        append_encoded(path, room->name);
}

static enum outcome tell_link(struct ask *ask, const struct invite_link *link, const char *code)
{
    const struct host *host = ask->gateway->host;
    const struct room *room = link->room_id ? room_find_id(ask->gateway, link->room_id) : NULL;
    char path[PATH_BYTES], url[PATH_BYTES + 512];
    print_path(room, code, path);
    snprintf(url, sizeof url, "%s%s", host && host->address ? host->address : "", path);
    const struct reply_invite_link reply = {.id = link->id,
                                            .code = code,
                                            .path = path,
                                            .url = host && host->address ? url : NULL,
                                            .uses = link->uses,
                                            .left_ms = link->until - ask->gateway->now.elapsed_ms};
    return ask_reply(ask, REPLY_invite_link, &reply);
}

static enum outcome answer_invite_link(struct ask *ask, struct job *job)
{
    const struct link_context *context = job->context;
    if (job->result == JOB_DONE)
        return tell_link(ask, &job->invite_link.link, context->code);
    invite_link_remove(ask->gateway, job->invite_link.link.id);
    return ask_fail_job(ask, job);
}

static struct invite_link link_as_wanted(const struct ask *ask)
{
    const struct request_invite_link *wanted = &ask->request.as_invite_link;
    const struct moment *now = &ask->gateway->now;
    int64_t hours = wanted->hours == NUMBER_ABSENT ? HOURS_DEFAULT : wanted->hours;
    struct invite_link link = {.room_id = ask->room ? ask->room->id : 0,
                               .uses = wanted->uses == NUMBER_ABSENT ? USES_DEFAULT : wanted->uses,
                               .until = now->elapsed_ms + hours * HOUR_MS,
                               .created_ms = now->wall_ms};
    if (ask->session->user)
        snprintf(link.by, sizeof link.by, "%s", ask->session->user->name);
    return link;
}

static enum outcome store_link(struct ask *ask, struct job *job)
{
    struct job_invite_link *create = &job->invite_link;
    struct refusal refusal;
    const struct invite_link *added =
        invite_link_add(ask->gateway, &create->link, &create->gives_way, &refusal);
    if (!added) {
        job_destroy(job);
        return ask_refuse(ask, &refusal);
    }
    int64_t id = create->link.id = added->id;
    audit_add(ask, job, ACT_INVITE_LINK, ask->room, NULL, NULL);
    enum outcome outcome = ask_submit(ask, job, answer_invite_link);
    if (outcome == ANSWERED)
        invite_link_remove(ask->gateway, id);
    return outcome;
}

enum outcome handle_invite_link(struct ask *ask)
{
    struct refusal refusal;
    if (!may_manage(ask, &refusal))
        return ask_refuse(ask, &refusal);
    struct job *job = job_create(JOB_INVITE_LINK);
    struct link_context *context = submit_context(job, sizeof *context);
    if (!context) {
        job_destroy(job);
        return ask_fail(ask, ERROR_internal, NULL, "The gateway has no memory for this.");
    }
    job->invite_link.link = link_as_wanted(ask);
    if (!code_make(context->code, SECRET_TEXT_BYTES) ||
        !hash_text(context->code, job->invite_link.link.hash)) {
        job_destroy(job);
        return ask_fail(ask, ERROR_internal, NULL, NULL);
    }
    return store_link(ask, job);
}

/* --- invite_links -------------------------------------------------------------------------------- */

static bool is_listed(const struct ask *ask, const struct invite_link *link)
{
    if (link->room_id && !room_find_id(ask->gateway, link->room_id))
        return false;
    return link->room_id == (ask->room ? ask->room->id : 0) ||
           (!ask->room && access_is_administrator(ask->session));
}

static struct record_invite_line line_of(struct gateway *gateway,
                                         const struct invite_link *link)
{
    const struct room *room = link->room_id ? room_find_id(gateway, link->room_id) : NULL;
    int64_t left_ms = link->until - gateway->now.elapsed_ms;
    return (struct record_invite_line){.id = link->id,
                                       .room = room ? room->name : NULL,
                                       .uses = link->uses,
                                       .left_ms = left_ms > 0 ? left_ms : 0,
                                       .by = link->by[0] ? link->by : NULL,
                                       .created = link->created_ms};
}

enum outcome handle_invite_links(struct ask *ask)
{
    const struct invite_links *links = &ask->gateway->invite_links;
    struct record_invite_line lines[INVITE_LINKS_MAX];
    struct reply_invite_links reply = {.links = {lines, 0}};
    struct refusal refusal;
    if (!may_manage(ask, &refusal))
        return ask_refuse(ask, &refusal);
    for (size_t i = 0; i < links->count; i++)
        if (is_listed(ask, &links->links[i]))
            lines[reply.links.count++] = line_of(ask->gateway, &links->links[i]);
    if (!share_cut(ask->session, RECORD_invite_line, SHARE_FIRST, &reply.links, &reply.more,
                   &refusal))
        return ask_refuse(ask, &refusal);
    return ask_reply(ask, REPLY_invite_links, &reply);
}

/* --- revoke_link --------------------------------------------------------------------------------- */

static const struct invite_link *find_wanted(const struct ask *ask)
{
    const struct request_revoke_link *wanted = &ask->request.as_revoke_link;
    const struct invite_link *link =
        wanted->code ? invite_link_find_code(ask->gateway, wanted->code)
                     : invite_link_find(ask->gateway, wanted->id);
    return link && is_listed(ask, link) ? link : NULL;
}

static enum outcome answer_revoke_link(struct ask *ask, struct job *job)
{
    if (job->result == JOB_DONE)
        invite_link_remove(ask->gateway, job->invite_link.link.id);
    return ask_answer(ask, job);
}

enum outcome handle_revoke_link(struct ask *ask)
{
    const struct request_revoke_link *wanted = &ask->request.as_revoke_link;
    struct refusal refusal;
    if (!may_manage(ask, &refusal))
        return ask_refuse(ask, &refusal);
    if (!wanted->code && wanted->id == NUMBER_ABSENT)
        return ask_fail(ask, ERROR_bad_request, "id", "id is missing; it must be an integer.");
    const struct invite_link *link = find_wanted(ask);
    if (!link)
        return ask_fail(ask, ERROR_bad_request, wanted->code ? "code" : "id",
                        "There is no such invite link here, or not any more.");
    struct job *job = job_create(JOB_INVITE_REVOKE);
    if (job)
        job->invite_link.link.id = link->id;
    audit_add(ask, job, ACT_REVOKE_LINK, ask->room, NULL, NULL);
    return ask_submit(ask, job, answer_revoke_link);
}
