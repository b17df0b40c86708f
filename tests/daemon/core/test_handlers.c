#include "tests/daemon/core/harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

HARNESS_FOR_EACH_TEST(NULL)

static void key_in(const char *welcome, char key[KEY_TEXT_BYTES + 1])
{
    const char *at = strstr(welcome, "\"session\":\"");
    assert_non_null(at);
    memcpy(key, at + strlen("\"session\":\""), KEY_TEXT_BYTES);
    key[KEY_TEXT_BYTES] = '\0';
}

static void send_text(struct test_client *client, const char *room, const char *text,
                      const char *nonce)
{
    client_send(client, "{\"type\":\"send\",\"room\":\"%s\",\"text\":\"%s\",\"nonce\":\"%s\"}",
                room, text, nonce);
}

/* --- hello ------------------------------------------------------------------------------------ */

static void a_taken_name_is_refused_with_a_free_one(void **state)
{
    (void)harness_guest(&harness, "Mina");
    struct test_client *client = harness_connect(&harness, SESSION_WEBSOCKET);
    client_send(client, "{\"type\":\"hello\",\"name\":\"mina\"}");
    const char *error = client_expect(client, "error");
    assert_non_null(strstr(error, "name_taken"));
    assert_non_null(strstr(error, "Try mina-2."));
    client_send(client, "{\"type\":\"hello\",\"name\":\"mina-2\"}");
    (void)client_expect(client, "welcome");
    (void)state;
}

static void names_that_the_gateway_keeps_are_invalid(void **state)
{
    static const char *const names[] = {"client-7", "Admin", "hearth", "a\\nb", "@x", " x"};
    struct test_client *client = harness_connect(&harness, SESSION_WEBSOCKET);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        client_send(client, "{\"type\":\"hello\",\"name\":\"%s\"}", names[i]);
        client_expect_error(client, "name_invalid");
    }
    (void)state;
}

static void two_at_once_do_not_get_the_same_name(void **state)
{
    struct test_client *one = harness_connect(&harness, SESSION_WEBSOCKET);
    struct test_client *two = harness_connect(&harness, SESSION_WEBSOCKET);
    fake_store_hold(harness.store);
    client_send_only(one, "{\"type\":\"hello\",\"name\":\"mina\"}");
    client_send_only(two, "{\"type\":\"hello\",\"name\":\"MINA\"}");
    fake_store_release(harness.store);
    harness_settle(&harness);
    (void)client_expect(one, "welcome");
    client_expect_error(two, "name_taken");
    (void)state;
}

static void a_key_is_the_same_user_again(void **state)
{
    char key[KEY_TEXT_BYTES + 1];
    struct test_client *one = harness_connect(&harness, SESSION_WEBSOCKET);
    client_send(one, "{\"type\":\"hello\",\"name\":\"mina\"}");
    key_in(client_expect(one, "welcome"), key);
    struct test_client *two = harness_connect(&harness, SESSION_WEBSOCKET);
    client_send(two, "{\"type\":\"hello\",\"session\":\"%s\",\"name\":\"other\"}", key);
    const char *welcome = client_expect(two, "welcome");
    assert_non_null(strstr(welcome, "\"name\":\"mina\""));
    assert_non_null(strstr(welcome, key));
    assert_ptr_equal(one->session->user, two->session->user);
    assert_int_equal(harness.gateway->users.here_count, 1);
    client_disconnect(one);
    client_disconnect(two);
    assert_int_equal(harness.gateway->users.by_id.count, 0);
    struct test_client *three = harness_connect(&harness, SESSION_WEBSOCKET);
    client_send(three, "{\"type\":\"hello\",\"token\":\"%s\"}", key);
    assert_non_null(strstr(client_expect(three, "welcome"), "\"name\":\"mina\""));
    (void)state;
}

