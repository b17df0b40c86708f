/* emoji.h - one emoji: a sequence by the grammar of UTS 51 (keycaps, flags, tag flags, modifiers,
 * joined ones). What begins one is Extended_Pictographic, which is reserved ahead of time, so that
 * the emoji of coming years are taken too. No state, any thread. */
#ifndef HEARTH_PROTOCOL_EMOJI_H
#define HEARTH_PROTOCOL_EMOJI_H

#include <stdbool.h>
#include <stddef.h>

#define EMOJI_BYTES_MAX 64 /* without NUL; as messages.def has it */

/* Bytes of the emoji that text begins with; 0 when it begins with none. */
size_t emoji_length(const char *text, size_t length);

/* The emoji as it is kept and told: with U+FE0F just where it is needed to be shown as one
 * ("fully-qualified" in UTS 51), so that all spellings are one. False when text is not one emoji,
 * or longer than EMOJI_BYTES_MAX; out is then empty. */
bool emoji_normalise(const char *text, char out[EMOJI_BYTES_MAX + 1]);

#endif
