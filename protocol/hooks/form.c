/* form.c - fields of forms: application/x-www-form-urlencoded, and multipart/form-data (RFC 7578). */
#include "protocol/hooks/formats.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BOUNDARY_BYTES_MAX 70 /* RFC 2046, 5.1.1 */

static char *copy(const char *bytes, size_t length)
{
    char *text = malloc(length + 1);
    if (!text)
        return NULL;
    memcpy(text, bytes, length);
    text[length] = '\0';
    return text;
}

/* --- URL-encoded ---------------------------------------------------------------------------------- */

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place; gives the new length. */
static size_t decode(char *text, size_t length)
{
    size_t out = 0;
    for (size_t i = 0; i < length; i++) {
        bool is_escape = text[i] == '%' && i + 2 < length && digit(text[i + 1]) >= 0 &&
                         digit(text[i + 2]) >= 0;
        if (is_escape) {
            text[out++] = (char)(digit(text[i + 1]) * 16 + digit(text[i + 2]));
            i += 2;
        } else {
            text[out++] = text[i] == '+' ? ' ' : text[i];
        }
    }
    text[out] = '\0';
    return out;
}

static char *encoded_field(const struct hook_post *post, const char *name, size_t *length)
{
    size_t name_length = strlen(name);
    const char *at = post->body, *end = at + post->length;
    while (at < end) {
        const char *next = memchr(at, '&', (size_t)(end - at));
        const char *stop = next ? next : end;
        if ((size_t)(stop - at) > name_length && strncmp(at, name, name_length) == 0 &&
            at[name_length] == '=') {
            char *value = copy(at + name_length + 1, (size_t)(stop - at) - name_length - 1);
            *length = value ? decode(value, (size_t)(stop - at) - name_length - 1) : 0;
            return value;
        }
        at = next ? next + 1 : end;
    }
    return NULL;
}

/* --- multipart ------------------------------------------------------------------------------------ */

/* "--" and the boundary of a content type. False when there is none. */
static bool read_boundary(const char *content_type, char out[BOUNDARY_BYTES_MAX + 3])
{
    const char *at = strcasestr(content_type, "boundary=");
    if (!at)
        return false;
    at += strlen("boundary=");
    bool is_quoted = *at == '"';
    at += is_quoted;
    size_t length = strcspn(at, is_quoted ? "\"" : "; \t");
    if (length == 0 || length > BOUNDARY_BYTES_MAX)
        return false;
    memcpy(out, "--", 2);
    memcpy(out + 2, at, length);
    out[length + 2] = '\0';
    return true;
}

/* Whether the head of a part names the field and is no file. */
static bool is_field(const char *head, size_t length, const char *name)
{
    char *copied = copy(head, length);
    const char *at = copied ? strcasestr(copied, "name=\"") : NULL;
    bool is_it = at && strncmp(at + 6, name, strlen(name)) == 0 && at[6 + strlen(name)] == '"';
    free(copied);
    return is_it;
}

/* One part, from behind its boundary to the next one. */
static char *value_of_part(const char *part, size_t length, const char *name, size_t *value_length)
{
    const char *blank = memmem(part, length, "\r\n\r\n", 4);
    if (!blank || !is_field(part, (size_t)(blank - part), name))
        return NULL;
    const char *value = blank + 4, *end = part + length;
    if (end - value >= 2 && end[-2] == '\r' && end[-1] == '\n')
        end -= 2;
    *value_length = (size_t)(end - value);
    return copy(value, *value_length);
}

static char *multipart_field(const struct hook_post *post, const char *name, size_t *length)
{
    char boundary[BOUNDARY_BYTES_MAX + 3];
    if (!read_boundary(post->content_type, boundary))
        return NULL;
    size_t boundary_length = strlen(boundary);
    const char *end = post->body + post->length;
    const char *at = memmem(post->body, post->length, boundary, boundary_length);
    while (at) {
        const char *part = at + boundary_length;
        at = memmem(part, (size_t)(end - part), boundary, boundary_length);
        char *value = at ? value_of_part(part, (size_t)(at - part), name, length) : NULL;
        if (value)
            return value;
    }
    return NULL;
}

char *form_field(const struct hook_post *post, const char *name, size_t *length)
{
    *length = 0;
    if (strncasecmp(post->content_type, "multipart/", 10) == 0)
        return multipart_field(post, name, length);
    return encoded_field(post, name, length);
}
