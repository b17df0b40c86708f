#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/net/plain.h"

static void an_integer_is_a_client(void **state)
{
    int64_t id = 0;
    (void)state;
    assert_true(plain_client_id("/ws/7", &id) && id == 7);
    assert_true(plain_client_id("/ws/0", &id) && id == 0);
    assert_true(plain_client_id("/ws/-3", &id) && id == -3);
    assert_true(plain_client_id("/ws/1732280000123", &id) && id == INT64_C(1732280000123));
    assert_true(plain_client_id("/ws/9007199254740991", &id));
}

static void anything_else_is_not(void **state)
{
    static const char *const paths[] = {"/ws", "/ws/", "/ws/x", "/ws/7/", "/ws/7x", "/ws/-",
                                        "/ws/--1", "/ws/+1", "/ws/ 1", "/wsx/7", "/ws/1.5",
                                        "/ws/9007199254740992", "/ws/99999999999999999999"};
    int64_t id = 5;
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        assert_false(plain_client_id(paths[i], &id));
    assert_int_equal(id, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_integer_is_a_client),
        cmocka_unit_test(anything_else_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
