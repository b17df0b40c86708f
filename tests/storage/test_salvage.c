#include "storage/salvage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "storage/messages.h"
#include "tests/storage/shop.h"

#define PAGE_BYTES DATABASE_PAGE_BYTES
#define SAID       2000

static void text_of(int number, char text[48])
{
    snprintf(text, 48, "message %d, word for word", number);
}

/* A database with a room, two users, a grant and SAID messages, stopped uncleanly. */
static void make_history(struct shop *shop)
{
    char text[48];
    shop_make(shop);
    shop_open(shop);
    shop_furnish(shop);
    for (int i = 0; i < SAID; i++) {
        text_of(i, text);
        shop_submit(shop, shop_message(shop, MINA, text, NULL));
    }
    for (int i = 0; i < SAID; i++)
        assert_int_equal(shop_result(shop_collect(shop)), JOB_DONE);
    struct job *job = shop_change(shop, ENTRY_KIND_REACTION, JUN, 5, "+1");
    assert_int_equal(shop_result(shop_do(shop, job)), JOB_DONE);
    job = shop_change(shop, ENTRY_KIND_DELETE, MINA, 6, NULL);
    assert_int_equal(shop_result(shop_do(shop, job)), JOB_DONE);
    job = shop_change(shop, ENTRY_KIND_EDIT, MINA, 7, "edited");
    assert_int_equal(shop_result(shop_do(shop, job)), JOB_DONE);
    job = job_create(JOB_GRANT);
    job->grant.room_id = LOBBY;
    job->grant.change = GRANT_ROLE;
    job->grant.role = ROLE_MODERATOR;
    job->grant.actor_role = ROLE_ADMIN;
    strcpy(job->grant.folded, "jun");
    assert_int_equal(shop_result(shop_do(shop, job)), JOB_DONE);
    shop_crash(shop);
}

static long page_count(const struct shop *shop)
{
    struct stat status;
    assert_int_equal(stat(shop->path, &status), 0);
    return (long)(status.st_size / PAGE_BYTES);
}

static void damage(const struct shop *shop, long page, const unsigned char bytes[PAGE_BYTES])
{
    FILE *file = fopen(shop->path, "r+b");
    assert_non_null(file);
    fseek(file, page * PAGE_BYTES, SEEK_SET);
    fwrite(bytes, 1, PAGE_BYTES, file);
    fclose(file);
}

/* Checks every row that came over against what was said; gives how many did. */
static int check_rows(struct shop *shop)
{
    int count = 0;
    int64_t last = 0;
    for (bool complete = false; !complete;) {
        struct job *job = job_create(JOB_PAGE);
        job->page.room_id = LOBBY;
        job->page.after = last;
        job->page.up_to = SEQ_MAX;
        job->page.limit = 1000;
        job->page.bytes_max = 1 << 24;
        job = shop_do(shop, job);
        complete = job->page.complete;
        for (size_t i = 0; i < job->page.count; i++) {
            const struct entry *entry = &job->page.entries[i];
            char text[48];
            last = entry->seq;
            if (entry->kind != ENTRY_KIND_MESSAGE)
                continue;
            text_of((int)entry->seq - 1, text);
            if (entry->seq == 6)
                assert_null(entry->text);
            else
                assert_string_equal(entry->text, text);
            count++;
        }
        job_destroy(job);
    }
    return count;
}

static void what_lies_around_damaged_pages_is_read(void **state)
{
    (void)state;
    struct shop shop;
    unsigned char noise[PAGE_BYTES];
    make_history(&shop);
    long pages = page_count(&shop);
    srand(11);
    for (long page = 40; page < pages; page += 25) {
        for (size_t i = 0; i < sizeof noise; i++)
            noise[i] = (unsigned char)(page % 2 ? 0 : rand());
        damage(&shop, page, noise);
    }
    shop_open(&shop);
    assert_string_not_equal(store_start(shop.store)->damaged, "");
    assert_int_equal(store_start(shop.store)->room_count, 1);
    assert_in_range(check_rows(&shop), SAID * 8 / 10, SAID - 1);
    assert_true(shop_say(&shop, "it goes on") > SAID);
    shop_remove(&shop);
}

