#include "protocol/buffer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_MIN 256
#define DOUBLED_MAX  4096 /* beyond it a quarter is added: what is bounded counts the capacity */

static bool buffer_grow(struct buffer *buffer, size_t needed)
{
    size_t capacity = buffer->capacity > CAPACITY_MIN ? buffer->capacity : CAPACITY_MIN;
    while (capacity < needed && capacity < DOUBLED_MAX)
        capacity *= 2;
    if (capacity < needed)
        capacity = needed > capacity + capacity / 4 ? needed : capacity + capacity / 4;
    if (buffer->max && capacity > buffer->max)
        capacity = buffer->max;
    unsigned char *bytes = realloc(buffer->bytes, capacity);
    if (!bytes)
        return false;
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return true;
}

static unsigned char *reserve_more(struct buffer *buffer, size_t size)
{
    size_t max = buffer->max ? buffer->max : SIZE_MAX / 4;
    bool fits = buffer->length <= max && size <= max - buffer->length;
    if (!fits || !buffer_grow(buffer, buffer->length + size)) {
        buffer->failed = true;
        return NULL;
    }
    return buffer->bytes + buffer->length;
}

/* The capacity is never above max, so what fits into it is allowed. */
unsigned char *buffer_reserve(struct buffer *buffer, size_t size)
{
    if (buffer->bytes && size <= buffer->capacity - buffer->length)
        return buffer->bytes + buffer->length;
    return reserve_more(buffer, size);
}

bool buffer_append(struct buffer *buffer, const void *bytes, size_t size)
{
    unsigned char *end = buffer_reserve(buffer, size);
    if (!end)
        return false;
    if (size > 0)
        memcpy(end, bytes, size);
    buffer->length += size;
    return true;
}

bool buffer_append_text(struct buffer *buffer, const char *text)
{
    return buffer_append(buffer, text, strlen(text));
}

void buffer_consume(struct buffer *buffer, size_t size)
{
    if (size >= buffer->length) {
        buffer->length = 0;
        return;
    }
    buffer->length -= size;
    memmove(buffer->bytes, buffer->bytes + size, buffer->length);
}

void buffer_trim(struct buffer *buffer)
{
    if (buffer->length == 0 || buffer->length > buffer->capacity / 2 ||
        buffer->capacity <= CAPACITY_MIN)
        return;
    size_t capacity = buffer->length > CAPACITY_MIN ? buffer->length : CAPACITY_MIN;
    unsigned char *bytes = realloc(buffer->bytes, capacity);
    if (!bytes)
        return; /* it stays as large as it is */
    buffer->bytes = bytes;
    buffer->capacity = capacity;
}

void buffer_finish(struct buffer *buffer)
{
    free(buffer->bytes);
    buffer->bytes = NULL;
    buffer->length = 0;
    buffer->capacity = 0;
    buffer->failed = false;
}
