#include "protocol/fold.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "protocol/text.h"

#define PIECE_BYTES      48 /* folded at once, and as exact as an origin is */
#define PIECE_CHARACTERS 96
#define FOLDED_MAX                                                                                 \
    ((utf8proc_ssize_t)PIECE_CHARACTERS * 18) /* NFKC makes 18 of one character at worst */

#define DOT_ABOVE   0x0307
#define DOTLESS_I   0x0131

#define FOLD    (UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_STABLE | UTF8PROC_IGNORE)
#define COMPOSE ((utf8proc_option_t)(UTF8PROC_COMPOSE | UTF8PROC_STABLE))

enum marks { DROP_MARKS, KEEP_MARKS };

/* --- names ------------------------------------------------------------------------------------ */

/* Of plain ASCII the fold is its lower case. False when it is not plain, or too long. */
static bool fold_ascii(const char *text, char *out, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        char byte = text[i];
        if ((unsigned char)byte >= 0x80)
            return false;
        out[i] = byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
        if (byte == '\0')
            return true;
    }
    return false;
}

bool text_fold_name(const char *text, char *out, size_t size)
{
    utf8proc_uint8_t *folded = NULL;
    /* Every message names its room, so the usual case has to be quick. */
    if (fold_ascii(text, out, size))
        return true;
    utf8proc_ssize_t length =
        utf8proc_map((const utf8proc_uint8_t *)text, 0, &folded,
                     (utf8proc_option_t)(FOLD | UTF8PROC_COMPOSE | UTF8PROC_NULLTERM));
    bool fits = length >= 0 && (size_t)length < size;
    if (fits)
        memcpy(out, folded, (size_t)length + 1);
    free(folded);
    return fits;
}

/* --- search ----------------------------------------------------------------------------------- */

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

/* Canonical combining classes (Unicode 3.11): overlays, Hebrew and Arabic points, tone marks of Thai
 * and Lao, and all that stands above, below or beside a letter. Not nukta (7), kana voicing (8),
 * virama (9) and vowel signs. */
static bool is_mark(int32_t character)
{
    if (character < 0x300)
        return false;
    int class = utf8proc_get_property(character)->combining_class;
    return class == 1 || (class >= 10 && class <= 36) || class == 107 || class == 122 || class >= 200;
}

/* Phones write quotes and dashes as typographers do. */
static int32_t plain_form(int32_t character)
{
    switch (character) {
    case DOTLESS_I:
        return 'i';
    case 0x02BC: /* an apostrophe that is a letter */
    case 0x2018:
    case 0x2019:
    case 0x201B:
        return '\'';
    case 0x201C:
    case 0x201D:
    case 0x201E:
    case 0x201F:
        return '"';
    default:
        return character >= 0x2010 && character <= 0x2015 ? '-' : character;
    }
}

/* The dot of an i that was an İ says nothing: every i has one. */
static utf8proc_ssize_t simplify(int32_t *points, utf8proc_ssize_t count)
{
    utf8proc_ssize_t kept = 0;
    for (utf8proc_ssize_t i = 0; i < count; i++) {
        bool is_own_dot = points[i] == DOT_ABOVE && kept > 0 && points[kept - 1] == 'i';
        if (!is_own_dot)
            points[kept++] = plain_form(points[i]);
    }
    return kept;
}

static bool append_points(int32_t *points, utf8proc_ssize_t count, struct buffer *folded)
{
    if (count == 0)
        return true;
    utf8proc_ssize_t size = utf8proc_reencode(points, count, COMPOSE);
    return size >= 0 && buffer_append(folded, points, (size_t)size);
}

static bool append_without_marks(int32_t *points, utf8proc_ssize_t count, struct buffer *folded)
{
    utf8proc_ssize_t kept = 0;
    for (utf8proc_ssize_t i = 0; i < count; i++)
        if (!is_mark(points[i]))
            points[kept++] = points[i];
    return append_points(points, kept, folded);
}

