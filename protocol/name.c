#include "protocol/name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "protocol/emoji.h"
#include "protocol/fold.h"
#include "protocol/text.h"

#define MARKS_IN_A_ROW_MAX 4 /* more than any script stacks; stops names that climb over lines */

#define ZERO_WIDTH_NON_JOINER 0x200C
#define ZERO_WIDTH_JOINER     0x200D
#define VARIATION_TEXT        0xFE0E
#define VARIATION_EMOJI       0xFE0F
#define BRAILLE_BLANK         0x2800 /* a symbol by category, a space to the eye */

static const char forbidden[] = "@,#/:\"<>\\";

/* Joiners shape Persian and Indic words and make one emoji of several. The fold drops them, so they
 * cannot make a second name that looks like a first. */
static bool is_joiner(utf8proc_int32_t codepoint)
{
    return codepoint == ZERO_WIDTH_NON_JOINER || codepoint == ZERO_WIDTH_JOINER ||
           codepoint == VARIATION_TEXT || codepoint == VARIATION_EMOJI;
}

static bool is_mark(const utf8proc_property_t *property)
{
    return property->category == UTF8PROC_CATEGORY_MN ||
           property->category == UTF8PROC_CATEGORY_MC || property->category == UTF8PROC_CATEGORY_ME;
}

static bool is_visible(utf8proc_int32_t codepoint)
{
    const utf8proc_property_t *property = utf8proc_get_property(codepoint);
    switch (property->category) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_ZS:
        return false;
    default:
        return !property->ignorable && codepoint != BRAILLE_BLANK;
    }
}

static bool is_allowed(utf8proc_int32_t codepoint)
{
    if (codepoint > 0 && codepoint < 0x80 && strchr(forbidden, (int)codepoint))
        return false;
    return codepoint == ' ' || is_joiner(codepoint) || is_visible(codepoint);
}

/* Whether a character may follow the one before it (0 at the start). */
static bool may_follow(utf8proc_int32_t codepoint, utf8proc_int32_t before)
{
    if (codepoint == ' ')
        return before != 0 && before != ' ';
    if (is_joiner(codepoint))
        return before >= 0x80;
    return before != 0 || !is_mark(utf8proc_get_property(codepoint));
}

static bool has_only_allowed(const char *text)
{
    const char *end = text + strlen(text);
    utf8proc_int32_t before = 0;
    int marks = 0;
    for (size_t length; text < end; text += length) {
        utf8proc_int32_t codepoint = text_next(text, (size_t)(end - text), &length);
        size_t emoji = emoji_length(text, (size_t)(end - text));
        if (emoji > 0) {
            length = emoji;
            before = codepoint;
            marks = 0;
            continue;
        }
        if (codepoint == TEXT_BROKEN || !is_allowed(codepoint) || !may_follow(codepoint, before))
            return false;
        marks = is_mark(utf8proc_get_property(codepoint)) ? marks + 1 : 0;
        if (marks > MARKS_IN_A_ROW_MAX)
            return false;
        before = codepoint;
    }
    return before != ' ' && before != ZERO_WIDTH_JOINER && before != ZERO_WIDTH_NON_JOINER;
}

/* "." and ".." vanish from paths (RFC 3986 5.2.4). */
static bool is_dots(const char *folded)
{
    return folded[strspn(folded, ".")] == '\0';
}

enum name_result name_normalise(const char *name, size_t characters_max,
                                char out[NAME_BYTES_MAX + 1])
{
    char folded[NAME_BYTES_MAX + 1];
    out[0] = '\0';
    if (!name[0])
        return NAME_EMPTY;
    if (strlen(name) > (size_t)4 * NAME_BYTES_MAX)
        return NAME_TOO_LONG;
    if (!text_is_utf8(name, strlen(name)))
        return NAME_BAD_CHARACTER;
    if (!text_compose(name, out, NAME_BYTES_MAX + 1) || text_count_characters(out) > characters_max)
        return NAME_TOO_LONG;
    if (!has_only_allowed(out))
        return NAME_BAD_CHARACTER;
    if (!name_fold(out, folded))
        return NAME_TOO_LONG;
    /* Compatibility forms may hide what is forbidden: a full-width @ folds to @. */
    return folded[0] && has_only_allowed(folded) && !is_dots(folded) ? NAME_OK
                                                                     : NAME_BAD_CHARACTER;
}

