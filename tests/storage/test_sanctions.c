/* Bans and mutes as they are kept: whom they hit, what is left out, how they end. */
#include "storage/sanctions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "storage/audit.h"
#include "tests/storage/store_fixture.h"

#define HOUR_MS INT64_C(3600000)

static int set_up(void **state)
{
    static struct store_fixture fixture;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_populate(&fixture);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    fixture_finish(*state);
    return 0;
}

static struct job *create(const struct store_fixture *fixture, enum sanction_kind kind,
                          int64_t room_id, const char *whom, enum role actor)
{
    struct job *job = job_create(JOB_SANCTION);
    struct audit_line *line = job_memory(job, sizeof *line);
    job->sanction.actor = (struct actor){.role = actor, .name = "hearth"};
    snprintf(job->sanction.folded, sizeof job->sanction.folded, "%s", whom);
    job->sanction.at = fixture_at(fixture);
    job->sanction.shared_max = 1;
    job->sanction.sanction.kind = kind;
    job->sanction.sanction.room_id = room_id;
    job->sanction.sanction.until = job->sanction.at.elapsed_ms + HOUR_MS;
    *line = (struct audit_line){.act = ACT_BAN, .by = "hearth", .user = job_text(job, whom)};
    job->audit = line;
    return job;
}

static int64_t impose(struct store_fixture *fixture, enum sanction_kind kind, int64_t room_id,
                      const char *whom)
{
    struct job *job = fixture_do(fixture, create(fixture, kind, room_id, whom, ROLE_ADMIN));
    int64_t id = job->sanction.sanction.id;
    assert_int_equal(fixture_result(job), JOB_DONE);
    return id;
}

static struct job *list(struct store_fixture *fixture, int64_t room_id)
{
    struct job *job = job_create(JOB_SANCTIONS);
    job->sanctions.room_id = room_id;
    job->sanctions.is_all = true;
    job->sanctions.elapsed_ms = fixture_at(fixture).elapsed_ms;
    job->sanctions.limit = 10;
    return fixture_do(fixture, job);
}

static size_t count(struct store_fixture *fixture, int64_t room_id)
{
    struct job *job = list(fixture, room_id);
    size_t rows = job->sanctions.count;
    job_destroy(job);
    return rows;
}

static struct job *lift(struct store_fixture *fixture, int64_t id, enum role actor)
{
    struct job *job = job_create(JOB_LIFT);
    job->lift.actor = (struct actor){.role = actor, .name = "hearth"};
    job->lift.id = id;
    job->lift.at = fixture_at(fixture);
    return fixture_do(fixture, job);
}

static void see(struct store_fixture *fixture, int64_t user_id, uint64_t device, uint64_t address)
{
    struct job *job = job_create(JOB_DEVICE_TOUCH);
    job->device.device.user_id = user_id;
    job->device.at = fixture_at(fixture);
    job->device.marks = (struct marks){device, address};
    assert_int_equal(fixture_result(fixture_do(fixture, job)), JOB_DONE);
}

static struct job *ban_device(struct store_fixture *fixture, const char *whom)
{
    struct job *job = create(fixture, SANCTION_BAN, 0, whom, ROLE_ADMIN);
    job->sanction.reaches_device = true;
    return fixture_do(fixture, job);
}

static void a_sanction_of_a_room_is_read_with_the_grant_and_lifted(void **state)
{
    struct store_fixture *fixture = *state;
    int64_t id = impose(fixture, SANCTION_BAN, LOBBY, "jun");
    struct job *job = job_create(JOB_GRANT_FIND);
    job->grant_find.room_id = LOBBY;
    job->grant_find.user_id = JUN;
    job = fixture_do(fixture, job);
    assert_int_equal(job->grant_find.grant.banned_until, fixture_at(fixture).elapsed_ms + HOUR_MS);
    job_destroy(job);
    job = list(fixture, LOBBY);
    assert_int_equal(job->sanctions.count, 1);
    assert_string_equal(job->sanctions.rows[0].user, "jun");
    assert_string_equal(job->sanctions.rows[0].by, "hearth");
    job_destroy(job);
    job = lift(fixture, id, ROLE_ADMIN);
    assert_int_equal(job->result, JOB_DONE);
    assert_int_equal(job->lift.grant.banned_until, 0);
    job_destroy(job);
    assert_int_equal(fixture_result(lift(fixture, id, ROLE_ADMIN)), JOB_SANCTION_MISSING);
    assert_int_equal(count(fixture, LOBBY), 0);
}

static void a_second_one_takes_the_place_of_the_first(void **state)
{
    struct store_fixture *fixture = *state;
    int64_t first = impose(fixture, SANCTION_MUTE, 0, "jun");
    int64_t second = impose(fixture, SANCTION_MUTE, 0, "jun");
    assert_true(second > first);
    impose(fixture, SANCTION_BAN, 0, "jun");
    assert_int_equal(count(fixture, 0), 2);
}

static void what_is_over_is_listed_and_lifted_no_more(void **state)
{
    struct store_fixture *fixture = *state;
    int64_t id = impose(fixture, SANCTION_BAN, 0, "jun");
    fixture_pass_time(fixture, HOUR_MS);
    assert_int_equal(count(fixture, 0), 0);
    assert_int_equal(fixture_result(lift(fixture, id, ROLE_ADMIN)), JOB_SANCTION_MISSING);
}

