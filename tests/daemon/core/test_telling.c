/* test_telling.c - a room that many are in rests as long as telling them took, and loses nothing by it. */
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
    client_send(members[0], "{\"type\":\"send\",\"room\":\"lobby\",\"nonce\":\"%lld\",\"text\":\"%02000d\"}",
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_message_goes_out_at_once_and_the_next_ones_gather),
        TEST(the_sender_is_answered_at_once),
        TEST(few_never_wait),
        TEST(who_leaves_has_heard_what_was_said_before),
        TEST(a_stop_does_not_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
