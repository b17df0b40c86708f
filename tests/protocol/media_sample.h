/* media_sample.h - files that a test makes byte by byte, run through protocol/media and held against what is to be kept. */
#ifndef HEARTH_TESTS_MEDIA_SAMPLE_H
#define HEARTH_TESTS_MEDIA_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/buffer.h"
#include "protocol/media/media.h"

#define SECRET "swordfish"

/* A text that may have zeros in it, and its length. */
#define BYTES(text) (text), sizeof(text) - 1

struct kept {
    struct media media;
    struct buffer bytes;
    bool is_taken;
};

/* A file, what is to be kept of it, and what is to be told about it. */
struct sample {
    struct buffer file, expected;
    enum media_type type;
    uint32_t width, height;
};

void put(struct buffer *out, const void *bytes, size_t length);
void put_number(struct buffer *out, uint64_t number, int size); /* big end first */
void put_little(struct buffer *out, uint64_t number, int size);

/* In pieces of so many bytes. */
void run(struct kept *kept, const unsigned char *bytes, size_t length, size_t piece);
bool says(const struct buffer *bytes, const char *text);

/* However it comes; and what is kept of it comes through as it is. */
void check_pieces(const struct sample *sample);
void check_refused(const struct buffer *file, const char *field);
void finish(struct sample *sample);

#endif
