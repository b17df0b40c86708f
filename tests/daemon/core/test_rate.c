#include "tests/daemon/core/harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

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
    config->limits.hellos_burst = 4;
}

HARNESS_FOR_EACH_TEST(be_strict)

static struct test_client *limited_member(const char *name)
{
    struct test_client *client = harness_connect_limited(&harness);
    client_send(client, "{\"type\":\"hello\",\"name\":\"%s\"}", name);
    client_send(client, "{\"type\":\"join\",\"room\":\"lobby\"}");
    (void)client_expect(client, "live");
    return client;
}

static void speak(struct test_client *client, int number)
{
    client_discard(client);
    client_send(client,
                "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"a\",\"nonce\":\"%d\",\"ref\":1}",
                number);
}

static int64_t refused_for_ms(struct test_client *client)
{
    const char *error = client_expect(client, "error");
    assert_non_null(strstr(error, "rate_limited"));
    return number_in(error, "retry_after_ms");
}

static void messages_beyond_the_burst_wait_as_long_as_they_are_told(void **state)
{
    (void)state;
    struct test_client *mina = limited_member("mina");
    int number = 0;
    for (; number < 3; number++) {
        speak(mina, number);
        (void)client_expect(mina, "ack");
    }
    speak(mina, number);
    int64_t wait_ms = refused_for_ms(mina);
    assert_in_range(wait_ms, 900, 1000);
    harness_advance(&harness, wait_ms - 1);
    speak(mina, number);
    assert_int_equal(refused_for_ms(mina), 1);
    harness_advance(&harness, 1);
    speak(mina, number);
    (void)client_expect(mina, "ack");
}

static void a_refused_message_is_not_stored(void **state)
{
    (void)state;
    struct test_client *mina = limited_member("mina");
    for (int number = 0; number < 10; number++)
        speak(mina, number);
    assert_int_equal(fake_store_submitted(harness.store, JOB_APPEND), 3);
}

static void a_second_connection_of_a_user_has_no_rate_of_its_own(void **state)
{
    (void)state;
    char key[KEY_TEXT_BYTES + 1];
    struct test_client *mina = harness_connect_limited(&harness);
    client_send(mina, "{\"type\":\"hello\",\"name\":\"mina\"}");
    memcpy(key, strstr(client_expect(mina, "welcome"), "\"session\":\"") + 11, KEY_TEXT_BYTES);
    key[KEY_TEXT_BYTES] = '\0';
    struct test_client *phone = harness_connect_limited(&harness);
    client_send(phone, "{\"type\":\"hello\",\"session\":\"%s\"}", key);
    client_send(mina, "{\"type\":\"join\",\"room\":\"lobby\"}");
    client_send(phone, "{\"type\":\"join\",\"room\":\"lobby\"}");
    for (int number = 0; number < 3; number++)
        speak(mina, number);
    speak(phone, 9);
    assert_true(refused_for_ms(phone) > 0);
}

static void many_users_of_one_address_share_a_larger_rate(void **state)
{
    (void)state;
    struct test_client *clients[3] = {limited_member("mina"), limited_member("jun"),
                                      limited_member("leo")};
    int received = 0;
    for (int i = 0; i < 3; i++)
        for (int number = 0; number < 3; number++) {
            speak(clients[i], number);
            for (const char *text; (text = client_receive(clients[i]));)
                received += strstr(text, "\"ack\"") != NULL;
        }
    assert_int_equal(received, 6); /* twice what one user may */
}

static void reading_and_joining_have_rates_of_their_own(void **state)
{
    (void)state;
    struct test_client *mina = limited_member("mina");
    client_send(mina, "{\"type\":\"join\",\"room\":\"lobby\"}");
    (void)client_expect(mina, "joined");
    client_send(mina, "{\"type\":\"join\",\"room\":\"lobby\"}");
    assert_true(refused_for_ms(mina) > 0);
    for (int i = 0; i < 2; i++) {
        client_send(mina, "{\"type\":\"history\",\"room\":\"lobby\"}");
        (void)client_expect(mina, "history");
    }
    client_send(mina, "{\"type\":\"search\",\"query\":\"a\"}");
    assert_true(refused_for_ms(mina) > 0);
    speak(mina, 1);
    (void)client_expect(mina, "ack");
}

