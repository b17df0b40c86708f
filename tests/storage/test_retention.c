#include "storage/retention.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#include "storage/reader.h"
#include "storage/stamp.h"
#include "tests/storage/shop.h"

#define DAY_MS INT64_C(86400000)

static int open_shop(void **state)
{
    struct shop *shop = calloc(1, sizeof *shop);
    shop_make(shop);
    shop->wall_ms = (int64_t)time(NULL) * 1000; /* retention looks at the real clock */
    shop_open(shop);
    shop_furnish(shop);
    *state = shop;
    return 0;
}

static int close_shop(void **state)
{
    shop_remove(*state);
    free(*state);
    return 0;
}

/* Waits for a notice about room_id that says pruned or more. */
static void await_pruned(struct shop *shop, int64_t room_id, int64_t pruned)
{
    struct job *job = NULL;
    do {
        job_destroy(job);
        job = shop_collect(shop);
        assert_int_equal(job->kind, JOB_PRUNED);
    } while (job->pruned.room_id != room_id || job->pruned.pruned < pruned);
    assert_int_equal(job->pruned.pruned, pruned);
    job_destroy(job);
}

static void add_room(struct shop *shop, int64_t id, const char *name, bool keep)
{
    struct job *job = job_create(JOB_ROOM_CREATE);
    job->room.room.id = id;
    job->room.room.keep = keep;
    strcpy(job->room.room.name, name);
    strcpy(job->room.room.folded, name);
    assert_int_equal(shop_result(shop_do(shop, job)), JOB_DONE);
}

static void say_in(struct shop *shop, int64_t room_id, int count)
{
    for (int i = 0; i < count; i++) {
        struct job *job = shop_message(shop, MINA, "words that will be forgotten", NULL);
        job->append.room_id = room_id;
        shop_submit(shop, job);
    }
    for (int i = 0; i < count; i++)
        assert_int_equal(shop_result(shop_collect(shop)), JOB_DONE);
}

static int64_t count_in(struct shop *shop, int64_t room_id)
{
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM messages WHERE id>>40=%d", (int)room_id);
    return shop_ask(shop, sql);
}

static void only_the_newest_entries_of_a_room_stay(void **state)
{
    struct shop *shop = *state;
    add_room(shop, 2, "kept", true);
    say_in(shop, LOBBY, 1000);
    say_in(shop, 2, 1000);
    shop->options.retention_entries = 100;
    store_reconfigure(shop->store, &shop->options);
    await_pruned(shop, LOBBY, 900);
    assert_int_equal(count_in(shop, LOBBY), 100);
    assert_int_equal(count_in(shop, 2), 1000);
    struct job *join = job_create(JOB_JOIN);
    join->page.room_id = LOBBY;
    join = shop_do(shop, join);
    assert_int_equal(join->page.first, 901);
    assert_int_equal(join->page.pruned, 900);
    job_destroy(join);
}

static void gaps_are_not_counted_as_entries(void **state)
{
    struct shop *shop = *state;
    say_in(shop, LOBBY, 10);
    shop_crash(shop);
    shop_open(shop); /* the next seq is 2^20 further */
    say_in(shop, LOBBY, 10);
    shop->options.retention_entries = 15;
    store_reconfigure(shop->store, &shop->options);
    await_pruned(shop, LOBBY, 5);
    assert_int_equal(count_in(shop, LOBBY), 15);
}

static void old_entries_go_by_age(void **state)
{
    struct shop *shop = *state;
    int64_t today = shop->wall_ms;
    shop->wall_ms = today - 10 * DAY_MS;
    say_in(shop, LOBBY, 5);
    shop->wall_ms = today;
    say_in(shop, LOBBY, 5);
    shop->options.retention_age_ms = 7 * DAY_MS;
    store_reconfigure(shop->store, &shop->options);
    await_pruned(shop, LOBBY, 5);
    assert_int_equal(count_in(shop, LOBBY), 5);
}