/* Letters are composed as they are without their marks, so that both forms have the same ones. */
static bool append_with_marks(int32_t *points, utf8proc_ssize_t count, struct buffer *folded)
{
    int32_t letters[FOLDED_MAX + 1];
    bool ok = true;
    utf8proc_ssize_t i = 0;
    while (ok && i < count) {
        utf8proc_ssize_t length = 0;
        while (i < count && !is_mark(points[i]))
            letters[length++] = points[i++];
        ok = append_points(letters, length, folded);
        for (; ok && i < count && is_mark(points[i]); i++)
            ok = append_points((int32_t[]){points[i], 0}, 1, folded);
    }
    return ok;
}

static bool append_other(const char *text, size_t length, enum marks marks, struct buffer *folded)
{
    int32_t points[FOLDED_MAX + 1];
    utf8proc_ssize_t count = utf8proc_decompose(
        (const utf8proc_uint8_t *)text, (utf8proc_ssize_t)length, points, FOLDED_MAX,
        (utf8proc_option_t)(FOLD | UTF8PROC_DECOMPOSE));
    if (count < 0 || count > FOLDED_MAX)
        return buffer_append(folded, text, length);
    count = simplify(points, count);
    return marks == DROP_MARKS ? append_without_marks(points, count, folded)
                               : append_with_marks(points, count, folded);
}

static size_t append_piece(const char *text, size_t length, enum marks marks,
                           struct buffer *folded, bool *ok)
{
    size_t ascii = ascii_run(text, length);
    size_t size = ascii ? ascii : other_run(text, length);
    *ok = ascii ? append_ascii(text, size, folded) : append_other(text, size, marks, folded);
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

static bool fold(const char *text, size_t length, enum marks marks, struct buffer *folded)
{
    size_t at = 0;
    bool ok = true;
    while (ok && at < length) {
        size_t from = folded->length;
        at += append_piece(text + at, length - at, marks, folded, &ok);
        collapse_spaces(folded, from);
    }
    return ok;
}

bool text_fold(const char *text, size_t length, struct buffer *folded)
{
    return fold(text, length, DROP_MARKS, folded);
}

bool text_fold_marked(const char *text, size_t length, struct buffer *folded)
{
    return fold(text, length, KEEP_MARKS, folded);
}

bool text_has_marks(const char *folded, size_t length)
{
    size_t size;
    for (size_t at = 0; at < length; at += size)
        if (is_mark(text_next(folded + at, length - at, &size)))
            return true;
    return false;
}

/* Bytes of the marks that text begins with. */
static size_t marks_length(const char *text, size_t length)
{
    size_t at = 0, size;
    while (at < length && is_mark(text_next(text + at, length - at, &size)))
        at += size;
    return at;
}

/* Every mark of wanted is among those of marks. */
static bool has_all_marks(const char *marks, size_t length, const char *wanted,
                          size_t wanted_length)
{
    size_t size;
    for (size_t at = 0; at < wanted_length; at += size) {
        (void)text_next(wanted + at, wanted_length - at, &size);
        if (!memmem(marks, length, wanted + at, size))
            return false;
    }
    return true;
}

/* term at the start of text, letter by letter. */
static bool begins_with(const char *text, size_t length, const char *term, size_t term_length)
{
    while (term_length > 0) {
        size_t size;
        (void)text_next(term, term_length, &size);
        if (length < size || memcmp(text, term, size) != 0)
            return false;
        text += size, length -= size, term += size, term_length -= size;
        size_t marks = marks_length(text, length), wanted = marks_length(term, term_length);
        if (!has_all_marks(text, marks, term, wanted))
            return false;
        text += marks, length -= marks, term += wanted, term_length -= wanted;
    }
    return true;
}

bool text_finds_marked(const char *text, size_t length, const char *term, size_t term_length)
{
    size_t size;
    for (size_t at = 0; at < length; at += size) {
        if (begins_with(text + at, length - at, term, term_length))
            return true;
        (void)text_next(text + at, length - at, &size);
    }
    return term_length == 0;
}

size_t text_fold_origin(const char *text, size_t length, size_t folded_offset)
{
    struct buffer folded = {0};
    size_t at = 0;
    bool ok = true;
    while (at < length) {
        size_t before = folded.length;
        size_t size = append_piece(text + at, length - at, DROP_MARKS, &folded, &ok);
        collapse_spaces(&folded, before);
        if (!ok || folded.length > folded_offset)
            break;
        at += size;
    }
    buffer_finish(&folded);
    return at;
}
