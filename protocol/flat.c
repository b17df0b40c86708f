#include "protocol/flat.h"

#include <string.h>

#include "protocol/eight.h"
#include "protocol/text.h"

#define DIGITS_MAX 18 /* fit an int64_t whatever they are */

struct cursor {
    const char *at, *end;
    char *text; /* where the next string goes */
};

static void skip_space(struct cursor *cursor)
{
    while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\n' ||
                                        *cursor->at == '\t' || *cursor->at == '\r'))
        cursor->at++;
}

static bool take(struct cursor *cursor, char byte)
{
    skip_space(cursor);
    if (cursor->at == cursor->end || *cursor->at != byte)
        return false;
    cursor->at++;
    return true;
}

static bool is_plain(unsigned char byte)
{
    return (unsigned char)(byte - 0x20) < 0x60 && byte != '"' && byte != '\\';
}

static const char *skip_plain(const char *at, const char *end)
{
    for (; end - at >= 8; at += 8) {
        uint64_t eight = eight_load(at), found = eight_wide(eight) | eight_escapes(eight);
        if (found)
            return at + eight_first(found);
    }
    while (at < end && is_plain((unsigned char)*at))
        at++;
    return at;
}

/* What stands for itself, in one go. */
static void take_plain(struct cursor *cursor)
{
    const char *start = cursor->at;
    cursor->at = skip_plain(start, cursor->end);
    size_t length = (size_t)(cursor->at - start);
    memcpy(cursor->text, start, length);
    cursor->text += length;
}

/* A key without escapes, in plain ASCII. */
static bool take_key(struct cursor *cursor, struct flat_value *value)
{
    if (!take(cursor, '"'))
        return false;
    value->key = cursor->at;
    cursor->at = skip_plain(cursor->at, cursor->end);
    value->key_length = (size_t)(cursor->at - value->key);
    return cursor->at < cursor->end && *cursor->at++ == '"';
}

/* The byte behind a backslash, as it is meant; 0 for \u and what is no escape. */
static char meaning(char letter)
{
    switch (letter) {
    case '"':
    case '\\':
    case '/':
        return letter;
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return '\0';
    }
}

static bool take_escape(struct cursor *cursor)
{
    if (cursor->end - cursor->at < 2)
        return false;
    char byte = meaning(cursor->at[1]);
    *cursor->text++ = byte;
    cursor->at += 2;
    return byte != '\0';
}

static bool take_wide(struct cursor *cursor)
{
    size_t length;
    int32_t character = text_next(cursor->at, (size_t)(cursor->end - cursor->at), &length);
    if (character < 0x80) /* a control character, or TEXT_BROKEN */
        return false;
    memcpy(cursor->text, cursor->at, length);
    cursor->text += length;
    cursor->at += length;
    return true;
}

/* Behind the opening quote. */
static bool take_text(struct cursor *cursor, struct flat_value *value)
{
    value->kind = FLAT_TEXT;
    value->text = cursor->text;
    while (cursor->at < cursor->end) {
        take_plain(cursor);
        if (cursor->at == cursor->end)
            return false;
        unsigned char byte = (unsigned char)*cursor->at;
        if (byte == '"') {
            cursor->at++;
            value->length = (size_t)(cursor->text - value->text);
            *cursor->text++ = '\0';
            return true;
        } else if (byte == '\\' ? !take_escape(cursor) : !take_wide(cursor)) {
            return false;
        }
    }
    return false;
}

static bool take_number(struct cursor *cursor, struct flat_value *value)
{
    bool is_negative = *cursor->at == '-';
    const char *start = cursor->at + is_negative;
    const char *at = start;
    int64_t number = 0;
    while (at < cursor->end && *at >= '0' && *at <= '9' && at - start < DIGITS_MAX)
        number = number * 10 + (*at++ - '0');
    if (at == start || (*start == '0' && at - start > 1))
        return false;
    value->kind = FLAT_NUMBER;
    value->number = is_negative ? -number : number;
    cursor->at = at; /* a fraction, an exponent or a further digit is no comma: Jansson decides */
    return true;
}

static bool take_flag(struct cursor *cursor, struct flat_value *value)
{
    bool flag = *cursor->at == 't';
    const char *word = flag ? "true" : "false";
    size_t length = flag ? 4 : 5;
    if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, word, length) != 0)
        return false;
    cursor->at += length;
    value->kind = FLAT_FLAG;
    value->number = flag;
    return true;
}

static bool take_value(struct cursor *cursor, struct flat_value *value)
{
    skip_space(cursor);
    if (cursor->at == cursor->end)
        return false;
    if (*cursor->at == '"') {
        cursor->at++;
        return take_text(cursor, value);
    }
    if (*cursor->at == 't' || *cursor->at == 'f')
        return take_flag(cursor, value);
    return take_number(cursor, value);
}

static const struct flat_value *find(const struct flat *flat, const char *key, size_t length)
{
    for (size_t i = 0; i < flat->count; i++) {
        const struct flat_value *value = &flat->values[i];
        if (value->key_length == length && memcmp(value->key, key, length) == 0)
            return value;
    }
    return NULL;
}

const struct flat_value *flat_find(const struct flat *flat, const char *key)
{
    return find(flat, key, strlen(key));
}

bool flat_parse(const char *bytes, size_t length, char *text, struct flat *flat)
{
    struct cursor cursor = {bytes, bytes + length, text};
    flat->count = 0;
    flat->initials = 0;
    if (!take(&cursor, '{'))
        return false;
    do {
        struct flat_value *value = &flat->values[flat->count];
        if (flat->count == FLAT_KEYS_MAX || !take_key(&cursor, value) || !take(&cursor, ':') ||
            !take_value(&cursor, value) ||
            (flat_may_have(flat, value->key) && find(flat, value->key, value->key_length)))
            return false;
        flat->count++;
        flat->initials |= flat_initial(value->key[0]); /* of an empty one it is the quote */
    } while (take(&cursor, ','));
    if (!take(&cursor, '}'))
        return false;
    skip_space(&cursor);
    return cursor.at == cursor.end;
}