static void nobody_is_welcome_before_the_disk_has_them(void **state)
{
    struct test_client *mina = harness_connect(&harness, SESSION_WEBSOCKET);
    struct test_client *other = harness_connect(&harness, SESSION_WEBSOCKET);
    fake_store_hold(harness.store);
    client_send_only(mina, "{\"type\":\"hello\",\"name\":\"mina\"}");
    fake_store_step(harness.store, 1); /* the login, not the user */
    harness_settle(&harness);
    assert_null(client_receive(mina));
    client_send_only(other, "{\"type\":\"hello\",\"name\":\"Mina\"}");
    fake_store_step(harness.store, 2);
    harness_settle(&harness);
    client_expect_error(other, "name_taken");
    (void)client_expect(mina, "welcome");
    fake_store_release(harness.store);
    (void)state;
}

static void whom_the_disk_does_not_take_is_told_so_and_may_try_again(void **state)
{
    struct test_client *mina = harness_connect(&harness, SESSION_WEBSOCKET);
    fake_store_fail(harness.store, true);
    client_send(mina, "{\"type\":\"hello\",\"name\":\"mina\"}");
    client_expect_error(mina, "storage_unavailable");
    assert_int_equal(harness.gateway->users.by_id.count, 0);
    fake_store_fail(harness.store, false);
    client_send(mina, "{\"type\":\"hello\",\"name\":\"mina\"}");
    (void)client_expect(mina, "welcome");
    (void)state;
}

static void who_goes_before_they_are_stored_leaves_nothing_in_memory(void **state)
{
    struct test_client *mina = harness_connect(&harness, SESSION_WEBSOCKET);
    fake_store_hold(harness.store);
    client_send_only(mina, "{\"type\":\"hello\",\"name\":\"mina\"}");
    fake_store_step(harness.store, 1);
    harness_settle(&harness);
    client_disconnect(mina);
    fake_store_release(harness.store);
    harness_settle(&harness);
    assert_int_equal(harness.gateway->users.by_id.count, 0);
    (void)state;
}

static void an_unknown_key_counts_as_none(void **state)
{
    struct test_client *client = harness_connect(&harness, SESSION_WEBSOCKET);
    client_send(client, "{\"type\":\"hello\",\"session\":\"%064d\"}", 7);
    client_expect_error(client, "unauthorized");
    client_send(client, "{\"type\":\"hello\",\"session\":\"short\"}");
    client_expect_error(client, "unauthorized");
    client_send(client, "{\"type\":\"hello\"}");
    client_expect_error(client, "bad_request");
    client_send(client, "{\"type\":\"hello\",\"name\":\"x\",\"password\":\"y\"}");
    client_expect_error(client, "unauthorized");
    client_send(client, "{\"type\":\"hello\",\"session\":\"%064d\",\"name\":\"mina\"}", 7);
    assert_non_null(strstr(client_expect(client, "welcome"), "\"name\":\"mina\""));
    client_send(client, "{\"type\":\"hello\",\"name\":\"jun\"}");
    client_expect_error(client, "bad_request");
    (void)state;
}

static void a_hanging_commit_keeps_nobody_out(void **state)
{
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    struct test_client *jun = harness_connect(&harness, SESSION_WEBSOCKET);
    fake_store_hold(harness.store);
    client_send_only(mina,
                     "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"hi\",\"nonce\":\"1\"}");
    fake_store_release(harness.store);
    client_send_only(jun, "{\"type\":\"hello\",\"name\":\"jun\"}");
    harness_settle(&harness);
    (void)client_expect(jun, "welcome");
    (void)state;
}

/* --- messages --------------------------------------------------------------------------------- */

