#include "daemon/net/field.h"

#include <string.h>
#include <strings.h>

#define BLANKS " \t"

/* The next member of a comma-separated list, without blanks around it; its length, 0 at the end. */
static size_t next_member(const char **list)
{
    *list += strspn(*list, BLANKS ",");
    size_t length = strcspn(*list, ",");
    while (length > 0 && strchr(BLANKS, (*list)[length - 1]))
        length--;
    return length;
}

static bool is_word(const char *text, size_t length, const char *word)
{
    return strlen(word) == length && strncasecmp(text, word, length) == 0;
}

bool field_has_token(const char *field, const char *token)
{
    for (size_t length; (length = next_member(&field)) > 0; field += length)
        if (is_word(field, length, token))
            return true;
    return false;
}

/* The opaque part of an entity tag: what is between and with the quotes. */
static const char *opaque_tag(const char *tag, size_t *length)
{
    if (*length >= 2 && strncmp(tag, "W/", 2) == 0) {
        *length -= 2;
        return tag + 2;
    }
    return tag;
}

bool field_matches_etag(const char *field, const char *etag)
{
    size_t wanted_length = strlen(etag);
    const char *wanted = opaque_tag(etag, &wanted_length);
    for (size_t length; (length = next_member(&field)) > 0; field += length) {
        size_t tag_length = length;
        const char *tag = opaque_tag(field, &tag_length);
        if (is_word(field, length, "*") ||
            (tag_length == wanted_length && memcmp(tag, wanted, wanted_length) == 0))
            return true;
    }
    return false;
}

/* ";q=0", "; q=0.0" and the like. */
static bool weighs_nothing(const char *parameters, size_t length)
{
    const char *end = parameters + length;
    for (const char *at = parameters; at + 2 < end; at++) {
        if ((at[0] != 'q' && at[0] != 'Q') || at[1] != '=')
            continue;
        at += 2;
        while (at < end && (*at == '0' || *at == '.'))
            at++;
        return at == end || strchr(BLANKS ";", *at) != NULL;
    }
    return false;
}

/* -1: not named; 0: named and refused; 1: named. */
static int list_weighs(const char *field, const char *word)
{
    for (size_t length; (length = next_member(&field)) > 0; field += length) {
        size_t name_length = 0;
        while (name_length < length && !strchr(BLANKS ";", field[name_length]))
            name_length++;
        if (is_word(field, name_length, word))
            return weighs_nothing(field + name_length, length - name_length) ? 0 : 1;
    }
    return -1;
}

bool field_accepts_gzip(const char *field)
{
    if (!field)
        return false; /* allowed, but a bare client gets what it can read */
    int gzip = list_weighs(field, "gzip");
    return gzip == 1 || (gzip < 0 && list_weighs(field, "*") == 1);
}

bool field_accepts(const char *field, const char *type)
{
    return list_weighs(field, type) == 1;
}

bool field_number(const char *field, int64_t max, int64_t *number)
{
    int64_t value = 0;
    if (*field == '\0')
        return false;
    for (; *field; field++) {
        if (*field < '0' || *field > '9' || value > (max - (*field - '0')) / 10)
            return false;
        value = value * 10 + (*field - '0');
    }
    *number = value;
    return true;
}

/* Digits up to end; none is -1. */
static bool range_number(const char *text, const char *end, int64_t *number)
{
    char digits[24];
    size_t length = (size_t)(end - text);
    *number = -1;
    if (length == 0)
        return true;
    if (length >= sizeof digits)
        return false;
    memcpy(digits, text, length);
    digits[length] = '\0';
    return field_number(digits, INT64_MAX / 2, number);
}

bool field_range(const char *field, int64_t size, int64_t *first, int64_t *last)
{
    int64_t from, to;
    const char *dash = strchr(field, '-');
    if (strncasecmp(field, "bytes=", 6) != 0 || !dash || !range_number(field + 6, dash, &from) ||
        !range_number(dash + 1, dash + strlen(dash), &to) || (from < 0 && to < 0) ||
        (from >= 0 && to >= 0 && to < from))
        return false;
    if (from < 0) { /* the last so many */
        *first = to == 0 ? size : to < size ? size - to : 0;
        *last = size - 1;
    } else {
        *first = from;
        *last = to >= 0 && to < size ? to : size - 1;
    }
    return true;
}

const char *field_bearer(const char *field)
{
    if (strncasecmp(field, "Bearer ", 7) != 0)
        return NULL;
    field += 7;
    while (*field == ' ')
        field++;
    return *field ? field : NULL;
}

static int base64_value(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = strchr(digits, c == '-' ? '+' : c == '_' ? '/' : c);
    return c && found ? (int)(found - digits) : -1;
}

bool field_base64(const char *coded, char *out, size_t size)
{
    uint32_t bits = 0;
    int count = 0;
    size_t length = 0;
    for (; *coded && *coded != '='; coded++) {
        int value = base64_value(*coded);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        count += 6;
        if (count < 8)
            continue;
        count -= 8;
        char byte = (char)(bits >> count & 0xff);
        if (!byte || length + 1 >= size)
            return false;
        out[length++] = byte;
    }
    out[length] = '\0';
    return coded[strspn(coded, "=")] == '\0';
}
