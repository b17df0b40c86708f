/* token_cursor.h - where a bridge or bot has got to in a room, under a name of its own: its memory of
 * what need not be told again. Kept in memory and written at most once a second and at a stop; what a
 * crash takes back is told again. Loop thread. */
#ifndef HEARTH_CORE_TOKEN_CURSOR_H
#define HEARTH_CORE_TOKEN_CURSOR_H

#include "storage/job.h"

struct gateway;
struct token;

#define TOKEN_CURSORS_MAX 64 /* of one token: names times rooms */

/* Puts it where it is said to be, also back. False: the token has as many as it may, or no memory. */
bool token_cursor_set(struct gateway *gateway, struct token *token, const struct cursor_row *row);

/* Puts it back for whoever reads by it: until they have heard of it, they may not put it further. */
bool token_cursor_put_back(struct gateway *gateway, struct token *token, const struct cursor_row *row);
bool token_cursor_is_put_back(const struct token *token, const struct cursor_row *row);

/* The same of what was loaded. */
bool token_cursor_load(struct token *token, const struct cursor_row *row);

/* Writes what has changed, if a second has passed or is_last. Gives the ms until it wants to be called
 * again; INT64_MAX when nothing has changed. */
int64_t token_cursors_write(struct gateway *gateway, bool is_last);

/* How far the one that is furthest behind has to go to the newest seq of its room; seqs have gaps. */
int64_t token_cursors_behind(struct gateway *gateway, const struct token *token);

/* Forgets those of a room that has gone. */
void token_cursors_forget(struct gateway *gateway, int64_t room_id);

#endif
