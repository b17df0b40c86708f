/* handle_token.c - tokens of bridges and bots: made, listed and revoked by administrators. */
#include "daemon/core/ask.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/share.h"
#include "daemon/core/token.h"
#include "daemon/core/token_make.h"
#include "daemon/core/user.h"

#include <string.h>

#include <utlist.h>

/* --- what is said of one ------------------------------------------------------------------------ */

/* Names of the rooms where it holds; those that were removed are left out. NULL without memory. */
static struct message_list room_names(struct gateway *gateway, struct job *memory,
                                      const struct token_row *row)
{
    const char **names = job_memory(memory, (row->room_count + 1) * sizeof *names);
    struct message_list list = {names, 0};
    for (size_t i = 0; names && i < row->room_count; i++) {
        const struct room *room = room_find_id(gateway, row->rooms[i]);
        if (room)
            names[list.count++] = room->name;
    }
    return list;
}

static const char *role_word(const struct token_row *row)
{
    return word_of(WORDS_token_role, (int)row->role);
}

/* --- token -------------------------------------------------------------------------------------- */

bool token_check_name(const struct gateway *gateway, const char *name, struct token_row *row,
                      struct refusal *refusal)
{
    struct user_row user = {0};
    if (!user_check_name(gateway, name, &user, refusal))
        return false;
    memcpy(row->name, user.name, sizeof row->name);
    memcpy(row->folded, user.folded, sizeof row->folded);
    if (!token_find_folded(gateway, row->folded) && !user_find(gateway, row->folded))
        return true;
    refuse(refusal, ERROR_name_taken, "name", NULL);
    return false;
}

static bool find_rooms(const struct ask *ask, const struct message_list *names,
                       struct token_row *row, struct refusal *refusal)
{
    const char *const *name = names->items;
    row->is_everywhere = names->count == 0;
    if (names->count > TOKEN_ROOMS_MAX) {
        refuse(refusal, ERROR_bad_request, "rooms", "A token is for at most %d rooms.",
               TOKEN_ROOMS_MAX);
        return false;
    }
    for (size_t i = 0; i < names->count; i++) {
        const struct room *room = room_find(ask->gateway, name[i]);
        if (!room || room->visibility == VISIBILITY_DIRECT) {
            refuse(refusal, ERROR_room_not_found, "rooms", "There is no room named \"%.64s\".",
                   name[i]);
            return false;
        }
        row->rooms[row->room_count++] = room->id;
    }
    return true;
}

bool token_has_place(const struct gateway *gateway, struct refusal *refusal)
{
    if (gateway->tokens.count < (size_t)gateway->config->limits.tokens)
        return true;
    refuse(refusal, ERROR_forbidden, NULL, "There are as many tokens as limits.tokens allows.");
    return false;
}

static enum outcome answer_token(struct ask *ask, struct job *job)
{
    const struct token_context *context = job->context;
    const struct token_row *row = &job->token.token;
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    if (!token_add(ask->gateway, row))
        return ask_fail(ask, ERROR_internal, NULL, "The gateway has no memory for this.");
    const struct reply_token reply = {.name = row->name,
                                      .role = role_word(row),
                                      .rooms = room_names(ask->gateway, job, row),
                                      .token = context->text};
    return ask_reply(ask, REPLY_token, &reply);
}

/* A user id is taken whether or not it will be needed. */
struct job *token_create_job(struct ask *ask, struct token_row *row)
{
    struct gateway *gateway = ask->gateway;
    struct job *job = job_create(JOB_TOKEN_CREATE);
    struct token_context *context = submit_context(job, sizeof *context);
    if (!context)
        return job;
    row->user_id = ++gateway->users.id_last;
    row->created_ms = gateway->now.wall_ms;
    if (!token_make(context->text, row->hash)) {
        job_destroy(job);
        return NULL;
    }
    job->token = (struct job_token){.token = *row, .at = gateway->now};
    return job;
}

enum outcome handle_token(struct ask *ask)
{
    const struct request_token *token = &ask->request.as_token;
    struct token_row row = {.role = (enum token_role)word_find(WORDS_token_role, token->role)};
    struct refusal refusal;
    if (row.role == TOKEN_ROLE_HOOK)
        return ask_fail(ask, ERROR_bad_request, "role", "hook makes a hook; this makes a bridge or bot.");
    if (!token_has_place(ask->gateway, &refusal) || !token_check_name(ask->gateway, token->name, &row, &refusal) ||
        !find_rooms(ask, &token->rooms, &row, &refusal))
        return ask_refuse(ask, &refusal);
    return ask_submit(ask, token_create_job(ask, &row), answer_token);
}

/* --- tokens ------------------------------------------------------------------------------------- */

static bool is_here(const struct gateway *gateway, const struct token *token)
{
    const struct user *user = user_find_id(gateway, token->row.user_id);
    return user && user->sessions;
}

static void fill_line(struct gateway *gateway, struct job *memory, const struct token *token,
                      struct record_token_line *line)
{
    *line = (struct record_token_line){.name = token->row.name,
                                       .role = role_word(&token->row),
                                       .rooms = room_names(gateway, memory, &token->row),
                                       .here = is_here(gateway, token),
                                       .created = token->row.created_ms};
}

/* The lines lie in the memory of a job that is never submitted. */
enum outcome handle_tokens(struct ask *ask)
{
    struct gateway *gateway = ask->gateway;
    struct job *memory = job_create(JOB_STATUS);
    struct record_token_line *lines =
        memory ? job_memory(memory, (gateway->tokens.count + 1) * sizeof *lines) : NULL;
    struct reply_tokens reply = {.tokens = {lines, 0}};
    struct refusal refusal;
    struct token *token;
    if (lines) {
        DL_FOREACH(gateway->tokens.first, token)
        {
            if (token->row.role != TOKEN_ROLE_HOOK)
                fill_line(gateway, memory, token, &lines[reply.tokens.count++]);
        }
    }
    if (!memory || job_failed(memory))
        (void)ask_fail(ask, ERROR_internal, NULL, "The gateway has no memory for this.");
    else if (share_cut(ask->session, RECORD_token_line, SHARE_FIRST, &reply.tokens, &reply.more,
                       &refusal))
        (void)ask_reply(ask, REPLY_tokens, &reply);
    else
        (void)ask_refuse(ask, &refusal);
    job_destroy(memory);
    return ANSWERED;
}

/* --- revoke ------------------------------------------------------------------------------------- */

static enum outcome answer_revoke(struct ask *ask, struct job *job)
{
    struct token *token = token_find_user(ask->gateway, job->token.token.user_id);
    if (job->result == JOB_DONE && token)
        token_remove(ask->gateway, token);
    return ask_answer(ask, job);
}

enum outcome token_revoke(struct ask *ask, const struct token *token)
{
    struct job *job = job_create(JOB_TOKEN_REVOKE);
    if (job)
        job->token.token.user_id = token->row.user_id;
    return ask_submit(ask, job, answer_revoke);
}

enum outcome handle_revoke(struct ask *ask)
{
    char folded[NAME_BYTES_MAX + 1];
    const char *name = ask->request.as_revoke.name;
    const struct token *token =
        user_fold(name, folded) ? token_find_folded(ask->gateway, folded) : NULL;
    if (!token || token->row.role == TOKEN_ROLE_HOOK)
        return ask_fail(ask, ERROR_user_not_found, "name", "There is no token of this name.");
    return token_revoke(ask, token);
}
