#include "daemon/bridge/lines.h"

#include <stdlib.h>
#include <string.h>

bool lines_keep(struct lines *lines, const char *bytes, size_t length)
{
    if (length == 0)
        return true;
    if (lines->length + length > lines->capacity) {
        size_t capacity = (lines->length + length) * 2;
        char *longer = capacity <= LINE_BYTES_MAX ? realloc(lines->bytes, capacity) : NULL;
        if (!longer)
            return false;
        lines->bytes = longer;
        lines->capacity = capacity;
    }
    memcpy(lines->bytes + lines->length, bytes, length);
    lines->length += length;
    return true;
}

bool lines_are_there(const struct lines *lines)
{
    return lines->length > 0 && memchr(lines->bytes, '\n', lines->length);
}

char *lines_take(struct lines *lines)
{
    char *end = lines->length > 0 ? memchr(lines->bytes, '\n', lines->length) : NULL;
    size_t length = end ? (size_t)(end - lines->bytes) : 0;
    char *line = end ? strndup(lines->bytes, length) : NULL;
    if (!line)
        return NULL;
    memmove(lines->bytes, end + 1, lines->length - length - 1);
    lines->length -= length + 1;
    return line;
}

void lines_forget(struct lines *lines)
{
    free(lines->bytes);
    *lines = (struct lines){0};
}
