/* What waits for the radio: its order, its pace, its bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/bridge/mesh/outbox.h"

#define PACE_MS 2500
#define HOUR_MS 3600000

static const struct outbox_plan plan = {.pace_ms = PACE_MS, .age_ms = HOUR_MS, .message_ms = 0, .burst = 5,
                                        .waiting_max = 100};
static struct outbox outbox;
static int64_t now_ms;

static int begin(void **state)
{
    (void)state;
    now_ms = 10 * HOUR_MS;
    outbox_init(&outbox, &plan);
    outbox_turn(&outbox, true, now_ms);
    return 0;
}

static int end(void **state)
{
    (void)state;
    outbox_finish(&outbox);
    return 0;
}

static void say_at(size_t room, int64_t seq, int64_t said_ms)
{
    char text[32];
    snprintf(text, sizeof text, "r%zu m%d", room, (int)seq);
    assert_non_null(outbox_push(&outbox, room, seq, text, said_ms, now_ms));
}

static void say(size_t room, int64_t seq)
{
    say_at(room, seq, now_ms);
}

/* The next that goes, when it is time; "" where nothing does for an hour. */
static const char *next(void)
{
    static char text[PART_BYTES_MAX + 1];
    struct outbox_part part;
    int64_t wait_ms, until_ms = now_ms + HOUR_MS;
    while (!outbox_next(&outbox, now_ms, &part, &wait_ms)) {
        if (wait_ms > until_ms - now_ms)
            return "";
        now_ms += wait_ms;
    }
    snprintf(text, sizeof text, "%s", part.text);
    outbox_sent(&outbox, now_ms);
    return text;
}

static void goes(const char *texts)
{
    char gone[400] = "";
    for (size_t i = 0; i < 20; i++) {
        const char *text = next();
        if (!text[0])
            break;
        strcat(strcat(gone, gone[0] ? ", " : ""), text);
    }
    assert_string_equal(gone, texts);
}

static void what_is_said_goes_in_its_order_and_at_its_pace(void **state)
{
    (void)state;
    struct outbox_part part;
    int64_t wait_ms;
    say(0, 1);
    say(0, 2);
    assert_true(outbox_next(&outbox, now_ms, &part, &wait_ms));
    assert_string_equal(part.text, "r0 m1");
    outbox_sent(&outbox, now_ms);
    assert_false(outbox_next(&outbox, now_ms + PACE_MS - 1, &part, &wait_ms));
    assert_int_equal(wait_ms, 1);
    assert_true(outbox_next(&outbox, now_ms + PACE_MS, &part, &wait_ms));
    outbox_sent(&outbox, now_ms);
    assert_int_equal(outbox_oldest(&outbox, 0), INT64_MAX);
}

static void the_parts_of_a_text_go_one_after_another(void **state)
{
    (void)state;
    char text[501];
    memset(text, 'x', 500);
    text[500] = '\0';
    assert_non_null(outbox_push(&outbox, 0, 1, text, now_ms, now_ms));
    say(1, 1);
    for (int i = 1; i <= 3; i++) {
        char mark[24];
        snprintf(mark, sizeof mark, "(%d/3)", i);
        assert_non_null(strstr(next(), mark));
        assert_int_equal(outbox_oldest(&outbox, 0), i < 3 ? 1 : INT64_MAX);
    }
    goes("r1 m1");
}

static void after_an_outage_the_newest_goes_first(void **state)
{
    (void)state;
    outbox_turn(&outbox, false, now_ms);
    for (int64_t seq = 1; seq <= 3; seq++) {
        say(0, seq);
        now_ms += 60000;
    }
    assert_string_equal(next(), "");
    outbox_turn(&outbox, true, now_ms);
    say(0, 4);
    say(0, 5);
    assert_int_equal(outbox_oldest(&outbox, 0), 1);
    goes("r0 m4, r0 m5, r0 m3, r0 m2, r0 m1");
}

static void what_was_said_while_nobody_carried_it_is_late_too(void **state)
{
    (void)state;
    say_at(0, 1, now_ms - 120000);
    say_at(0, 2, now_ms - 60000);
    say(0, 3);
    goes("r0 m3, r0 m2, r0 m1");
}

static void what_waits_behind_others_keeps_its_order(void **state)
{
    (void)state;
    for (int64_t seq = 1; seq <= 4; seq++)
        say(0, seq);
    assert_string_equal(next(), "r0 m1");
    now_ms += 2 * OUTBOX_LATE_MS;
    outbox_turn(&outbox, true, now_ms);
    goes("r0 m2, r0 m3, r0 m4");
}

static void what_is_too_old_is_given_up_and_counted(void **state)
{
    (void)state;
    say_at(0, 1, now_ms - HOUR_MS - 1);
    say_at(0, 2, now_ms - HOUR_MS + 1);
    outbox_turn(&outbox, true, now_ms);
    assert_string_equal(next(), "r0 m2");
    assert_int_equal(outbox.rooms[0].given_up, 1);
    assert_int_equal(outbox.rooms[0].waiting, 0);
}

static void what_is_too_much_is_given_up_the_oldest_first(void **state)
{
    (void)state;
    for (int64_t seq = 1; seq <= 103; seq++)
        say(0, seq);
    assert_int_equal(outbox.rooms[0].given_up, 3);
    assert_int_equal(outbox.rooms[0].waiting, 100);
    assert_int_equal(outbox_oldest(&outbox, 0), 4);
}

static void what_was_deleted_does_not_go(void **state)
{
    (void)state;
    say(0, 1);
    say(0, 2);
    outbox_forget(&outbox, 0, 1);
    outbox_forget(&outbox, 1, 2);
    goes("r0 m2");
    assert_int_equal(outbox.rooms[0].given_up, 0);
}

static void a_room_has_its_rate_and_others_pass_it(void **state)
{
    (void)state;
    outbox.plan.message_ms = 10000;
    for (int64_t seq = 1; seq <= 8; seq++)
        say(0, seq);
    say(1, 1);
    say(1, 2);
    int64_t began_ms = now_ms;
    goes("r0 m1, r1 m1, r0 m2, r1 m2, r0 m3, r0 m4, r0 m5, r0 m6, r0 m7, r0 m8");
    assert_true(now_ms - began_ms >= 3 * 10000);
}

static void each_part_goes_as_often_as_is_wanted(void **state)
{
    (void)state;
    outbox.plan.repeats = 2;
    say(0, 1);
    say(0, 2);
    goes("r0 m1, r0 m1, r0 m1, r0 m2, r0 m2, r0 m2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_said_goes_in_its_order_and_at_its_pace, begin, end),
        cmocka_unit_test_setup_teardown(the_parts_of_a_text_go_one_after_another, begin, end),
        cmocka_unit_test_setup_teardown(after_an_outage_the_newest_goes_first, begin, end),
        cmocka_unit_test_setup_teardown(what_was_said_while_nobody_carried_it_is_late_too, begin, end),
        cmocka_unit_test_setup_teardown(what_waits_behind_others_keeps_its_order, begin, end),
        cmocka_unit_test_setup_teardown(what_is_too_old_is_given_up_and_counted, begin, end),
        cmocka_unit_test_setup_teardown(what_is_too_much_is_given_up_the_oldest_first, begin, end),
        cmocka_unit_test_setup_teardown(what_was_deleted_does_not_go, begin, end),
        cmocka_unit_test_setup_teardown(a_room_has_its_rate_and_others_pass_it, begin, end),
        cmocka_unit_test_setup_teardown(each_part_goes_as_often_as_is_wanted, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
