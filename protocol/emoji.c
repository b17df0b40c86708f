#include "protocol/emoji.h"

#include <string.h>

#include <utf8proc.h>

#include "protocol/text.h"

#define ZERO_WIDTH_JOINER  0x200D
#define KEYCAP             0x20E3
#define EMOJI_PRESENTATION 0xFE0F
#define TAG_FIRST          0xE0020
#define TAG_LAST           0xE007E
#define TAG_END            0xE007F

/* Reads text and writes the same emoji as it is kept; out is cut silently once it is full. */
struct scan {
    const char *at, *end;
    char out[EMOJI_BYTES_MAX];
    size_t length; /* of out, had it no bound */
};

static int32_t peek(const struct scan *scan)
{
    size_t size;
    return scan->at < scan->end ? text_next(scan->at, (size_t)(scan->end - scan->at), &size)
                                : TEXT_BROKEN;
}

static void put(struct scan *scan, int32_t character)
{
    utf8proc_uint8_t bytes[4];
    utf8proc_ssize_t size = utf8proc_encode_char(character, bytes);
    for (utf8proc_ssize_t i = 0; i < size; i++, scan->length++)
        if (scan->length < sizeof scan->out)
            scan->out[scan->length] = (char)bytes[i];
}

static int32_t skip(struct scan *scan)
{
    size_t size = 0;
    int32_t character = text_next(scan->at, (size_t)(scan->end - scan->at), &size);
    scan->at += size;
    return character;
}

static void copy(struct scan *scan)
{
    put(scan, skip(scan));
}

static bool skip_if(struct scan *scan, int32_t character)
{
    if (peek(scan) != character)
        return false;
    (void)skip(scan);
    return true;
}

static bool is_regional(int32_t character)
{
    return character >= 0x1F1E6 && character <= 0x1F1FF;
}

static bool is_modifier(int32_t character)
{
    return character >= 0x1F3FB && character <= 0x1F3FF;
}

/* utf8proc knows what is assigned; emoji-data.txt reserves the rest of these blocks for emoji. */
static bool is_reserved(int32_t character, const utf8proc_property_t *property)
{
    bool symbols_for_legacy_computing = character >= 0x1FB00 && character <= 0x1FBFF;
    return property->category == UTF8PROC_CATEGORY_CN && character >= 0x1F000 &&
           character <= 0x1FFFD && !symbols_for_legacy_computing;
}

static bool is_pictographic(int32_t character)
{
    if (character < 0x80)
        return false;
    const utf8proc_property_t *property = utf8proc_get_property(character);
    return property->boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC ||
           is_reserved(character, property);
}

/* Emoji_Presentation: wide (UAX 11) but for these; what is reserved will have it. */
static bool is_shown_as_emoji(int32_t character)
{
    static const int32_t wide_texts[] = {0x3030, 0x303D, 0x3297, 0x3299, 0x1F202, 0x1F237};
    for (size_t i = 0; i < sizeof wide_texts / sizeof *wide_texts; i++)
        if (character == wide_texts[i])
            return false;
    return is_reserved(character, utf8proc_get_property(character)) ||
           utf8proc_charwidth(character) == 2;
}

static bool take_flag(struct scan *scan)
{
    copy(scan);
    if (!is_regional(peek(scan)))
        return false;
    copy(scan);
    return true;
}

static bool take_keycap(struct scan *scan)
{
    copy(scan);
    (void)skip_if(scan, EMOJI_PRESENTATION);
    put(scan, EMOJI_PRESENTATION);
    if (peek(scan) != KEYCAP)
        return false;
    copy(scan);
    return true;
}

static bool is_tag(int32_t character)
{
    return character >= TAG_FIRST && character <= TAG_LAST;
}

/* Tags that do not end make no emoji of what they follow. */
static bool take_tags(struct scan *scan)
{
    while (is_tag(peek(scan)))
        copy(scan);
    if (peek(scan) != TAG_END)
        return false;
    copy(scan);
    return true;
}

static bool take_picture(struct scan *scan)
{
    int32_t base = skip(scan);
    put(scan, base);
    (void)skip_if(scan, EMOJI_PRESENTATION);
    int32_t next = peek(scan);
    if (is_modifier(next))
        copy(scan);
    else if (is_tag(next))
        return take_tags(scan);
    else if (!is_modifier(base) && !is_shown_as_emoji(base))
        put(scan, EMOJI_PRESENTATION);
    return true;
}

static bool take_element(struct scan *scan)
{
    int32_t first = peek(scan);
    if (is_regional(first))
        return take_flag(scan);
    if ((first >= '0' && first <= '9') || first == '#' || first == '*')
        return take_keycap(scan);
    return (is_pictographic(first) || is_modifier(first)) && take_picture(scan);
}

/* A joiner that nothing joins is not part of the emoji. */
static bool take_emoji(struct scan *scan)
{
    if (!take_element(scan))
        return false;
    while (peek(scan) == ZERO_WIDTH_JOINER) {
        struct scan before = *scan;
        copy(scan);
        if (take_element(scan))
            continue;
        *scan = before;
        break;
    }
    return true;
}

size_t emoji_length(const char *text, size_t length)
{
    struct scan scan = {.at = text, .end = text + length};
    return take_emoji(&scan) ? (size_t)(scan.at - text) : 0;
}

bool emoji_normalise(const char *text, char out[EMOJI_BYTES_MAX + 1])
{
    struct scan scan = {.at = text, .end = text + strlen(text)};
    bool is_one = take_emoji(&scan) && scan.at == scan.end && scan.length <= EMOJI_BYTES_MAX;
    size_t length = is_one ? scan.length : 0;
    memcpy(out, scan.out, length);
    out[length] = '\0';
    return is_one;
}
