/* fold.h - texts as they are compared: NFKC (UAX 15) with case folding. No state, any thread. */
#ifndef HEARTH_PROTOCOL_FOLD_H
#define HEARTH_PROTOCOL_FOLD_H

#include "protocol/buffer.h"

#include <stdbool.h>
#include <stddef.h>

/* As names are compared. False when it is no UTF-8, or longer than size with its NUL. */
bool text_fold_name(const char *text, char *out, size_t size);

/* As search compares: every run of spaces and control characters is one space, typographic quotes
 * and dashes are plain ones, dotted and dotless i are one, and combining marks (accents, vowel
 * points, tone marks) are gone. So a full-width letter finds a plain one, Korean typed as separate
 * jamo finds whole syllables, and cafe finds café. Marks without which a letter is another one to
 * its readers stay: kana voicing, viramas, vowel signs. What is appended differs between versions
 * of this function as FOLD_VERSION does: an index of it is then made anew. False when the buffer
 * refused. Bytes that are not UTF-8 stay. */
#define FOLD_VERSION 2
bool text_fold(const char *text, size_t length, struct buffer *folded);

/* The same with the combining marks, each as a character behind its letter: for text_finds_marked. */
bool text_fold_marked(const char *text, size_t length, struct buffer *folded);

/* True when term occurs in text, both of text_fold_marked, each mark of term at the same letter in
 * text; marks that only text has are passed over. So café finds café and not cafe. */
bool text_finds_marked(const char *text, size_t length, const char *term, size_t term_length);

/* True when folded, of text_fold_marked, has any mark. */
bool text_has_marks(const char *folded, size_t length);

/* Where in text the part begins that became what stands at folded_offset of text_fold's form: a
 * character's start, at most some 50 bytes too early. */
size_t text_fold_origin(const char *text, size_t length, size_t folded_offset);

#endif
