#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/net/address.h"

static struct address of(const char *text)
{
    struct address address;
    assert_true(address_parse(text, &address));
    return address;
}

static bool is_in(const char *list, const char *text)
{
    struct networks networks;
    struct address address = of(text);
    assert_true(networks_parse(list, &networks));
    return networks_contain(&networks, &address);
}

static void an_ipv4_address_is_the_same_when_it_comes_as_ipv6(void **state)
{
    (void)state;
    struct address plain = of("192.0.2.7"), mapped = of("::ffff:192.0.2.7");
    assert_true(mapped.is_ipv4);
    assert_true(address_key(&plain) == address_key(&mapped));
    assert_true(is_in("192.0.2.0/24", "::ffff:192.0.2.7"));
}

static void ipv6_is_counted_by_its_64_first_bits(void **state)
{
    (void)state;
    struct address one = of("2001:db8:1:2::1"), same = of("2001:db8:1:2:ffff::9"),
                   other = of("2001:db8:1:3::1"), loopback = of("::1");
    assert_true(address_key(&one) == address_key(&same));
    assert_true(address_key(&one) != address_key(&other));
    assert_true(address_key(&loopback) != 0);
}

static void networks_hold_what_is_within_their_bits(void **state)
{
    (void)state;
    assert_true(is_in("10.0.0.0/8", "10.255.0.1"));
    assert_false(is_in("10.0.0.0/8", "11.0.0.1"));
    assert_true(is_in("10.0.0.128/25", "10.0.0.200"));
    assert_false(is_in("10.0.0.128/25", "10.0.0.127"));
    assert_true(is_in("127.0.0.1, ::1", "::1"));
    assert_false(is_in("127.0.0.1", "127.0.0.2"));
    assert_true(is_in("0.0.0.0/0", "203.0.113.9"));
    assert_false(is_in("0.0.0.0/0", "2001:db8::1"));
    assert_true(is_in("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(is_in("2001:db8::/33", "2001:db8:8000::1"));
    assert_false(is_in("", "127.0.0.1"));
}

static void what_is_no_network_is_refused(void **state)
{
    static const char *const wrong[] = {"10.0.0.0/33", "10.0.0/8", "::/129", "lan", "10.0.0.1/",
                                        "10.0.0.1/x", "10.0.0.1/-1", "1.2.3.4,,x"};
    struct networks networks;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(networks_parse(wrong[i], &networks));
}

static void more_networks_than_fit_are_refused(void **state)
{
    char list[16 * (NETWORKS_MAX + 1)] = "";
    struct networks networks;
    (void)state;
    for (int i = 0; i <= NETWORKS_MAX; i++)
        strcat(list, "10.0.0.1,");
    assert_false(networks_parse(list, &networks));
    assert_int_equal(networks.count, NETWORKS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ipv4_address_is_the_same_when_it_comes_as_ipv6),
        cmocka_unit_test(ipv6_is_counted_by_its_64_first_bits),
        cmocka_unit_test(networks_hold_what_is_within_their_bits),
        cmocka_unit_test(what_is_no_network_is_refused),
        cmocka_unit_test(more_networks_than_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