static void a_message_is_told_once_it_is_stored(void **state)
{
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    struct test_client *jun = harness_member(&harness, "jun", "lobby");
    fake_store_hold(harness.store);
    send_text(mina, "lobby", "hi", "k");
    assert_null(client_receive(jun));
    assert_null(client_receive(mina));
    fake_store_release(harness.store);
    harness_settle(&harness);
    const char *ack = client_expect(mina, "ack");
    assert_int_equal(number_in(ack, "seq"), 1);
    assert_non_null(strstr(ack, "\"nonce\":\"k\""));
    const char *message = client_expect(jun, "message");
    assert_non_null(strstr(message, "\"guest\":true"));
    assert_int_equal(number_in(message, "reply_to"), -1);
    (void)state;
}

static void a_repeated_nonce_gets_the_first_ack_and_is_told_once(void **state)
{
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    send_text(mina, "lobby", "hi", "k");
    int64_t ts = number_in(client_expect(mina, "ack"), "ts");
    (void)client_expect(mina, "message");
    harness_advance(&harness, 5000);
    send_text(mina, "lobby", "hi", "k");
    const char *ack = client_expect(mina, "ack");
    assert_int_equal(number_in(ack, "seq"), 1);
    assert_int_equal(number_in(ack, "ts"), ts);
    assert_null(client_receive(mina));
    (void)state;
}

static void who_has_gone_is_told_to_the_others_all_the_same(void **state)
{
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    struct test_client *jun = harness_member(&harness, "jun", "lobby");
    fake_store_hold(harness.store);
    send_text(mina, "lobby", "goodbye", "k");
    client_disconnect(mina);
    fake_store_release(harness.store);
    harness_settle(&harness);
    assert_non_null(strstr(client_expect(jun, "message"), "goodbye"));
    (void)state;
}

static void failing_storage_is_an_answer_and_a_notice(void **state)
{
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    fake_store_be_busy(harness.store, true);
    send_text(mina, "lobby", "hi", "1");
    const char *error = client_expect(mina, "error");
    assert_non_null(strstr(error, "storage_unavailable"));
    assert_true(number_in(error, "retry_after_ms") > 0);
    fake_store_be_busy(harness.store, false);
    fake_store_fail(harness.store, true);
    send_text(mina, "lobby", "hi", "1");
    client_expect_error(mina, "storage_unavailable");
    fake_store_fail(harness.store, false);
    send_text(mina, "lobby", "hi", "1");
    assert_int_equal(number_in(client_expect(mina, "ack"), "seq"), 1);
    (void)state;
}

static void texts_that_are_too_long_say_so(void **state)
{
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    client_send(mina, "{\"type\":\"send\",\"room\":\"lobby\",\"nonce\":\"1\",\"text\":\"%05000d\"}",
                1);
    const char *error = client_expect(mina, "error");
    assert_non_null(strstr(error, "too_long"));
    assert_non_null(strstr(error, "\"field\":\"text\""));
    client_send(mina, "{\"type\":\"send\",\"room\":\"lobby\",\"nonce\":\"1\",\"text\":\"%02001d\"}",
                1);
    client_expect_error(mina, "too_long");
    client_send(mina, "{\"type\":\"send\",\"room\":\"lobby\",\"nonce\":\"1\",\"text\":\"%02000d\"}",
                1);
    (void)client_expect(mina, "ack");
    (void)state;
}

static void only_members_speak(void **state)
{
    struct test_client *mina = harness_guest(&harness, "mina");
    send_text(mina, "lobby", "hi", "1");
    client_expect_error(mina, "not_joined");
    send_text(mina, "nowhere", "hi", "1");
    client_expect_error(mina, "room_not_found");
    client_send(mina, "{\"type\":\"leave\",\"room\":\"lobby\"}");
    client_expect_error(mina, "not_joined");
    client_send(mina, "{\"type\":\"join\",\"room\":\"LOBBY\"}");
    assert_non_null(strstr(client_expect(mina, "joined"), "\"room\":\"lobby\""));
    send_text(mina, "Lobby", "hi", "1");
    (void)client_expect(mina, "ack");
    client_send(mina, "{\"type\":\"leave\",\"room\":\"lobby\"}");
    (void)client_expect(mina, "left");
    send_text(mina, "lobby", "hi", "2");
    client_expect_error(mina, "not_joined");
    (void)state;
}