static void an_emptied_room_never_reuses_a_seq(void **state)
{
    struct shop *shop = *state;
    int64_t today = shop->wall_ms;
    shop->wall_ms = today - 10 * DAY_MS;
    say_in(shop, LOBBY, 5);
    shop->options.retention_age_ms = 7 * DAY_MS;
    store_reconfigure(shop->store, &shop->options);
    await_pruned(shop, LOBBY, 5);
    shop_close(shop);
    shop->options.retention_age_ms = 0;
    shop_open(shop);
    assert_int_equal(store_start(shop->store)->rooms[0].pruned, 5);
    assert_int_equal(store_start(shop->store)->rooms[0].last, 0);
    assert_int_equal(shop_say(shop, "on"), 6);
}

/* Says things in all rooms in turn and gives the largest size that the files had. */
static int64_t fill_rooms(struct shop *shop, int rooms)
{
    enum { COUNT = 60000, AT_ONCE = 500 };
    char text[201];
    int64_t highest = 0;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < COUNT; i += AT_ONCE) {
        for (int j = 0; j < AT_ONCE; j++) {
            struct job *job = shop_message(shop, MINA, text, NULL);
            job->append.room_id = LOBBY + (i + j) % rooms;
            shop_submit(shop, job);
        }
        shop->wall_ms += 1000;
        for (int answers = 0; answers < AT_ONCE;) {
            struct job *job = shop_collect(shop);
            answers += job->kind == JOB_APPEND;
            job_destroy(job);
        }
        int64_t bytes = reader_file_bytes(shop->path);
        highest = bytes > highest ? bytes : highest;
    }
    return highest;
}

static void the_files_stay_below_their_ceiling(void **state)
{
    struct shop *shop = *state;
    enum { CEILING = 4 << 20 };
    shop_close(shop);
    shop->options.max_bytes = CEILING;
    shop_open(shop);
    assert_true(fill_rooms(shop, 1) <= CEILING);
    assert_true(count_in(shop, LOBBY) > 1000);
}

static void many_rooms_stay_below_the_ceiling_together(void **state)
{
    struct shop *shop = *state;
    enum { CEILING = 8 << 20, ROOMS = 100 };
    shop_close(shop);
    shop->options.max_bytes = CEILING;
    shop_open(shop);
    for (int64_t id = LOBBY + 1; id < LOBBY + ROOMS; id++) {
        char name[16];
        snprintf(name, sizeof name, "room %d", (int)id);
        add_room(shop, id, name, false);
    }
    assert_true(fill_rooms(shop, ROOMS) <= CEILING);
    assert_true(shop_ask(shop, "SELECT count(*) FROM messages") > 5000);
    assert_true(count_in(shop, LOBBY + ROOMS - 1) > 20);
}

static void space_comes_back_when_entries_go(void **state)
{
    struct shop *shop = *state;
    for (int i = 0; i < 20; i++)
        say_in(shop, LOBBY, 1000);
    shop_close(shop);
    int64_t before = reader_file_bytes(shop->path);
    shop->options.retention_entries = 10;
    shop_open(shop);
    await_pruned(shop, LOBBY, 19990);
    /* The round goes on giving pages back; a second look is told when it is through. */
    for (int i = 0; i < 100000 && shop_ask(shop, "PRAGMA page_count") > before / 1024 / 2; i++)
        shop_say(shop, "x");
    shop_close(shop);
    assert_true(reader_file_bytes(shop->path) < before / 2);
}

static void a_removed_room_goes_even_after_a_restart(void **state)
{
    struct shop *shop = *state;
    add_room(shop, 2, "doomed", false);
    say_in(shop, 2, 1000);
    struct job *job = job_create(JOB_ROOM_REMOVE);
    job->room.room.id = 2;
    assert_int_equal(shop_result(shop_do(shop, job)), JOB_DONE);
    shop_close(shop);
    shop_open(shop);
    assert_int_equal(store_start(shop->store)->room_count, 1);
    assert_int_equal(store_start(shop->store)->room_id_max, 2);
    store_reconfigure(shop->store, &shop->options);
    for (int i = 0; i < 100000 && count_in(shop, 2) > 0; i++)
        shop_say(shop, "x");
    assert_int_equal(count_in(shop, 2), 0);
}

