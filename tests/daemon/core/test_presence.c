#include "daemon/core/presence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Takes what is told now and checks the numbers; the names are the caller's to check. */
static struct presence_news take(struct presence *presence, int64_t now_ms, size_t joined,
                                 size_t left, size_t members)
{
    struct presence_news news;
    assert_true(presence_take(presence, 100, now_ms, &news));
    assert_int_equal(news.joined_count, joined);
    assert_int_equal(news.left_count, left);
    assert_int_equal(news.members, members);
    return news;
}

static void who_comes_and_who_goes_is_told_once(void **state)
{
    (void)state;
    struct presence presence = {0};
    presence_enter(&presence, 1, "mina", 100);
    presence_enter(&presence, 2, "jun", 100);
    struct presence_news news = take(&presence, 100, 2, 0, 2);
    assert_string_equal(news.joined[0], "mina");
    assert_string_equal(news.joined[1], "jun");
    presence_news_finish(&news);
    presence_leave(&presence, 1, 200);
    news = take(&presence, 1100, 0, 1, 1);
    assert_string_equal(news.left[0], "mina");
    presence_news_finish(&news);
    news = take(&presence, 2100, 0, 0, 1);
    assert_false(news.presence_changed);
    presence_news_finish(&news);
    presence_finish(&presence);
}

static void a_user_on_three_connections_counts_once(void **state)
{
    (void)state;
    struct presence presence = {0};
    for (int i = 0; i < 3; i++)
        presence_enter(&presence, 7, "mina", 0);
    struct presence_news news = take(&presence, 0, 1, 0, 1);
    presence_news_finish(&news);
    presence_leave(&presence, 7, 1);
    presence_leave(&presence, 7, 1);
    assert_true(presence_is_here(&presence, 7));
    assert_int_equal(presence_due_ms(&presence), INT64_MAX);
    presence_leave(&presence, 7, 1);
    assert_false(presence_is_here(&presence, 7));
    news = take(&presence, 1000, 0, 1, 0);
    presence_news_finish(&news);
    presence_finish(&presence);
}

static void who_comes_and_goes_between_two_turns_is_not_told(void **state)
{
    (void)state;
    struct presence presence = {0};
    presence_enter(&presence, 1, "mina", 0);
    presence_leave(&presence, 1, 1);
    assert_int_equal(presence_due_ms(&presence), INT64_MAX);
    presence_enter(&presence, 2, "jun", 2);
    struct presence_news news = take(&presence, 3, 1, 0, 1);
    presence_news_finish(&news);
    presence_leave(&presence, 2, 4);
    presence_enter(&presence, 2, "jun", 5);
    news = take(&presence, 1003, 0, 0, 1);
    assert_false(news.presence_changed);
    presence_news_finish(&news);
    presence_finish(&presence);
}

static void a_room_is_told_at_most_once_a_second(void **state)
{
    (void)state;
    struct presence presence = {0};
    int tellings = 0;
    for (int64_t now_ms = 1; now_ms <= 10000; now_ms++) {
        char name[32];
        snprintf(name, sizeof name, "user%d", (int)now_ms);
        presence_enter(&presence, now_ms, name, now_ms);
        if (presence_due_ms(&presence) > now_ms)
            continue;
        struct presence_news news;
        assert_true(presence_take(&presence, 100, now_ms, &news));
        presence_news_finish(&news);
        tellings++;
    }
    assert_int_equal(tellings, 10);
    presence_finish(&presence);
}

static void the_first_change_after_a_quiet_second_is_due_at_once(void **state)
{
    (void)state;
    struct presence presence = {0};
    presence_enter(&presence, 1, "mina", 5000);
    assert_int_equal(presence_due_ms(&presence), 5000);
    struct presence_news news = take(&presence, 5000, 1, 0, 1);
    presence_news_finish(&news);
    presence_enter(&presence, 2, "jun", 5001);
    assert_int_equal(presence_due_ms(&presence), 6000);
    news = take(&presence, 6000, 1, 0, 2);
    presence_news_finish(&news);
    presence_leave(&presence, 2, 60000);
    assert_int_equal(presence_due_ms(&presence), 60000);
    presence_finish(&presence);
}

