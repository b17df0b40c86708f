#include "storage/store.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "storage/crew.h"
#include "tests/storage/shop.h"

static int open_shop(void **state)
{
    struct shop *shop = calloc(1, sizeof *shop);
    shop_make(shop);
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

static void what_was_acknowledged_is_there_after_a_restart(void **state)
{
    struct shop *shop = *state;
    int64_t seq = shop_say(shop, "hello");
    shop_close(shop);
    shop_open(shop);
    struct job *page = shop_page(shop, LOBBY);
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
    struct shop *shop = *state;
    int64_t seq = shop_say(shop, "one");
    shop_close(shop);
    shop_open(shop);
    assert_true(store_start(shop->store)->clean);
    assert_int_equal(shop_say(shop, "two"), seq + 1);
}

static void after_an_unclean_stop_every_log_skips_ahead(void **state)
{
    struct shop *shop = *state;
    int64_t seq = shop_say(shop, "one");
    shop_crash(shop);
    shop_open(shop);
    assert_false(store_start(shop->store)->clean);
    assert_int_equal(shop_say(shop, "two"), seq + (1 << 20) + 1);
    shop_crash(shop);
    shop_open(shop); /* and nobody speaks */
    shop_crash(shop);
    shop_open(shop);
    assert_int_equal(shop_say(shop, "three"), seq + 3 * (1 << 20) + 2);
}

static void entries_are_given_back_in_the_order_they_were_said(void **state)
{
    struct shop *shop = *state;
    enum { COUNT = 1000 };
    for (int i = 0; i < COUNT; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        shop_submit(shop, shop_message(shop, MINA, text, NULL));
    }
    int64_t last = 0;
    for (int i = 0; i < COUNT; i++) {
        struct job *job = shop_collect(shop);
        assert_int_equal(job->result, JOB_DONE);
        assert_int_equal(atoi(job->append.entry.text), i);
        assert_true(job->append.entry.seq > last);
        last = job->append.entry.seq;
        job_destroy(job);
    }
}

static void everything_that_waits_shares_one_commit(void **state)
{
    struct shop *shop = *state;
    shop_close(shop);
    shop->options.commit_interval_ms = 50;
    shop_open(shop);
    enum { COUNT = 500 };
    for (int i = 0; i < COUNT; i++)
        shop_submit(shop, shop_message(shop, MINA, "x", NULL));
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(shop_result(shop_collect(shop)), JOB_DONE);
    struct job *status = shop_do(shop, job_create(JOB_STATUS));
    assert_int_equal(status->result, JOB_DONE);
    assert_int_equal(status->status.entries, COUNT);
    assert_true(status->status.commits < COUNT / 10);
    assert_true(status->status.written_bytes > 0);
    assert_string_equal(status->status.journal_mode, "wal");
    job_destroy(status);
}

static void a_full_store_tells_the_sender_busy(void **state)
{
    struct shop *shop = *state;
    shop_close(shop);
    shop->options.pending_max = 16;
    shop->options.commit_interval_ms = 100;
    shop_open(shop);
    int taken = 0;
    struct job *job;
    while (store_submit(shop->store, job = shop_message(shop, MINA, "x", NULL)) == STORE_OK)
        taken++;
    job_destroy(job);
    assert_int_equal(taken, 16);
    for (int i = 0; i < taken; i++)
        assert_int_equal(shop_result(shop_collect(shop)), JOB_DONE);
    shop_say(shop, "there is room again");
}

static void long_messages_fill_the_store_by_their_bytes(void **state)
{
    struct shop *shop = *state;
    char text[4001];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    shop_close(shop);
    shop->options.pending_bytes = 262144;
    shop->options.commit_interval_ms = 100;
    shop_open(shop);
    size_t taken = 0, bytes = 0;
    struct job *job;
    while (store_submit(shop->store, job = shop_message(shop, MINA, text, NULL)) == STORE_OK) {
        taken++;
        bytes += job_bytes(job);
        assert_true(bytes <= 262144);
    }
    assert_true(bytes + job_bytes(job) > 262144);
    job_destroy(job);
    for (size_t i = 0; i < taken; i++)
        assert_int_equal(shop_result(shop_collect(shop)), JOB_DONE);
    shop_say(shop, "there is room again");
}

static void a_store_where_nothing_waits_takes_a_job_of_any_size(void **state)
{
    struct shop *shop = *state;
    shop_close(shop);
    shop->options.pending_bytes = 1024;
    shop_open(shop);
    for (int i = 0; i < 2; i++) {
        struct job *job = shop_message(shop, MINA, "one", NULL);
        assert_non_null(job_memory(job, 100000));
        assert_int_equal(shop_result(shop_do(shop, job)), JOB_DONE);
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
    struct shop *shop = *state;
    enum { ENTRIES = 50, READS = 100, LOOKS = 10000 };
    for (int i = 0; i < ENTRIES; i++)
        shop_say(shop, "a text that takes some memory when it is read");
    shop_close(shop);
    shop->options.pending_bytes = 262144;
    shop_open(shop);
    struct job *one = shop_page(shop, LOBBY);
    size_t each = job_bytes(one), most = 131072 + (size_t)shop->options.readers * each;
    assert_true(READS * each > 2 * most);
    job_destroy(one);
    for (int i = 0; i < READS; i++) {
        struct job *job = job_create(JOB_PAGE);
        job->page.room_id = LOBBY;
        job->page.up_to = INT64_MAX;
        job->page.limit = ENTRIES;
        job->page.bytes_max = 65536;
        shop_submit(shop, job);
    }
    while (answer_bytes(shop->store) <= 131072)
        sched_yield();
    for (int i = 0; i < LOOKS; i++) { /* the workers have time to go too far */
        assert_true(answer_bytes(shop->store) <= most);
        sched_yield();
    }
    for (int i = 0; i < READS; i++) {
        struct job *job = shop_collect(shop);
        assert_int_equal(job->page.count, ENTRIES);
        job_destroy(job);
    }
}

static void a_database_in_use_is_refused_to_a_second_store(void **state)
{
    struct shop *shop = *state;
    char why[256] = "";
    assert_null(store_open(&shop->options, why, sizeof why));
    assert_non_null(strstr(why, "in use"));
}

static void files_are_for_their_owner_only(void **state)
{
    struct shop *shop = *state;
    static const char *const ends[] = {"", "-wal", "-shm", "-lock"};
    shop_say(shop, "x");
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char name[128];
        struct stat status;
        snprintf(name, sizeof name, "%s%s", shop->path, ends[i]);
        assert_int_equal(stat(name, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
    }
}

static void closing_stores_what_waits(void **state)
{
    struct shop *shop = *state;
    shop_close(shop);
    shop->options.commit_interval_ms = 10000;
    shop_open(shop);
    shop_submit(shop, shop_message(shop, MINA, "last words", NULL));
    shop_close(shop);
    shop_open(shop);
    struct job *page = shop_page(shop, LOBBY);
    assert_int_equal(page->page.count, 1);
    job_destroy(page);
}

static void a_newer_database_is_refused_and_not_touched(void **state)
{
    struct shop *shop = *state;
    char why[256] = "";
    shop_close(shop);
    assert_int_equal(shop_ask(shop, "PRAGMA user_version=9999"), -1);
    assert_null(store_open(&shop->options, why, sizeof why));
    assert_non_null(strstr(why, "newer"));
    assert_int_equal(shop_ask(shop, "PRAGMA user_version"), 9999);
}

static void the_start_tells_what_rooms_there_are(void **state)
{
    struct shop *shop = *state;
    int64_t seq = shop_say(shop, "x");
    shop_close(shop);
    shop_open(shop);
    const struct store_start *start = store_start(shop->store);
    assert_int_equal(start->room_count, 1);
    assert_string_equal(start->rooms[0].name, "lobby");
    assert_int_equal(strlen(start->rooms[0].log_id), LOG_ID_BYTES);
    assert_int_equal(start->rooms[0].first, seq);
    assert_int_equal(start->rooms[0].last, seq);
    assert_int_equal(start->room_id_max, LOBBY);
    assert_int_equal(start->user_id_max, JUN);
    assert_int_equal(start->last_ts, NOON);
    assert_false(start->created);
    store_forget_start(shop->store);
    assert_null(store_start(shop->store)->rooms);
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
    struct shop *shop = *state;
    static const enum job_kind kinds[] = {JOB_PAGE, JOB_HISTORY, JOB_SEARCH, JOB_STATUS, JOB_OWN};
    enum { ROUNDS = 100 };
    int kind_count = (int)(sizeof kinds / sizeof *kinds), expected = 0;
    for (int i = 0; i < ROUNDS; i++) {
        shop_submit(shop, shop_message(shop, MINA, "some words", NULL));
        shop_submit(shop, make_read(kinds[i % kind_count]));
        expected += 2;
        for (struct job *job; i % 7 == 0 && (job = store_collect(shop->store)); expected--)
            assert_int_equal(shop_result(job), JOB_DONE);
    }
    assert_true(store_pending(shop->store) >= 0);
    for (; expected > 0; expected--)
        assert_int_equal(shop_result(shop_collect(shop)), JOB_DONE);
    assert_null(store_collect(shop->store));
    assert_int_equal(store_pending(shop->store), 0);
}

static void what_was_never_collected_is_freed(void **state)
{
    struct shop *shop = *state;
    for (int i = 0; i < 50; i++) {
        shop_submit(shop, shop_message(shop, MINA, "words", NULL));
        shop_submit(shop, make_read(JOB_PAGE));
    }
    shop_close(shop); /* the leak checker would tell */
    assert_int_equal(shop_ask(shop, "SELECT count(*) FROM messages"), 50);
}

#define SHOP_TEST(name) cmocka_unit_test_setup_teardown(name, open_shop, close_shop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHOP_TEST(what_was_acknowledged_is_there_after_a_restart),
        SHOP_TEST(a_clean_restart_goes_on_counting),
        SHOP_TEST(after_an_unclean_stop_every_log_skips_ahead),
        SHOP_TEST(entries_are_given_back_in_the_order_they_were_said),
        SHOP_TEST(everything_that_waits_shares_one_commit),
        SHOP_TEST(a_full_store_tells_the_sender_busy),
        SHOP_TEST(long_messages_fill_the_store_by_their_bytes),
        SHOP_TEST(a_store_where_nothing_waits_takes_a_job_of_any_size),
        SHOP_TEST(answers_that_nobody_takes_are_bounded),
        SHOP_TEST(a_database_in_use_is_refused_to_a_second_store),
        SHOP_TEST(files_are_for_their_owner_only),
        SHOP_TEST(closing_stores_what_waits),
        SHOP_TEST(a_newer_database_is_refused_and_not_touched),
        SHOP_TEST(reads_and_writes_of_many_kinds_run_at_once),
        SHOP_TEST(what_was_never_collected_is_freed),
        SHOP_TEST(the_start_tells_what_rooms_there_are),
    };
    return cmocka_run_group_tests_name("storage.store", tests, NULL, NULL);
}
