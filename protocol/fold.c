#include "protocol/fold.h"

#include <stdint.h>
#include <string.h>

#include <utf8proc.h>

#include "protocol/text.h"

#define PIECE_BYTES      48 /* folded at once, and as exact as an origin is */
#define PIECE_CHARACTERS 96
#define FOLDED_MAX                                                                                 \
    ((utf8proc_ssize_t)PIECE_CHARACTERS * 18) /* NFKC makes 18 of one character at worst */

static const utf8proc_option_t options =
    UTF8PROC_COMPAT | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_STABLE | UTF8PROC_IGNORE;

static bool is_ascii(char byte)
{
    return ((unsigned char)byte & 0x80) == 0;
}

static bool is_space(char byte)
{
    return (unsigned char)byte <= ' ' || byte == 0x7f;
}

/* Length of the run of ASCII at the start, or of a part of it; without a last letter that an accent
 * may follow. */
static size_t ascii_run(const char *text, size_t length)
{
    size_t end = 0;
    while (end < length && end < PIECE_BYTES && is_ascii(text[end]))
        end++;
    return end == length || end == 0 || is_ascii(text[end]) ? end : end - 1;
}

/* Length of a piece that folds alone just as it does in the whole text: it ends where one character
 * as people see it ends, so nothing in it composes with what follows. */
static size_t other_run(const char *text, size_t length)
{
    size_t end = 0, characters = 0;
    utf8proc_int32_t before = 0;
    while (end < length) {
        size_t step;
        utf8proc_int32_t here = text_next(text + end, length - end, &step);
        if (here == TEXT_BROKEN)
            return end ? end : 1;
        bool full = end >= PIECE_BYTES || ascii_run(text + end, length - end) > 1;
        if (end && full && utf8proc_grapheme_break(before, here))
            return end;
        if (++characters == PIECE_CHARACTERS)
            return end;
        before = here;
        end += step;
    }
    return end;
}

static bool append_ascii(const char *text, size_t length, struct buffer *folded)
{
    unsigned char *out = buffer_reserve(folded, length);
    if (!out)
        return false;
    for (size_t i = 0; i < length; i++) {
        bool upper = text[i] >= 'A' && text[i] <= 'Z';
        *out++ = is_space(text[i]) ? ' ' : (unsigned char)(upper ? text[i] + ('a' - 'A') : text[i]);
    }
    folded->length += length;
    return true;
}

static bool append_other(const char *text, size_t length, struct buffer *folded)
{
    utf8proc_int32_t points[FOLDED_MAX + 1];
    utf8proc_ssize_t count = utf8proc_decompose(
        (const utf8proc_uint8_t *)text, (utf8proc_ssize_t)length, points, FOLDED_MAX, options);
    if (count < 0 || count > FOLDED_MAX)
        return buffer_append(folded, text, length);
    utf8proc_ssize_t size = utf8proc_reencode(points, count, options);
    return size >= 0 && buffer_append(folded, points, (size_t)size);
}

static size_t append_piece(const char *text, size_t length, struct buffer *folded, bool *ok)
{
    size_t ascii = ascii_run(text, length);
    size_t size = ascii ? ascii : other_run(text, length);
    *ok = ascii ? append_ascii(text, size, folded) : append_other(text, size, folded);
    return size;
}

/* Runs of spaces become one: done afterwards, in place, since some appear by folding. */
static void collapse_spaces(struct buffer *folded, size_t from)
{
    size_t to = from;
    for (size_t i = from; i < folded->length; i++)
        if (folded->bytes[i] != ' ' || to == 0 || folded->bytes[to - 1] != ' ')
            folded->bytes[to++] = folded->bytes[i];
    folded->length = to;
}

bool text_fold(const char *text, size_t length, struct buffer *folded)
{
    size_t at = 0;
    bool ok = true;
    while (ok && at < length) {
        size_t from = folded->length;
        at += append_piece(text + at, length - at, folded, &ok);
        collapse_spaces(folded, from);
    }
    return ok;
}

size_t text_fold_origin(const char *text, size_t length, size_t folded_offset)
{
    struct buffer folded = {0};
    size_t at = 0;
    bool ok = true;
    while (at < length) {
        size_t before = folded.length;
        size_t size = append_piece(text + at, length - at, &folded, &ok);
        collapse_spaces(&folded, before);
        if (!ok || folded.length > folded_offset)
            break;
        at += size;
    }
    buffer_finish(&folded);
    return at;
}
