/* Files made here byte by byte, so that what is to be kept of each is known. Whatever says something about its maker
 * says swordfish. */
#include "protocol/media/media.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/buffer.h"

#define SECRET "swordfish"
#define SCAN   "\x12\xff\x00\x34\xff\xd0\x56"

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

static void put(struct buffer *out, const void *bytes, size_t length)
{
    assert_true(buffer_append(out, bytes, length));
}

static void put_number(struct buffer *out, uint64_t number, int size)
{
    for (int i = size - 1; i >= 0; i--)
        put(out, &(uint8_t){(uint8_t)(number >> (8 * i))}, 1);
}

static void put_little(struct buffer *out, uint64_t number, int size)
{
    for (int i = 0; i < size; i++)
        put(out, &(uint8_t){(uint8_t)(number >> (8 * i))}, 1);
}

static bool keep(void *of, const void *bytes, size_t length)
{
    return buffer_append(of, bytes, length);
}

/* In pieces of so many bytes. */
static void run(struct kept *kept, const unsigned char *bytes, size_t length, size_t piece)
{
    *kept = (struct kept){.is_taken = true};
    media_begin(&kept->media, keep, &kept->bytes);
    for (size_t at = 0; at < length && kept->is_taken; at += piece)
        kept->is_taken = media_feed(&kept->media, bytes + at, piece < length - at ? piece : length - at);
    kept->is_taken = kept->is_taken && media_finish(&kept->media);
}

static bool says(const struct buffer *bytes, const char *text)
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
static void check_pieces(const struct sample *sample)
{
    static const size_t pieces[] = {1, 2, 3, 7, 63, 64, 65, SIZE_MAX / 2};
    assert_true(says(&sample->file, SECRET) && !says(&sample->expected, SECRET));
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        check_kept(sample, &sample->file, pieces[i]);
        check_kept(sample, &sample->expected, pieces[i]);
    }
}

/* Cut off anywhere it tells nobody anything, and is refused as long as there is no picture: at so many bytes. */
static void check_cut_off(const struct sample *sample, size_t begins)
{
    for (size_t length = 4; length < sample->file.length; length++) {
        struct kept kept;
        run(&kept, sample->file.bytes, length, SIZE_MAX / 2);
        assert_false(says(&kept.bytes, SECRET));
        assert_true(kept.is_taken || kept.media.refusal);
        if (length >= 12) /* it is known what it is */
            assert_int_equal(kept.is_taken, length >= begins);
        if (!kept.is_taken)
            assert_string_equal(kept.media.field, "body");
        buffer_finish(&kept.bytes);
    }
}

static void finish(struct sample *sample)
{
    buffer_finish(&sample->file);
    buffer_finish(&sample->expected);
}

/* --- Exif --------------------------------------------------------------------------------------- */

/* A TIFF in which the orientation stands second, between the maker's names. */
static void put_exif(struct buffer *out, bool is_little, int orientation)
{
    void (*number)(struct buffer *buffer, uint64_t value, int size) = is_little ? put_little : put_number;
    put(out, is_little ? "II" : "MM", 2);
    number(out, 42, 2), number(out, 8, 4), number(out, 2, 2);
    number(out, 0x010f, 2), number(out, 2, 2), number(out, sizeof SECRET, 4), number(out, 38, 4);
    number(out, 0x0112, 2), number(out, 3, 2), number(out, 1, 4);
    number(out, (uint64_t)orientation, 2), number(out, 0, 2);
    number(out, 0, 4);
    put(out, SECRET, sizeof SECRET);
}

/* What is kept of it. */
static void put_turned(struct buffer *out, int orientation)
{
    put(out, BYTES("MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0"));
    put_number(out, (uint64_t)orientation, 1);
    put(out, BYTES("\0\0\0\0\0\0"));
}

/* --- JPEG --------------------------------------------------------------------------------------- */

static void put_segment(struct buffer *out, uint8_t marker, const void *bytes, size_t length)
{
    put(out, (const uint8_t[]){0xff, marker}, 2);
    put_number(out, length + 2, 2);
    put(out, bytes, length);
}

