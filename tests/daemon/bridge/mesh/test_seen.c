/* Packets that have come already. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/bridge/mesh/seen.h"

static struct seen seen;

static int empty(void **state)
{
    (void)state;
    seen = (struct seen){.count = 0};
    return 0;
}

static void a_packet_is_new_once(void **state)
{
    (void)state;
    assert_false(seen_before(&seen, 1, 7, 1000));
    assert_true(seen_before(&seen, 1, 7, 2000));
    assert_false(seen_before(&seen, 2, 7, 2000));
    assert_false(seen_before(&seen, 1, 8, 2000));
}

static void after_a_day_the_same_id_is_new(void **state)
{
    (void)state;
    assert_false(seen_before(&seen, 1, 7, 1000));
    assert_true(seen_before(&seen, 1, 7, 1000 + SEEN_MS - 1));
    assert_false(seen_before(&seen, 1, 7, 1000 + SEEN_MS));
    assert_true(seen_before(&seen, 1, 7, 1001 + SEEN_MS));
}

static void the_newest_are_known_whatever_came(void **state)
{
    (void)state;
    uint32_t last = 10 * SEEN_MAX;
    for (uint32_t i = 0; i < last; i++)
        assert_false(seen_before(&seen, i % 5, i * 977, i));
    for (uint32_t i = last - SEEN_MAX; i < last; i++)
        assert_true(seen_before(&seen, i % 5, i * 977, last));
    assert_false(seen_before(&seen, 0, 0, last));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_packet_is_new_once, empty),
        cmocka_unit_test_setup(after_a_day_the_same_id_is_new, empty),
        cmocka_unit_test_setup(the_newest_are_known_whatever_came, empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