/* The bytes of the next piece that is taken or left as a whole: an emoji, or a character. */
static size_t piece_length(const char *text)
{
    size_t left = strlen(text), length;
    size_t emoji = emoji_length(text, left);
    if (emoji > 0)
        return emoji;
    (void)text_next(text, left, &length);
    return length;
}

/* Piece by piece, since what may follow what is for name_normalise to say. */
bool name_make(const char *text, size_t characters_max, char out[NAME_BYTES_MAX + 1])
{
    char kept[NAME_BYTES_MAX + 1] = "", tried[2 * NAME_BYTES_MAX];
    enum name_result result = name_normalise(text, characters_max, out);
    const char *end = text + strnlen(text, 4 * NAME_BYTES_MAX);
    bool has_gap = false;
    if (result == NAME_OK)
        return true;
    for (size_t length; text < end && strlen(kept) < NAME_BYTES_MAX - 16; text += length) {
        length = piece_length(text);
        snprintf(tried, sizeof tried, "%s%s%.*s", kept, has_gap && kept[0] ? " " : "", (int)length, text);
        result = name_normalise(tried, characters_max, out);
        if (result == NAME_TOO_LONG)
            break;
        if (result == NAME_OK)
            memcpy(kept, out, sizeof kept);
        has_gap = result != NAME_OK;
    }
    memcpy(out, kept, sizeof kept);
    return kept[0] != '\0';
}

bool name_fold(const char *name, char out[NAME_BYTES_MAX + 1])
{
    return text_fold_name(name, out, NAME_BYTES_MAX + 1);
}

bool name_is_plain(const char *folded)
{
    static const char plain[] = "client";
    size_t length = sizeof plain - 1;
    if (strncmp(folded, plain, length) != 0 || (folded[length] != '-' && folded[length] != ' '))
        return false;
    size_t digits = strspn(folded + ++length, "-0123456789"); /* a client_id may be negative */
    return digits > 0 && folded[length + digits] == '\0';
}

bool name_is_reserved(const char *folded)
{
    static const char *const words[] = {"admin",  "administrator", "everyone", "hearth",
                                        "keeper", "server",        "system"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(folded, words[i]) == 0)
            return true;
    }
    return name_is_plain(folded);
}

bool name_of_direct_room(const char *a, const char *b, char out[ROOM_NAME_BYTES_MAX + 1])
{
    char folded_a[NAME_BYTES_MAX + 1];
    char folded_b[NAME_BYTES_MAX + 1];
    if (!name_fold(a, folded_a) || !name_fold(b, folded_b))
        return false;
    bool in_order = strcmp(folded_a, folded_b) <= 0;
    int length =
        snprintf(out, ROOM_NAME_BYTES_MAX + 1, "@%s,%s", in_order ? a : b, in_order ? b : a);
    return length > 0 && length <= ROOM_NAME_BYTES_MAX;
}

bool name_split_direct(const char *room, char a[NAME_BYTES_MAX + 1], char b[NAME_BYTES_MAX + 1])
{
    if (room[0] != '@')
        return false;
    const char *comma = strchr(room, ',');
    if (!comma || strchr(comma + 1, ','))
        return false;
    size_t length_a = (size_t)(comma - room) - 1;
    size_t length_b = strlen(comma + 1);
    if (length_a == 0 || length_a > NAME_BYTES_MAX || length_b == 0 || length_b > NAME_BYTES_MAX)
        return false;
    memcpy(a, room + 1, length_a);
    a[length_a] = '\0';
    memcpy(b, comma + 1, length_b + 1);
    return true;
}

const char *name_result_sentence(enum name_result result)
{
    switch (result) {
    case NAME_OK:
        return "The name is fine.";
    case NAME_EMPTY:
        return "A name must have at least one character.";
    case NAME_TOO_LONG:
        return "The name is too long.";
    case NAME_BAD_CHARACTER:
        return "A name may not have control or invisible characters, any of @ , # / : \" < > \\, "
               "or "
               "spaces at an end or next to each other, or dots alone.";
    case NAME_RESERVED:
        return "This name is kept for the gateway itself.";
    }
    return "The name is not fine.";
}
