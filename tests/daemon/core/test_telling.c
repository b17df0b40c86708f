/* test_telling.c - a room that many are in rests as long as telling them took, and loses nothing by
 * it. */
#include "tests/daemon/core/harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

HARNESS_FOR_EACH_TEST(NULL)

#define MANY 60 /* whom to tell a text of 2,000 bytes takes long enough */

static struct test_client *members[MANY];
static int64_t said;

static void gather(int count)
{
    char name[24];
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "guest %d", i);
        members[i] = harness_member(&harness, name, "lobby");
    }
    harness_advance(&harness, 1000);
    for (int i = 0; i < count; i++) {
        client_discard(members[i]);
        members[i]->writes = 0;
    }
}

/* By the first of them. */
static void say(void)
{
    client_send(members[0],
                "{\"type\":\"send\",\"room\":\"lobby\",\"nonce\":\"%lld\",\"text\":\"%02000d\"}",
                (long long)++said, 1);
}

static void the_first_message_goes_out_at_once_and_the_next_ones_gather(void **state)
{
    gather(MANY);
    say();
    for (int i = 1; i < MANY; i++)
        client_expect(members[i], "message");
    say();
    say();
    assert_null(client_receive(members[1]));
    harness_advance(&harness, 1);
    for (int i = 1; i < MANY; i++) {
        client_expect(members[i], "message");
        client_expect(members[i], "message");
        assert_int_equal(members[i]->writes, 2);
    }
    (void)state;
}

static void the_sender_is_answered_at_once(void **state)
{
    gather(MANY);
    say();
    say();
    client_expect(members[0], "ack");
    client_expect(members[0], "ack");
    (void)state;
}

static void few_never_wait(void **state)
{
    gather(5);
    for (int i = 0; i < 3; i++) {
        say();
        client_expect(members[4], "message");
    }
    (void)state;
}

static void who_leaves_has_heard_what_was_said_before(void **state)
{
    gather(MANY);
    say();
    client_expect(members[1], "message");
    say();
    client_send(members[1], "{\"type\":\"leave\",\"room\":\"lobby\"}");
    assert_non_null(strstr(client_receive(members[1]), "\"type\":\"message\""));
    assert_non_null(strstr(client_receive(members[1]), "\"type\":\"left\""));
    (void)state;
}

static void a_stop_does_not_wait(void **state)
{
    gather(MANY);
    say();
    client_expect(members[1], "message");
    say();
    (void)gateway_drain(harness.gateway);
    assert_non_null(strstr(client_receive(members[1]), "\"type\":\"message\""));
    (void)state;
}

static int count_of(struct test_client *client, const char *type)
{
    int count = 0;
    char wanted[40];
    snprintf(wanted, sizeof wanted, "\"type\":\"%s\"", type);
    for (const char *message; (message = client_receive(client));)
        count += strstr(message, wanted) != NULL;
    return count;
}

/* Of the first so many members, those who have heard of it. */
static int count_told(int count, const char *type)
{
    int told = 0;
    for (int i = 0; i < count; i++)
        told += count_of(members[i], type);
    return told;
}

static size_t count_writes(void)
{
    size_t writes = 0;
    for (int i = 0; i < MANY; i++)
        writes += members[i]->writes;
    return writes;
}

static void send_turn(int number)
{
    client_send_only(members[0],
                     "{\"type\":\"send\",\"room\":\"lobby\",\"nonce\":\"%d more\",\"text\":\"%0400d\"}",
                     number, 1);
    harness_turn(&harness);
}

