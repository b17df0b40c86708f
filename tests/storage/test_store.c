#include "storage/store.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "storage/thread_pool.h"
#include "tests/storage/store_fixture.h"

static void what_was_acknowledged_is_there_after_a_restart(void **state)
{
    struct store_fixture *fixture = *state;
    int64_t seq = fixture_send(fixture, "hello");
    fixture_close(fixture);
    fixture_open(fixture);
    struct job *page = fixture_page(fixture, LOBBY);
    assert_int_equal(page->page.count, 1);
    assert_int_equal(page->page.entries[0].seq, seq);
    assert_string_equal(page->page.entries[0].text, "hello");
    assert_string_equal(page->page.entries[0].from, "mina");
    assert_true(page->page.entries[0].guest);
    assert_true(page->page.complete);
    job_destroy(page);
}

static void a_clean_restart_goes_on_counting(void **state)
{
    struct store_fixture *fixture = *state;
    int64_t seq = fixture_send(fixture, "one");
    fixture_close(fixture);
    fixture_open(fixture);
    assert_true(store_start(fixture->store)->clean);
    assert_int_equal(fixture_send(fixture, "two"), seq + 1);
}

static void after_an_unclean_stop_every_log_skips_ahead(void **state)
{
    struct store_fixture *fixture = *state;
    int64_t seq = fixture_send(fixture, "one");
    fixture_crash(fixture);
    fixture_open(fixture);
    assert_false(store_start(fixture->store)->clean);
    assert_int_equal(fixture_send(fixture, "two"), seq + (1 << 20) + 1);
    fixture_crash(fixture);
    fixture_open(fixture); /* and nobody speaks */
    fixture_crash(fixture);
    fixture_open(fixture);
    assert_int_equal(fixture_send(fixture, "three"), seq + 3 * (1 << 20) + 2);
}

static void entries_are_given_back_in_the_order_they_were_said(void **state)
{
    struct store_fixture *fixture = *state;
    enum { COUNT = 1000 };
    for (int i = 0; i < COUNT; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        fixture_submit(fixture, fixture_message(fixture, MINA, text, NULL));
    }
    int64_t last = 0;
    for (int i = 0; i < COUNT; i++) {
        struct job *job = fixture_collect(fixture);
        assert_int_equal(job->result, JOB_DONE);
        assert_int_equal(atoi(job->append.entry.text), i);
        assert_true(job->append.entry.seq > last);
        last = job->append.entry.seq;
        job_destroy(job);
    }
}

static void everything_that_waits_shares_one_commit(void **state)
{
    struct store_fixture *fixture = *state;
    fixture_close(fixture);
    fixture->options.commit_interval_ms = 50;
    fixture_open(fixture);
    enum { COUNT = 500 };
    for (int i = 0; i < COUNT; i++)
        fixture_submit(fixture, fixture_message(fixture, MINA, "x", NULL));
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(fixture_result(fixture_collect(fixture)), JOB_DONE);
    struct job *status = fixture_do(fixture, job_create(JOB_STATUS));
    assert_int_equal(status->result, JOB_DONE);
    assert_int_equal(status->status.entries, COUNT);
    assert_true(status->status.commits < COUNT / 10);
    assert_true(status->status.written_bytes > 0);
    assert_string_equal(status->status.journal_mode, "wal");
    job_destroy(status);
}

static void a_full_store_tells_the_sender_busy(void **state)
{
    struct store_fixture *fixture = *state;
    fixture_close(fixture);
    fixture->options.pending_max = 16;
    fixture->options.commit_interval_ms = 100;
    fixture_open(fixture);
    int taken = 0;
    struct job *job;
    while (store_submit(fixture->store, job = fixture_message(fixture, MINA, "x", NULL)) ==
           STORE_OK)
        taken++;
    job_destroy(job);
    assert_int_equal(taken, 16);
    for (int i = 0; i < taken; i++)
        assert_int_equal(fixture_result(fixture_collect(fixture)), JOB_DONE);
    fixture_send(fixture, "there is room again");
}

static void long_messages_fill_the_store_by_their_bytes(void **state)
{
    struct store_fixture *fixture = *state;
    char text[4001];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    fixture_close(fixture);
    fixture->options.pending_bytes = 262144;
    fixture->options.commit_interval_ms = 100;
    fixture_open(fixture);
    size_t taken = 0, bytes = 0;
    struct job *job;
    while (store_submit(fixture->store, job = fixture_message(fixture, MINA, text, NULL)) ==
           STORE_OK) {
        taken++;
        bytes += job_bytes(job);
        assert_true(bytes <= 262144);
    }
    assert_true(bytes + job_bytes(job) > 262144);
    job_destroy(job);
    for (size_t i = 0; i < taken; i++)
        assert_int_equal(fixture_result(fixture_collect(fixture)), JOB_DONE);
    fixture_send(fixture, "there is room again");
}

