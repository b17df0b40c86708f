/* buffer.h - bytes that grow up to a bound. Used by whoever owns it, on one thread. */
#ifndef HEARTH_PROTOCOL_BUFFER_H
#define HEARTH_PROTOCOL_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/* All zero is an empty buffer without a bound. failed stays set once an append was refused, because
 * max was reached or memory was not to be had; what was there before is untouched. */
struct buffer {
    unsigned char *bytes; /* owned */
    size_t length;
    size_t capacity;
    size_t max; /* 0: no bound */
    bool failed;
};

/* False when refused. buffer_reserve makes room for size more bytes and gives where they go. */
unsigned char *buffer_reserve(struct buffer *buffer, size_t size);
bool buffer_append(struct buffer *buffer, const void *bytes, size_t size);
bool buffer_append_text(struct buffer *buffer, const char *text);

/* Drops size bytes from the front. */
void buffer_consume(struct buffer *buffer, size_t size);

/* Gives memory back when less than half of it is used. */
void buffer_trim(struct buffer *buffer);

/* Frees the bytes; the buffer is empty and usable again. */
void buffer_finish(struct buffer *buffer);

#endif
