#include "daemon/core/limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const struct rate ten_and_three = {.count = 10, .per_ms = 60000, .burst = 3};

static void a_full_bucket_gives_its_burst_and_then_says_how_long_to_wait(void **state)
{
    (void)state;
    struct bucket bucket = {0};
    for (int i = 0; i < 3; i++)
        assert_int_equal(bucket_take(&bucket, &ten_and_three, 1000), 0);
    assert_int_equal(bucket_take(&bucket, &ten_and_three, 1000), 6000);
    assert_int_equal(bucket_take(&bucket, &ten_and_three, 1001), 5999);
}

static void several_are_taken_together_or_not_at_all(void **state)
{
    (void)state;
    struct bucket bucket = {0};
    assert_int_equal(bucket_take_several(&bucket, &ten_and_three, 2, 0), 0);
    assert_int_equal(bucket_take_several(&bucket, &ten_and_three, 2, 0), 6000);
    assert_int_equal(bucket_take(&bucket, &ten_and_three, 0), 0);
    assert_int_equal(bucket_wait_several_ms(&bucket, &ten_and_three, 3, 0), 18000);
    assert_int_equal(bucket_take_several(&bucket, &ten_and_three, 3, 18000), 0);
}

static void waiting_as_long_as_told_is_enough_and_a_millisecond_less_is_not(void **state)
{
    (void)state;
    const struct rate odd = {.count = 7, .per_ms = 60000, .burst = 1};
    struct bucket bucket = {0};
    assert_int_equal(bucket_take(&bucket, &odd, 0), 0);
    int64_t wait_ms = bucket_take(&bucket, &odd, 0);
    assert_int_equal(wait_ms, 8572); /* 60000 / 7, rounded up */
    assert_int_equal(bucket_take(&bucket, &odd, wait_ms - 1), 1);
    assert_int_equal(bucket_take(&bucket, &odd, wait_ms), 0);
}

static void over_an_hour_exactly_the_rate_gets_through(void **state)
{
    (void)state;
    struct bucket bucket = {0};
    int taken = 0;
    for (int64_t now_ms = 1; now_ms <= 3600 * 1000; now_ms += 100)
        taken += bucket_take(&bucket, &ten_and_three, now_ms) == 0;
    assert_in_range(taken, 600, 603);
}

static void a_refusal_takes_nothing(void **state)
{
    (void)state;
    const struct rate one = {.count = 60, .per_ms = 60000, .burst = 1};
    struct bucket bucket = {0};
    assert_int_equal(bucket_take(&bucket, &one, 0), 0);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(bucket_take(&bucket, &one, 500), 500);
    assert_int_equal(bucket_take(&bucket, &one, 1000), 0);
}

static void asking_how_long_takes_nothing(void **state)
{
    (void)state;
    struct bucket bucket = {0};
    for (int i = 0; i < 100; i++)
        assert_int_equal(bucket_wait_ms(&bucket, &ten_and_three, 5), 0);
    assert_int_equal(bucket.used, 0);
}

static void the_largest_rates_and_longest_pauses_do_not_overflow(void **state)
{
    (void)state;
    const struct rate largest = {.count = INT64_C(1000000000), .per_ms = 60000, .burst = INT64_C(100000000)};
    struct bucket bucket = {0};
    for (int i = 0; i < 1000; i++)
        assert_int_equal(bucket_take(&bucket, &largest, 0), 0);
    assert_int_equal(bucket_take(&bucket, &largest, INT64_MAX / 2), 0);
    assert_int_equal(bucket.used, 60000);
}

static void a_clock_that_steps_back_gives_nothing_and_takes_nothing(void **state)
{
    (void)state;
    const struct rate one = {.count = 60, .per_ms = 60000, .burst = 1};
    struct bucket bucket = {0};
    assert_int_equal(bucket_take(&bucket, &one, 10000), 0);
    assert_int_equal(bucket_take(&bucket, &one, 0), 1000);
}

static void a_smaller_burst_after_a_reload_still_asks_for_no_more_than_one_token(void **state)
{
    (void)state;
    const struct rate large = {.count = 60, .per_ms = 60000, .burst = 100},
                      small = {.count = 60, .per_ms = 60000, .burst = 1};
    struct bucket bucket = {0};
    for (int i = 0; i < 100; i++)
        (void)bucket_take(&bucket, &large, 0);
    assert_int_equal(bucket_take(&bucket, &small, 0), 1000);
}

static void a_table_knows_its_keys_again(void **state)
{
    (void)state;
    struct limit_table *table = limit_table_create(1000);
    for (uint64_t key = 0; key < 1000; key++)
        limit_table_find(table, key)[LIMIT_JOINS].used = (int64_t)key + 1;
    assert_int_equal(limit_table_count(table), 1000);
    for (uint64_t key = 0; key < 1000; key++) {
        assert_int_equal(limit_table_find(table, key)[LIMIT_JOINS].used, key + 1);
        assert_int_equal(limit_table_find(table, key)[LIMIT_READS].used, 0);
    }
    limit_table_destroy(table);
}

static void a_full_table_forgets_the_key_unused_for_longest(void **state)
{
    (void)state;
    struct limit_table *table = limit_table_create(16);
    for (uint64_t key = 0; key < 16; key++)
        limit_table_find(table, key * 1024)->used = 7;
    assert_int_equal(limit_table_find(table, 0)->used, 7); /* used again: 1024 is the oldest now */
    assert_int_equal(limit_table_find(table, 99)->used, 0);
    assert_int_equal(limit_table_count(table), 16);
    assert_int_equal(limit_table_find(table, 0)->used, 7);
    assert_int_equal(limit_table_find(table, 2048)->used, 7);
    assert_int_equal(limit_table_find(table, 1024)->used, 0);
    limit_table_destroy(table);
}

static void a_million_keys_take_no_more_than_the_bound(void **state)
{
    (void)state;
    struct limit_table *table = limit_table_create(64);
    for (uint64_t key = 0; key < 1000000; key++)
        assert_non_null(limit_table_find(table, key * UINT64_C(0x100000001)));
    assert_int_equal(limit_table_count(table), 64);
    limit_table_destroy(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_bucket_gives_its_burst_and_then_says_how_long_to_wait),
        cmocka_unit_test(several_are_taken_together_or_not_at_all),
        cmocka_unit_test(waiting_as_long_as_told_is_enough_and_a_millisecond_less_is_not),
        cmocka_unit_test(over_an_hour_exactly_the_rate_gets_through),
        cmocka_unit_test(a_refusal_takes_nothing),
        cmocka_unit_test(asking_how_long_takes_nothing),
        cmocka_unit_test(the_largest_rates_and_longest_pauses_do_not_overflow),
        cmocka_unit_test(a_clock_that_steps_back_gives_nothing_and_takes_nothing),
        cmocka_unit_test(a_smaller_burst_after_a_reload_still_asks_for_no_more_than_one_token),
        cmocka_unit_test(a_table_knows_its_keys_again),
        cmocka_unit_test(a_full_table_forgets_the_key_unused_for_longest),
        cmocka_unit_test(a_million_keys_take_no_more_than_the_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