static struct test_client *new_guest(int number)
{
    struct test_client *client = harness_connect_limited(&harness);
    client_send(client, "{\"type\":\"hello\",\"name\":\"guest %d\"}", number);
    return client;
}

static void hellos_are_limited_by_address(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct test_client *client = harness_connect_limited(&harness);
        client_send(client, "{\"type\":\"hello\",\"name\":\"guest %d\"}", i);
        (void)client_expect(client, "welcome");
    }
    struct test_client *client = harness_connect_limited(&harness);
    client_send(client, "{\"type\":\"hello\",\"name\":\"one more\"}");
    assert_true(refused_for_ms(client) > 0);
}

static void known_guests_come_back_however_many_they_are(void **state)
{
    (void)state;
    char keys[4][KEY_TEXT_BYTES + 1];
    for (int i = 0; i < 4; i++) {
        struct test_client *client = harness_connect_limited(&harness);
        client_send(client, "{\"type\":\"hello\",\"name\":\"guest %d\"}", i);
        memcpy(keys[i], strstr(client_expect(client, "welcome"), "\"session\":\"") + 11,
               KEY_TEXT_BYTES);
        keys[i][KEY_TEXT_BYTES] = '\0';
    }
    harness.config.limits.joins_burst = 80;
    for (int i = 0; i < 40; i++) { /* all reload, and again, while newcomers have to wait */
        struct test_client *client = harness_connect_limited(&harness);
        client_send(client, "{\"type\":\"hello\",\"session\":\"%s\"}", keys[i % 4]);
        (void)client_expect(client, "welcome");
    }
}

static void newcomers_beyond_the_burst_are_told_a_turn_of_their_own(void **state)
{
    (void)state;
    struct test_client *waiting[4];
    int64_t told_ms[4];
    harness.config.limits.joins_burst = 80;
    for (int i = 0; i < 4; i++)
        (void)client_expect(new_guest(i), "welcome");
    for (int i = 0; i < 4; i++)
        told_ms[i] = refused_for_ms(waiting[i] = new_guest(10 + i));
    for (int i = 0; i < 4; i++)
        assert_int_equal(told_ms[i], 15000 * (i + 1));
    client_send(waiting[3], "{\"type\":\"hello\",\"name\":\"impatient\"}");
    assert_int_equal(refused_for_ms(waiting[3]), told_ms[3]); /* asking again keeps the turn */
    for (int i = 0; i < 4; i++) {
        harness_advance(&harness, 15000);
        (void)client_expect(new_guest(20 + i), "welcome");
    }
}

static void turns_are_told_a_minute_ahead_at_most(void **state)
{
    (void)state;
    int64_t told_ms = 0;
    harness.config.limits.joins_burst = 80;
    for (int i = 0; i < 4; i++)
        (void)client_expect(new_guest(i), "welcome");
    for (int i = 0; i < 20; i++)
        told_ms = refused_for_ms(new_guest(10 + i));
    assert_int_equal(told_ms, 60000);
}

static void a_key_on_an_http_request_costs_no_hello(void **state)
{
    (void)state;
    char key[KEY_TEXT_BYTES + 1];
    struct test_client *mina = new_guest(0);
    memcpy(key, strstr(client_expect(mina, "welcome"), "\"session\":\"") + 11, KEY_TEXT_BYTES);
    key[KEY_TEXT_BYTES] = '\0';
    for (int i = 0; i < 40; i++) {
        struct test_client *request = harness_http(&harness);
        client_send(request, "{\"type\":\"hello\",\"session\":\"%s\"}", key);
        (void)client_expect(request, "welcome");
        client_disconnect(request);
    }
    for (int i = 1; i < 4; i++) /* a phone behind the same address gets in */
        (void)client_expect(new_guest(i), "welcome");
}