static void messages_are_changed_by_those_who_wrote_them(void **state)
{
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    struct test_client *jun = harness_member(&harness, "jun", "lobby");
    send_text(mina, "lobby", "hi", "1");
    client_send(jun, "{\"type\":\"edit\",\"room\":\"lobby\",\"target\":1,\"text\":\"no\"}");
    client_expect_error(jun, "forbidden");
    client_send(jun, "{\"type\":\"delete\",\"room\":\"lobby\",\"target\":1}");
    client_expect_error(jun, "forbidden");
    client_send(jun,
                "{\"type\":\"react\",\"room\":\"lobby\",\"target\":1,\"emoji\":\"👍\",\"on\":true}");
    assert_int_equal(number_in(client_expect(jun, "ack"), "seq"), 2);
    client_send(
        jun, "{\"type\":\"react\",\"room\":\"lobby\",\"target\":1,\"emoji\":\"no\",\"on\":true}");
    client_expect_error(jun, "bad_request");
    client_send(mina, "{\"type\":\"edit\",\"room\":\"lobby\",\"target\":99,\"text\":\"x\"}");
    client_expect_error(mina, "message_not_found");
    client_send(mina, "{\"type\":\"edit\",\"room\":\"lobby\",\"target\":1,\"text\":\"hi all\"}");
    (void)client_expect(mina, "ack");
    assert_non_null(strstr(client_expect(jun, "edit"), "\"text\":\"hi all\""));
    client_send(jun, "{\"type\":\"history\",\"room\":\"lobby\"}");
    const char *history = client_expect(jun, "history");
    assert_non_null(strstr(history, "\"text\":\"hi all\""));
    assert_int_equal(number_in(history, "edited"), 3);
    (void)state;
}

/* --- rooms ------------------------------------------------------------------------------------ */

static void whoever_makes_a_room_owns_it(void **state)
{
    struct test_client *mina = harness_guest(&harness, "mina");
    struct test_client *jun = harness_guest(&harness, "jun");
    client_send(mina, "{\"type\":\"create\",\"room\":\"den\",\"topic\":\"tea\",\"ref\":1}");
    (void)client_expect(mina, "ok");
    assert_non_null(strstr(client_expect(jun, "room"), "\"change\":\"created\""));
    client_send(jun, "{\"type\":\"create\",\"room\":\"Den\"}");
    client_expect_error(jun, "room_exists");
    client_send(mina, "{\"type\":\"join\",\"room\":\"den\"}");
    const char *joined = client_expect(mina, "joined");
    assert_non_null(strstr(joined, "\"role\":\"owner\""));
    assert_non_null(strstr(joined, "\"topic\":\"tea\""));
    client_send(jun, "{\"type\":\"join\",\"room\":\"den\"}");
    assert_non_null(strstr(client_expect(jun, "joined"), "\"role\":\"guest\""));
    client_send(jun, "{\"type\":\"set\",\"room\":\"den\",\"topic\":\"coffee\"}");
    client_expect_error(jun, "forbidden");
    client_send(mina, "{\"type\":\"set\",\"room\":\"den\",\"topic\":\"coffee\"}");
    assert_non_null(strstr(client_expect(jun, "topic"), "\"text\":\"coffee\""));
    client_send(mina, "{\"type\":\"set\",\"room\":\"den\"}");
    client_expect_error(mina, "bad_request");
    client_send(mina, "{\"type\":\"remove\",\"room\":\"den\"}");
    assert_non_null(strstr(client_expect(jun, "room"), "\"change\":\"removed\""));
    send_text(jun, "den", "hi", "1");
    client_expect_error(jun, "room_not_found");
    (void)state;
}

