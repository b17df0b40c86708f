/* Which addresses a webhook reaches only where it is said that it may. */
#include "daemon/bridge/web.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static bool is_private(const char *text)
{
    struct sockaddr_storage address = {0};
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
        memcpy(&address, &four, sizeof four);
    else if (inet_pton(AF_INET6, text, &six.sin6_addr) == 1)
        memcpy(&address, &six, sizeof six);
    else
        fail_msg("%s is no address", text);
    return web_is_private((const struct sockaddr *)&address);
}

static void this_machine_and_private_networks_are_private(void **state)
{
    static const char *const addresses[] = {
        "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1",
        "169.254.169.254", "100.64.0.1", "100.127.255.255", "224.0.0.1", "255.255.255.255", "192.0.0.8",
        "198.18.0.1", "::", "::1", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:192.168.1.1", "64:ff9b::7f00:1", "64:ff9b::c0a8:101", "2002:7f00:1::", "2002:c0a8:101::"};
    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
        if (!is_private(addresses[i]))
            fail_msg("%s is private", addresses[i]);
}

static void others_are_not(void **state)
{
    static const char *const addresses[] = {
        "1.1.1.1", "9.255.255.255", "11.0.0.1", "172.15.255.255", "172.32.0.1", "192.167.255.255", "192.169.0.1",
        "100.63.255.255", "100.128.0.1", "223.255.255.255", "2606:4700::1111", "2a00::1", "64:ff9b::101:101",
        "2002:101:101::"};
    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
        if (is_private(addresses[i]))
            fail_msg("%s is not private", addresses[i]);
}

static void what_is_no_internet_address_is_private(void **state)
{
    const struct sockaddr address = {.sa_family = AF_UNIX};
    (void)state;
    assert_true(web_is_private(&address));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(this_machine_and_private_networks_are_private),
        cmocka_unit_test(others_are_not),
        cmocka_unit_test(what_is_no_internet_address_is_private),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