static void put_exif_segment(struct buffer *out, bool is_little, int orientation)
{
    struct buffer body = {0};
    put(&body, BYTES("Exif\0\0"));
    put_exif(&body, is_little, orientation);
    put_segment(out, 0xe1, body.bytes, body.length);
    buffer_finish(&body);
}

/* Gives where its picture begins. */
static size_t make_jpeg(struct sample *sample, bool is_little, int orientation)
{
    struct buffer *file = &sample->file, *expected = &sample->expected;
    bool is_turned = orientation >= 5;
    *sample = (struct sample){.type = MEDIA_JPEG, .width = is_turned ? 16 : 24, .height = is_turned ? 24 : 16};
    put(file, "\xff\xd8", 2), put(expected, "\xff\xd8", 2);
    put_segment(file, 0xe0, BYTES("JFIF\0\1\1\0\0\1\0\1\1\1" SECRET));
    put_segment(expected, 0xe0, BYTES("JFIF\0\1\1\0\0\1\0\1\0\0"));
    put_exif_segment(file, is_little, orientation);
    if (orientation > 1) {
        put(expected, BYTES("\xff\xe1\0\x22" "Exif\0\0"));
        put_turned(expected, orientation);
    }
    put_segment(file, 0xe1, BYTES("http://ns.adobe.com/xap/1.0/\0" SECRET));
    put_segment(file, 0xfe, BYTES(SECRET));
    put_segment(file, 0xed, BYTES("Photoshop 3.0\0" SECRET));
    size_t same = file->length;
    put_segment(file, 0xe2, BYTES("ICC_PROFILE\0\1\1colours"));
    put_segment(file, 0xee, BYTES("Adobe\0\x64\0\0\0\0\1"));
    put_segment(file, 0xc0, BYTES("\x08\0\x10\0\x18\1\1\x11\0"));
    put_segment(file, 0xda, BYTES("\1\1\0\0\x3f\0"));
    size_t begins = file->length - 6;
    put(file, BYTES(SCAN "\xff\xd9"));
    put(expected, file->bytes + same, file->length - same);
    put(file, BYTES(SECRET "\xff\xd8\xff"));
    return begins;
}

static void of_a_jpeg_the_picture_its_colours_and_how_it_is_turned_are_kept(void **state)
{
    struct sample sample;
    (void)state;
    size_t begins = make_jpeg(&sample, false, 6);
    check_pieces(&sample);
    check_cut_off(&sample, begins);
    finish(&sample);
}

static void each_orientation_is_kept_in_either_order_of_bytes(void **state)
{
    (void)state;
    for (int orientation = 1; orientation <= 8; orientation++)
        for (int is_little = 0; is_little <= 1; is_little++) {
            struct sample sample;
            make_jpeg(&sample, is_little, orientation);
            check_pieces(&sample);
            finish(&sample);
        }
}

/* --- PNG ---------------------------------------------------------------------------------------- */

static void put_chunk(struct buffer *out, const char *kind, const void *bytes, size_t length, uint32_t sum)
{
    put_number(out, length, 4);
    put(out, kind, 4);
    put(out, bytes, length);
    put_number(out, sum, 4);
}

/* Sums are passed on as they are, but for the one made here. */
static size_t make_png(struct sample *sample)
{
    const uint32_t sum_of_turned = 0x86583034; /* CRC-32, by zlib */
    struct buffer *file = &sample->file, *expected = &sample->expected, exif = {0}, turned = {0};
    *sample = (struct sample){.type = MEDIA_PNG, .width = 7, .height = 300};
    put_exif(&exif, true, 8);
    put_turned(&turned, 8);
    put(file, BYTES("\x89PNG\r\n\x1a\n"));
    put_chunk(file, "IHDR", BYTES("\0\0\1\x2c\0\0\0\7\x08\2\0\0\0"), 1);
    size_t begins = file->length - 4;
    put_chunk(file, "iCCP", BYTES("name\0\0profile"), 2);
    put(expected, file->bytes, file->length);
    put_chunk(file, "tEXt", BYTES("Author\0" SECRET), 3);
    put_chunk(file, "eXIf", exif.bytes, exif.length, 4);
    put_chunk(expected, "eXIf", turned.bytes, turned.length, sum_of_turned);
    put_chunk(file, "iTXt", BYTES("XML:com.adobe.xmp\0" SECRET), 5);
    size_t same = file->length;
    put_chunk(file, "IDAT", BYTES("picture"), 6);
    put_chunk(file, "IEND", "", 0, 7);
    put(expected, file->bytes + same, file->length - same);
    put(file, BYTES(SECRET));
    buffer_finish(&exif);
    buffer_finish(&turned);
    return begins;
}

