#include "daemon/net/reply.h"

#include <string.h>

#define TYPE "{\"type\":\""

static bool begins_with(const char *text, size_t length, const char *with)
{
    return length >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

enum message_type reply_type(const char *line, size_t length)
{
    if (!begins_with(line, length, TYPE))
        return MESSAGE_none;
    const char *name = line + strlen(TYPE);
    const char *end = memchr(name, '"', length - strlen(TYPE));
    if (!end)
        return MESSAGE_none;
    for (int type = MESSAGE_none + 1; type < MESSAGE_COUNT; type++) {
        const struct message_description *description =
            message_describe((enum message_type)type);
        if (description->kind == KIND_REPLY && strlen(description->name) == (size_t)(end - name) &&
            memcmp(description->name, name, (size_t)(end - name)) == 0)
            return (enum message_type)type;
    }
    return MESSAGE_none;
}

/* Where the value of a field begins; NULL if there is none. Inside a text every quote has a
 * backslash before it, so that a text that looks like a field is not found. */
static const char *value_of(const char *line, size_t length, const char *quoted_name)
{
    const char *found = memmem(line, length, quoted_name, strlen(quoted_name));
    return found ? found + strlen(quoted_name) : NULL;
}

enum error_code reply_error(const char *line, size_t length)
{
    char name[33];
    const char *value = value_of(line, length, "\"error_code\":\"");
    if (!value)
        return ERROR_internal;
    const char *end = memchr(value, '"', length - (size_t)(value - line));
    if (!end || (size_t)(end - value) >= sizeof name)
        return ERROR_internal;
    memcpy(name, value, (size_t)(end - value));
    name[end - value] = '\0';
    enum error_code code = error_code_find(name);
    return code == ERROR_none ? ERROR_internal : code;
}

int64_t reply_retry_after_ms(const char *line, size_t length)
{
    const char *value = value_of(line, length, "\"retry_after_ms\":");
    int64_t number = 0;
    if (!value)
        return NUMBER_ABSENT;
    for (const char *end = line + length; value < end && *value >= '0' && *value <= '9'; value++)
        if (number < SEQ_MAX / 10 - 1)
            number = number * 10 + (*value - '0');
    return number;
}

size_t reply_fields(const char *line, size_t length)
{
    const char *comma = memchr(line, ',', length);
    if (!comma)
        return length > 0 ? length - 1 : 0; /* only a type: the closing brace */
    size_t at = (size_t)(comma - line) + 1;
    if (!begins_with(line + at, length - at, "\"ref\":"))
        return at;
    bool is_text = false;
    for (; at < length; at++) {
        if (line[at] == '\\' && is_text)
            at++;
        else if (line[at] == '"')
            is_text = !is_text;
        else if (!is_text && line[at] == ',')
            return at + 1;
        else if (!is_text && line[at] == '}')
            return at;
    }
    return length > 0 ? length - 1 : 0;
}
