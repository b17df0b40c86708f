/* Films and what is only heard: MP4 and WebM. Whatever says something about its maker says swordfish. */
#include "tests/protocol/media_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

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

/* Tracks of these handlers, and nothing else. */
static enum media_type type_of_tracks(const char *first, const char *second)
{
    const char *const handlers[] = {first, second};
    struct buffer file = {0};
    struct kept kept;
    put_box(&file, "ftyp", BYTES("isom\0\0\2\0isom"));
    size_t moov = begin_box(&file, "moov");
    for (int i = 0; i < 2 && handlers[i]; i++) {
        size_t trak = begin_box(&file, "trak"), mdia = begin_box(&file, "mdia"), hdlr = begin_box(&file, "hdlr");
        put(&file, BYTES("\0\0\0\0\0\0\0\0"));
        put(&file, handlers[i], 4);
        put(&file, BYTES("\0\0\0\0\0\0\0\0\0\0\0\0name\0"));
        end_box(&file, hdlr), end_box(&file, mdia), end_box(&file, trak);
    }
    end_box(&file, moov);
    run(&kept, file.bytes, file.length, 5);
    assert_true(kept.is_taken && kept.bytes.length == file.length);
    assert_memory_equal(kept.bytes.bytes, file.bytes, file.length);
    buffer_finish(&kept.bytes), buffer_finish(&file);
    return kept.media.type;
}

static void an_mp4_with_nothing_to_see_is_to_be_heard(void **state)
{
    (void)state;
    assert_int_equal(type_of_tracks("soun", NULL), MEDIA_M4A);
    assert_int_equal(type_of_tracks("vide", "soun"), MEDIA_MP4);
    assert_int_equal(type_of_tracks("soun", "vide"), MEDIA_MP4);
    assert_int_equal(type_of_tracks("vide", NULL), MEDIA_MP4);
    assert_int_equal(type_of_tracks("text", "soun"), MEDIA_MP4);
    assert_int_equal(type_of_tracks(NULL, NULL), MEDIA_MP4);
}

/* --- WebM --------------------------------------------------------------------------------------- */

#define EBML     "\x1a\x45\xdf\xa3"
#define SEGMENT  "\x18\x53\x80\x67"
#define INFO     "\x15\x49\xa9\x66"
#define TRACKS   "\x16\x54\xae\x6b"
#define CLUSTER  "\x1f\x43\xb6\x75"
#define TAGS     "\x12\x54\xc3\x67"
#define ATTACHED "\x19\x41\xa4\x69"
#define ENDLESS  "\x01\xff\xff\xff\xff\xff\xff\xff"

/* size: of its length, in bytes. */
static void put_element(struct buffer *out, const char *id, const void *bytes, size_t length, int size)
{
    put(out, id, strlen(id));
    put_number(out, length | UINT64_C(1) << (7 * size), size);
    put(out, bytes, length);
}

/* Of what is private: as it is, or as many zeros. */
static void put_secret(struct buffer *out, const char *id, bool is_kept)
{
    static const char zeros[sizeof SECRET];
    put_element(out, id, is_kept ? zeros : SECRET, sizeof SECRET, 1);
}

/* Of what goes as a whole: as it is, or as an element of nothing. size: of its length. */
static void put_left_out(struct buffer *out, const char *id, bool is_kept, int size)
{
    static const char zeros[sizeof SECRET + 3];
    size_t more = size > 5 ? (size_t)size - 5 : 0;
    if (is_kept)
        put_element(out, "\xec", zeros, sizeof SECRET + more, size + 3 - (int)more);
    else
        put_element(out, id, SECRET, sizeof SECRET, size);
}

/* A recording as it is, or as it is to be kept. types: of its tracks. As browsers write it (is_live) nobody knew
 * how long it would become. */
