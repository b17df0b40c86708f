#include "storage/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "storage/crypto.h"
#include "tests/storage/store_fixture.h"

static struct job *login(struct store_fixture *fixture, const char *key, const char *folded)
{
    struct job *job = job_create(JOB_LOGIN);
    job->login.by_key = key != NULL;
    snprintf(job->login.key, sizeof job->login.key, "%s", key ? key : "");
    snprintf(job->login.folded, sizeof job->login.folded, "%s", folded);
    job = fixture_do(fixture, job);
    assert_int_equal(job->result, JOB_DONE);
    return job;
}

static void a_known_key_is_its_user(void **state)
{
    struct job *job = login(*state, "mina", "");
    assert_true(job->login.known);
    assert_int_equal(job->login.user.id, MINA);
    assert_string_equal(job->login.user.name, "mina");
    assert_string_equal(job->login.key, "mina");
    job_destroy(job);
}

static void ones_own_name_is_not_taken(void **state)
{
    struct job *job = login(*state, "mina", "mina");
    assert_true(job->login.known);
    assert_false(job->login.taken);
    job_destroy(job);
    job = login(*state, "mina", "jun");
    assert_true(job->login.taken);
    job_destroy(job);
}

static void an_unknown_key_counts_as_none(void **state)
{
    struct job *job = login(*state, "stranger", "newcomer");
    uint8_t hash[HASH_BYTES];
    assert_false(job->login.known);
    assert_false(job->login.taken);
    assert_int_equal(strlen(job->login.key), KEY_TEXT_BYTES);
    assert_true(hash_text(job->login.key, hash));
    assert_memory_equal(hash, job->login.device.key_hash, HASH_BYTES);
    job_destroy(job);
}

static void no_two_new_keys_are_the_same(void **state)
{
    struct job *one = login(*state, NULL, "a"), *two = login(*state, NULL, "b");
    assert_string_not_equal(one->login.key, two->login.key);
    job_destroy(one);
    job_destroy(two);
}

static struct job *forget_device(struct store_fixture *fixture, int64_t user_id, int64_t device_id)
{
    struct job *job = job_create(JOB_DEVICE_FORGET);
    job->device.device.user_id = user_id;
    job->device.device.id = device_id;
    return fixture_do(fixture, job);
}

static void a_forgotten_key_is_nobodys_and_its_name_stays_taken(void **state)
{
    struct store_fixture *fixture = *state;
    struct job *job = forget_device(fixture, MINA, MINA);
    assert_int_equal(fixture_result(job), JOB_DONE);
    job = login(fixture, "mina", "mina");
    assert_false(job->login.known);
    assert_true(job->login.taken);
    job_destroy(job);
    job = login(fixture, "jun", "");
    assert_true(job->login.known);
    job_destroy(job);
    assert_int_equal(fixture_result(forget_device(fixture, JUN, MINA)), JOB_DEVICE_MISSING);
    assert_int_equal(fixture_result(forget_device(fixture, JUN, 99)), JOB_DEVICE_MISSING);
    job = login(fixture, "jun", "");
    assert_true(job->login.known);
    assert_int_equal(job->login.device.id, JUN);
    job_destroy(job);
}

static void a_device_is_listed_as_it_was_seen_last(void **state)
{
    struct store_fixture *fixture = *state;
    struct job *job = job_create(JOB_DEVICE_TOUCH);
    job->device.device.id = job->device.device.user_id = MINA;
    strcpy(job->device.device.client, "a phone");
    job->device.at = fixture_at(fixture);
    job->device.at.wall_ms += 5000;
    int64_t seen_ms = job->device.at.wall_ms;
    assert_int_equal(fixture_result(fixture_do(fixture, job)), JOB_DONE);
    job = job_create(JOB_DEVICES);
    job->devices.user_id = MINA;
    job = fixture_do(fixture, job);
    assert_int_equal(job->devices.count, 1);
    assert_string_equal(job->devices.devices[0].client, "a phone");
    assert_int_equal(job->devices.devices[0].seen_ms, seen_ms);
    assert_int_equal(job->devices.devices[0].created_ms, seen_ms - 5000);
    job_destroy(job);
}

static void a_name_that_somebody_has_is_taken(void **state)
{
    struct job *job = login(*state, NULL, "mina");
    assert_true(job->login.taken);
    job_destroy(job);
}

static void a_second_user_of_a_name_is_refused(void **state)
{
    struct store_fixture *fixture = *state;
    struct job *job = job_create(JOB_USER_CREATE);
    job->user.user = (struct user_row){.id = 9, .role = ROLE_GUEST};
    strcpy(job->user.user.name, "Mina");
    strcpy(job->user.user.folded, "mina");
    assert_int_equal(fixture_result(fixture_do(fixture, job)), JOB_NAME_TAKEN);
    fixture_send(fixture, "and the store goes on");
}

static struct job *grant_by(struct store_fixture *fixture, struct actor actor, const char *whom, enum role role)
{
    struct job *job = job_create(JOB_GRANT);
    job->grant.room_id = LOBBY;
    job->grant.change = GRANT_ROLE;
    job->grant.actor = actor;
    job->grant.role = role;
    snprintf(job->grant.folded, sizeof job->grant.folded, "%s", whom);
    return fixture_do(fixture, job);
}

