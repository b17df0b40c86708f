/* text.h - texts: UTF-8 (RFC 3629), characters as readers count them (UAX 29), and the control
 * characters that may stand in a text. No state but struct utf8, any thread. */
#ifndef HEARTH_PROTOCOL_TEXT_H
#define HEARTH_PROTOCOL_TEXT_H

#include "protocol/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_BROKEN         (-1)  /* instead of a character: these bytes are no UTF-8 */
#define TEXT_REPLACEMENT    "\xEF\xBF\xBD" /* U+FFFD, shown in place of what may not be shown */
#define TEXT_CLEAN_MAX(length) (3 * (length) + 1) /* bytes that text_clean may need */

/* --- UTF-8 --- */

/* A check of UTF-8 that comes in pieces. All zero is the start of a text. */
struct utf8 {
    uint8_t missing;         /* bytes of the character under way */
    uint8_t lowest, highest; /* of the next of them */
};

/* False as soon as no continuation can make it valid. */
bool utf8_take(struct utf8 *utf8, const void *bytes, size_t length);

/* No character is under way. */
bool utf8_is_whole(const struct utf8 *utf8);

/* The same of what has come in one piece. */
bool text_is_utf8(const char *text, size_t length);

/* The character that text begins with; length is at least 1. size becomes the bytes it has. Of what
 * is no UTF-8: TEXT_BROKEN and the bytes that one U+FFFD stands for (Unicode 3.9, maximal subpart). */
int32_t text_next(const char *text, size_t length, size_t *size);

/* Characters that a reader counts: grapheme clusters. What is no UTF-8 counts one a byte. */
size_t text_count_characters(const char *text);

/* Writes text in NFC (Unicode 15) to out. False when it is no UTF-8 or does not fit size bytes with its NUL. */
bool text_compose(const char *text, char *out, size_t size);

/* --- control characters --- */

/* What a text may hold of C0 (U+0000 to U+001F), DEL and C1 (U+0080 to U+009F). */
enum text_rule {
    TEXT_LINE, /* none of them: names, emoji, one-line fields */
    TEXT_PROSE /* line feeds and tabs: what people say, topics, reasons */
};

/* True when text is UTF-8 and holds only what the rule allows. */
bool text_is_clean(const char *text, enum text_rule rule);

/* Writes text to out, with CR and CRLF as LF (TEXT_PROSE), and U+FFFD for other control characters
 * and what is no UTF-8. Cut at the end of a character to fit size, always NUL-terminated; with
 * TEXT_CLEAN_MAX(strlen(text)) bytes nothing is cut. out may not overlap text. */
void text_clean(const char *text, enum text_rule rule, char *out, size_t size);

/* CR and CRLF become LF, in place. */
void text_unify_line_ends(char *text);

/* Appends text as one line: every line break (also U+0085, U+2028 and U+2029) becomes one space.
 * False when the buffer refused. */
bool text_append_line(struct buffer *buffer, const char *text);

/* True for characters that change how the text around them is shown, or where the cursor stands:
 * control characters, marks of direction, tags, unassigned separators. A terminal must not get them
 * from others. */
bool text_steers_terminal(int32_t character);

#endif