static void a_rest_ends_before_what_gathers_is_too_much_for_one_turn(void **state)
{
    enum { COUNT = 60 };
    gather(MANY);
    harness.config.limits.room_log_bytes = 16384; /* half of what is said */
    say();
    client_expect(members[1], "message");
    harness.gateway->turn.budget = 30000; /* ns: a dozen are told */
    for (int i = 0; i < COUNT; i++) {
        size_t told = count_writes();
        send_turn(i);
        assert_in_range(count_writes() - told, 0, MANY / 2);
    }
    harness_advance(&harness, 100);
    assert_int_equal(count_of(members[1], "message"), COUNT);
    assert_int_equal(fake_store_submitted(harness.store, JOB_PAGE), 0);
    (void)state;
}

/* The last member goes, which the others are told when its second is over: in this turn a part of them. */
static void begin_to_tell(void)
{
    gather(MANY);
    harness.gateway->turn.budget = 30000; /* ns: a dozen are told */
    client_send_only(members[MANY - 1], "{\"type\":\"leave\",\"room\":\"lobby\"}");
    harness_turn(&harness);
}

static void an_event_for_many_is_told_in_several_turns(void **state)
{
    begin_to_tell();
    int turns = 1;
    for (; harness.gateway->rooms.events; turns++)
        harness_turn(&harness);
    assert_in_range(turns, 2, MANY);
    harness_settle(&harness);
    assert_int_equal(count_told(MANY - 1, "presence"), MANY - 1);
    (void)state;
}

static void events_that_wait_are_bounded(void **state)
{
    const struct event_notice notice = {.text = "tea"};
    begin_to_tell();
    for (int i = 0; i < 10 * ROOM_EVENTS_MAX; i++) {
        room_broadcast(harness.gateway, room_find(harness.gateway, "lobby"), EVENT_notice, &notice);
        assert_in_range(harness.gateway->rooms.event_count, 1, ROOM_EVENTS_MAX);
    }
    harness_settle(&harness);
    assert_int_equal(harness.gateway->rooms.event_count, 0);
    assert_int_equal(count_told(MANY - 1, "presence"), MANY - 1);
    (void)state;
}

static void who_is_moved_by_one_that_leaves_is_told_all_the_same(void **state)
{
    begin_to_tell();
    const struct room *room = room_find(harness.gateway, "lobby");
    const struct session *last = room->members[room->member_count - 1]->session;
    session_closed(members[0]->session);
    members[0]->session = NULL;
    assert_ptr_equal(room->members[0]->session, last);
    harness_settle(&harness);
    for (int i = 1; i < MANY - 1; i++)
        assert_int_equal(count_of(members[i], "presence"), 1);
    (void)state;
}

static void who_is_in_a_room_that_goes_is_told_before(void **state)
{
    begin_to_tell();
    room_destroy(harness.gateway, room_find(harness.gateway, "lobby"));
    harness_settle(&harness);
    assert_int_equal(count_told(MANY - 1, "presence"), MANY - 1);
    (void)state;
}

/* So far behind that events are left out. */
static void block(struct test_client *client)
{
    client_discard(client);
    client->is_blocked = true;
    for (int i = 0; i < 100; i++)
        client_send(client, "{\"type\":\"ping\",\"ref\":%d}", i);
}

static void hear_new_name(struct test_client *client, const char *was, const char *name)
{
    char wanted[80];
    snprintf(wanted, sizeof wanted, "\"name\":\"%s\",\"was\":\"%s\"", name, was);
    const char *event = client_expect(client, "room");
    while (!strstr(event, wanted))
        event = client_expect(client, "room");
    snprintf(wanted, sizeof wanted, "\"room\":\"%s\"", name);
    assert_non_null(strstr(client_expect(client, "message"), wanted));
}

static void who_is_far_behind_hears_once_that_events_were_left_out(void **state)
{
    struct test_client *mina = harness_guest(&harness, "mina");
    struct test_client *jun = harness_guest(&harness, "jun");
    block(jun);
    client_send(mina, "{\"type\":\"direct\",\"to\":\"jun\",\"text\":\"psst\",\"nonce\":\"1\"}");
    client_send(mina, "{\"type\":\"create\",\"room\":\"den\"}");
    client_unblock(jun);
    assert_int_equal(count_of(jun, "missed"), 1);
    client_send(mina, "{\"type\":\"create\",\"room\":\"hall\"}");
    assert_non_null(strstr(client_expect(jun, "room"), "\"name\":\"hall\""));
    assert_int_equal(count_of(jun, "missed"), 0);
    (void)state;
}

