#include "tests/daemon/core/stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct stage stage;

/* Rates small enough to be tried in a few messages. */
static void be_strict(struct config *config)
{
    config->limits.messages_per_minute = 60;
    config->limits.messages_burst = 3;
    config->limits.joins_per_minute = 60;
    config->limits.joins_burst = 2;
    config->limits.reads_per_minute = 60;
    config->limits.reads_burst = 2;
    config->limits.address_factor = 2;
    config->limits.hellos_per_minute = 4;
}

static int open_stage(void **state)
{
    (void)state;
    stage_open(&stage, be_strict);
    return 0;
}

static int close_stage(void **state)
{
    (void)state;
    stage_close(&stage);
    return 0;
}

static struct peer *limited_member(const char *name)
{
    struct peer *peer = stage_limited_peer(&stage);
    peer_say(peer, "{\"type\":\"hello\",\"name\":\"%s\"}", name);
    peer_say(peer, "{\"type\":\"join\",\"room\":\"lobby\"}");
    (void)peer_hear_type(peer, "live");
    return peer;
}

static void speak(struct peer *peer, int number)
{
    peer_forget(peer);
    peer_say(peer,
             "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"a\",\"nonce\":\"%d\",\"ref\":1}",
             number);
}

static int64_t refused_for_ms(struct peer *peer)
{
    const char *error = peer_hear_type(peer, "error");
    assert_non_null(strstr(error, "rate_limited"));
    return number_in(error, "retry_after_ms");
}

static void messages_beyond_the_burst_wait_as_long_as_they_are_told(void **state)
{
    (void)state;
    struct peer *mina = limited_member("mina");
    int number = 0;
    for (; number < 3; number++) {
        speak(mina, number);
        (void)peer_hear_type(mina, "ack");
    }
    speak(mina, number);
    int64_t wait_ms = refused_for_ms(mina);
    assert_in_range(wait_ms, 900, 1000);
    stage_wait(&stage, wait_ms - 1);
    speak(mina, number);
    assert_int_equal(refused_for_ms(mina), 1);
    stage_wait(&stage, 1);
    speak(mina, number);
    (void)peer_hear_type(mina, "ack");
}

static void a_refused_message_is_not_stored(void **state)
{
    (void)state;
    struct peer *mina = limited_member("mina");
    for (int number = 0; number < 10; number++)
        speak(mina, number);
    assert_int_equal(fake_store_submitted(stage.store, JOB_APPEND), 3);
}

static void a_second_connection_of_a_user_has_no_rate_of_its_own(void **state)
{
    (void)state;
    char key[KEY_TEXT_BYTES + 1];
    struct peer *mina = stage_limited_peer(&stage);
    peer_say(mina, "{\"type\":\"hello\",\"name\":\"mina\"}");
    memcpy(key, strstr(peer_hear_type(mina, "welcome"), "\"session\":\"") + 11, KEY_TEXT_BYTES);
    key[KEY_TEXT_BYTES] = '\0';
    struct peer *phone = stage_limited_peer(&stage);
    peer_say(phone, "{\"type\":\"hello\",\"session\":\"%s\"}", key);
    peer_say(mina, "{\"type\":\"join\",\"room\":\"lobby\"}");
    peer_say(phone, "{\"type\":\"join\",\"room\":\"lobby\"}");
    for (int number = 0; number < 3; number++)
        speak(mina, number);
    speak(phone, 9);
    assert_true(refused_for_ms(phone) > 0);
}

static void many_users_of_one_address_share_a_larger_rate(void **state)
{
    (void)state;
    struct peer *peers[3] = {limited_member("mina"), limited_member("jun"), limited_member("leo")};
    int told = 0;
    for (int i = 0; i < 3; i++)
        for (int number = 0; number < 3; number++) {
            speak(peers[i], number);
            for (const char *text; (text = peer_hear(peers[i]));)
                told += strstr(text, "\"ack\"") != NULL;
        }
    assert_int_equal(told, 6); /* twice what one user may */
}

static void reading_and_joining_have_rates_of_their_own(void **state)
{
    (void)state;
    struct peer *mina = limited_member("mina");
    peer_say(mina, "{\"type\":\"join\",\"room\":\"lobby\"}");
    (void)peer_hear_type(mina, "joined");
    peer_say(mina, "{\"type\":\"join\",\"room\":\"lobby\"}");
    assert_true(refused_for_ms(mina) > 0);
    for (int i = 0; i < 2; i++) {
        peer_say(mina, "{\"type\":\"history\",\"room\":\"lobby\"}");
        (void)peer_hear_type(mina, "history");
    }
    peer_say(mina, "{\"type\":\"search\",\"query\":\"a\"}");
    assert_true(refused_for_ms(mina) > 0);
    speak(mina, 1);
    (void)peer_hear_type(mina, "ack");
}

static void hellos_are_limited_by_address(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct peer *peer = stage_limited_peer(&stage);
        peer_say(peer, "{\"type\":\"hello\",\"name\":\"guest %d\"}", i);
        (void)peer_hear_type(peer, "welcome");
    }
    struct peer *peer = stage_limited_peer(&stage);
    peer_say(peer, "{\"type\":\"hello\",\"name\":\"one more\"}");
    assert_true(refused_for_ms(peer) > 0);
}

static void exempt_addresses_and_the_keeper_have_no_rate(void **state)
{
    (void)state;
    struct peer *mina = stage_member(&stage, "mina", "lobby"), *keeper = stage_keeper(&stage);
    for (int number = 0; number < 50; number++) {
        speak(mina, number);
        (void)peer_hear_type(mina, "ack");
        speak(keeper, number);
        (void)peer_hear_type(keeper, "ack");
    }
}

static void a_smaller_rate_applies_from_the_next_message_on(void **state)
{
    (void)state;
    struct peer *mina = limited_member("mina");
    speak(mina, 1);
    stage.config.limits.messages_burst = 1;
    speak(mina, 2);
    assert_true(refused_for_ms(mina) > 0);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, open_stage, close_stage)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(messages_beyond_the_burst_wait_as_long_as_they_are_told),
        STAGED(a_refused_message_is_not_stored),
        STAGED(a_second_connection_of_a_user_has_no_rate_of_its_own),
        STAGED(many_users_of_one_address_share_a_larger_rate),
        STAGED(reading_and_joining_have_rates_of_their_own),
        STAGED(hellos_are_limited_by_address),
        STAGED(exempt_addresses_and_the_keeper_have_no_rate),
        STAGED(a_smaller_rate_applies_from_the_next_message_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
