#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/net/route.h"

static void a_pattern_gives_the_name_in_the_path(void **state)
{
    char name[16] = "";
    (void)state;
    assert_true(route_matches("/rooms/{room}/messages", "/rooms/lobby/messages", name, sizeof name));
    assert_string_equal(name, "lobby");
    assert_true(route_matches("/rooms/{room}", "/rooms/@a,b", name, sizeof name));
    assert_string_equal(name, "@a,b");
    assert_true(route_matches("/rooms", "/rooms", name, sizeof name));
}

static void other_paths_do_not_match(void **state)
{
    static const char *const paths[] = {"/rooms", "/rooms/", "/rooms//messages", "/rooms/x",
                                        "/rooms/x/messages/", "/rooms/x/y/messages", "",
                                        "/rooms/x/message", "/Rooms/x/messages"};
    char name[16];
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        assert_false(route_matches("/rooms/{room}/messages", paths[i], name, sizeof name));
}

static void a_name_that_does_not_fit_does_not_match(void **state)
{
    char name[4];
    (void)state;
    assert_true(route_matches("/r/{room}", "/r/abc", name, sizeof name));
    assert_false(route_matches("/r/{room}", "/r/abcd", name, sizeof name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_gives_the_name_in_the_path),
        cmocka_unit_test(other_paths_do_not_match),
        cmocka_unit_test(a_name_that_does_not_fit_does_not_match),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
