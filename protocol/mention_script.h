/* mention_script.h - letters and their scripts, as far as mentions need them (Unicode UAX 24). For
 * mention.c alone. */
#ifndef HEARTH_PROTOCOL_MENTION_SCRIPT_H
#define HEARTH_PROTOCOL_MENTION_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SCRIPT_LATIN = 1 << 0,
    SCRIPT_HANGUL = 1 << 1,
    SCRIPT_HAN = 1 << 2,
    SCRIPT_HIRAGANA = 1 << 3,
    SCRIPT_KATAKANA = 1 << 4,
    SCRIPT_THAI = 1 << 5,
    /* written without spaces: a name may follow directly */
    SCRIPTS_UNSPACED = SCRIPT_HANGUL | SCRIPT_HAN | SCRIPT_HIRAGANA | SCRIPT_KATAKANA | SCRIPT_THAI
};

/* The scripts a letter is used in, as bits; 0: another one. */
unsigned script_of(int32_t character);

bool character_is_letter(int32_t character);
bool character_is_number(int32_t character);
bool character_is_mark(int32_t character);

/* Punctuation or a sign. */
bool character_is_sign(int32_t character);

/* Whether text goes on with what Korean and Japanese hang on to a name without a space. */
bool begins_with_particle(const char *text, size_t length);

#endif