static void a_store_where_nothing_waits_takes_a_job_of_any_size(void **state)
{
    struct store_fixture *fixture = *state;
    fixture_close(fixture);
    fixture->options.pending_bytes = 1024;
    fixture_open(fixture);
    for (int i = 0; i < 2; i++) {
        struct job *job = fixture_message(fixture, MINA, "one", NULL);
        assert_non_null(job_memory(job, 100000));
        assert_int_equal(fixture_result(fixture_do(fixture, job)), JOB_DONE);
    }
}

static size_t answer_bytes(struct store *store)
{
    pthread_mutex_lock(&store->mutex);
    size_t bytes = store->answer_bytes;
    pthread_mutex_unlock(&store->mutex);
    return bytes;
}

static void answers_that_nobody_takes_are_bounded(void **state)
{
    struct store_fixture *fixture = *state;
    enum { ENTRIES = 50, READS = 100, LOOKS = 10000 };
    for (int i = 0; i < ENTRIES; i++)
        fixture_send(fixture, "a text that takes some memory when it is read");
    fixture_close(fixture);
    fixture->options.pending_bytes = 262144;
    fixture_open(fixture);
    struct job *one = fixture_page(fixture, LOBBY);
    size_t each = job_bytes(one), most = 131072 + (size_t)fixture->options.readers * each;
    assert_true(READS * each > 2 * most);
    job_destroy(one);
    for (int i = 0; i < READS; i++) {
        struct job *job = job_create(JOB_PAGE);
        job->page.room_id = LOBBY;
        job->page.up_to = INT64_MAX;
        job->page.limit = ENTRIES;
        job->page.bytes_max = 65536;
        fixture_submit(fixture, job);
    }
    while (answer_bytes(fixture->store) <= 131072)
        sched_yield();
    for (int i = 0; i < LOOKS; i++) { /* the workers have time to go too far */
        assert_true(answer_bytes(fixture->store) <= most);
        sched_yield();
    }
    for (int i = 0; i < READS; i++) {
        struct job *job = fixture_collect(fixture);
        assert_int_equal(job->page.count, ENTRIES);
        job_destroy(job);
    }
}

static void a_database_in_use_is_refused_to_a_second_store(void **state)
{
    struct store_fixture *fixture = *state;
    char why[256] = "";
    assert_null(store_open(&fixture->options, why, sizeof why));
    assert_non_null(strstr(why, "in use"));
}