static void of_a_png_the_picture_its_colours_and_how_it_is_turned_are_kept(void **state)
{
    struct sample sample;
    (void)state;
    size_t begins = make_png(&sample);
    check_pieces(&sample);
    check_cut_off(&sample, begins);
    finish(&sample);
}

/* --- GIF ---------------------------------------------------------------------------------------- */

static size_t make_gif(struct sample *sample)
{
    struct buffer *file = &sample->file, *expected = &sample->expected;
    *sample = (struct sample){.type = MEDIA_GIF, .width = 258, .height = 3};
    put(file, BYTES("GIF89a\2\1\3\0\x80\0\0" "rgbRGB"));
    put(file, BYTES("\x21\xff\x0bNETSCAPE2.0\3\1\0\0\0"));
    put(file, BYTES("\x21\xff\x0bICCRGBG1012\7colours\0"));
    put(expected, file->bytes, file->length);
    put(file, BYTES("\x21\xfe\x09" SECRET "\0"));
    put(file, BYTES("\x21\xff\x0bXMP DataXMP\x09" SECRET "\0"));
    put(file, BYTES("\x21\x01\x09" SECRET "\0"));
    size_t same = file->length;
    put(file, BYTES("\x21\xf9\4\0\x0a\0\0\0"));
    put(file, "\x2c", 1);
    size_t begins = file->length;
    put(file, BYTES("\0\0\0\0\2\1\3\0\x80" "rgbRGB" "\2\4bits\2it\0\x3b"));
    put(expected, file->bytes + same, file->length - same);
    put(file, BYTES(SECRET));
    return begins;
}

static void of_a_gif_the_pictures_their_times_and_colours_are_kept(void **state)
{
    struct sample sample;
    (void)state;
    size_t begins = make_gif(&sample);
    check_pieces(&sample);
    check_cut_off(&sample, begins);
    finish(&sample);
}

/* --- WebP --------------------------------------------------------------------------------------- */

static void put_riff(struct buffer *out, const char *kind, const void *bytes, size_t length)
{
    put(out, kind, 4);
    put_little(out, length, 4);
    put(out, bytes, length);
    put(out, "", length & 1);
}

/* The head of a WebP of so many chunk bytes. */
static void put_webp(struct buffer *out, const struct buffer *chunks)
{
    put(out, "RIFF", 4);
    put_little(out, chunks->length + 4, 4);
    put(out, "WEBP", 4);
    put(out, chunks->bytes, chunks->length);
}

/* Gives where its picture begins. */
static size_t make_webp(struct sample *sample)
{
    struct buffer file = {0}, expected = {0}, exif = {0}, turned = {0};
    *sample = (struct sample){.type = MEDIA_WEBP, .width = 16, .height = 24};
    put_exif(&exif, false, 5);
    put_turned(&turned, 5);
    while (turned.length < exif.length)
        put(&turned, "", 1);
    put_riff(&file, "VP8X", BYTES("\x2c\0\0\0\x17\0\0\x0f\0\0"));
    put_riff(&expected, "VP8X", BYTES("\x28\0\0\0\x17\0\0\x0f\0\0"));
    for (struct buffer *both = &file; both; both = both == &file ? &expected : NULL) {
        put_riff(both, "ICCP", BYTES("colours"));
        put_riff(both, "VP8L", BYTES("\x2f\x17\xc0\x03\0bits"));
    }
    put_riff(&file, "EXIF", exif.bytes, exif.length);
    put_riff(&expected, "EXIF", turned.bytes, turned.length);
    put_riff(&file, "XMP ", BYTES(SECRET));
    put_riff(&expected, "JUNK", BYTES("\0\0\0\0\0\0\0\0\0"));
    put_webp(&sample->file, &file);
    put_webp(&sample->expected, &expected);
    put(&sample->file, BYTES(SECRET));
    buffer_finish(&file), buffer_finish(&expected), buffer_finish(&exif), buffer_finish(&turned);
    return 12 + 8;
}

