#include "daemon/core/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Says a length back: what a reader of RFC 6455 makes of the header. */
static uint64_t announced(const unsigned char *header, size_t *size)
{
    assert_int_equal(header[0], 0x81);
    assert_int_equal(header[1] & 0x80, 0); /* a server never masks */
    size_t digits = header[1] == 126 ? 2 : header[1] == 127 ? 8 : 0;
    uint64_t length = digits ? 0 : header[1];
    for (size_t i = 0; i < digits; i++)
        length = length << 8 | header[2 + i];
    *size = 2 + digits;
    return length;
}

static void headers_are_as_short_as_they_can_be(void **state)
{
    const struct {
        size_t length, size;
    } cases[] = {{0, 2}, {125, 2}, {126, 4}, {65535, 4}, {65536, 10}, {1048576, 10}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char header[FRAME_HEADER_MAX];
        size_t size;
        assert_int_equal(frame_header(header, cases[i].length), cases[i].size);
        assert_int_equal(announced(header, &size), cases[i].length);
        assert_int_equal(size, cases[i].size);
    }
    (void)state;
}

static void encoded_frames_announce_their_length(void **state)
{
    static const size_t lengths[] = {0, 60, 100, 200, 60000, 65400, 65536};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct buffer out = {0};
        size_t size;
        char *text = malloc(lengths[i] + 1);
        memset(text, 'x', lengths[i]);
        text[lengths[i]] = '\0';
        struct entry_message message = {
            .room = "lobby", .seq = 1, .ts = 2, .from = "mina", .text = text,
            .reply_to = NUMBER_ABSENT};
        assert_true(buffer_append_text(&out, "before"));
        assert_true(frame_encode(&out, SESSION_WEBSOCKET, ENTRY_message, NULL, &message));
        uint64_t length = announced(out.bytes + 6, &size);
        assert_int_equal(length, out.length - 6 - size);
        assert_int_equal(out.bytes[6 + size], '{');
        assert_int_equal(out.bytes[out.length - 1], '}');
        free(text);
        buffer_finish(&out);
    }
    (void)state;
}

static void a_refused_frame_leaves_the_buffer_as_it_was(void **state)
{
    struct buffer out = {.max = 40};
    struct reply_error error = {.error_code = "internal",
                                .message = "A sentence that is longer than the buffer may become.",
                                .retry_after_ms = NUMBER_ABSENT};
    assert_true(buffer_append_text(&out, "before"));
    assert_false(frame_encode(&out, SESSION_WEBSOCKET, REPLY_error, NULL, &error));
    assert_int_equal(out.length, 6);
    assert_false(frame_encode(&out, SESSION_EVENTS, REPLY_error, NULL, &error));
    assert_int_equal(out.length, 6);
    buffer_finish(&out);
    (void)state;
}

static void frames_read_as_lines_and_as_events(void **state)
{
    struct buffer frames = {0}, out = {0};
    char longer[300];
    memset(longer, 'y', sizeof longer);
    assert_true(frame_append(&frames, SESSION_WEBSOCKET, "{}", 2));
    assert_true(frame_append(&frames, SESSION_WEBSOCKET, longer, sizeof longer));
    assert_true(frame_convert(&out, SESSION_LINES, frames.bytes, frames.length));
    assert_int_equal(out.length, 2 + 1 + 300 + 1);
    assert_memory_equal(out.bytes, "{}\nyyy", 6);
    out.length = 0;
    assert_true(frame_convert(&out, SESSION_EVENTS, frames.bytes, frames.length));
    assert_memory_equal(out.bytes, "data: {}\n\ndata: yyy", 19);
    buffer_finish(&frames);
    buffer_finish(&out);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_as_short_as_they_can_be),
        cmocka_unit_test(encoded_frames_announce_their_length),
        cmocka_unit_test(a_refused_frame_leaves_the_buffer_as_it_was),
        cmocka_unit_test(frames_read_as_lines_and_as_events),
    };
    return cmocka_run_group_tests_name("core.frame", tests, NULL, NULL);
}
