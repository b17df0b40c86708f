/* handle_hook.c - hooks: tokens that other programs post to, each in one room; made, listed, tried and
 * removed by administrators. */
#include "daemon/core/ask.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/share.h"
#include "daemon/core/token.h"
#include "daemon/core/token_make.h"
#include "daemon/core/user.h"

#include <stdio.h>
#include <string.h>

#include <utlist.h>

#define SECRET_BYTES 24 /* random ones */

/* --- hook --------------------------------------------------------------------------------------- */

static const char *address_of(const struct gateway *gateway)
{
    return gateway->host && gateway->host->address ? gateway->host->address : "";
}

static enum outcome answer_hook(struct ask *ask, struct job *job)
{
    const struct token_context *context = job->context;
    const struct token_row *row = &job->token.token;
    const struct room *room = room_find_id(ask->gateway, row->rooms[0]);
    char url[512];
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    if (!token_add(ask->gateway, row))
        return ask_fail(ask, ERROR_internal, NULL, "The gateway has no memory for this.");
    snprintf(url, sizeof url, "%s/hooks/%s", address_of(ask->gateway), context->text);
    const struct reply_hook reply = {.name = row->name,
                                     .room = room ? room->name : "",
                                     .url = url,
                                     .secret = row->secret[0] ? row->secret : NULL};
    return ask_reply(ask, REPLY_hook, &reply);
}

enum outcome handle_hook(struct ask *ask)
{
    const struct request_hook *hook = &ask->request.as_hook;
    const struct room *room = room_find(ask->gateway, hook->room);
    struct token_row row = {.role = TOKEN_ROLE_HOOK, .room_count = 1};
    struct refusal refusal;
    if (!room || room->visibility == VISIBILITY_DIRECT)
        return ask_fail(ask, ERROR_room_not_found, "room", NULL);
    if (!token_has_place(ask->gateway, &refusal) ||
        !token_check_name(ask->gateway, hook->name, &row, &refusal))
        return ask_refuse(ask, &refusal);
    row.rooms[0] = room->id;
    if (hook->secret && !random_hex(row.secret, SECRET_BYTES))
        return ask_fail(ask, ERROR_internal, NULL, "The gateway has no randomness to make a secret of.");
    return ask_submit(ask, token_create_job(ask, &row), answer_hook);
}

/* --- hooks -------------------------------------------------------------------------------------- */

static struct record_hook_line describe(struct gateway *gateway, const struct token *token)
{
    const struct room *room = room_find_id(gateway, token->row.rooms[0]);
    return (struct record_hook_line){.name = token->row.name,
                                     .room = room ? room->name : NULL,
                                     .secret = token->row.secret[0] != '\0',
                                     .created = token->row.created_ms};
}

enum outcome handle_hooks(struct ask *ask)
{
    struct gateway *gateway = ask->gateway;
    struct job *memory = job_create(JOB_STATUS); /* never submitted */
    struct record_hook_line *lines =
        memory ? job_memory(memory, (gateway->tokens.count + 1) * sizeof *lines) : NULL;
    struct reply_hooks reply = {.hooks = {lines, 0}};
    struct refusal refusal;
    const struct token *token;
    DL_FOREACH(gateway->tokens.first, token)
    {
        if (lines && token->row.role == TOKEN_ROLE_HOOK)
            lines[reply.hooks.count++] = describe(gateway, token);
    }
    if (!lines)
        (void)ask_fail(ask, ERROR_internal, NULL, "The gateway has no memory for this.");
    else if (share_cut(ask->session, RECORD_hook_line, SHARE_FIRST, &reply.hooks, &reply.more, &refusal))
        (void)ask_reply(ask, REPLY_hooks, &reply);
    else
        (void)ask_refuse(ask, &refusal);
    job_destroy(memory);
    return ANSWERED;
}

/* --- one of them --------------------------------------------------------------------------------- */

/* NULL, and the request is answered, when there is no hook of this name. */
static const struct token *find_hook(struct ask *ask, const char *name)
{
    char folded[NAME_BYTES_MAX + 1];
    const struct token *token =
        user_fold(name, folded) ? token_find_folded(ask->gateway, folded) : NULL;
    if (token && token->row.role == TOKEN_ROLE_HOOK)
        return token;
    (void)ask_fail(ask, ERROR_user_not_found, "name", "There is no hook of this name.");
    return NULL;
}

enum outcome handle_hook_remove(struct ask *ask)
{
    const struct token *token = find_hook(ask, ask->request.as_hook_remove.name);
    return token ? token_revoke(ask, token) : ANSWERED;
}

enum outcome handle_hook_test(struct ask *ask)
{
    const struct token *token = find_hook(ask, ask->request.as_hook_test.name);
    if (!token)
        return ANSWERED;
    struct job *job = job_create(JOB_APPEND);
    if (job) {
        job->append.room_id = token->row.rooms[0];
        job->append.entry.kind = ENTRY_KIND_MESSAGE;
        job->append.entry.user_id = token->row.user_id;
        job->append.entry.from = job_text(job, token->row.name);
        job->append.entry.text = "This hook works.";
        job->append.entry.via = "webhook";
        job->append.at = ask->gateway->now;
    }
    return ask_submit(ask, job, answer_append);
}