static void a_private_room_does_not_exist_for_others(void **state)
{
    struct test_client *mina = harness_guest(&harness, "mina");
    struct test_client *jun = harness_guest(&harness, "jun");
    client_send(mina, "{\"type\":\"create\",\"room\":\"den\",\"visibility\":\"private\"}");
    (void)client_expect(mina, "ok");
    assert_null(client_receive(jun));
    static const char *const requests[] = {
        "{\"type\":\"join\",\"room\":\"den\"}", "{\"type\":\"history\",\"room\":\"den\"}",
        "{\"type\":\"send\",\"room\":\"den\",\"text\":\"x\",\"nonce\":\"1\"}",
        "{\"type\":\"remove\",\"room\":\"den\"}",
        "{\"type\":\"set\",\"room\":\"den\",\"topic\":\"x\"}"};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        client_send(jun, "%s", requests[i]);
        client_expect_error(jun, "room_not_found");
    }
    client_send(jun, "{\"type\":\"rooms\"}");
    assert_null(strstr(client_expect(jun, "rooms"), "den"));
    client_send(mina, "{\"type\":\"rooms\"}");
    assert_non_null(strstr(client_expect(mina, "rooms"), "\"name\":\"den\""));
    (void)state;
}

static void a_room_that_could_not_be_stored_is_not_there(void **state)
{
    struct test_client *mina = harness_guest(&harness, "mina");
    fake_store_fail(harness.store, true);
    client_send(mina, "{\"type\":\"create\",\"room\":\"den\"}");
    client_expect_error(mina, "storage_unavailable");
    fake_store_fail(harness.store, false);
    assert_null(room_find_folded(harness.gateway, "den"));
    client_send(mina, "{\"type\":\"create\",\"room\":\"den\"}");
    (void)client_expect(mina, "ok");
    (void)state;
}

static void rooms_are_bounded(void **state)
{
    struct test_client *mina = harness_guest(&harness, "mina");
    char name[16];
    for (int i = 0; i < harness.config.limits.rooms_per_user; i++) {
        snprintf(name, sizeof name, "den%d", i);
        client_send(mina, "{\"type\":\"create\",\"room\":\"%s\"}", name);
        (void)client_expect(mina, "ok");
    }
    client_send(mina, "{\"type\":\"create\",\"room\":\"one more\"}");
    client_expect_error(mina, "too_many_rooms");
    harness.config.limits.rooms_per_session = 2;
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "den%d", i);
        client_send(mina, "{\"type\":\"join\",\"room\":\"%s\"}", name);
    }
    client_expect_error(mina, "too_many_rooms");
    harness.config.limits.members_per_room = 1;
    struct test_client *jun = harness_guest(&harness, "jun");
    client_send(jun, "{\"type\":\"join\",\"room\":\"den0\"}");
    client_expect_error(jun, "room_full");
    (void)state;
}

static void lists_of_rooms_are_bounded_and_the_newest_come_first(void **state)
{
    struct test_client *admin = harness_admin(&harness);
    struct test_client *mina = harness_guest(&harness, "mina");
    harness.config.limits.rooms_listed = 3;
    for (int i = 0; i < 6; i++)
        client_send(admin, "{\"type\":\"create\",\"room\":\"r%d\"}", i);
    send_text(admin, "r2", "hi", "1");
    client_send(mina, "{\"type\":\"create\",\"room\":\"own\"}");
    send_text(admin, "r1", "hi", "1");
    client_send(mina, "{\"type\":\"rooms\"}");
    const char *rooms = client_expect(mina, "rooms");
    const char *own = strstr(rooms, "\"own\""), *one = strstr(rooms, "\"r1\"");
    const char *two = strstr(rooms, "\"r2\"");
    assert_true(own && one && two && own < one && one < two);
    assert_null(strstr(rooms, "\"r5\""));
    (void)state;
}

