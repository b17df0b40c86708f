#include "storage/retention.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "storage/crypto.h"
#include "storage/days.h"
#include "storage/proof.h"
#include "storage/reader.h"
#include "tests/storage/store_fixture.h"

#define HOUR_MS INT64_C(3600000)

/* Waits for a notice about room_id that says pruned or more. */
static void await_pruned(struct store_fixture *fixture, int64_t room_id, int64_t pruned)
{
    struct job *job = NULL;
    do {
        job_destroy(job);
        job = fixture_collect(fixture);
        assert_int_equal(job->kind, JOB_PRUNED);
    } while (job->pruned.room_id != room_id || job->pruned.pruned < pruned);
    assert_int_equal(job->pruned.pruned, pruned);
    job_destroy(job);
}

static void add_room(struct store_fixture *fixture, int64_t id, const char *name, bool keep)
{
    struct job *job = job_create(JOB_ROOM_CREATE);
    job->room.room.id = id;
    job->room.room.keep = keep;
    strcpy(job->room.room.name, name);
    strcpy(job->room.room.folded, name);
    assert_int_equal(fixture_result(fixture_do(fixture, job)), JOB_DONE);
}

static void say_in(struct store_fixture *fixture, int64_t room_id, int count)
{
    for (int i = 0; i < count; i++) {
        struct job *job = fixture_message(fixture, MINA, "words that will be forgotten", NULL);
        job->append.room_id = room_id;
        fixture_submit(fixture, job);
    }
    for (int i = 0; i < count; i++)
        assert_int_equal(fixture_result(fixture_collect(fixture)), JOB_DONE);
}

static int64_t count_in(struct store_fixture *fixture, int64_t room_id)
{
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM messages WHERE id>>40=%d", (int)room_id);
    return fixture_query(fixture, sql);
}

static void only_the_newest_entries_of_a_room_stay(void **state)
{
    struct store_fixture *fixture = *state;
    add_room(fixture, 2, "kept", true);
    say_in(fixture, LOBBY, 1000);
    say_in(fixture, 2, 1000);
    fixture->options.retention_entries = 100;
    store_reconfigure(fixture->store, &fixture->options);
    await_pruned(fixture, LOBBY, 900);
    assert_int_equal(count_in(fixture, LOBBY), 100);
    assert_int_equal(count_in(fixture, 2), 1000);
    struct job *join = job_create(JOB_JOIN);
    join->page.room_id = LOBBY;
    join = fixture_do(fixture, join);
    assert_int_equal(join->page.first, 901);
    assert_int_equal(join->page.pruned, 900);
    job_destroy(join);
}

static void gaps_are_not_counted_as_entries(void **state)
{
    struct store_fixture *fixture = *state;
    say_in(fixture, LOBBY, 10);
    fixture_crash(fixture);
    fixture_open(fixture); /* the next seq is 2^20 further */
    say_in(fixture, LOBBY, 10);
    fixture->options.retention_entries = 15;
    store_reconfigure(fixture->store, &fixture->options);
    await_pruned(fixture, LOBBY, 5);
    assert_int_equal(count_in(fixture, LOBBY), 15);
}

static void keep_entries_for(struct store_fixture *fixture, int64_t age_ms)
{
    fixture->options.retention_age_ms = age_ms;
    store_reconfigure(fixture->store, &fixture->options);
}

/* Whatever retention is about to do is done: a whole round follows each of these. */
static void let_retention_look(struct store_fixture *fixture)
{
    enum { ROUNDS = 2, STEPS = 4 };
    for (int i = 0; i < ROUNDS; i++) {
        store_reconfigure(fixture->store, &fixture->options);
        for (int said = 0; said < STEPS; said++)
            fixture_send(fixture, "x");
    }
}

static void what_is_old_in_running_time_goes_whatever_the_clock_says(void **state)
{
    struct store_fixture *fixture = *state;
    fixture->clock.wall_ms = 5000; /* 1970 */
    say_in(fixture, LOBBY, 5);
    fixture_pass_time(fixture, 6 * DAY_MS);
    say_in(fixture, LOBBY, 5);
    keep_entries_for(fixture, 7 * DAY_MS);
    fixture_pass_time(fixture, 2 * DAY_MS);
    await_pruned(fixture, LOBBY, 5);
    assert_int_equal(count_in(fixture, LOBBY), 5);
}