/* Mina, who has this role in the room, makes somebody a moderator of it; ROLE_ADMIN: the board does. */
static struct job *grant(struct store_fixture *fixture, const char *whom, enum role actor)
{
    static const struct actor board = {.role = ROLE_ADMIN};
    if (actor == ROLE_ADMIN)
        return grant_by(fixture, board, whom, ROLE_MODERATOR);
    job_destroy(grant_by(fixture, board, "mina", actor));
    return grant_by(fixture, (struct actor){.user_id = MINA, .role = ROLE_GUEST}, whom, ROLE_MODERATOR);
}

static void a_role_is_kept_and_read_with_a_join(void **state)
{
    struct store_fixture *fixture = *state;
    struct job *job = grant(fixture, "jun", ROLE_OWNER);
    assert_int_equal(job->result, JOB_DONE);
    assert_int_equal(job->grant.user_id, JUN);
    assert_string_equal(job->grant.name, "jun");
    assert_int_equal(job->grant.grant.role, ROLE_MODERATOR);
    job_destroy(job);
    struct job *join = job_create(JOB_JOIN);
    join->page.room_id = LOBBY;
    join->page.user_id = JUN;
    join = fixture_do(fixture, join);
    assert_int_equal(join->result, JOB_DONE);
    assert_int_equal(join->page.grant.role, ROLE_MODERATOR);
    assert_int_equal(join->page.count, 0);
    job_destroy(join);
}

static struct job *find_grant(struct store_fixture *fixture, int64_t room_id, int64_t user_id)
{
    struct job *job = job_create(JOB_GRANT_FIND);
    job->grant_find.room_id = room_id;
    job->grant_find.user_id = user_id;
    return fixture_do(fixture, job);
}

static void what_a_room_remembers_is_found_or_nothing(void **state)
{
    struct store_fixture *fixture = *state;
    job_destroy(grant(fixture, "jun", ROLE_ADMIN));
    struct job *job = find_grant(fixture, LOBBY, JUN);
    assert_int_equal(job->grant_find.grant.role, ROLE_MODERATOR);
    job_destroy(job);
    job = find_grant(fixture, LOBBY, MINA);
    assert_int_equal(job->result, JOB_DONE);
    assert_int_equal(job->grant_find.grant.role, ROLE_NONE);
    job_destroy(job);
    assert_int_equal(fixture_result(find_grant(fixture, LOBBY + 77, JUN)), JOB_ROOM_MISSING);
}

static struct job *find_user(struct store_fixture *fixture, const char *folded)
{
    struct job *job = job_create(JOB_USER_FIND);
    snprintf(job->user_find.folded, sizeof job->user_find.folded, "%s", folded);
    return fixture_do(fixture, job);
}

static void a_user_is_found_by_name(void **state)
{
    struct job *job = find_user(*state, "jun");
    assert_true(job->user_find.found);
    assert_int_equal(job->user_find.user.id, JUN);
    job_destroy(job);
    job = find_user(*state, "nobody");
    assert_int_equal(job->result, JOB_DONE);
    assert_false(job->user_find.found);
    job_destroy(job);
}

static void nobody_acts_on_an_equal(void **state)
{
    struct store_fixture *fixture = *state;
    assert_int_equal(fixture_result(grant(fixture, "jun", ROLE_OWNER)), JOB_DONE);
    assert_int_equal(fixture_result(grant(fixture, "jun", ROLE_MODERATOR)),
                     JOB_OUTRANKED);
    assert_int_equal(fixture_result(grant(fixture, "jun", ROLE_OWNER)), JOB_DONE);
    assert_int_equal(fixture_result(grant(fixture, "nobody", ROLE_OWNER)),
                     JOB_USER_MISSING);
}

static void a_read_marker_only_moves_forward(void **state)
{
    struct store_fixture *fixture = *state;
    static const int64_t seqs[] = {5, 3, 9};
    for (size_t i = 0; i < 3; i++) {
        struct job *job = job_create(JOB_READ);
        job->read = (struct job_read){.room_id = LOBBY, .user_id = MINA, .seq = seqs[i]};
        assert_int_equal(fixture_result(fixture_do(fixture, job)), JOB_DONE);
        struct job *own = job_create(JOB_OWN);
        own->own.user_id = MINA;
        own = fixture_do(fixture, own);
        assert_int_equal(own->own.count, 1);
        assert_int_equal(own->own.grants[0].room_id, LOBBY);
        assert_int_equal(own->own.grants[0].grant.read, i < 2 ? 5 : 9);
        job_destroy(own);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_known_key_is_its_user),
        TEST(ones_own_name_is_not_taken),
        TEST(an_unknown_key_counts_as_none),
        TEST(no_two_new_keys_are_the_same),
        TEST(a_forgotten_key_is_nobodys_and_its_name_stays_taken),
        TEST(a_device_is_listed_as_it_was_seen_last),
        TEST(a_name_that_somebody_has_is_taken),
        TEST(a_second_user_of_a_name_is_refused),
        TEST(a_role_is_kept_and_read_with_a_join),
        TEST(what_a_room_remembers_is_found_or_nothing),
        TEST(a_user_is_found_by_name),
        TEST(nobody_acts_on_an_equal),
        TEST(a_read_marker_only_moves_forward),
    };
    return cmocka_run_group_tests_name("storage.users", tests, NULL, NULL);
}