static void put_webm(struct buffer *out, bool is_kept, const char *types, bool is_live)
{
    struct buffer info = {0}, tracks = {0}, cluster = {0};
    put_element(out, EBML, BYTES("\x42\x82\x84webm\x42\x87\x81\4"), 1);
    put(out, SEGMENT ENDLESS, 12);
    put_element(&info, "\x2a\xd7\xb1", BYTES("\x0f\x42\x40"), 1);
    put_secret(&info, "\x44\x61", is_kept), put_secret(&info, "\x7b\xa9", is_kept);
    put_secret(&info, "\x57\x41", is_kept), put_secret(&info, "\x73\x84", is_kept);
    put_secret(&info, "\x3c\x83\xab", is_kept), put_secret(&info, "\x3e\x83\xbb", is_kept);
    put_element(out, INFO, info.bytes, info.length, 8);
    for (const char *type = types; *type; type++) {
        struct buffer track = {0};
        put_element(&track, "\xd7", BYTES("\1"), 1), put_element(&track, "\x83", type, 1, 1);
        put_secret(&track, "\x53\x6e", is_kept);
        put_element(&track, "\x86", BYTES("A_OPUS"), 1), put_element(&track, "\xe1", BYTES("\x9f\x81\1"), 1);
        put_element(&tracks, "\xae", track.bytes, track.length, 2);
        buffer_finish(&track);
    }
    put_element(out, TRACKS, tracks.bytes, tracks.length, 4);
    put_element(&cluster, "\xe7", BYTES("\0"), 1), put_element(&cluster, "\xa3", BYTES("\x81\0\0\x80sound"), 1);
    if (is_live)
        put(out, CLUSTER ENDLESS, 12), put(out, cluster.bytes, cluster.length);
    else
        put_element(out, CLUSTER, cluster.bytes, cluster.length, 3);
    for (int size = 1; size <= 8; size++)
        put_left_out(out, size % 2 ? TAGS : ATTACHED, is_kept, size);
    buffer_finish(&info), buffer_finish(&tracks), buffer_finish(&cluster);
}

static void of_a_webm_who_and_when_are_overwritten_in_place(void **state)
{
    static const struct { const char *types; enum media_type type; } kinds[] = {
        {"\1", MEDIA_WEBM}, {"\1\2", MEDIA_WEBM}, {"\2\1", MEDIA_WEBM}, {"\2\x11", MEDIA_WEBM},
        {"\2", MEDIA_WEBM_SOUND}, {"\2\2", MEDIA_WEBM_SOUND}, {"", MEDIA_WEBM},
    };
    (void)state;
    for (size_t i = 0; i < 2 * sizeof kinds / sizeof *kinds; i++) {
        struct sample sample = {.type = kinds[i / 2].type};
        put_webm(&sample.file, false, kinds[i / 2].types, i % 2);
        put_webm(&sample.expected, true, kinds[i / 2].types, i % 2);
        assert_int_equal(sample.file.length, sample.expected.length);
        check_pieces(&sample);
        finish(&sample);
    }
}

/* Its end may be missing: whoever spoke ran out of battery. */
static void of_a_webm_that_is_cut_off_nothing_private_is_kept(void **state)
{
    struct buffer file = {0}, expected = {0};
    (void)state;
    put_webm(&file, false, "\2", true), put_webm(&expected, true, "\2", true);
    for (size_t length = 40; length < file.length; length++) {
        struct kept kept;
        run(&kept, file.bytes, length, 3);
        assert_true(kept.is_taken && kept.bytes.length <= length);
        assert_true(kept.bytes.length + 12 >= length); /* but for half a head */
        assert_memory_equal(kept.bytes.bytes, expected.bytes, kept.bytes.length);
        buffer_finish(&kept.bytes);
    }
    buffer_finish(&file), buffer_finish(&expected);
}

static void a_webm_that_cannot_be_read_is_refused(void **state)
{
    static const struct { const char *bytes; size_t length; } damaged[] = {
        {BYTES("\0\x81x")},                                       /* no id */
        {BYTES("\x08\x81x")},                                     /* an id longer than any */
        {BYTES(SEGMENT "\0")},                                    /* no length */
        {BYTES("\xa3\xff")},                                      /* a block without an end */
        {BYTES(TAGS "\xff")},                                     /* nor has it tags */
        {BYTES("\x44\x61" ENDLESS)},                              /* or a date */
        {BYTES(TAGS "\x01\xff\xff\xff\xff\xff\xff\xfe")},         /* as long as no file */
    };
    (void)state;
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        struct buffer file = {0};
        put_element(&file, EBML, BYTES("\x42\x82\x84webm"), 1);
        put(&file, damaged[i].bytes, damaged[i].length);
        check_refused(&file, "body");
        buffer_finish(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_film_who_where_and_when_are_overwritten_in_place),
        cmocka_unit_test(a_film_that_says_its_place_all_along_is_refused),
        cmocka_unit_test(an_mp4_with_nothing_to_see_is_to_be_heard),
        cmocka_unit_test(of_a_webm_who_and_when_are_overwritten_in_place),
        cmocka_unit_test(of_a_webm_that_is_cut_off_nothing_private_is_kept),
        cmocka_unit_test(a_webm_that_cannot_be_read_is_refused),
    };
    return cmocka_run_group_tests_name("protocol.film", tests, NULL, NULL);
}