static void files_are_for_their_owner_only(void **state)
{
    struct store_fixture *fixture = *state;
    static const char *const ends[] = {"", "-wal", "-lock"};
    fixture_send(fixture, "x");
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char name[128];
        struct stat status;
        snprintf(name, sizeof name, "%s%s", fixture->path, ends[i]);
        assert_int_equal(stat(name, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
    }
}

static void closing_stores_what_waits(void **state)
{
    struct store_fixture *fixture = *state;
    fixture_close(fixture);
    fixture->options.commit_interval_ms = 10000;
    fixture_open(fixture);
    fixture_submit(fixture, fixture_message(fixture, MINA, "last words", NULL));
    fixture_close(fixture);
    fixture_open(fixture);
    struct job *page = fixture_page(fixture, LOBBY);
    assert_int_equal(page->page.count, 1);
    job_destroy(page);
}

static void a_newer_database_is_refused_and_not_touched(void **state)
{
    struct store_fixture *fixture = *state;
    char why[256] = "";
    fixture_close(fixture);
    assert_int_equal(fixture_query(fixture, "PRAGMA user_version=9999"), -1);
    assert_null(store_open(&fixture->options, why, sizeof why));
    assert_non_null(strstr(why, "newer"));
    assert_int_equal(fixture_query(fixture, "PRAGMA user_version"), 9999);
}

static void the_start_tells_what_rooms_there_are(void **state)
{
    struct store_fixture *fixture = *state;
    int64_t seq = fixture_send(fixture, "x");
    fixture_close(fixture);
    fixture_open(fixture);
    const struct store_start *start = store_start(fixture->store);
    assert_int_equal(start->room_count, 1);
    assert_string_equal(start->rooms[0].name, "lobby");
    assert_int_equal(strlen(start->rooms[0].log_id), LOG_ID_BYTES);
    assert_int_equal(start->rooms[0].first, seq);
    assert_int_equal(start->rooms[0].last, seq);
    assert_int_equal(start->room_id_max, LOBBY);
    assert_int_equal(start->user_id_max, JUN);
    assert_false(start->created);
    store_forget_start(fixture->store);
    assert_null(store_start(fixture->store)->rooms);
}

static struct job *make_read(enum job_kind kind)
{
    struct job *job = job_create(kind);
    switch (kind) {
    case JOB_PAGE:
        job->page = (struct job_page){.room_id = LOBBY, .up_to = SEQ_MAX, .newest = true};
        job->page.limit = 20;
        job->page.bytes_max = 1 << 16;
        break;
    case JOB_HISTORY:
        job->history = (struct job_history){.room_id = LOBBY, .up_to = SEQ_MAX, .limit = 20};
        job->history.before = job->history.after = NUMBER_ABSENT;
        job->history.bytes_max = 1 << 16;
        break;
    case JOB_SEARCH:
        job->search.query = job_text(job, "words");
        job->search.user_id = MINA;
        job->search.before_ts = NUMBER_ABSENT;
        job->search.limit = 20;
        job->search.bytes_max = 1 << 16;
        break;
    default:
        break;
    }
    return job;
}

/* For ThreadSanitizer above all; and every job comes back once. */
static void reads_and_writes_of_many_kinds_run_at_once(void **state)
{
    struct store_fixture *fixture = *state;
    static const enum job_kind kinds[] = {JOB_PAGE, JOB_HISTORY, JOB_SEARCH, JOB_STATUS, JOB_OWN};
    enum { ROUNDS = 100 };
    int kind_count = (int)(sizeof kinds / sizeof *kinds), expected = 0;
    for (int i = 0; i < ROUNDS; i++) {
        fixture_submit(fixture, fixture_message(fixture, MINA, "some words", NULL));
        fixture_submit(fixture, make_read(kinds[i % kind_count]));
        expected += 2;
        for (struct job *job; i % 7 == 0 && (job = store_collect(fixture->store)); expected--)
            assert_int_equal(fixture_result(job), JOB_DONE);
    }
    assert_true(store_pending(fixture->store) >= 0);
    for (; expected > 0; expected--)
        assert_int_equal(fixture_result(fixture_collect(fixture)), JOB_DONE);
    assert_null(store_collect(fixture->store));
    assert_int_equal(store_pending(fixture->store), 0);
}

static struct job *hash_of(const char *password)
{
    struct job *job = job_create(JOB_PASSWORD_HASH);
    assert_non_null(job);
    snprintf(job->password_hash.wanted, sizeof job->password_hash.wanted, "%s", password);
    return job;
}

static void passwords_are_hashed_one_by_one_and_hold_up_nothing_else(void **state)
{
    struct store_fixture *fixture = *state;
    enum { HASHES = 6 };
    int hashed = 0, hashed_before_read = HASHES;
    fixture_send(fixture, "hello");
    for (int i = 0; i < HASHES; i++)
        fixture_submit(fixture, hash_of("correct horse"));
    struct job *page = job_create(JOB_PAGE);
    assert_non_null(page);
    page->page.room_id = LOBBY;
    page->page.up_to = SEQ_MAX;
    page->page.limit = 10;
    page->page.bytes_max = 1000;
    fixture_submit(fixture, page);
    for (int i = 0; i <= HASHES; i++) {
        struct job *job = fixture_collect(fixture);
        assert_int_equal(job->result, JOB_DONE);
        if (job->kind == JOB_PAGE)
            hashed_before_read = hashed;
        else
            assert_int_equal(job->password_hash.made[0], '$');
        hashed += job->kind == JOB_PASSWORD_HASH;
        job_destroy(job);
    }
    assert_true(hashed_before_read < HASHES);
}

static void what_was_never_collected_is_freed(void **state)
{
    struct store_fixture *fixture = *state;
    for (int i = 0; i < 50; i++) {
        fixture_submit(fixture, fixture_message(fixture, MINA, "words", NULL));
        fixture_submit(fixture, make_read(JOB_PAGE));
    }
    fixture_close(fixture); /* the leak checker would tell */
    assert_int_equal(fixture_query(fixture, "SELECT count(*) FROM messages"), 50);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_acknowledged_is_there_after_a_restart),
        TEST(a_clean_restart_goes_on_counting),
        TEST(after_an_unclean_stop_every_log_skips_ahead),
        TEST(entries_are_given_back_in_the_order_they_were_said),
        TEST(everything_that_waits_shares_one_commit),
        TEST(a_full_store_tells_the_sender_busy),
        TEST(long_messages_fill_the_store_by_their_bytes),
        TEST(a_store_where_nothing_waits_takes_a_job_of_any_size),
        TEST(answers_that_nobody_takes_are_bounded),
        TEST(a_database_in_use_is_refused_to_a_second_store),
        TEST(files_are_for_their_owner_only),
        TEST(closing_stores_what_waits),
        TEST(a_newer_database_is_refused_and_not_touched),
        TEST(reads_and_writes_of_many_kinds_run_at_once),
        TEST(passwords_are_hashed_one_by_one_and_hold_up_nothing_else),
        TEST(what_was_never_collected_is_freed),
        TEST(the_start_tells_what_rooms_there_are),
    };
    return cmocka_run_group_tests_name("storage.store", tests, NULL, NULL);
}
