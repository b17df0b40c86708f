#include "protocol/text.h"

#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "protocol/eight.h"

/* --- UTF-8 ------------------------------------------------------------------------------------ */

/* How many bytes from here on are ASCII, eight at a time. */
static size_t skip_ascii(const unsigned char *bytes, size_t length)
{
    size_t at = 0;
    while (at + 8 <= length && eight_wide(eight_load(bytes + at)) == 0)
        at += 8;
    return at;
}

/* How many bytes from here on are printable ASCII. */
static size_t skip_printable(const char *text, size_t length)
{
    size_t at = 0;
    while (at + 8 <= length && eight_is_printable(eight_load(text + at)))
        at += 8;
    while (at < length && (unsigned char)(text[at] - ' ') < 0x7f - ' ')
        at++;
    return at;
}

/* Table 3-7 of the Unicode standard: no overlong forms, no surrogates, nothing above U+10FFFF. */
static bool begin(struct utf8 *utf8, unsigned char first)
{
    utf8->lowest = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    utf8->highest = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (first < 0x80)
        utf8->missing = 0;
    else if (first >= 0xc2 && first <= 0xdf)
        utf8->missing = 1;
    else if (first >= 0xe0 && first <= 0xef)
        utf8->missing = 2;
    else if (first >= 0xf0 && first <= 0xf4)
        utf8->missing = 3;
    else
        return false;
    return true;
}

static bool go_on(struct utf8 *utf8, unsigned char next)
{
    if (next < utf8->lowest || next > utf8->highest)
        return false;
    utf8->missing--;
    utf8->lowest = 0x80;
    utf8->highest = 0xbf;
    return true;
}

bool utf8_take(struct utf8 *utf8, const void *bytes, size_t length)
{
    const unsigned char *at = bytes, *end = at + length;
    while (at < end) {
        if (utf8->missing == 0)
            at += skip_ascii(at, (size_t)(end - at));
        if (at == end)
            break;
        unsigned char byte = *at++;
        if (!(utf8->missing == 0 ? begin(utf8, byte) : go_on(utf8, byte)))
            return false;
    }
    return true;
}

bool utf8_is_whole(const struct utf8 *utf8)
{
    return utf8->missing == 0;
}

bool text_is_utf8(const char *text, size_t length)
{
    struct utf8 utf8 = {0};
    return utf8_take(&utf8, text, length) && utf8_is_whole(&utf8);
}

int32_t text_next(const char *text, size_t length, size_t *size)
{
    const unsigned char *bytes = (const unsigned char *)text;
    struct utf8 utf8 = {0};
    *size = 1;
    if (bytes[0] < 0x80)
        return bytes[0];
    if (!begin(&utf8, bytes[0]))
        return TEXT_BROKEN;
    int32_t character = bytes[0] & (0x3f >> utf8.missing);
    while (utf8.missing > 0) {
        if (*size == length || !go_on(&utf8, bytes[*size]))
            return TEXT_BROKEN;
        character = character << 6 | (bytes[(*size)++] & 0x3f);
    }
    return character;
}

/* --- characters ------------------------------------------------------------------------------- */

/* Most texts are plain ASCII, where a character is a byte (but CR LF is one). */
static bool count_ascii(const char *text, size_t *count)
{
    *count = 0;
    for (const char *at = text; *at; at++) {
        if ((unsigned char)*at >= 0x80)
            return false;
        if (!(at[0] == '\r' && at[1] == '\n'))
            (*count)++;
    }
    return true;
}

size_t text_count_characters(const char *text)
{
    size_t count, size;
    if (count_ascii(text, &count))
        return count;
    const char *end = text + strlen(text);
    utf8proc_int32_t before = 0, state = 0;
    count = 0;
    for (const char *at = text; at < end; at += size) {
        int32_t here = text_next(at, (size_t)(end - at), &size);
        if (here == TEXT_BROKEN) {
            here = 0xFFFD;
            size = 1;
        }
        if (count == 0 || utf8proc_grapheme_break_stateful(before, here, &state))
            count++;
        before = here;
    }
    return count;
}

