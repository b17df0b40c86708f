/* Whose connection it is that comes through a proxy: as the proxy says it, and as others forge it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/net/proxy.h"

static struct address of(const char *text)
{
    struct address address;
    assert_true(address_parse(text, &address));
    return address;
}

static void assert_is(const struct address *address, const char *text)
{
    struct address wanted = of(text);
    assert_int_equal(address->is_ipv4, wanted.is_ipv4);
    assert_memory_equal(address->bytes, wanted.bytes, sizeof wanted.bytes);
}

/* Through 10.0.0.1; the proxies are 10.0.0.0/8 and fd00::/8. */
static bool find(const char *fields, struct address *client)
{
    char text[2048];
    struct head head;
    struct networks trusted;
    snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", fields);
    assert_int_equal(head_read(text, strlen(text), &head), HEAD_WHOLE);
    assert_true(networks_parse("10.0.0.0/8, fd00::/8", &trusted));
    *client = of("10.0.0.1");
    return proxy_find_client(&head, &trusted, client);
}

static void the_rightmost_address_that_is_no_proxys_is_the_client(void **state)
{
    static const struct {
        const char *fields, *client;
    } cases[] = {
        {"", "10.0.0.1"},
        {"X-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7"},
        {"x-forwarded-for:192.0.2.7\r\n", "192.0.2.7"},
        {"X-Forwarded-For: 198.51.100.1, 192.0.2.7\r\n", "192.0.2.7"},
        {"X-Forwarded-For: 192.0.2.7, 10.0.0.2\r\n", "192.0.2.7"},
        {"X-Forwarded-For: 198.51.100.1, 192.0.2.7, 10.0.0.2, fd00::7\r\n", "192.0.2.7"},
        {"X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7"},
        {"X-Forwarded-For: 192.0.2.7:4711\r\n", "192.0.2.7"},
        {"X-Forwarded-For: [2001:db8::1]:4711\r\n", "2001:db8::1"},
        {"X-Forwarded-For: 2001:db8::1\r\n", "2001:db8::1"},
        {"X-Forwarded-For: ::ffff:192.0.2.7\r\n", "192.0.2.7"},
        {"X-Forwarded-For: 192.0.2.7,\r\n", "192.0.2.7"},
        {"X-Forwarded-For: 10.9.9.9\r\n", "10.9.9.9"},
        {"X-Forwarded-For: 10.9.9.9, 10.0.0.2\r\n", "10.9.9.9"},
        {"X-Forwarded-For: \r\n", "10.0.0.1"},
        {"X-Forwarded-For: unknown\r\n", "10.0.0.1"},
        {"X-Forwarded-For: 192.0.2.7, unknown\r\n", "10.0.0.1"},
        {"X-Forwarded-For: 192.0.2.7, unknown, 10.0.0.2\r\n", "10.0.0.2"},
        {"X-Forwarded-For: 1.2.3, 192.0.2.7\r\n", "192.0.2.7"},
        {"X-Forwarded-For: \"192.0.2.7\r\n", "192.0.2.7"},
        {"X-Forwarded-For: [192.0.2.7]\r\n", "10.0.0.1"},
        {"Forwarded: for=192.0.2.7\r\n", "192.0.2.7"},
        {"Forwarded: For=\"192.0.2.7:47\";proto=http;by=10.0.0.1\r\n", "192.0.2.7"},
        {"Forwarded: by=10.0.0.1; for=\"[2001:db8::1]:4711\"\r\n", "2001:db8::1"},
        {"Forwarded: for=198.51.100.1, for=192.0.2.7, for=10.0.0.2\r\n", "192.0.2.7"},
        {"Forwarded: for=_hidden\r\n", "10.0.0.1"},
        {"Forwarded: proto=https\r\n", "10.0.0.1"},
        {"Forwarded: for=\", for=192.0.2.7\r\n", "192.0.2.7"},
        {"Forwarded: for=192.0.2.7\r\nX-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct address client;
        assert_true(find(cases[i].fields, &client));
        assert_is(&client, cases[i].client);
    }
}

static void two_lists_that_differ_are_refused(void **state)
{
    struct address client;
    (void)state;
    assert_false(find("Forwarded: for=198.51.100.1\r\nX-Forwarded-For: 192.0.2.7\r\n", &client));
    assert_false(find("Forwarded: for=unknown\r\nX-Forwarded-For: 192.0.2.7\r\n", &client));
    assert_false(find("Forwarded: \r\nX-Forwarded-For: 192.0.2.7\r\n", &client));
}

static bool is_secure(const char *fields)
{
    char text[512];
    struct head head;
    snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", fields);
    assert_int_equal(head_read(text, strlen(text), &head), HEAD_WHOLE);
    return proxy_says_secure(&head);
}

static void a_proxy_says_whether_it_was_spoken_to_over_tls(void **state)
{
    (void)state;
    assert_true(is_secure("X-Forwarded-Proto: https\r\n"));
    assert_true(is_secure("X-Forwarded-Proto: http, HTTPS\r\n"));
    assert_true(is_secure("Forwarded: for=192.0.2.1;proto=https\r\n"));
    assert_false(is_secure("X-Forwarded-Proto: https, http\r\n"));
    assert_false(is_secure("Forwarded: proto=https, for=192.0.2.1\r\n"));
    assert_false(is_secure(""));
}

/* --- the PROXY protocol --- */

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define PREAMBLE(rest) {SIGNATURE rest, sizeof SIGNATURE - 1 + sizeof rest - 1}

struct preamble {
    const char *bytes;
    size_t length;
};

static const struct preamble ipv4 = PREAMBLE("\x21\x11\0\x0c\xc0\0\2\7\x0a\0\0\1\x12\x34\0\x50");
static const struct preamble local = PREAMBLE("\x20\0\0\0");
static const struct preamble unspecified = PREAMBLE("\x21\0\0\0");
static const struct preamble ipv6_with_extension = PREAMBLE(
    "\x21\x21\0\x28\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\x12\x34\0\x50\3\0\1\0");

static enum proxy_verdict read_all(const struct preamble *preamble, struct address *client, size_t *length)
{
    char *copy = malloc(preamble->length); /* of that size exactly, for the sanitizer */
    *client = of("10.0.0.1");
    assert_non_null(copy);
    memcpy(copy, preamble->bytes, preamble->length);
    enum proxy_verdict verdict = proxy_read_preamble(copy, preamble->length, client, length);
    free(copy);
    return verdict;
}

static void the_preamble_names_the_client(void **state)
{
    struct address client;
    size_t length;
    (void)state;
    assert_int_equal(read_all(&ipv4, &client, &length), PROXY_WHOLE);
    assert_is(&client, "192.0.2.7");
    assert_int_equal(length, 28);
    assert_int_equal(read_all(&ipv6_with_extension, &client, &length), PROXY_WHOLE);
    assert_is(&client, "2001:db8::1");
    assert_int_equal(length, 56);
    assert_int_equal(read_all(&local, &client, &length), PROXY_WHOLE);
    assert_is(&client, "10.0.0.1");
    assert_int_equal(read_all(&unspecified, &client, &length), PROXY_WHOLE);
    assert_is(&client, "10.0.0.1");
}

static void a_preamble_may_come_in_pieces(void **state)
{
    struct address client;
    size_t length;
    (void)state;
    for (size_t i = 1; i < ipv4.length; i++) {
        struct preamble part = {ipv4.bytes, i};
        assert_int_equal(read_all(&part, &client, &length), PROXY_PARTIAL);
        assert_is(&client, "10.0.0.1");
    }
}

static void what_is_no_preamble_is_told(void **state)
{
    static const struct preamble wrong[] = {
        {"GET / HTTP/1.1\r\n", 16}, {"PROXY TCP4 192.0.2.7 10.0.0.1 4711 80\r\n", 39}, {"\r\nG", 3},
        PREAMBLE("\x11\x11\0\x0c"), PREAMBLE("\x22\x11\0\x0c"), PREAMBLE("\x21\x11\xff\xff"),
    };
    struct address client;
    size_t length;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(read_all(&wrong[i], &client, &length), PROXY_WRONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rightmost_address_that_is_no_proxys_is_the_client),
        cmocka_unit_test(two_lists_that_differ_are_refused),
        cmocka_unit_test(a_proxy_says_whether_it_was_spoken_to_over_tls),
        cmocka_unit_test(the_preamble_names_the_client),
        cmocka_unit_test(a_preamble_may_come_in_pieces),
        cmocka_unit_test(what_is_no_preamble_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