static void users_rights_and_what_was_changed_come_over(void **state)
{
    (void)state;
    struct shop shop;
    unsigned char zeros[PAGE_BYTES] = {0};
    make_history(&shop);
    damage(&shop, page_count(&shop) - 8, zeros);
    shop_open(&shop);
    assert_string_not_equal(store_start(shop.store)->damaged, "");
    assert_int_equal(store_start(shop.store)->user_id_max, JUN);
    assert_int_equal(shop_ask(&shop, "SELECT count(*) FROM users"), 2);
    assert_int_equal(shop_ask(&shop, "SELECT role FROM grants WHERE user_id=2"), ROLE_MODERATOR);
    struct job *job = job_create(JOB_LOGIN);
    job->login.by_key = true;
    strcpy(job->login.key, "jun");
    assert_true(hash_text("jun", job->login.key_hash));
    job = shop_do(&shop, job);
    assert_true(job->login.known);
    assert_string_equal(job->login.user.name, "jun");
    job_destroy(job);
    shop_remove(&shop);
}

static void a_room_that_is_lost_is_made_up_for_its_messages(void **state)
{
    (void)state;
    struct shop shop;
    char damaged[160];
    struct database database;
    int64_t rows;
    make_history(&shop);
    shop_ask(&shop, "DELETE FROM rooms");
    snprintf(damaged, sizeof damaged, "%s/old.db", shop.folder);
    assert_int_equal(rename(shop.path, damaged), 0);
    shop_open(&shop);
    shop_close(&shop);
    struct database_options options = {.path = shop.path, .cache_bytes = 1 << 20};
    assert_true(database_open(&database, &options));
    assert_true(salvage_run(&database, damaged, &rows));
    database_close(&database);
    assert_int_equal(rows, SAID + 3);
    assert_int_equal(shop_ask(&shop, "SELECT count(*) FROM rooms WHERE id=1 AND visibility=1"
                                     " AND name='rescued-1'"),
                     1);
    assert_int_equal(shop_ask(&shop, "SELECT count(*) FROM reactions"), 1);
    assert_int_equal(shop_ask(&shop, "SELECT count(*) FROM edits"), 1);
    shop_open(&shop);
    assert_int_equal(check_rows(&shop), SAID);
    shop_remove(&shop);
}

static void a_file_of_which_nothing_can_be_read_does_not_stop_the_start(void **state)
{
    (void)state;
    struct shop shop;
    unsigned char noise[PAGE_BYTES];
    make_history(&shop);
    memset(noise, 0xa5, sizeof noise);
    for (long page = page_count(&shop) - 1; page >= 0; page--)
        damage(&shop, page, noise);
    shop_open(&shop);
    assert_string_not_equal(store_start(shop.store)->damaged, "");
    shop_furnish(&shop);
    shop_say(&shop, "a new beginning");
    shop_remove(&shop);
}

/* Any page may be hit: whatever comes over is right, and the gateway serves. */
static void each_page_in_turn_may_be_damaged(void **state)
{
    (void)state;
    struct shop shop;
    make_history(&shop);
    long pages = page_count(&shop);
    shop_remove(&shop);
    long stride = getenv("HEARTH_LONG_TESTS") ? 1 : pages / 12 + 1;
    for (long page = 1; page < pages; page += stride) {
        unsigned char noise[PAGE_BYTES];
        make_history(&shop);
        for (size_t i = 0; i < sizeof noise; i++)
            noise[i] = (unsigned char)rand();
        damage(&shop, page, noise);
        shop_open(&shop);
        if (store_start(shop.store)->room_count == 1 && check_rows(&shop) > 0)
            assert_true(shop_say(&shop, "it goes on") > SAID);
        shop_remove(&shop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lies_around_damaged_pages_is_read),
        cmocka_unit_test(users_rights_and_what_was_changed_come_over),
        cmocka_unit_test(a_room_that_is_lost_is_made_up_for_its_messages),
        cmocka_unit_test(a_file_of_which_nothing_can_be_read_does_not_stop_the_start),
        cmocka_unit_test(each_page_in_turn_may_be_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