static void of_a_webp_the_rest_is_overwritten_in_place(void **state)
{
    struct sample sample;
    (void)state;
    size_t begins = make_webp(&sample);
    check_pieces(&sample);
    check_cut_off(&sample, begins);
    finish(&sample);
}

/* --- boxes -------------------------------------------------------------------------------------- */

/* Begins a box; its length is filled in by end_box. Gives where it begins. */
static size_t begin_box(struct buffer *out, const char *kind)
{
    size_t at = out->length;
    put_number(out, 0, 4);
    put(out, kind, 4);
    return at;
}

static void end_box(struct buffer *out, size_t at)
{
    for (int i = 0; i < 4; i++)
        out->bytes[at + (size_t)i] = (uint8_t)((out->length - at) >> (24 - 8 * i));
}

static void put_box(struct buffer *out, const char *kind, const void *bytes, size_t length)
{
    size_t at = begin_box(out, kind);
    put(out, bytes, length);
    end_box(out, at);
}

/* A film as it is, or as it is to be kept. sample: what its track holds. */
static void put_film(struct buffer *out, bool is_kept, const char *sample)
{
    static const char head[] = "\0\0\0\0SWORD\0FI", blank[] = "\0\0\0\0\0\0\0\0\0\0\0\0";
    const char *times = is_kept ? blank : head;
    put_box(out, "ftyp", BYTES("isom\0\0\2\0isom"));
    size_t moov = begin_box(out, "moov");
    put_box(out, "mvhd", times, sizeof head - 1);
    size_t trak = begin_box(out, "trak"), tkhd = begin_box(out, "tkhd");
    put(out, times, sizeof head - 1);
    put(out, BYTES("matrix" "\1\x40\0\0\0\xf0\x80\0"));
    end_box(out, tkhd);
    size_t mdia = begin_box(out, "mdia"), minf = begin_box(out, "minf"), stbl = begin_box(out, "stbl");
    size_t stsd = begin_box(out, "stsd");
    put(out, BYTES("\0\0\0\0\0\0\0\1"));
    put_box(out, sample, BYTES("description"));
    end_box(out, stsd), end_box(out, stbl), end_box(out, minf), end_box(out, mdia), end_box(out, trak);
    put_box(out, is_kept ? "free" : "udta", is_kept ? blank : SECRET, sizeof SECRET - 1);
    end_box(out, moov);
    put_box(out, is_kept ? "free" : "uuid", is_kept ? blank : SECRET, sizeof SECRET - 1);
    put_box(out, "mdat", BYTES("pictures"));
}

static void of_a_film_who_where_and_when_are_overwritten_in_place(void **state)
{
    struct sample sample = {.type = MEDIA_MP4, .width = 320, .height = 240};
    (void)state;
    put_film(&sample.file, false, "avc1");
    put_film(&sample.expected, true, "avc1");
    check_pieces(&sample);
    for (size_t length = 12; length < sample.file.length; length++) {
        struct kept kept;
        run(&kept, sample.file.bytes, length, SIZE_MAX / 2);
        assert_true(kept.is_taken);
        assert_int_equal(kept.bytes.length, length);
        assert_memory_equal(kept.bytes.bytes, sample.expected.bytes, length - 7); /* half a head may be last */
        assert_false(says(&kept.bytes, SECRET));
        buffer_finish(&kept.bytes);
    }
    finish(&sample);
}

/* --- what is refused ---------------------------------------------------------------------------- */

static void check_refused(const struct buffer *file, const char *field)
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

static void a_film_that_says_its_place_all_along_is_refused(void **state)
{
    static const char *const samples[] = {"gpmd", "camm", "rtmd"};
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct buffer file = {0};
        put_film(&file, true, samples[i]);
        check_refused(&file, "location");
        buffer_finish(&file);
    }
}