static void running_time_counts_over_restarts(void **state)
{
    struct store_fixture *fixture = *state;
    say_in(fixture, LOBBY, 5);
    keep_entries_for(fixture, 7 * DAY_MS);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(count_in(fixture, LOBBY), 5);
        fixture_pass_time(fixture, 3 * DAY_MS - HOUR_MS);
        fixture_close(fixture);
        fixture->clock.monotonic_ms = 1000; /* the machine started anew */
        fixture_tell_time(fixture);
        fixture_open(fixture);
        assert_int_equal(fixture_at(fixture).elapsed_ms, (i + 1) * (3 * DAY_MS - HOUR_MS));
    }
    assert_int_equal(count_in(fixture, LOBBY), 5);
    fixture_pass_time(fixture, 3 * DAY_MS); /* old only together with what passed before */
    await_pruned(fixture, LOBBY, 5);
}

static int64_t guests_of(struct store_fixture *fixture)
{
    return fixture_query(fixture, "SELECT count(*) FROM users");
}

/* The clocks that boards start with, tried on everything that grows old. */
static void no_clock_wipes_anything(void **state)
{
    static const int64_t wrong[] = {5000 - NOON, 9 * HOUR_MS, 400 * DAY_MS, 15 * 365 * DAY_MS,
                                    -400 * DAY_MS};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        for (int synchronised = 0; synchronised < 2; synchronised++) {
            struct store_fixture *fixture = *state;
            fixture->options.retention_age_ms = 7 * DAY_MS;
            fixture->options.guest_age_ms = 30 * DAY_MS;
            say_in(fixture, LOBBY, 5);
            int64_t kept = count_in(fixture, LOBBY);
            fixture_close(fixture);
            fixture->clock.wall_ms = NOON + wrong[i];
            fixture->clock.is_synchronised = synchronised != 0;
            fixture_tell_time(fixture);
            fixture_open(fixture);
            let_retention_look(fixture);
            assert_true(count_in(fixture, LOBBY) > kept);
            fixture_close(fixture);
            fixture->clock.wall_ms = NOON; /* put right */
            fixture_tell_time(fixture);
            fixture_open(fixture);
            let_retention_look(fixture);
            assert_true(count_in(fixture, LOBBY) > kept);
            assert_int_equal(guests_of(fixture), 2);
        }
}

/* A day without a break begins with the writer's first look, whenever that was. */
static struct job *collect_while_days_pass(struct store_fixture *fixture)
{
    struct job *job;
    while (!(job = store_collect(fixture->store))) {
        fixture_pass_time(fixture, DAY_MS);
        (void)fixture_wait(fixture, 100);
    }
    return job;
}

/* What is told at once may come late: the board was off for a year between two proven days. */
static void what_was_stored_before_a_proven_day_grows_old_while_the_board_is_off(void **state)
{
    struct store_fixture *fixture = *state;
    fixture->clock.is_synchronised = true;
    keep_entries_for(fixture, 90 * DAY_MS);
    say_in(fixture, LOBBY, 5);
    fixture_pass_time(fixture, DAY_MS + HOUR_MS); /* proven after a day of looking */
    let_retention_look(fixture);
    fixture_pass_time(fixture, DAY_MS);
    let_retention_look(fixture);
    int64_t kept = count_in(fixture, LOBBY);
    fixture_close(fixture);
    fixture->clock.wall_ms += 365 * DAY_MS;
    fixture_tell_time(fixture);
    fixture_open(fixture);
    let_retention_look(fixture);
    assert_true(count_in(fixture, LOBBY) > kept); /* not proven yet */
    fixture_pass_time(fixture, HOUR_MS);
    let_retention_look(fixture);
    assert_true(count_in(fixture, LOBBY) > kept);
    struct job *job = collect_while_days_pass(fixture);
    assert_int_equal(job->kind, JOB_PRUNED);
    assert_true(job->pruned.pruned >= 5);
    job_destroy(job);
}

static void an_emptied_room_never_reuses_a_seq(void **state)
{
    struct store_fixture *fixture = *state;
    say_in(fixture, LOBBY, 5);
    keep_entries_for(fixture, 7 * DAY_MS);
    fixture_pass_time(fixture, 9 * DAY_MS);
    await_pruned(fixture, LOBBY, 5);
    fixture_close(fixture);
    fixture->options.retention_age_ms = 0;
    fixture_open(fixture);
    assert_int_equal(store_start(fixture->store)->rooms[0].pruned, 5);
    /* Cursors of those who have read it all are still good. */
    assert_int_equal(store_start(fixture->store)->rooms[0].last, 5);
    assert_int_equal(fixture_send(fixture, "on"), 6);
}