static void who_has_missed_only_who_came_and_went_is_not_told_so(void **state)
{
    struct test_client *jun = harness_member(&harness, "jun", "lobby");
    block(jun);
    (void)harness_member(&harness, "mina", "lobby");
    harness_advance(&harness, 2000);
    client_unblock(jun);
    assert_int_equal(count_of(jun, "missed"), 0);
    (void)state;
}

static void who_is_far_behind_is_told_a_new_name_before_what_is_said_under_it(void **state)
{
    struct test_client *admin = harness_admin(&harness);
    struct test_client *jun = harness_member(&harness, "jun", "lobby");
    block(jun);
    client_send(admin, "{\"type\":\"set\",\"room\":\"lobby\",\"name\":\"hall\"}");
    client_send(admin, "{\"type\":\"set\",\"room\":\"hall\",\"name\":\"yard\"}");
    client_send(admin, "{\"type\":\"send\",\"room\":\"yard\",\"text\":\"hello\",\"nonce\":\"1\"}");
    client_unblock(jun);
    hear_new_name(jun, "lobby", "yard");
    (void)state;
}

static void the_same_of_a_direct_room(void **state)
{
    struct test_client *mina = harness_guest(&harness, "mina");
    struct test_client *jun = harness_guest(&harness, "jun");
    client_send(mina, "{\"type\":\"direct\",\"to\":\"jun\",\"text\":\"psst\",\"nonce\":\"1\"}");
    client_send(jun, "{\"type\":\"join\",\"room\":\"@jun,mina\"}");
    block(jun);
    client_send(mina, "{\"type\":\"rename\",\"name\":\"zoe\"}");
    client_send(mina, "{\"type\":\"direct\",\"to\":\"jun\",\"text\":\"me\",\"nonce\":\"2\"}");
    client_unblock(jun);
    hear_new_name(jun, "@jun,mina", "@jun,zoe");
    (void)state;
}

static void who_joins_again_is_told_the_new_name_first(void **state)
{
    struct test_client *admin = harness_admin(&harness);
    struct test_client *jun = harness_member(&harness, "jun", "lobby");
    block(jun);
    client_send(admin, "{\"type\":\"set\",\"room\":\"lobby\",\"name\":\"hall\"}");
    client_send(jun, "{\"type\":\"join\",\"room\":\"lobby\"}");
    client_unblock(jun);
    assert_non_null(strstr(client_expect(jun, "room"), "\"name\":\"hall\",\"was\":\"lobby\""));
    assert_non_null(strstr(client_expect(jun, "joined"), "\"room\":\"hall\""));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_message_goes_out_at_once_and_the_next_ones_gather),
        TEST(the_sender_is_answered_at_once),
        TEST(few_never_wait),
        TEST(who_leaves_has_heard_what_was_said_before),
        TEST(a_stop_does_not_wait),
        TEST(a_rest_ends_before_what_gathers_is_too_much_for_one_turn),
        TEST(an_event_for_many_is_told_in_several_turns),
        TEST(events_that_wait_are_bounded),
        TEST(who_is_moved_by_one_that_leaves_is_told_all_the_same),
        TEST(who_is_in_a_room_that_goes_is_told_before),
        TEST(who_is_far_behind_hears_once_that_events_were_left_out),
        TEST(who_has_missed_only_who_came_and_went_is_not_told_so),
        TEST(who_is_far_behind_is_told_a_new_name_before_what_is_said_under_it),
        TEST(the_same_of_a_direct_room),
        TEST(who_joins_again_is_told_the_new_name_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
