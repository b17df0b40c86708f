/* Files made here byte by byte, so that what is to be kept of each is known. Whatever says something about its maker
 * says swordfish. */
#include "tests/protocol/media_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SCAN   "\x12\xff\x00\x34\xff\xd0\x56"

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

/* --- what is refused ---------------------------------------------------------------------------- */

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
        cmocka_unit_test(what_is_damaged_is_refused),
        cmocka_unit_test(a_picture_of_too_many_pixels_is_a_file),
        cmocka_unit_test(who_cannot_keep_it_ends_the_reading_and_the_file_is_not_at_fault),
    };
    return cmocka_run_group_tests_name("protocol.media", tests, NULL, NULL);
}