static void a_large_room_is_told_the_number_only(void **state)
{
    (void)state;
    struct presence presence = {0};
    for (int64_t user = 1; user <= 101; user++)
        presence_enter(&presence, user, "somebody", 0);
    struct presence_news news = take(&presence, 0, 0, 0, 101);
    assert_true(news.presence_changed);
    assert_null(news.joined);
    presence_news_finish(&news);
    presence_leave(&presence, 1, 1); /* the room is small again, but nobody knows its names */
    news = take(&presence, 1000, 0, 0, 100);
    assert_true(news.presence_changed);
    presence_news_finish(&news);
    presence_leave(&presence, 2, 1001);
    news = take(&presence, 2000, 0, 1, 99);
    presence_news_finish(&news);
    presence_finish(&presence);
}

static void typing_is_told_and_lapses(void **state)
{
    (void)state;
    struct presence presence = {0};
    presence_enter(&presence, 1, "mina", 0);
    presence_enter(&presence, 2, "jun", 0);
    presence_type(&presence, 1, true, 10);
    struct presence_news news = take(&presence, 10, 2, 0, 2);
    assert_true(news.typing_changed);
    assert_int_equal(news.typing_count, 1);
    assert_string_equal(news.typing[0], "mina");
    presence_news_finish(&news);
    presence_type(&presence, 1, true, 3000); /* goes on: no news, but good for longer */
    assert_int_equal(presence_due_ms(&presence), 9000);
    news = take(&presence, 9000, 0, 0, 2);
    assert_true(news.typing_changed);
    assert_int_equal(news.typing_count, 0);
    presence_news_finish(&news);
    assert_int_equal(presence_due_ms(&presence), INT64_MAX);
    presence_finish(&presence);
}

static void who_leaves_stops_typing_and_who_is_not_here_cannot(void **state)
{
    (void)state;
    struct presence presence = {0};
    presence_type(&presence, 1, true, 0);
    assert_int_equal(presence_due_ms(&presence), INT64_MAX);
    presence_enter(&presence, 1, "mina", 0);
    presence_type(&presence, 1, true, 0);
    struct presence_news news = take(&presence, 0, 1, 0, 1);
    presence_news_finish(&news);
    presence_leave(&presence, 1, 500);
    news = take(&presence, 1000, 0, 1, 0);
    assert_true(news.typing_changed);
    assert_int_equal(news.typing_count, 0);
    presence_news_finish(&news);
    presence_finish(&presence);
}

static void no_more_than_five_are_named_as_typing(void **state)
{
    (void)state;
    struct presence presence = {0};
    for (int64_t user = 1; user <= 20; user++) {
        presence_enter(&presence, user, "somebody", 0);
        presence_type(&presence, user, true, 0);
    }
    struct presence_news news = take(&presence, 0, 20, 0, 20);
    assert_int_equal(news.typing_count, TYPING_NAMES_MAX);
    presence_news_finish(&news);
    presence_finish(&presence);
}

static void everybody_here_is_found_one_after_another(void **state)
{
    (void)state;
    struct presence presence = {0};
    for (int64_t user = 1; user <= 10; user++)
        presence_enter(&presence, user, "somebody", 0);
    struct presence_news news = take(&presence, 0, 10, 0, 10);
    presence_news_finish(&news);
    presence_leave(&presence, 1, 1); /* not told yet, and still not here */
    int64_t sum = 0;
    for (const struct presence_user *person = NULL; (person = presence_next(&presence, person));)
        sum += presence_user_id(person);
    assert_int_equal(sum, 54);
    presence_finish(&presence);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_comes_and_who_goes_is_told_once),
        cmocka_unit_test(a_user_on_three_connections_counts_once),
        cmocka_unit_test(who_comes_and_goes_between_two_turns_is_not_told),
        cmocka_unit_test(a_room_is_told_at_most_once_a_second),
        cmocka_unit_test(the_first_change_after_a_quiet_second_is_due_at_once),
        cmocka_unit_test(a_large_room_is_told_the_number_only),
        cmocka_unit_test(typing_is_told_and_lapses),
        cmocka_unit_test(who_leaves_stops_typing_and_who_is_not_here_cannot),
        cmocka_unit_test(no_more_than_five_are_named_as_typing),
        cmocka_unit_test(everybody_here_is_found_one_after_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
