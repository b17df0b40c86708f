/* cursors.h - how far the reader of an event stream has come in each of its rooms, as text:
 * "LOG.SEQ,LOG.SEQ". It goes out as the id of every event that moves it, and comes back in the
 * Last-Event-ID of the next connection. No state. */
#ifndef HEARTH_CORE_CURSORS_H
#define HEARTH_CORE_CURSORS_H

#include <stdbool.h>
#include <stdint.h>

struct buffer;
struct member;

#define CURSORS_BYTES_MAX 1024 /* more than eight rooms take */

/* Whether text is a list of cursors, at most CURSORS_BYTES_MAX long. */
bool cursors_are_valid(const char *text);

/* The cursor in the log of that id. False when there is none. */
bool cursors_find(const char *text, const char *log_id, int64_t *seq);

/* Appends "id: ...\n" with the cursors of all rooms of the member's session, the member's own being
 * seq. Nothing when the session is no event stream. False when out takes no more. */
bool cursors_append(struct buffer *out, const struct member *member, int64_t seq);

#endif
