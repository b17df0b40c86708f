/* The writer without its thread: what it does, and that it does nothing when there is nothing. */
#include "storage/housekeeping.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "storage/check.h"
#include "storage/damage.h"
#include "storage/old_copy.h"
#include "storage/schema.h"
#include "tests/storage/writer_bench.h"

static void step(struct bench *bench, int64_t now_ms)
{
    struct job *notice = NULL;
    assert_true(housekeeping_step(&bench->housekeeping, &bench->writer, &bench->fixture.options,
                                  now_ms, &notice));
    job_destroy(notice);
}

static void nothing_is_written_while_nobody_speaks(void **state)
{
    struct bench *bench = *state;
    bench_make_room(bench, LOBBY, "lobby");
    bench->fixture.options.retention_age_ms = 1000;
    bench->fixture.options.retention_entries = 1;
    bench->fixture.options.guest_age_ms = 1000;
    bench->fixture.options.max_bytes = 1 << 24;
    int64_t before = disk_written_bytes(bench->start.disk);
    for (int64_t hour = 0; hour < 100; hour++) {
        step(bench, hour * 3600000);
        writer_checkpoint(&bench->writer);
    }
    assert_int_equal(disk_written_bytes(bench->start.disk), before);
}

static void the_next_look_is_a_minute_away_when_all_is_done(void **state)
{
    struct bench *bench = *state;
    bench_make_room(bench, LOBBY, "lobby");
    step(bench, 5000);
    assert_true(bench->housekeeping.due_ms >= 5000 + 60000);
}

/* A group that fails leaves nothing behind, in memory either. */
static void a_group_that_failed_can_be_given_again(void **state)
{
    struct bench *bench = *state;
    bench_make_room(bench, LOBBY, "lobby");
    struct job *first = fixture_message(&bench->fixture, MINA, "one", "n1");
    struct job *second = fixture_message(&bench->fixture, MINA, "two", "n2");
    first->next = second;
    assert_true(database_execute(&bench->writer.database, "PRAGMA max_page_count=1"));
    second->append.entry.text = NULL;
    char *large = calloc(1, 1 << 20);
    memset(large, 'x', (1 << 20) - 1);
    second->append.entry.text = job_text(second, large);
    free(large);
    assert_false(writer_commit(&bench->writer, first));
    assert_int_equal(bench->writer.database.failure, FAILURE_STORAGE);
    assert_true(database_execute(&bench->writer.database, "PRAGMA max_page_count=1000000"));
    assert_true(writer_commit(&bench->writer, first));
    assert_int_equal(first->result, JOB_DONE);
    assert_int_equal(first->append.entry.seq, 1);
    assert_int_equal(second->result, JOB_DONE);
    assert_int_equal(second->append.entry.seq, 2);
    job_destroy(first);
    job_destroy(second);
}

static void a_check_that_takes_too_long_is_unfinished(void **state)
{
    struct bench *bench = *state;
    bench_make_room(bench, LOBBY, "lobby");
    for (int i = 0; i < 50; i++) {
        struct job *jobs = NULL;
        for (int j = 0; j < 200; j++) {
            struct job *job = fixture_message(&bench->fixture, MINA, "much to read", NULL);
            job->next = jobs;
            jobs = job;
        }
        assert_true(writer_commit(&bench->writer, jobs));
        while (jobs) {
            struct job *next = jobs->next;
            job_destroy(jobs);
            jobs = next;
        }
    }
    assert_int_equal(check_run(&bench->writer.database, -1), CHECK_UNFINISHED);
    assert_int_equal(check_run(&bench->writer.database, 0), CHECK_WHOLE);
}

static void a_damage_found_while_serving_is_recalled_at_the_next_start(void **state)
{
    struct bench *bench = *state;
    struct damage damage;
    assert_true(damage_remember(bench->fixture.path));
    assert_true(damage_recall(bench->fixture.path, &damage));
    writer_finish(&bench->writer);
    start_close(&bench->start);
    char why[256] = "";
    assert_true(start_open(&bench->start, &bench->fixture.options, why, sizeof why));
    assert_true(bench->start.found.damaged[0] != '\0');
    assert_false(damage_recall(bench->fixture.path, &damage));
    assert_true(writer_init(&bench->writer, &bench->start, &bench->fixture.options));
}

static void a_copy_from_before_a_migration_holds_everything(void **state)
{
    struct bench *bench = *state;
    struct store_fixture copy = {.store = NULL};
    bench_make_room(bench, LOBBY, "lobby");
    assert_int_equal(old_copy_keep(&bench->writer.database, bench->fixture.path, 1), OLD_COPY_KEPT);
    snprintf(copy.path, sizeof copy.path, "%.64s/chat.db.version-1", bench->fixture.folder);
    assert_int_equal(fixture_query(&copy, "SELECT count(*) FROM rooms"), 1);
    assert_int_equal(fixture_query(&copy, "PRAGMA user_version"), schema_version());
}

static void an_old_copy_counts_and_goes_after_thirty_days_of_running(void **state)
{
    const int64_t day_ms = 86400000;
    struct bench *bench = *state;
    struct database *database = &bench->writer.database;
    const char *path = bench->fixture.path;
    assert_int_equal(old_copy_keep(database, path, 1), OLD_COPY_KEPT);
    int64_t bytes = old_copy_bytes(path);
    assert_true(bytes > 0);
    assert_true(old_copy_age(database, path, 100 * day_ms)); /* seen for the first time */
    assert_true(old_copy_age(database, path, 130 * day_ms));
    assert_int_equal(old_copy_bytes(path), bytes);
    assert_true(old_copy_age(database, path, 130 * day_ms + 1));
    assert_int_equal(old_copy_bytes(path), 0);
    assert_int_equal(old_copy_keep(database, path, 2), OLD_COPY_KEPT);
    assert_true(old_copy_age(database, path, 131 * day_ms)); /* another one: counted anew */
    assert_true(old_copy_bytes(path) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(nothing_is_written_while_nobody_speaks),
        BENCH_TEST(the_next_look_is_a_minute_away_when_all_is_done),
        BENCH_TEST(a_group_that_failed_can_be_given_again),
        BENCH_TEST(a_check_that_takes_too_long_is_unfinished),
        BENCH_TEST(a_copy_from_before_a_migration_holds_everything),
        BENCH_TEST(an_old_copy_counts_and_goes_after_thirty_days_of_running),
        BENCH_TEST(a_damage_found_while_serving_is_recalled_at_the_next_start),
    };
    return cmocka_run_group_tests_name("storage.housekeeping", tests, NULL, NULL);
}
