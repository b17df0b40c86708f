#include "storage/damage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "storage/crypto.h"
#include "storage/messages.h"
#include "tests/storage/store_fixture.h"

#define PAGE_BYTES DATABASE_PAGE_BYTES
#define SAID       2000

static void text_of(int number, char text[48])
{
    snprintf(text, 48, "message %d, word for word", number);
}

/* A database with a room, two users, a grant and SAID messages, stopped uncleanly. */
static void make_history(struct store_fixture *fixture)
{
    char text[48];
    fixture_init(fixture);
    fixture_open(fixture);
    fixture_populate(fixture);
    for (int i = 0; i < SAID; i++) {
        text_of(i, text);
        fixture_submit(fixture, fixture_message(fixture, MINA, text, NULL));
    }
    for (int i = 0; i < SAID; i++)
        assert_int_equal(fixture_result(fixture_collect(fixture)), JOB_DONE);
    struct job *job = fixture_change(fixture, ENTRY_KIND_REACTION, JUN, 5, "+1");
    assert_int_equal(fixture_result(fixture_do(fixture, job)), JOB_DONE);
    job = fixture_change(fixture, ENTRY_KIND_DELETE, MINA, 6, NULL);
    assert_int_equal(fixture_result(fixture_do(fixture, job)), JOB_DONE);
    job = fixture_change(fixture, ENTRY_KIND_EDIT, MINA, 7, "edited");
    assert_int_equal(fixture_result(fixture_do(fixture, job)), JOB_DONE);
    job = job_create(JOB_GRANT);
    job->grant.room_id = LOBBY;
    job->grant.change = GRANT_ROLE;
    job->grant.role = ROLE_MODERATOR;
    job->grant.actor.role = ROLE_ADMIN;
    strcpy(job->grant.folded, "jun");
    assert_int_equal(fixture_result(fixture_do(fixture, job)), JOB_DONE);
    fixture_crash(fixture);
}

static long page_count(const struct store_fixture *fixture)
{
    struct stat status;
    assert_int_equal(stat(fixture->path, &status), 0);
    return (long)(status.st_size / PAGE_BYTES);
}

static void damage(const struct store_fixture *fixture, long page,
                   const unsigned char bytes[PAGE_BYTES])
{
    FILE *file = fopen(fixture->path, "r+b");
    assert_non_null(file);
    fseek(file, page * PAGE_BYTES, SEEK_SET);
    fwrite(bytes, 1, PAGE_BYTES, file);
    fclose(file);
}

/* Checks every row that came over against what was said; gives how many did. */
static int check_rows(struct store_fixture *fixture)
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
        job = fixture_do(fixture, job);
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
    struct store_fixture fixture;
    unsigned char noise[PAGE_BYTES];
    make_history(&fixture);
    long pages = page_count(&fixture);
    srand(11);
    for (long page = 40; page < pages; page += 25) {
        for (size_t i = 0; i < sizeof noise; i++)
            noise[i] = (unsigned char)(page % 2 ? 0 : rand());
        damage(&fixture, page, noise);
    }
    fixture_open(&fixture);
    assert_string_not_equal(store_start(fixture.store)->damaged, "");
    assert_int_equal(store_start(fixture.store)->room_count, 1);
    assert_true(store_start(fixture.store)->rooms[0].is_closed);
    fixture_recover(&fixture);
    assert_in_range(check_rows(&fixture), SAID * 8 / 10, SAID - 1);
    assert_true(fixture_send(&fixture, "it goes on") > SAID);
    fixture_finish(&fixture);
}

static void users_rights_and_what_was_changed_come_over(void **state)
{
    (void)state;
    struct store_fixture fixture;
    unsigned char zeros[PAGE_BYTES] = {0};
    make_history(&fixture);
    damage(&fixture, page_count(&fixture) - 8, zeros);
    fixture_open(&fixture);
    assert_string_not_equal(store_start(fixture.store)->damaged, "");
    assert_int_equal(store_start(fixture.store)->user_id_max, JUN);
    fixture_recover(&fixture);
    assert_int_equal(fixture_query(&fixture, "SELECT count(*) FROM users"), 2);
    assert_int_equal(fixture_query(&fixture, "SELECT role FROM grants WHERE user_id=2"),
                     ROLE_MODERATOR);
    struct job *job = job_create(JOB_LOGIN);
    job->login.by_key = true;
    strcpy(job->login.key, "jun");
    job = fixture_do(&fixture, job);
    assert_true(job->login.known);
    assert_string_equal(job->login.user.name, "jun");
    job_destroy(job);
    fixture_finish(&fixture);
}

static void a_room_that_is_lost_is_made_up_for_its_messages(void **state)
{
    (void)state;
    struct store_fixture fixture;
    make_history(&fixture);
    fixture_query(&fixture, "DELETE FROM rooms");
    assert_true(damage_remember(fixture.path));
    fixture_open(&fixture);
    fixture_recover(&fixture);
    assert_int_equal(fixture_query(&fixture,
                                   "SELECT count(*) FROM rooms WHERE id=1 AND visibility=1"
                                   " AND name='rescued-1'"),
                     1);
    assert_int_equal(fixture_query(&fixture, "SELECT count(*) FROM reactions"), 1);
    assert_int_equal(fixture_query(&fixture, "SELECT count(*) FROM edits"), 1);
    assert_int_equal(check_rows(&fixture), SAID);
    fixture_finish(&fixture);
}

static void a_file_of_which_nothing_can_be_read_does_not_stop_the_start(void **state)
{
    (void)state;
    struct store_fixture fixture;
    unsigned char noise[PAGE_BYTES];
    make_history(&fixture);
    memset(noise, 0xa5, sizeof noise);
    for (long page = page_count(&fixture) - 1; page >= 0; page--)
        damage(&fixture, page, noise);
    fixture_open(&fixture);
    assert_string_not_equal(store_start(fixture.store)->damaged, "");
    fixture_populate(&fixture);
    fixture_send(&fixture, "a new beginning");
    fixture_finish(&fixture);
}

/* Any page may be hit: whatever comes over is right, and the gateway serves. */
static void each_page_in_turn_may_be_damaged(void **state)
{
    (void)state;
    struct store_fixture fixture;
    make_history(&fixture);
    long pages = page_count(&fixture);
    fixture_finish(&fixture);
    long stride = getenv("HEARTH_LONG_TESTS") ? 1 : pages / 12 + 1;
    for (long page = 1; page < pages; page += stride) {
        unsigned char noise[PAGE_BYTES];
        make_history(&fixture);
        for (size_t i = 0; i < sizeof noise; i++)
            noise[i] = (unsigned char)rand();
        damage(&fixture, page, noise);
        fixture_open(&fixture);
        assert_int_equal(store_start(fixture.store)->room_count, 1);
        fixture_recover(&fixture);
        assert_in_range(check_rows(&fixture), SAID - 20, SAID);
        assert_true(fixture_send(&fixture, "it goes on") > SAID);
        fixture_finish(&fixture);
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