static void a_guest_who_stays_away_is_forgotten(void **state)
{
    struct shop *shop = *state;
    int64_t today = shop->wall_ms;
    struct job *room = job_create(JOB_ROOM_CREATE);
    room->room.room =
        (struct room_row){.id = 5, .visibility = VISIBILITY_DIRECT, .user_a = MINA, .user_b = 77};
    strcpy(room->room.room.name, "@mina,old");
    strcpy(room->room.room.folded, "@mina,old");
    assert_int_equal(shop_result(shop_do(shop, room)), JOB_DONE);
    struct job *user = job_create(JOB_USER_CREATE);
    user->user.user = (struct user_row){.id = 77, .role = ROLE_GUEST};
    strcpy(user->user.user.name, "old");
    strcpy(user->user.user.folded, "old");
    user->user.wall_ms = today - 40 * DAY_MS;
    assert_int_equal(shop_result(shop_do(shop, user)), JOB_DONE);
    shop->options.guest_age_ms = 30 * DAY_MS;
    store_reconfigure(shop->store, &shop->options);
    struct job *notice = shop_collect(shop);
    assert_int_equal(notice->kind, JOB_PRUNED);
    assert_true(notice->pruned.room_removed);
    assert_int_equal(notice->pruned.room_id, 5);
    job_destroy(notice);
    for (int i = 0; i < 100000 && shop_ask(shop, "SELECT count(*) FROM users") > 2; i++)
        shop_say(shop, "x");
    assert_int_equal(shop_ask(shop, "SELECT count(*) FROM users"), 2);
    shop_close(shop);
    shop_open(shop);
    assert_int_equal(store_start(shop->store)->user_id_max, 77);
}

static void a_clock_that_jumps_ahead_is_not_believed_for_a_day(void **state)
{
    (void)state;
    struct trust trust = {0};
    int64_t start = 1000, wall = NOON;
    assert_int_equal(trust_now(&trust, wall, start), wall);
    assert_int_equal(trust_now(&trust, wall + 60000, start + 60000), wall + 60000);
    int64_t jump = 3650 * DAY_MS;
    assert_int_equal(trust_now(&trust, wall + jump + 70000, start + 70000), wall + 70000);
    assert_int_equal(trust_now(&trust, wall + DAY_MS, start + DAY_MS), wall + DAY_MS);
    assert_int_equal(trust_now(&trust, wall + jump + DAY_MS, start + DAY_MS), wall + DAY_MS);
    assert_int_equal(trust_now(&trust, wall + jump + 2 * DAY_MS, start + 2 * DAY_MS),
                     wall + jump + 2 * DAY_MS);
}

static void an_unset_clock_ages_nothing(void **state)
{
    (void)state;
    struct trust trust = {0};
    assert_int_equal(trust_now(&trust, 5000, 1000), 0);
    assert_int_equal(trust_now(&trust, NOON, 2000), NOON);
    assert_int_equal(trust_now(&trust, 5000, 3000), NOON + 1000);
}

#define SHOP_TEST(name) cmocka_unit_test_setup_teardown(name, open_shop, close_shop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHOP_TEST(only_the_newest_entries_of_a_room_stay),
        SHOP_TEST(gaps_are_not_counted_as_entries),
        SHOP_TEST(old_entries_go_by_age),
        SHOP_TEST(an_emptied_room_never_reuses_a_seq),
        SHOP_TEST(the_files_stay_below_their_ceiling),
        SHOP_TEST(many_rooms_stay_below_the_ceiling_together),
        SHOP_TEST(space_comes_back_when_entries_go),
        SHOP_TEST(a_removed_room_goes_even_after_a_restart),
        SHOP_TEST(a_guest_who_stays_away_is_forgotten),
        cmocka_unit_test(a_clock_that_jumps_ahead_is_not_believed_for_a_day),
        cmocka_unit_test(an_unset_clock_ages_nothing),
    };
    return cmocka_run_group_tests_name("storage.retention", tests, NULL, NULL);
}