static void nobody_acts_on_those_above_or_beside(void **state)
{
    struct store_fixture *fixture = *state;
    struct job *job = create(fixture, SANCTION_BAN, 0, "jun", ROLE_GUEST);
    assert_int_equal(fixture_result(fixture_do(fixture, job)), JOB_OUTRANKED);
    job = create(fixture, SANCTION_BAN, 0, "nobody", ROLE_ADMIN);
    assert_int_equal(fixture_result(fixture_do(fixture, job)), JOB_USER_MISSING);
    job = create(fixture, SANCTION_BAN, LOBBY + 77, "jun", ROLE_ADMIN);
    assert_int_equal(fixture_result(fixture_do(fixture, job)), JOB_ROOM_MISSING);
    int64_t id = impose(fixture, SANCTION_BAN, 0, "jun");
    assert_int_equal(fixture_result(lift(fixture, id, ROLE_MODERATOR)), JOB_OUTRANKED);
    assert_int_equal(fixture_result(lift(fixture, id, ROLE_GUEST)), JOB_SANCTION_MISSING);
}

static void the_device_is_meant_where_it_is_known_else_the_address(void **state)
{
    struct store_fixture *fixture = *state;
    see(fixture, JUN, 7, 70);
    struct job *job = ban_device(fixture, "jun");
    assert_int_equal(job->sanction.sanction.reach, 1 << REACH_KEYS | 1 << REACH_DEVICE);
    assert_int_equal(job->sanction.sanction.mark_count, 1);
    assert_int_equal(job->sanction.sanction.marks[0], 7);
    job_destroy(job);
    see(fixture, MINA, 0, 80);
    job = ban_device(fixture, "mina");
    assert_int_equal(job->sanction.sanction.reach, 1 << REACH_KEYS | 1 << REACH_ADDRESS);
    assert_int_equal(job->sanction.sanction.marks[0], 80);
    job_destroy(job);
}

static void what_several_others_had_is_left_out_and_told(void **state)
{
    struct store_fixture *fixture = *state;
    for (int64_t id = 10; id < 12; id++) {
        struct job *job = job_create(JOB_USER_CREATE);
        job->user.user = (struct user_row){.id = id, .role = ROLE_GUEST};
        snprintf(job->user.user.name, sizeof job->user.user.name, "u%d", (int)id);
        memcpy(job->user.user.folded, job->user.user.name, sizeof job->user.user.folded);
        job->user.device = (struct device_row){.id = id, .user_id = id, .key_hash = {(uint8_t)id}};
        job->user.at = fixture_at(fixture);
        job->user.marks = (struct marks){0, 70};
        assert_int_equal(fixture_result(fixture_do(fixture, job)), JOB_DONE);
    }
    see(fixture, JUN, 0, 70);
    struct job *job = ban_device(fixture, "jun");
    assert_int_equal(job->sanction.sanction.reach, 1 << REACH_KEYS);
    assert_int_equal(job->sanction.shared, 1 << REACH_ADDRESS);
    job_destroy(job);
    fixture_pass_time(fixture, 25 * HOUR_MS);
    see(fixture, JUN, 0, 70); /* the others have not been seen for a day */
    job = ban_device(fixture, "jun");
    assert_int_equal(job->sanction.sanction.reach, 1 << REACH_KEYS | 1 << REACH_ADDRESS);
    job_destroy(job);
    assert_int_equal(fixture_query(fixture, "SELECT count(*) FROM sightings"), 1);
}

static void what_no_grant_tells_is_there_at_the_next_start(void **state)
{
    struct store_fixture *fixture = *state;
    see(fixture, JUN, 7, 70);
    job_destroy(ban_device(fixture, "jun"));
    impose(fixture, SANCTION_MUTE, LOBBY, "mina");
    uint8_t secret[HASH_BYTES];
    memcpy(secret, store_start(fixture->store)->secret, sizeof secret);
    fixture_close(fixture);
    fixture_open(fixture);
    const struct store_start *start = store_start(fixture->store);
    assert_memory_equal(start->secret, secret, sizeof secret);
    assert_int_equal(start->sanction_count, 1);
    assert_int_equal(start->sanctions[0].user_id, JUN);
    assert_int_equal(start->sanctions[0].marks[0], 7);
}

static struct job *read_audit(struct store_fixture *fixture, int64_t before)
{
    struct job *job = job_create(JOB_AUDIT_PAGE);
    job->audit_page.before = before;
    job->audit_page.limit = 2;
    return fixture_do(fixture, job);
}

static void what_was_done_stands_in_the_audit_and_what_was_refused_does_not(void **state)
{
    struct store_fixture *fixture = *state;
    for (int i = 0; i < 3; i++)
        impose(fixture, SANCTION_BAN, 0, "jun");
    job_destroy(fixture_do(fixture, create(fixture, SANCTION_BAN, 0, "nobody", ROLE_ADMIN)));
    struct job *job = read_audit(fixture, INT64_MAX);
    assert_int_equal(job->audit_page.count, 2);
    assert_true(job->audit_page.more);
    assert_string_equal(job->audit_page.rows[0].line.user, "jun");
    assert_int_equal(job->audit_page.rows[0].line.act, ACT_BAN);
    int64_t oldest = job->audit_page.rows[1].id;
    job_destroy(job);
    job = read_audit(fixture, oldest);
    assert_int_equal(job->audit_page.count, 1);
    assert_false(job->audit_page.more);
    job_destroy(job);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_sanction_of_a_room_is_read_with_the_grant_and_lifted),
        TEST(a_second_one_takes_the_place_of_the_first),
        TEST(what_is_over_is_listed_and_lifted_no_more),
        TEST(nobody_acts_on_those_above_or_beside),
        TEST(the_device_is_meant_where_it_is_known_else_the_address),
        TEST(what_several_others_had_is_left_out_and_told),
        TEST(what_no_grant_tells_is_there_at_the_next_start),
        TEST(what_was_done_stands_in_the_audit_and_what_was_refused_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
