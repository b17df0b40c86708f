/* fold.h - text as search compares it: NFKC (Unicode UAX 15) with case folding, every run of spaces
 * and control characters one space. So a full-width letter finds a plain one, and Korean typed as
 * separate jamo finds whole syllables. No state, any thread. */
#ifndef HEARTH_PROTOCOL_FOLD_H
#define HEARTH_PROTOCOL_FOLD_H

#include "protocol/buffer.h"

#include <stdbool.h>
#include <stddef.h>

/* Appends the folded text. False when the buffer refused. Bytes that are not UTF-8 stay. */
bool text_fold(const char *text, size_t length, struct buffer *folded);

/* Where in text the part begins that became what stands at folded_offset of its folded form: a
 * character's start, at most some 50 bytes too early. */
size_t text_fold_origin(const char *text, size_t length, size_t folded_offset);

#endif
