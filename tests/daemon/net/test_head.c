#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/net/head.h"

static enum head_verdict read_text(const char *text, struct head *head)
{
    return head_read(text, strlen(text), head);
}

/* What lws is given of a head that must be whole. */
static void assert_written(const char *text, const char *wanted)
{
    struct head head;
    struct buffer out = {0};
    assert_int_equal(read_text(text, &head), HEAD_WHOLE);
    assert_int_equal(head.length, strlen(text));
    assert_true(head_write(&head, &out));
    assert_int_equal(out.length, strlen(wanted));
    assert_memory_equal(out.bytes, wanted, out.length);
    buffer_finish(&out);
}

static void assert_refused(const char *text, int status)
{
    struct head head;
    assert_int_equal(read_text(text, &head), HEAD_REFUSED);
    assert_int_equal(head.refusal.status, status);
    assert_non_null(head.refusal.sentence);
}

static void a_head_is_partial_until_its_empty_line(void **state)
{
    static const char text[] = "POST /api/v1/do?a=%41 HTTP/1.1\r\nHost: board\r\nContent-Length: 2\r\n\r\n{}";
    struct head head;
    (void)state;
    for (size_t length = 0; length < sizeof text - 3; length++)
        assert_int_equal(head_read(text, length, &head), HEAD_PARTIAL);
    assert_int_equal(head_read(text, sizeof text - 3, &head), HEAD_WHOLE);
    assert_int_equal(head_read(text, sizeof text - 1, &head), HEAD_WHOLE);
    assert_int_equal(head.length, sizeof text - 3);
    assert_int_equal(head.body_bytes, 2);
}

static void only_what_is_used_is_handed_on(void **state)
{
    (void)state;
    assert_written("GET /a?b HTTP/1.1\r\nX-A: 1\r\nhost:  board \r\nCookie: a=b\r\nAccept:\ta\r\nACCEPT: b\r\n\r\n",
                   "GET /a?b HTTP/1.1\r\nHost: board\r\nAccept: a\r\nAccept: b\r\n");
    assert_written("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: foo\r\n\r\n",
                   "GET / HTTP/1.1\r\nHost: a\r\n");
    assert_written("GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key: k\r\n\r\n",
                   "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Key: k\r\n");
}

static void an_absolute_address_says_which_host(void **state)
{
    (void)state;
    assert_written("GET http://board:8080/a HTTP/1.1\r\nHost: other\r\n\r\n",
                   "GET /a HTTP/1.1\r\nHost: board:8080\r\n");
    assert_written("GET http://board HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: board\r\n");
    assert_written("GET HTTPS://board?q HTTP/1.1\r\n\r\n", "GET /?q HTTP/1.1\r\nHost: board\r\n");
    assert_written("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS /* HTTP/1.1\r\nHost: a\r\n");
}

static void what_is_wrong_is_refused_before_the_head_is_whole(void **state)
{
    (void)state;
    assert_refused("GET / HTTP/1.1\n", 400);
    assert_refused("FOO / HTTP/1.1\r\n", 501);
    assert_refused("GET / HTTP/1.1\r\nHost: a\r\n b\r\n", 400);
    assert_refused("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n", 400);
    assert_refused("GET / HTTP/1.1\r\nHost: a\x7f", 400);
    assert_refused("GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n", 411);
    assert_refused("\r\n\r\n\r\n", 400);
}

static void a_head_may_have_so_many_bytes_and_no_more(void **state)
{
    static char text[HEAD_BYTES_MAX + 1];
    struct head head;
    int start = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
    (void)state;
    memset(text + start, 'x', sizeof text - (size_t)start);
    memcpy(text + HEAD_BYTES_MAX - 4, "\r\n\r\n", 4);
    assert_int_equal(head_read(text, HEAD_BYTES_MAX, &head), HEAD_WHOLE);
    memset(text + HEAD_BYTES_MAX - 4, 'x', 4);
    assert_int_equal(head_read(text, HEAD_BYTES_MAX - 1, &head), HEAD_PARTIAL);
    assert_int_equal(head_read(text, HEAD_BYTES_MAX, &head), HEAD_REFUSED);
    assert_int_equal(head.refusal.status, 431);
}

static void a_length_is_a_plain_number(void **state)
{
    struct head head;
    (void)state;
    assert_int_equal(read_text("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999999999\r\n\r\n", &head),
                     HEAD_WHOLE);
    assert_true(head.body_bytes == INT64_C(999999999999999999));
    assert_refused("PUT / HTTP/1.1\r\nContent-Length: 1000000000000000000\r\n", 400);
    assert_refused("PUT / HTTP/1.1\r\nContent-Length: 1 2\r\n", 400);
    assert_refused("PUT / HTTP/1.1\r\nContent-Length:\r\n", 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_is_partial_until_its_empty_line),
        cmocka_unit_test(only_what_is_used_is_handed_on),
        cmocka_unit_test(an_absolute_address_says_which_host),
        cmocka_unit_test(what_is_wrong_is_refused_before_the_head_is_whole),
        cmocka_unit_test(a_head_may_have_so_many_bytes_and_no_more),
        cmocka_unit_test(a_length_is_a_plain_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