bool text_compose(const char *text, char *out, size_t size)
{
    utf8proc_uint8_t *result = NULL;
    utf8proc_ssize_t length =
        utf8proc_map((const utf8proc_uint8_t *)text, 0, &result,
                     UTF8PROC_COMPOSE | UTF8PROC_NULLTERM | UTF8PROC_STABLE);
    bool fits = length >= 0 && (size_t)length < size;
    if (fits)
        memcpy(out, result, (size_t)length + 1);
    free(result);
    return fits;
}

/* --- control characters ----------------------------------------------------------------------- */

static bool is_control(int32_t character)
{
    return (character >= 0 && character < 0x20) || (character >= 0x7f && character < 0xa0);
}

static bool is_allowed(int32_t character, enum text_rule rule)
{
    return character != TEXT_BROKEN &&
           (!is_control(character) ||
            (rule == TEXT_PROSE && (character == '\n' || character == '\t')));
}

bool text_is_clean(const char *text, enum text_rule rule)
{
    const char *end = text + strlen(text);
    size_t size;
    while ((text += skip_printable(text, (size_t)(end - text))) < end) {
        if (!is_allowed(text_next(text, (size_t)(end - text), &size), rule))
            return false;
        text += size;
    }
    return true;
}

void text_clean(const char *text, enum text_rule rule, char *out, size_t size)
{
    const char *end = text + strlen(text);
    size_t length = 0, step;
    for (; text < end; text += step) {
        int32_t character = text_next(text, (size_t)(end - text), &step);
        const char *as = text;
        size_t as_length = step;
        if (character == '\r' && rule == TEXT_PROSE) {
            step += text[1] == '\n';
            as = "\n";
        } else if (!is_allowed(character, rule)) {
            as = TEXT_REPLACEMENT;
            as_length = strlen(TEXT_REPLACEMENT);
        }
        if (length + as_length >= size)
            break;
        memcpy(out + length, as, as_length);
        length += as_length;
    }
    out[length] = '\0';
}

void text_unify_line_ends(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        bool ends_line = *from == '\r';
        if (ends_line && from[1] == '\n')
            from++;
        *to++ = ends_line ? '\n' : *from;
    }
    *to = '\0';
}

static bool breaks_line(int32_t character)
{
    return (character >= '\n' && character <= '\r') || character == 0x85 || character == 0x2028 ||
           character == 0x2029;
}

bool text_append_line(struct buffer *buffer, const char *text)
{
    const char *end = text + strlen(text), *done = text;
    size_t start = buffer->length, size;
    bool fits = true;
    for (const char *at = text; fits; at += size) {
        at += skip_printable(at, (size_t)(end - at));
        if (at == end)
            break;
        int32_t character = text_next(at, (size_t)(end - at), &size);
        if (!breaks_line(character))
            continue;
        if (character == '\r' && at[1] == '\n')
            size = 2;
        fits = buffer_append(buffer, done, (size_t)(at - done)) && buffer_append(buffer, " ", 1);
        done = at + size;
    }
    fits = fits && buffer_append(buffer, done, (size_t)(end - done));
    if (!fits)
        buffer->length = start;
    return fits;
}

bool text_steers_terminal(int32_t character)
{
    static const struct {
        int32_t first, last;
    } ranges[] = {
        {0x061c, 0x061c}, {0x200e, 0x200f}, {0x2028, 0x202e},   {0x2066, 0x206f},
        {0xd800, 0xdfff}, {0xfff9, 0xfffd}, {0xe0000, 0xe001f}, {0xe0080, 0xe0fff},
    };
    if (is_control(character) || character == TEXT_BROKEN)
        return true;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (character >= ranges[i].first && character <= ranges[i].last)
            return true;
    return false;
}