static void what_is_damaged_is_refused(void **state)
{
    static const struct { const char *bytes; size_t length; } damaged[] = {
        {BYTES("\xff\xd8\xff\xe0\0\1JFIF")},                                 /* shorter than its length */
        {BYTES("\xff\xd8\xff\xe0\0\4JFIF")},                                 /* no marker behind it */
        {BYTES("\x89PNG\r\n\x1a\n\0\0\0\0IDAT\0\0\0\0")},                    /* no header first */
        {BYTES("\x89PNG\r\n\x1a\n\x80\0\0\0IHDR")},                          /* a length that none may have */
        {BYTES("\x89PNG\r\n\x1a\n\0\0\0\x0d" "I\0DR")},                      /* of no kind */
        {BYTES("GIF89a\2\1\3\0\0\0\0?")},                                    /* no block */
        {BYTES("GIF89a\2\1\3\0\0\0\0\x21\xff\x0a" "NETSCAPE2.0")},           /* a name of another length */
        {BYTES("RIFF\x10\0\0\0WEBPVP8X\x0a\0\0\0")},                         /* longer than the file */
        {BYTES("RIFF\x10\0\0\0WEBPVP8 \2\0\0\0\0\0\0\0")},                   /* no room for a size */
        {BYTES("\0\0\0\x0c" "ftypisom" "\0\0\0\x10moov" "\0\0\0\x10trak")},  /* longer than the box around it */
        {BYTES("\0\0\0\x0c" "ftypisom" "\0\0\0\7free")},                     /* shorter than its head */
        {BYTES("\0\0\0\x0c" "ftypisom" "\0\0\0\0moov")},                     /* nobody knows where it ends */
    };
    (void)state;
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        struct buffer file = {0};
        put(&file, damaged[i].bytes, damaged[i].length);
        check_refused(&file, "body");
        buffer_finish(&file);
    }
}

/* --- the rest ----------------------------------------------------------------------------------- */

static void a_picture_of_too_many_pixels_is_a_file(void **state)
{
    struct sample sample;
    struct kept kept;
    (void)state;
    make_png(&sample);
    memcpy(sample.file.bytes + 16, "\0\0\x27\x10\0\0\x27\x10", 8); /* 10,000 * 10,000 */
    run(&kept, sample.file.bytes, sample.file.length, 1);
    assert_true(kept.is_taken && kept.media.type == MEDIA_PNG && kept.media.width == 10000);
    buffer_finish(&kept.bytes);
    sample.file.bytes[19]++;
    run(&kept, sample.file.bytes, sample.file.length, 1);
    assert_true(kept.is_taken && kept.media.type == MEDIA_OTHER);
    assert_true(kept.media.width == 0 && kept.media.height == 0);
    buffer_finish(&kept.bytes);
    finish(&sample);
}

static bool keep_nothing(void *of, const void *bytes, size_t length)
{
    (void)of, (void)bytes, (void)length;
    return false;
}

static void who_cannot_keep_it_ends_the_reading_and_the_file_is_not_at_fault(void **state)
{
    struct sample sample;
    struct media media;
    (void)state;
    make_jpeg(&sample, false, 6);
    media_begin(&media, keep_nothing, NULL);
    assert_false(media_feed(&media, sample.file.bytes, sample.file.length));
    assert_null(media.refusal);
    finish(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_jpeg_the_picture_its_colours_and_how_it_is_turned_are_kept),
        cmocka_unit_test(each_orientation_is_kept_in_either_order_of_bytes),
        cmocka_unit_test(of_a_png_the_picture_its_colours_and_how_it_is_turned_are_kept),
        cmocka_unit_test(of_a_gif_the_pictures_their_times_and_colours_are_kept),
        cmocka_unit_test(of_a_webp_the_rest_is_overwritten_in_place),
        cmocka_unit_test(of_a_film_who_where_and_when_are_overwritten_in_place),
        cmocka_unit_test(a_film_that_says_its_place_all_along_is_refused),
        cmocka_unit_test(what_is_damaged_is_refused),
        cmocka_unit_test(a_picture_of_too_many_pixels_is_a_file),
        cmocka_unit_test(who_cannot_keep_it_ends_the_reading_and_the_file_is_not_at_fault),
    };
    return cmocka_run_group_tests_name("protocol.media", tests, NULL, NULL);
}