#ifndef __SANITIZE_THREAD__
/* Sends to all rooms in turn and gives the largest size that the files had. */
static int64_t fill_rooms(struct store_fixture *fixture, int rooms)
{
    enum { COUNT = 40000, AT_ONCE = 500 };
    char text[201];
    int64_t highest = 0;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < COUNT; i += AT_ONCE) {
        for (int j = 0; j < AT_ONCE; j++) {
            struct job *job = fixture_message(fixture, MINA, text, NULL);
            job->append.room_id = LOBBY + (i + j) % rooms;
            fixture_submit(fixture, job);
        }
        fixture->clock.wall_ms += 1000;
        for (int answers = 0; answers < AT_ONCE;) {
            struct job *job = fixture_collect(fixture);
            answers += job->kind == JOB_APPEND;
            job_destroy(job);
        }
        int64_t bytes = reader_file_bytes(fixture->path);
        highest = bytes > highest ? bytes : highest;
    }
    return highest;
}

static void the_files_stay_below_their_ceiling(void **state)
{
    struct store_fixture *fixture = *state;
    enum { CEILING = 4 << 20 };
    fixture_close(fixture);
    fixture->options.max_bytes = CEILING;
    fixture_open(fixture);
    assert_true(fill_rooms(fixture, 1) <= CEILING);
    assert_true(count_in(fixture, LOBBY) > 1000);
}

static void a_ceiling_that_was_chosen_holds_as_well(void **state)
{
    struct store_fixture *fixture = *state;
    enum { CEILING = 4 << 20 };
    fixture_close(fixture);
    (void)fixture_query(fixture, "UPDATE meta SET value=4<<20 WHERE name='max_bytes' RETURNING 1");
    fixture_open(fixture);
    assert_true(fill_rooms(fixture, 1) <= CEILING);
}

static void many_rooms_stay_below_the_ceiling_together(void **state)
{
    struct store_fixture *fixture = *state;
    enum { CEILING = 8 << 20, ROOMS = 100 };
    fixture_close(fixture);
    fixture->options.max_bytes = CEILING;
    fixture_open(fixture);
    for (int64_t id = LOBBY + 1; id < LOBBY + ROOMS; id++) {
        char name[16];
        snprintf(name, sizeof name, "room %d", (int)id);
        add_room(fixture, id, name, false);
    }
    assert_true(fill_rooms(fixture, ROOMS) <= CEILING);
    assert_true(fixture_query(fixture, "SELECT count(*) FROM messages") > 5000);
    assert_true(count_in(fixture, LOBBY + ROOMS - 1) > 20);
}

#endif

static void space_comes_back_when_entries_go(void **state)
{
    struct store_fixture *fixture = *state;
    for (int i = 0; i < 20; i++)
        say_in(fixture, LOBBY, 1000);
    fixture_close(fixture);
    int64_t before = reader_file_bytes(fixture->path);
    fixture->options.retention_entries = 10;
    fixture_open(fixture);
    await_pruned(fixture, LOBBY, 19990);
    /* The round goes on giving pages back; a second look is told when it is through. */
    for (int i = 0; i < 100000 && fixture_query(fixture, "PRAGMA page_count") > before / 1024 / 2;
         i++)
        fixture_send(fixture, "x");
    fixture_close(fixture);
    assert_true(reader_file_bytes(fixture->path) < before / 2);
}

static void a_removed_room_goes_even_after_a_restart(void **state)
{
    struct store_fixture *fixture = *state;
    add_room(fixture, 2, "doomed", false);
    say_in(fixture, 2, 1000);
    struct job *job = job_create(JOB_ROOM_REMOVE);
    job->room.room.id = 2;
    assert_int_equal(fixture_result(fixture_do(fixture, job)), JOB_DONE);
    fixture_close(fixture);
    fixture_open(fixture);
    assert_int_equal(store_start(fixture->store)->room_count, 1);
    assert_int_equal(store_start(fixture->store)->room_id_max, 2);
    store_reconfigure(fixture->store, &fixture->options);
    for (int i = 0; i < 100000 && count_in(fixture, 2) > 0; i++)
        fixture_send(fixture, "x");
    assert_int_equal(count_in(fixture, 2), 0);
}

static void add_guest(struct store_fixture *fixture, int64_t id, const char *name)
{
    struct job *user = job_create(JOB_USER_CREATE);
    user->user.user = (struct user_row){.id = id, .role = ROLE_GUEST};
    strcpy(user->user.user.name, name);
    strcpy(user->user.user.folded, name);
    user->user.device.id = user->user.device.user_id = user->user.user.id;
    assert_true(hash_text(name, user->user.device.key_hash));
    user->user.at = fixture_at(fixture);
    assert_int_equal(fixture_result(fixture_do(fixture, user)), JOB_DONE);
}

