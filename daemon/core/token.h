/* token.h - what opens the gateway for a bridge or a bot: its text's hash, its user, and what that one
 * may do where. All that open something are in memory, at most limits.tokens, so that a hello, a hook
 * and a revocation are settled in the turn in which they come. Loop thread. */
#ifndef HEARTH_CORE_TOKEN_H
#define HEARTH_CORE_TOKEN_H

#include "daemon/core/permission.h"
#include "storage/crypto.h"
#include "storage/job.h"

struct gateway;
struct room;
struct session;

#define TOKEN_PREFIX "hearth_" /* tells a token from a key, and people what they have found */
#define STATE_BYTES_MAX 256 /* as messages.def has it */
#define TOKEN_TEXT_BYTES (sizeof TOKEN_PREFIX - 1 + 2 * KEY_BYTES)

struct token_cursor {
    struct token_cursor *prev, *next; /* of the token's */
    struct cursor_row row;
    bool is_changed; /* and not submitted yet */
    bool is_put_back; /* by an administrator; until whoever reads by it has heard where it stands */
};

struct token {
    struct token *prev, *next; /* gateway->tokens, the oldest first */
    struct token_row row;
    struct token_cursor *cursors; /* owned: see token_cursor.h */
    size_t cursor_count;
    struct token_state {          /* what a bridge said last of how it is doing */
        char text[STATE_BYTES_MAX + 1];
        bool is_ok;
        int64_t since_ms;         /* wall; 0: it has said nothing */
    } state;
};

/* Whether a text has the form of a token; whose it is says token_find. */
bool token_is(const char *text);

/* The token of this text, or of this user or name. NULL: there is none. */
struct token *token_find(const struct gateway *gateway, const char *text);
struct token *token_find_user(const struct gateway *gateway, int64_t user_id);
struct token *token_find_folded(const struct gateway *gateway, const char *folded);

/* Fills text and hash of a new one. False when there is no randomness. */
bool token_make(char text[TOKEN_TEXT_BYTES + 1], uint8_t hash[HASH_BYTES]);

/* Puts one in memory; what its user was before, it is no longer. NULL without memory. */
struct token *token_add(struct gateway *gateway, const struct token_row *row);

/* Closes what was opened with it, and forgets it. */
void token_remove(struct gateway *gateway, struct token *token);

void token_drop_cursor(struct gateway *gateway, struct token *token, struct token_cursor *cursor);

/* Closes all that was opened with it; who reads goes on from its cursors. */
void token_close_sessions(struct gateway *gateway, const struct token *token, uint16_t code, const char *why);

/* The session's, when a token opened it; else NULL. */
const struct token *token_of(const struct session *session);

/* Whether it holds in the room; direct rooms are those of its user like anybody's. */
bool token_holds_in(const struct token *token, const struct room *room);

/* Whether its role allows the operation at all. */
bool token_allows(const struct token *token, enum operation operation);

/* --- for streams: of the token of this text ------------------------------------------------------- */

/* The rooms that it names; borrowed until the turn ends. Gives how many, most at most. */
size_t token_room_names(struct gateway *gateway, const char *text, const char **names, size_t most);

/* Where its hook says things, and the secret ("": none) that is to be signed with. False: it is no
 * hook's. */
bool token_is_hook(struct gateway *gateway, const char *text, const char **room, const char **secret);

bool token_is_known(const struct gateway *gateway, const char *text);

/* Whether its user says who said it: of a bridge or a hook. */
bool token_brings(const struct gateway *gateway, const char *text);

/* Appends where its cursor of this name stands in each room, as cursors.h has it; nothing where it has
 * none. Now that is known. False without memory. */
struct buffer;
bool token_append_cursors(struct gateway *gateway, const char *text, const char *name,
                          struct buffer *out);

/* USER_KIND_BRIDGE or USER_KIND_BOT, as said; NULL of NULL. */
const char *token_kind(const struct token *token);

#endif
