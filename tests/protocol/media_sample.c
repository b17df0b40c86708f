#include "tests/protocol/media_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

void put(struct buffer *out, const void *bytes, size_t length)
{
    assert_true(buffer_append(out, bytes, length));
}

void put_number(struct buffer *out, uint64_t number, int size)
{
    for (int i = size - 1; i >= 0; i--)
        put(out, &(uint8_t){(uint8_t)(number >> (8 * i))}, 1);
}

void put_little(struct buffer *out, uint64_t number, int size)
{
    for (int i = 0; i < size; i++)
        put(out, &(uint8_t){(uint8_t)(number >> (8 * i))}, 1);
}

static bool keep(void *of, const void *bytes, size_t length)
{
    return buffer_append(of, bytes, length);
}

/* In pieces of so many bytes. */
void run(struct kept *kept, const unsigned char *bytes, size_t length, size_t piece)
{
    *kept = (struct kept){.is_taken = true};
    media_begin(&kept->media, keep, &kept->bytes);
    for (size_t at = 0; at < length && kept->is_taken; at += piece)
        kept->is_taken = media_feed(&kept->media, bytes + at, piece < length - at ? piece : length - at);
    kept->is_taken = kept->is_taken && media_finish(&kept->media);
}

bool says(const struct buffer *bytes, const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i + length <= bytes->length; i++)
        if (memcmp(bytes->bytes + i, text, length) == 0)
            return true;
    return false;
}

static void check_kept(const struct sample *sample, const struct buffer *file, size_t piece)
{
    struct kept kept;
    run(&kept, file->bytes, file->length, piece);
    assert_true(kept.is_taken);
    assert_int_equal(kept.media.type, sample->type);
    assert_int_equal(kept.media.width, sample->width);
    assert_int_equal(kept.media.height, sample->height);
    assert_int_equal(kept.bytes.length, sample->expected.length);
    assert_memory_equal(kept.bytes.bytes, sample->expected.bytes, kept.bytes.length);
    buffer_finish(&kept.bytes);
}

/* However it comes; and what is kept of it comes through as it is. */
void check_pieces(const struct sample *sample)
{
    static const size_t pieces[] = {1, 2, 3, 7, 63, 64, 65, SIZE_MAX / 2};
    assert_true(says(&sample->file, SECRET) && !says(&sample->expected, SECRET));
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        check_kept(sample, &sample->file, pieces[i]);
        check_kept(sample, &sample->expected, pieces[i]);
    }
}

void check_refused(const struct buffer *file, const char *field)
{
    for (size_t piece = 1; piece <= 1000; piece *= 10) {
        struct kept kept;
        run(&kept, file->bytes, file->length, piece);
        assert_false(kept.is_taken);
        assert_non_null(kept.media.refusal);
        assert_string_equal(kept.media.field, field);
        buffer_finish(&kept.bytes);
    }
}

void finish(struct sample *sample)
{
    buffer_finish(&sample->file);
    buffer_finish(&sample->expected);
}