static void plain_clients_of_one_address_share_a_rate(void **state)
{
    (void)state;
    int received = 0;
    for (int i = 0; i < 20; i++) { /* each on a connection of its own */
        struct test_client *client = harness_plain_limited(&harness);
        client_send(client, "{\"message\":\"hi\"}");
        const char *text = client_receive(client);
        received += text && !strstr(text, "rate_limited");
        client_disconnect(client);
    }
    assert_int_equal(received, 4 * 3);
}

static void exempt_addresses_and_the_administrator_have_no_rate(void **state)
{
    (void)state;
    struct test_client *mina = harness_member(&harness, "mina", "lobby"),
                       *admin = harness_admin(&harness);
    for (int number = 0; number < 50; number++) {
        speak(mina, number);
        (void)client_expect(mina, "ack");
        speak(admin, number);
        (void)client_expect(admin, "ack");
    }
}

/* 2,000 bytes of text. */
static void write_much(struct test_client *client, int number)
{
    char text[2001];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    client_discard(client);
    client_send(client,
                "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"%s\",\"nonce\":\"%d\",\"ref\":1}",
                text, number);
}

/* With 256 bytes beside each text, 58 of them are 128 KiB. */
static void what_one_user_says_in_an_hour_is_bounded_in_bytes(void **state)
{
    (void)state;
    harness.config.limits.messages_burst = 1000;
    harness.config.limits.stored_kib_per_hour = 128;
    struct test_client *mina = limited_member("mina");
    int number = 0;
    for (; number < 58; number++) {
        write_much(mina, number);
        (void)client_expect(mina, "ack");
    }
    write_much(mina, number);
    int64_t wait_ms = refused_for_ms(mina);
    assert_in_range(wait_ms, 55000, 57000);
    client_discard(mina);
    client_send(mina, "{\"type\":\"delete\",\"room\":\"lobby\",\"target\":1,\"nonce\":\"d\"}");
    (void)client_expect(mina, "ack");
    harness_advance(&harness, wait_ms);
    write_much(mina, number);
    (void)client_expect(mina, "ack");
}

/* address_factor is 2. */
static void what_one_address_says_in_an_hour_is_bounded_in_bytes(void **state)
{
    (void)state;
    harness.config.limits.messages_burst = 1000;
    harness.config.limits.stored_kib_per_hour = 128;
    const char *const names[] = {"mina", "jun", "sora"};
    int said = 0;
    for (int i = 0; i < 3; i++) {
        struct test_client *client = limited_member(names[i]);
        for (int number = 0; number < 50; number++) {
            write_much(client, 100 * i + number);
            said = (int)fake_store_submitted(harness.store, JOB_APPEND);
        }
    }
    assert_int_equal(said, 116);
}

static void a_smaller_rate_applies_from_the_next_message_on(void **state)
{
    (void)state;
    struct test_client *mina = limited_member("mina");
    speak(mina, 1);
    harness.config.limits.messages_burst = 1;
    speak(mina, 2);
    assert_true(refused_for_ms(mina) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(messages_beyond_the_burst_wait_as_long_as_they_are_told),
        TEST(a_refused_message_is_not_stored),
        TEST(a_second_connection_of_a_user_has_no_rate_of_its_own),
        TEST(many_users_of_one_address_share_a_larger_rate),
        TEST(reading_and_joining_have_rates_of_their_own),
        TEST(hellos_are_limited_by_address),
        TEST(known_guests_come_back_however_many_they_are),
        TEST(newcomers_beyond_the_burst_are_told_a_turn_of_their_own),
        TEST(turns_are_told_a_minute_ahead_at_most),
        TEST(a_key_on_an_http_request_costs_no_hello),
        TEST(plain_clients_of_one_address_share_a_rate),
        TEST(exempt_addresses_and_the_administrator_have_no_rate),
        TEST(what_one_user_says_in_an_hour_is_bounded_in_bytes),
        TEST(what_one_address_says_in_an_hour_is_bounded_in_bytes),
        TEST(a_smaller_rate_applies_from_the_next_message_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