static void presence_is_told_in_turns(void **state)
{
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    struct test_client *jun = harness_member(&harness, "jun", "lobby");
    client_discard(mina);
    client_disconnect(jun);
    harness_advance(&harness, 1100);
    const char *presence = client_expect(mina, "presence");
    assert_non_null(strstr(presence, "\"left\":[\"jun\"]"));
    assert_int_equal(number_in(presence, "members"), 1);
    (void)state;
}

static void history_pages_both_ways(void **state)
{
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    char nonce[16];
    for (int i = 0; i < 10; i++) {
        snprintf(nonce, sizeof nonce, "n%d", i);
        send_text(mina, "lobby", nonce, nonce);
    }
    client_send(mina, "{\"type\":\"history\",\"room\":\"lobby\",\"before\":8,\"limit\":3}");
    const char *page = client_expect(mina, "history");
    assert_int_equal(number_in(page, "seq"), 5);
    assert_non_null(strstr(page, "\"more\":true"));
    client_send(mina, "{\"type\":\"history\",\"room\":\"lobby\",\"after\":8,\"limit\":3}");
    page = client_expect(mina, "history");
    assert_int_equal(number_in(page, "seq"), 9);
    assert_non_null(strstr(page, "\"more\":false"));
    client_send(mina, "{\"type\":\"search\",\"query\":\"n7\"}");
    assert_int_equal(number_in(client_expect(mina, "results"), "seq"), 8);
    (void)state;
}

static void a_password_is_had_changed_and_signs_in(void **state)
{
    struct test_client *mina = harness_guest(&harness, "mina");
    client_send(mina, "{\"type\":\"password\",\"old\":\"x\",\"new\":\"y\"}");
    client_expect_error(mina, "forbidden");
    client_send(mina, "{\"type\":\"register\",\"password\":\"x\"}");
    client_expect(mina, "ok");
    client_send(mina, "{\"type\":\"password\",\"old\":\"x\",\"new\":\"y\"}");
    client_expect(mina, "ok");
    struct test_client *laptop = harness_connect(&harness, SESSION_WEBSOCKET);
    client_send(laptop, "{\"type\":\"hello\",\"name\":\"mina\",\"password\":\"x\"}");
    client_expect_error(laptop, "unauthorized");
    client_send(laptop, "{\"type\":\"hello\",\"name\":\"mina\",\"password\":\"y\"}");
    assert_non_null(strstr(client_expect(laptop, "welcome"), "\"has_password\":true"));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_taken_name_is_refused_with_a_free_one),
        TEST(names_that_the_gateway_keeps_are_invalid),
        TEST(two_at_once_do_not_get_the_same_name),
        TEST(a_key_is_the_same_user_again),
        TEST(nobody_is_welcome_before_the_disk_has_them),
        TEST(whom_the_disk_does_not_take_is_told_so_and_may_try_again),
        TEST(who_goes_before_they_are_stored_leaves_nothing_in_memory),
        TEST(an_unknown_key_counts_as_none),
        TEST(a_hanging_commit_keeps_nobody_out),
        TEST(a_message_is_told_once_it_is_stored),
        TEST(a_repeated_nonce_gets_the_first_ack_and_is_told_once),
        TEST(who_has_gone_is_told_to_the_others_all_the_same),
        TEST(failing_storage_is_an_answer_and_a_notice),
        TEST(texts_that_are_too_long_say_so),
        TEST(only_members_speak),
        TEST(messages_are_changed_by_those_who_wrote_them),
        TEST(whoever_makes_a_room_owns_it),
        TEST(a_private_room_does_not_exist_for_others),
        TEST(a_room_that_could_not_be_stored_is_not_there),
        TEST(rooms_are_bounded),
        TEST(lists_of_rooms_are_bounded_and_the_newest_come_first),
        TEST(presence_is_told_in_turns),
        TEST(history_pages_both_ways),
        TEST(a_password_is_had_changed_and_signs_in),
    };
    return cmocka_run_group_tests_name("core.handlers", tests, NULL, NULL);
}
