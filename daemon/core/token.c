#include "daemon/core/token.h"

#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/user.h"
#include "storage/crypto.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

bool token_is(const char *text)
{
    size_t prefix = strlen(TOKEN_PREFIX);
    return strlen(text) == TOKEN_TEXT_BYTES && strncmp(text, TOKEN_PREFIX, prefix) == 0 &&
           strspn(text + prefix, "0123456789abcdef") == TOKEN_TEXT_BYTES - prefix;
}

/* What is compared is the hash of what was sent: how long it takes tells nothing about a token. */
struct token *token_find(const struct gateway *gateway, const char *text)
{
    uint8_t hash[HASH_BYTES];
    struct token *token;
    if (!token_is(text) || !hash_text(text, hash))
        return NULL;
    DL_FOREACH(gateway->tokens.first, token)
    {
        if (memcmp(token->row.hash, hash, HASH_BYTES) == 0)
            return token;
    }
    return NULL;
}

struct token *token_find_user(const struct gateway *gateway, int64_t user_id)
{
    struct token *token;
    DL_SEARCH_SCALAR(gateway->tokens.first, token, row.user_id, user_id);
    return token;
}

struct token *token_find_folded(const struct gateway *gateway, const char *folded)
{
    struct token *token;
    DL_FOREACH(gateway->tokens.first, token)
    {
        if (strcmp(token->row.folded, folded) == 0)
            return token;
    }
    return NULL;
}

bool token_make(char text[TOKEN_TEXT_BYTES + 1], uint8_t hash[HASH_BYTES])
{
    size_t prefix = strlen(TOKEN_PREFIX);
    memcpy(text, TOKEN_PREFIX, prefix);
    return random_hex(text + prefix, KEY_BYTES) && hash_text(text, hash);
}

struct token *token_add(struct gateway *gateway, const struct token_row *row)
{
    struct token *token = calloc(1, sizeof *token);
    if (!token)
        return NULL;
    token->row = *row;
    DL_APPEND(gateway->tokens.first, token);
    gateway->tokens.count++;
    return token;
}

void token_drop_cursor(struct gateway *gateway, struct token *token, struct token_cursor *cursor)
{
    gateway->tokens.changed_count -= cursor->is_changed;
    DL_DELETE(token->cursors, cursor);
    token->cursor_count--;
    free(cursor);
}

void token_close_sessions(struct gateway *gateway, const struct token *token, uint16_t code, const char *why)
{
    const struct user *user = user_find_id(gateway, token->row.user_id);
    for (struct session *session = user ? user->sessions : NULL; session; session = session->next)
        session_close(session, code, why);
}

void token_remove(struct gateway *gateway, struct token *token)
{
    struct user *user = user_find_id(gateway, token->row.user_id);
    token_close_sessions(gateway, token, 4001, "The token was revoked");
    if (user)
        user->token = NULL;
    while (token->cursors)
        token_drop_cursor(gateway, token, token->cursors);
    DL_DELETE(gateway->tokens.first, token);
    gateway->tokens.count--;
    free(token);
}

const struct token *token_of(const struct session *session)
{
    return session->user ? session->user->token : NULL;
}

bool token_holds_in(const struct token *token, const struct room *room)
{
    if (token->row.is_everywhere || room->visibility == VISIBILITY_DIRECT)
        return room->visibility != VISIBILITY_PRIVATE;
    for (size_t i = 0; i < token->row.room_count; i++)
        if (token->row.rooms[i] == room->id)
            return true;
    return false;
}

static bool is_reading(enum operation operation)
{
    return operation == OPERATION_join || operation == OPERATION_history ||
           operation == OPERATION_who || operation == OPERATION_read;
}

bool token_allows(const struct token *token, enum operation operation)
{
    switch (token->row.role) {
    case TOKEN_ROLE_BRIDGE:
        return operation != OPERATION_create;
    case TOKEN_ROLE_READ:
        return is_reading(operation);
    case TOKEN_ROLE_POST:
    case TOKEN_ROLE_HOOK:
        return operation == OPERATION_send || operation == OPERATION_edit ||
               operation == OPERATION_delete || operation == OPERATION_react ||
               operation == OPERATION_typing;
    }
    return false;
}

const char *token_kind(const struct token *token)
{
    if (!token)
        return NULL;
    return word_of(WORDS_user_kind,
                   token->row.role == TOKEN_ROLE_BRIDGE ? USER_KIND_BRIDGE : USER_KIND_BOT);
}

/* --- for streams --------------------------------------------------------------------------------- */

size_t token_room_names(struct gateway *gateway, const char *text, const char **names, size_t most)
{
    const struct token *token = token_find(gateway, text);
    size_t count = 0;
    for (size_t i = 0; token && i < token->row.room_count && count < most; i++) {
        const struct room *room = room_find_id(gateway, token->row.rooms[i]);
        if (room)
            names[count++] = room->name;
    }
    return count;
}

bool token_append_cursors(struct gateway *gateway, const char *text, const char *name,
                          struct buffer *out)
{
    const struct token *token = token_find(gateway, text);
    struct token_cursor *cursor;
    bool is_whole = true;
    if (!token)
        return true;
    DL_FOREACH(token->cursors, cursor)
    {
        char one[LOG_ID_BYTES + 24];
        if (strcmp(cursor->row.name, name) != 0)
            continue;
        snprintf(one, sizeof one, "%s%s.%" PRId64, out->length ? "," : "", cursor->row.log_id,
                 cursor->row.seq);
        is_whole = is_whole && buffer_append_text(out, one);
        cursor->is_put_back = false;
    }
    return is_whole;
}

bool token_is_hook(struct gateway *gateway, const char *text, const char **room, const char **secret)
{
    const struct token *token = token_find(gateway, text);
    const struct room *found = NULL;
    if (token && token->row.role == TOKEN_ROLE_HOOK)
        found = room_find_id(gateway, token->row.rooms[0]);
    if (!found)
        return false;
    *room = found->name;
    *secret = token->row.secret;
    return true;
}

bool token_brings(const struct gateway *gateway, const char *text)
{
    const struct token *token = token_find(gateway, text);
    return token && (token->row.role == TOKEN_ROLE_HOOK || token->row.role == TOKEN_ROLE_BRIDGE);
}

bool token_is_known(const struct gateway *gateway, const char *text)
{
    return token_find(gateway, text) != NULL;
}