static void touch(struct store_fixture *fixture, int64_t id)
{
    struct job *job = job_create(JOB_DEVICE_TOUCH);
    job->device.device.id = job->device.device.user_id = id;
    job->device.at = fixture_at(fixture);
    assert_int_equal(fixture_result(fixture_do(fixture, job)), JOB_DONE);
}

static void a_guest_who_stays_away_is_forgotten(void **state)
{
    struct store_fixture *fixture = *state;
    struct job *room = job_create(JOB_ROOM_CREATE);
    room->room.room =
        (struct room_row){.id = 5, .visibility = VISIBILITY_DIRECT, .user_a = MINA, .user_b = 77};
    strcpy(room->room.room.name, "@mina,old");
    strcpy(room->room.room.folded, "@mina,old");
    assert_int_equal(fixture_result(fixture_do(fixture, room)), JOB_DONE);
    add_guest(fixture, 77, "old");
    fixture_pass_time(fixture, 20 * DAY_MS);
    touch(fixture, MINA);
    touch(fixture, JUN);
    fixture->options.guest_age_ms = 30 * DAY_MS;
    fixture_pass_time(fixture, 12 * DAY_MS);
    struct job *notice = fixture_collect(fixture);
    assert_int_equal(notice->kind, JOB_PRUNED);
    assert_true(notice->pruned.room_removed);
    assert_int_equal(notice->pruned.room_id, 5);
    job_destroy(notice);
    for (int i = 0; i < 100000 && guests_of(fixture) > 2; i++)
        fixture_send(fixture, "x");
    assert_int_equal(guests_of(fixture), 2);
    fixture_close(fixture);
    fixture_open(fixture);
    assert_int_equal(store_start(fixture->store)->user_id_max, 77);
}

static struct moment at(int64_t wall_ms, int64_t monotonic_ms, enum clock_state clock)
{
    return (struct moment){.wall_ms = wall_ms, .monotonic_ms = monotonic_ms, .clock = clock};
}

/* Looks once a minute until then. */
static bool look_until(struct proof *proof, struct moment *now, int64_t ms)
{
    bool is_proven = false;
    for (int64_t end = now->monotonic_ms + ms; now->monotonic_ms < end;) {
        now->monotonic_ms += 60000;
        now->wall_ms += 60000;
        is_proven = proof_look(proof, now);
    }
    return is_proven;
}

static void a_time_is_proven_after_a_day_without_a_break(void **state)
{
    (void)state;
    struct proof proof = {0};
    struct moment now = at(NOON, 1000, CLOCK_SYNCHRONISED);
    assert_false(look_until(&proof, &now, DAY_MS));
    assert_true(look_until(&proof, &now, 60000));
    now.clock = CLOCK_CLAIMED;
    assert_false(look_until(&proof, &now, 60000));
    now.clock = CLOCK_SYNCHRONISED;
    assert_false(look_until(&proof, &now, DAY_MS));
    now.wall_ms += HOUR_MS; /* it was set: what was it before? */
    assert_false(look_until(&proof, &now, DAY_MS));
    assert_true(look_until(&proof, &now, 2 * 60000));
}

static void nobody_but_the_kernel_proves_a_time(void **state)
{
    (void)state;
    static const enum clock_state states[] = {CLOCK_CLAIMED, CLOCK_UNSET, CLOCK_GIVEN};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        struct proof proof = {0};
        struct moment now = at(NOON, 1000, states[i]);
        assert_false(look_until(&proof, &now, 30 * DAY_MS));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_the_newest_entries_of_a_room_stay),
        TEST(gaps_are_not_counted_as_entries),
        TEST(what_is_old_in_running_time_goes_whatever_the_clock_says),
        TEST(running_time_counts_over_restarts),
        TEST(no_clock_wipes_anything),
        TEST(what_was_stored_before_a_proven_day_grows_old_while_the_board_is_off),
        TEST(an_emptied_room_never_reuses_a_seq),
#ifndef __SANITIZE_THREAD__ /* long, and as to threads like the others */
        TEST(the_files_stay_below_their_ceiling),
        TEST(a_ceiling_that_was_chosen_holds_as_well),
        TEST(many_rooms_stay_below_the_ceiling_together),
#endif
        TEST(space_comes_back_when_entries_go),
        TEST(a_removed_room_goes_even_after_a_restart),
        TEST(a_guest_who_stays_away_is_forgotten),
        cmocka_unit_test(a_time_is_proven_after_a_day_without_a_break),
        cmocka_unit_test(nobody_but_the_kernel_proves_a_time),
    };
    return cmocka_run_group_tests_name("storage.retention", tests, NULL, NULL);
}
