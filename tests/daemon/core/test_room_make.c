#include "tests/daemon/core/harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/room_make.h"

HARNESS_FOR_EACH_TEST(NULL)

static struct room_row make_den(void)
{
    struct room_row row;
    struct refusal refusal;
    assert_true(room_make_row(harness.gateway, "Den", &row, &refusal));
    assert_non_null(room_make(harness.gateway, &row));
    return row;
}

static void a_room_is_found_once_it_is_stored(void **state)
{
    (void)state;
    fake_store_hold(harness.store);
    (void)make_den();
    harness_settle(&harness);
    assert_null(room_find(harness.gateway, "den"));
    assert_non_null(room_find_folded(harness.gateway, "den")); /* its name is taken */
    fake_store_release(harness.store);
    harness_settle(&harness);
    assert_int_equal(room_find(harness.gateway, "den")->stage, ROOM_STORED);
}

static void a_room_that_storage_will_not_have_is_gone(void **state)
{
    (void)state;
    size_t count = harness.gateway->rooms.by_id.count;
    fake_store_fail(harness.store, true);
    struct room_row first = make_den();
    harness_settle(&harness);
    assert_null(room_find_folded(harness.gateway, "den"));
    assert_int_equal(harness.gateway->rooms.by_id.count, count);
    fake_store_fail(harness.store, false);
    struct room_row second = make_den();
    assert_true(second.id > first.id); /* no id twice */
}

static void a_room_that_cannot_be_submitted_is_not_made(void **state)
{
    struct room_row row;
    struct refusal refusal;
    (void)state;
    fake_store_be_busy(harness.store, true);
    assert_true(room_make_row(harness.gateway, "den", &row, &refusal));
    assert_null(room_make(harness.gateway, &row));
    assert_null(room_find_folded(harness.gateway, "den"));
    fake_store_be_busy(harness.store, false);
}

static void a_first_room_is_found_before_and_storage_is_asked_again(void **state)
{
    (void)state;
    fake_store_fail(harness.store, true);
    struct room *room = room_make_first(harness.gateway, "hall");
    assert_ptr_equal(room_find(harness.gateway, "hall"), room);
    assert_int_equal(room->stage, ROOM_STORING);
    harness_settle(&harness);
    assert_int_equal(room->stage, ROOM_UNSTORED);
    assert_int_equal(harness.gateway->rooms.unstored_count, 1);
    fake_store_fail(harness.store, false);
    harness_advance(&harness, 2000);
    assert_int_equal(room->stage, ROOM_STORED);
    assert_int_equal(harness.gateway->rooms.unstored_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_room_is_found_once_it_is_stored),
        TEST(a_room_that_storage_will_not_have_is_gone),
        TEST(a_room_that_cannot_be_submitted_is_not_made),
        TEST(a_first_room_is_found_before_and_storage_is_asked_again),
    };
    return cmocka_run_group_tests_name("core.room_make", tests, NULL, NULL);
}
