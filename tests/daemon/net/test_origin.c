#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/net/origin.h"

static struct config config;

static int prepare(void **state)
{
    (void)state;
    config_defaults(&config);
    strcpy(config.http.allowed_hosts, "chat.example.org, other.example:8443");
    strcpy(config.http.allowed_origins, "https://portal.example.org, http://portal.example:81");
    return 0;
}

static void addresses_and_local_names_are_answered_to(void **state)
{
    static const char *const hosts[] = {
        "127.0.0.1", "127.0.0.1:8080", "192.168.1.20:80", "[::1]:8080", "[fe80::1]", "localhost",
        "LOCALHOST:1", "localhost.", "box.local", "box.lan:8080", "box.home.arpa", "board",
        "board.fritz.example:8080", "chat.example.org", "CHAT.example.org:9", "other.example:8443",
        "board.localhost", "boar", "chat:8080", "local", "3dprinter", "fritz.box", "board.fritz.box", "a.mesh",
        "a.internal", "a.home", "a.localdomain", "A.HOME:80"};
    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        assert_true(host_is_allowed(&config, "board.fritz.example", hosts[i]));
}

static void other_names_are_not(void **state)
{
    static const char *const hosts[] = {
        "", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", ".local",
        "evil.example:8080", "localhost:0", "localhost:", "localhost:99999", "localhost:80x",
        "localhost:080", "a@localhost", "localhost/", "localhost, localhost", "[::1", "[::1]x",
        "[127.0.0.1]", "[::g]", "::1", "other.example", "other.example:80", "board.evil",
        "2130706433", "0x7f000001", "xfritz.box", "127.1", "0x7f.1", "localhost\t", "home.evil.example"};
    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        if (host_is_allowed(&config, "board.fritz.example", hosts[i]))
            fail_msg("\"%s\" was answered to", hosts[i]);
}

static void a_star_answers_to_any_name_but_no_nonsense(void **state)
{
    (void)state;
    strcpy(config.http.allowed_hosts, "*");
    assert_true(host_is_allowed(&config, "", "evil.example"));
    assert_false(host_is_allowed(&config, "", "evil example"));
}

static void a_page_of_the_host_itself_may(void **state)
{
    (void)state;
    assert_true(origin_is_allowed(&config, "http://127.0.0.1:8080", "127.0.0.1:8080"));
    assert_true(origin_is_allowed(&config, "http://box.local", "box.local"));
    assert_true(origin_is_allowed(&config, "http://box.local", "BOX.local:80"));
    assert_true(origin_is_allowed(&config, "https://box.local:443", "box.local"));
    assert_true(origin_is_allowed(&config, "http://[::1]:8080", "[::1]:8080"));
    assert_true(origin_is_allowed(&config, "https://portal.example.org", "box.local"));
    assert_true(origin_is_allowed(&config, "http://portal.example:81", "box.local"));
}

static void any_other_page_may_not(void **state)
{
    static const char *const origins[] = {
        "null", "NULL", "", "http://evil.example", "http://127.0.0.1", "http://127.0.0.1:8081",
        "http://127.0.0.1:8080.evil.example", "http://evil.example:8080", "http://127.0.0.1:8080/",
        "http://evil@127.0.0.1:8080", "http://127.0.0.1:8080 http://evil.example", "file://",
        "ftp://127.0.0.1:8080", "//127.0.0.1:8080", "127.0.0.1:8080", "http://localhost:8080",
        "http://127.0.0.1:08080", "https://portal.example.org.evil.example",
        "https://xportal.example.org", "http://portal.example.org", "chrome-extension://abc"};
    (void)state;
    for (size_t i = 0; i < sizeof origins / sizeof *origins; i++)
        if (origin_is_allowed(&config, origins[i], "127.0.0.1:8080"))
            fail_msg("\"%s\" was let in", origins[i]);
}

static void null_is_never_listed(void **state)
{
    (void)state;
    strcpy(config.http.allowed_origins, "null");
    assert_false(origin_is_listed(&config, "null"));
    assert_false(origin_is_allowed(&config, "null", "127.0.0.1:8080"));
}

static void only_the_same_host_at_one_of_its_two_ports_is_a_sibling(void **state)
{
    (void)state;
    assert_true(origin_is_sibling("http://board:8080", "board:8443", 8080, 8443));
    assert_true(origin_is_sibling("https://board:8443", "board:8080", 8080, 8443));
    assert_true(origin_is_sibling("https://board", "board", 8080, 8443)); /* ports in front of it */
    assert_true(origin_is_sibling("http://[fd00::2]:8080", "[fd00::2]:8443", 8080, 8443));
    assert_false(origin_is_sibling("http://board:3000", "board:8443", 8080, 8443));
    assert_false(origin_is_sibling("http://board:8443", "board:8080", 8080, 8443));
    assert_false(origin_is_sibling("http://other:8080", "board:8443", 8080, 8443));
    assert_false(origin_is_sibling("ftp://board:8080", "board:8443", 8080, 8443));
    assert_false(origin_is_sibling("null", "board:8443", 8080, 8443));
    assert_false(origin_is_sibling("http://board:8080", "board:8080", 8080, 0)); /* no TLS */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(addresses_and_local_names_are_answered_to, prepare),
        cmocka_unit_test_setup(other_names_are_not, prepare),
        cmocka_unit_test_setup(a_star_answers_to_any_name_but_no_nonsense, prepare),
        cmocka_unit_test_setup(a_page_of_the_host_itself_may, prepare),
        cmocka_unit_test_setup(any_other_page_may_not, prepare),
        cmocka_unit_test_setup(null_is_never_listed, prepare),
        cmocka_unit_test(only_the_same_host_at_one_of_its_two_ports_is_a_sibling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
