#include "storage/ceiling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/storage/store_fixture.h"

#define MIB (INT64_C(1) << 20)
#define CHOSEN "SELECT value FROM meta WHERE name='max_bytes'"

static int64_t of_disk(int64_t free_bytes, int64_t taken_bytes)
{
    const struct volume disk = {.bytes = 1 << 30, .free_bytes = free_bytes};
    return ceiling_of(&disk, taken_bytes);
}

static int64_t of_overlay(int64_t bytes, int64_t free_bytes, int64_t taken_bytes)
{
    const struct volume overlay = {bytes, free_bytes, true};
    return ceiling_of(&overlay, taken_bytes);
}

static void it_is_half_of_what_is_free(void **state)
{
    (void)state;
    assert_int_equal(of_disk(600 * MIB, 0), 300 * MIB);
    assert_int_equal(of_disk(600 * MIB, 100 * MIB), 350 * MIB);
    assert_int_equal(of_disk(INT64_C(1) << 42, 0), INT64_C(1) << 40);
}

static void of_a_routers_overlay_it_is_a_quarter_and_at_most_8_mib(void **state)
{
    (void)state;
    assert_int_equal(of_overlay(16 * MIB, 10 * MIB, 2 * MIB), 4 * MIB); /* twice what is there */
    assert_int_equal(of_overlay(16 * MIB, 12 * MIB, 0), 3 * MIB);
    assert_int_equal(of_overlay(128 * MIB, 100 * MIB, 0), 8 * MIB);
}

static void a_containers_overlay_is_a_disk(void **state)
{
    (void)state;
    assert_int_equal(of_overlay(100 * 1024 * MIB, 600 * MIB, 0), 300 * MIB);
}

static void it_is_never_below_twice_what_is_there(void **state)
{
    (void)state;
    assert_int_equal(of_disk(0, 40 * MIB), 80 * MIB);
    assert_int_equal(of_disk(0, 0), MIB);
    assert_int_equal(of_overlay(64 * MIB, 4 * MIB, 20 * MIB), 40 * MIB);
}

static void it_is_chosen_once_and_kept(void **state)
{
    struct store_fixture *fixture = *state;
    int64_t chosen = store_start(fixture->store)->max_bytes;
    assert_true(chosen >= MIB);
    fixture_close(fixture);
    assert_int_equal(fixture_query(fixture, CHOSEN), chosen);
    assert_int_equal(fixture_query(fixture, "UPDATE meta SET value=5000000 WHERE name='max_bytes'"
                                            " RETURNING value"), 5000000);
    fixture_open(fixture);
    assert_int_equal(store_start(fixture->store)->max_bytes, 5000000);
}

static void a_database_without_one_gets_it_at_its_next_start(void **state)
{
    struct store_fixture *fixture = *state;
    fixture_close(fixture);
    (void)fixture_query(fixture, "DELETE FROM meta WHERE name='max_bytes' RETURNING 1");
    fixture_open(fixture);
    assert_true(store_start(fixture->store)->max_bytes >= MIB);
}

static int setup(void **state)
{
    static struct store_fixture fixture;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_populate(&fixture);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    fixture_finish(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_half_of_what_is_free),
        cmocka_unit_test(of_a_routers_overlay_it_is_a_quarter_and_at_most_8_mib),
        cmocka_unit_test(a_containers_overlay_is_a_disk),
        cmocka_unit_test(it_is_never_below_twice_what_is_there),
        cmocka_unit_test_setup_teardown(it_is_chosen_once_and_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(a_database_without_one_gets_it_at_its_next_start, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
