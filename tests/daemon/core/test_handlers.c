#include "tests/daemon/core/stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct stage stage;

static int open_stage(void **state)
{
    (void)state;
    stage_open(&stage, NULL);
    return 0;
}

static int close_stage(void **state)
{
    (void)state;
    stage_close(&stage);
    return 0;
}

static void key_in(const char *welcome, char key[KEY_TEXT_BYTES + 1])
{
    const char *at = strstr(welcome, "\"session\":\"");
    assert_non_null(at);
    memcpy(key, at + strlen("\"session\":\""), KEY_TEXT_BYTES);
    key[KEY_TEXT_BYTES] = '\0';
}

static void send_text(struct peer *peer, const char *room, const char *text, const char *nonce)
{
    peer_say(peer, "{\"type\":\"send\",\"room\":\"%s\",\"text\":\"%s\",\"nonce\":\"%s\"}", room, text,
             nonce);
}

/* --- hello ------------------------------------------------------------------------------------ */

static void a_taken_name_is_refused_with_a_free_one(void **state)
{
    (void)stage_guest(&stage, "Mina");
    struct peer *peer = stage_peer(&stage, SESSION_WEBSOCKET);
    peer_say(peer, "{\"type\":\"hello\",\"name\":\"mina\"}");
    const char *error = peer_hear_type(peer, "error");
    assert_non_null(strstr(error, "name_taken"));
    assert_non_null(strstr(error, "Try Mina-2."));
    peer_say(peer, "{\"type\":\"hello\",\"name\":\"mina-2\"}");
    (void)peer_hear_type(peer, "welcome");
    (void)state;
}

static void names_that_the_gateway_keeps_are_invalid(void **state)
{
    static const char *const names[] = {"client-7", "Admin", "hearth", "a\\nb", "@x", " x"};
    struct peer *peer = stage_peer(&stage, SESSION_WEBSOCKET);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        peer_say(peer, "{\"type\":\"hello\",\"name\":\"%s\"}", names[i]);
        peer_expect_error(peer, "name_invalid");
    }
    (void)state;
}

static void two_at_once_do_not_get_the_same_name(void **state)
{
    struct peer *one = stage_peer(&stage, SESSION_WEBSOCKET);
    struct peer *two = stage_peer(&stage, SESSION_WEBSOCKET);
    fake_store_hold(stage.store);
    peer_mutter(one, "{\"type\":\"hello\",\"name\":\"mina\"}");
    peer_mutter(two, "{\"type\":\"hello\",\"name\":\"MINA\"}");
    fake_store_release(stage.store);
    stage_turn(&stage);
    (void)peer_hear_type(one, "welcome");
    peer_expect_error(two, "name_taken");
    (void)state;
}

static void a_key_is_the_same_user_again(void **state)
{
    char key[KEY_TEXT_BYTES + 1];
    struct peer *one = stage_peer(&stage, SESSION_WEBSOCKET);
    peer_say(one, "{\"type\":\"hello\",\"name\":\"mina\"}");
    key_in(peer_hear_type(one, "welcome"), key);
    struct peer *two = stage_peer(&stage, SESSION_WEBSOCKET);
    peer_say(two, "{\"type\":\"hello\",\"session\":\"%s\",\"name\":\"other\"}", key);
    const char *welcome = peer_hear_type(two, "welcome");
    assert_non_null(strstr(welcome, "\"name\":\"mina\""));
    assert_non_null(strstr(welcome, key));
    assert_ptr_equal(one->session->user, two->session->user);
    assert_int_equal(stage.gateway->users_here, 1);
    peer_hang_up(one);
    peer_hang_up(two);
    assert_int_equal(stage.gateway->users.count, 0);
    struct peer *three = stage_peer(&stage, SESSION_WEBSOCKET);
    peer_say(three, "{\"type\":\"hello\",\"token\":\"%s\"}", key);
    assert_non_null(strstr(peer_hear_type(three, "welcome"), "\"name\":\"mina\""));
    (void)state;
}

static void a_key_counts_while_its_user_is_not_stored_yet(void **state)
{
    char key[KEY_TEXT_BYTES + 1];
    struct peer *one = stage_peer(&stage, SESSION_WEBSOCKET);
    peer_mutter(one, "{\"type\":\"hello\",\"name\":\"mina\"}");
    fake_store_hold(stage.store);
    fake_store_step(stage.store, 1); /* the login, not the user */
    stage_turn(&stage);
    key_in(peer_hear_type(one, "welcome"), key);
    peer_hang_up(one);
    struct peer *two = stage_peer(&stage, SESSION_WEBSOCKET);
    peer_mutter(two, "{\"type\":\"hello\",\"session\":\"%s\"}", key);
    fake_store_release(stage.store);
    stage_turn(&stage);
    assert_non_null(strstr(peer_hear_type(two, "welcome"), "\"name\":\"mina\""));
    assert_int_equal(stage.gateway->users_creating, 0);
    (void)state;
}

static void an_unknown_key_counts_as_none(void **state)
{
    struct peer *peer = stage_peer(&stage, SESSION_WEBSOCKET);
    peer_say(peer, "{\"type\":\"hello\",\"session\":\"%064d\"}", 7);
    peer_expect_error(peer, "unauthorized");
    peer_say(peer, "{\"type\":\"hello\",\"session\":\"short\"}");
    peer_expect_error(peer, "unauthorized");
    peer_say(peer, "{\"type\":\"hello\"}");
    peer_expect_error(peer, "bad_request");
    peer_say(peer, "{\"type\":\"hello\",\"name\":\"x\",\"password\":\"y\"}");
    peer_expect_error(peer, "unauthorized");
    peer_say(peer, "{\"type\":\"hello\",\"session\":\"%064d\",\"name\":\"mina\"}", 7);
    assert_non_null(strstr(peer_hear_type(peer, "welcome"), "\"name\":\"mina\""));
    peer_say(peer, "{\"type\":\"hello\",\"name\":\"jun\"}");
    peer_expect_error(peer, "bad_request");
    (void)state;
}

static void a_hanging_commit_keeps_nobody_out(void **state)
{
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    struct peer *jun = stage_peer(&stage, SESSION_WEBSOCKET);
    fake_store_hold(stage.store);
    peer_mutter(mina, "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"hi\",\"nonce\":\"1\"}");
    fake_store_release(stage.store);
    peer_mutter(jun, "{\"type\":\"hello\",\"name\":\"jun\"}");
    stage_turn(&stage);
    (void)peer_hear_type(jun, "welcome");
    (void)state;
}

/* --- messages --------------------------------------------------------------------------------- */

static void a_message_is_told_once_it_is_stored(void **state)
{
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    struct peer *jun = stage_member(&stage, "jun", "lobby");
    fake_store_hold(stage.store);
    send_text(mina, "lobby", "hi", "k");
    assert_null(peer_hear(jun));
    assert_null(peer_hear(mina));
    fake_store_release(stage.store);
    stage_turn(&stage);
    const char *ack = peer_hear_type(mina, "ack");
    assert_int_equal(number_in(ack, "seq"), 1);
    assert_non_null(strstr(ack, "\"nonce\":\"k\""));
    const char *message = peer_hear_type(jun, "message");
    assert_non_null(strstr(message, "\"guest\":true"));
    assert_int_equal(number_in(message, "reply_to"), -1);
    (void)state;
}

static void a_repeated_nonce_gets_the_first_ack_and_is_told_once(void **state)
{
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    send_text(mina, "lobby", "hi", "k");
    int64_t ts = number_in(peer_hear_type(mina, "ack"), "ts");
    (void)peer_hear_type(mina, "message");
    stage_wait(&stage, 5000);
    send_text(mina, "lobby", "hi", "k");
    const char *ack = peer_hear_type(mina, "ack");
    assert_int_equal(number_in(ack, "seq"), 1);
    assert_int_equal(number_in(ack, "ts"), ts);
    assert_null(peer_hear(mina));
    (void)state;
}

static void who_has_gone_is_told_to_the_others_all_the_same(void **state)
{
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    struct peer *jun = stage_member(&stage, "jun", "lobby");
    fake_store_hold(stage.store);
    send_text(mina, "lobby", "goodbye", "k");
    peer_hang_up(mina);
    fake_store_release(stage.store);
    stage_turn(&stage);
    assert_non_null(strstr(peer_hear_type(jun, "message"), "goodbye"));
    (void)state;
}

static void failing_storage_is_an_answer_and_a_notice(void **state)
{
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    fake_store_be_busy(stage.store, true);
    send_text(mina, "lobby", "hi", "1");
    const char *error = peer_hear_type(mina, "error");
    assert_non_null(strstr(error, "storage_unavailable"));
    assert_true(number_in(error, "retry_after_ms") > 0);
    fake_store_be_busy(stage.store, false);
    fake_store_fail(stage.store, true);
    send_text(mina, "lobby", "hi", "1");
    peer_expect_error(mina, "storage_unavailable");
    fake_store_fail(stage.store, false);
    send_text(mina, "lobby", "hi", "1");
    assert_int_equal(number_in(peer_hear_type(mina, "ack"), "seq"), 1);
    (void)state;
}

static void texts_that_are_too_long_say_so(void **state)
{
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    peer_say(mina, "{\"type\":\"send\",\"room\":\"lobby\",\"nonce\":\"1\",\"text\":\"%05000d\"}", 1);
    const char *error = peer_hear_type(mina, "error");
    assert_non_null(strstr(error, "too_long"));
    assert_non_null(strstr(error, "\"field\":\"text\""));
    peer_say(mina, "{\"type\":\"send\",\"room\":\"lobby\",\"nonce\":\"1\",\"text\":\"%02001d\"}", 1);
    peer_expect_error(mina, "too_long");
    peer_say(mina, "{\"type\":\"send\",\"room\":\"lobby\",\"nonce\":\"1\",\"text\":\"%02000d\"}", 1);
    (void)peer_hear_type(mina, "ack");
    (void)state;
}

static void only_members_speak(void **state)
{
    struct peer *mina = stage_guest(&stage, "mina");
    send_text(mina, "lobby", "hi", "1");
    peer_expect_error(mina, "not_joined");
    send_text(mina, "nowhere", "hi", "1");
    peer_expect_error(mina, "room_not_found");
    peer_say(mina, "{\"type\":\"leave\",\"room\":\"lobby\"}");
    peer_expect_error(mina, "not_joined");
    peer_say(mina, "{\"type\":\"join\",\"room\":\"LOBBY\"}");
    assert_non_null(strstr(peer_hear_type(mina, "joined"), "\"room\":\"lobby\""));
    send_text(mina, "Lobby", "hi", "1");
    (void)peer_hear_type(mina, "ack");
    peer_say(mina, "{\"type\":\"leave\",\"room\":\"lobby\"}");
    (void)peer_hear_type(mina, "left");
    send_text(mina, "lobby", "hi", "2");
    peer_expect_error(mina, "not_joined");
    (void)state;
}

static void messages_are_changed_by_those_who_wrote_them(void **state)
{
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    struct peer *jun = stage_member(&stage, "jun", "lobby");
    send_text(mina, "lobby", "hi", "1");
    peer_say(jun, "{\"type\":\"edit\",\"room\":\"lobby\",\"target\":1,\"text\":\"no\"}");
    peer_expect_error(jun, "forbidden");
    peer_say(jun, "{\"type\":\"delete\",\"room\":\"lobby\",\"target\":1}");
    peer_expect_error(jun, "forbidden");
    peer_say(jun, "{\"type\":\"react\",\"room\":\"lobby\",\"target\":1,\"emoji\":\"👍\",\"on\":true}");
    assert_int_equal(number_in(peer_hear_type(jun, "ack"), "seq"), 2);
    peer_say(jun, "{\"type\":\"react\",\"room\":\"lobby\",\"target\":1,\"emoji\":\"no\",\"on\":true}");
    peer_expect_error(jun, "bad_request");
    peer_say(mina, "{\"type\":\"edit\",\"room\":\"lobby\",\"target\":99,\"text\":\"x\"}");
    peer_expect_error(mina, "message_not_found");
    peer_say(mina, "{\"type\":\"edit\",\"room\":\"lobby\",\"target\":1,\"text\":\"hi all\"}");
    (void)peer_hear_type(mina, "ack");
    assert_non_null(strstr(peer_hear_type(jun, "edit"), "\"text\":\"hi all\""));
    peer_say(jun, "{\"type\":\"history\",\"room\":\"lobby\"}");
    const char *history = peer_hear_type(jun, "history");
    assert_non_null(strstr(history, "\"text\":\"hi all\""));
    assert_int_equal(number_in(history, "edited"), 3);
    (void)state;
}

/* --- rooms ------------------------------------------------------------------------------------ */

static void whoever_makes_a_room_owns_it(void **state)
{
    struct peer *mina = stage_guest(&stage, "mina");
    struct peer *jun = stage_guest(&stage, "jun");
    peer_say(mina, "{\"type\":\"create\",\"room\":\"den\",\"topic\":\"tea\",\"ref\":1}");
    (void)peer_hear_type(mina, "ok");
    assert_non_null(strstr(peer_hear_type(jun, "room"), "\"change\":\"created\""));
    peer_say(jun, "{\"type\":\"create\",\"room\":\"Den\"}");
    peer_expect_error(jun, "room_exists");
    peer_say(mina, "{\"type\":\"join\",\"room\":\"den\"}");
    const char *joined = peer_hear_type(mina, "joined");
    assert_non_null(strstr(joined, "\"role\":\"owner\""));
    assert_non_null(strstr(joined, "\"topic\":\"tea\""));
    peer_say(jun, "{\"type\":\"join\",\"room\":\"den\"}");
    assert_non_null(strstr(peer_hear_type(jun, "joined"), "\"role\":\"guest\""));
    peer_say(jun, "{\"type\":\"set\",\"room\":\"den\",\"topic\":\"coffee\"}");
    peer_expect_error(jun, "forbidden");
    peer_say(mina, "{\"type\":\"set\",\"room\":\"den\",\"topic\":\"coffee\"}");
    assert_non_null(strstr(peer_hear_type(jun, "topic"), "\"text\":\"coffee\""));
    peer_say(mina, "{\"type\":\"set\",\"room\":\"den\"}");
    peer_expect_error(mina, "bad_request");
    peer_say(mina, "{\"type\":\"remove\",\"room\":\"den\"}");
    assert_non_null(strstr(peer_hear_type(jun, "room"), "\"change\":\"removed\""));
    send_text(jun, "den", "hi", "1");
    peer_expect_error(jun, "room_not_found");
    (void)state;
}

static void a_private_room_does_not_exist_for_others(void **state)
{
    struct peer *mina = stage_guest(&stage, "mina");
    struct peer *jun = stage_guest(&stage, "jun");
    peer_say(mina, "{\"type\":\"create\",\"room\":\"den\",\"visibility\":\"private\"}");
    (void)peer_hear_type(mina, "ok");
    assert_null(peer_hear(jun));
    static const char *const requests[] = {
        "{\"type\":\"join\",\"room\":\"den\"}", "{\"type\":\"history\",\"room\":\"den\"}",
        "{\"type\":\"send\",\"room\":\"den\",\"text\":\"x\",\"nonce\":\"1\"}",
        "{\"type\":\"remove\",\"room\":\"den\"}", "{\"type\":\"set\",\"room\":\"den\",\"topic\":\"x\"}"};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        peer_say(jun, "%s", requests[i]);
        peer_expect_error(jun, "room_not_found");
    }
    peer_say(jun, "{\"type\":\"rooms\"}");
    assert_null(strstr(peer_hear_type(jun, "rooms"), "den"));
    peer_say(mina, "{\"type\":\"rooms\"}");
    assert_non_null(strstr(peer_hear_type(mina, "rooms"), "\"name\":\"den\""));
    (void)state;
}

static void a_room_that_could_not_be_stored_is_not_there(void **state)
{
    struct peer *mina = stage_guest(&stage, "mina");
    fake_store_fail(stage.store, true);
    peer_say(mina, "{\"type\":\"create\",\"room\":\"den\"}");
    peer_expect_error(mina, "storage_unavailable");
    fake_store_fail(stage.store, false);
    assert_null(room_find_folded(stage.gateway, "den"));
    peer_say(mina, "{\"type\":\"create\",\"room\":\"den\"}");
    (void)peer_hear_type(mina, "ok");
    (void)state;
}

static void rooms_are_bounded(void **state)
{
    struct peer *mina = stage_guest(&stage, "mina");
    char name[16];
    for (int i = 0; i < stage.config.limits.rooms_per_user; i++) {
        snprintf(name, sizeof name, "den%d", i);
        peer_say(mina, "{\"type\":\"create\",\"room\":\"%s\"}", name);
        (void)peer_hear_type(mina, "ok");
    }
    peer_say(mina, "{\"type\":\"create\",\"room\":\"one more\"}");
    peer_expect_error(mina, "too_many_rooms");
    stage.config.limits.rooms_per_session = 2;
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "den%d", i);
        peer_say(mina, "{\"type\":\"join\",\"room\":\"%s\"}", name);
    }
    peer_expect_error(mina, "too_many_rooms");
    stage.config.limits.members_per_room = 1;
    struct peer *jun = stage_guest(&stage, "jun");
    peer_say(jun, "{\"type\":\"join\",\"room\":\"den0\"}");
    peer_expect_error(jun, "room_full");
    (void)state;
}

static void lists_of_rooms_are_bounded_and_the_newest_come_first(void **state)
{
    struct peer *keeper = stage_keeper(&stage);
    struct peer *mina = stage_guest(&stage, "mina");
    stage.config.limits.rooms_listed = 3;
    for (int i = 0; i < 6; i++)
        peer_say(keeper, "{\"type\":\"create\",\"room\":\"r%d\"}", i);
    send_text(keeper, "r2", "hi", "1");
    peer_say(mina, "{\"type\":\"create\",\"room\":\"own\"}");
    send_text(keeper, "r1", "hi", "1");
    peer_say(mina, "{\"type\":\"rooms\"}");
    const char *rooms = peer_hear_type(mina, "rooms");
    const char *own = strstr(rooms, "\"own\""), *one = strstr(rooms, "\"r1\"");
    const char *two = strstr(rooms, "\"r2\"");
    assert_true(own && one && two && own < one && one < two);
    assert_null(strstr(rooms, "\"r5\""));
    (void)state;
}

static void presence_is_told_in_turns(void **state)
{
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    struct peer *jun = stage_member(&stage, "jun", "lobby");
    peer_forget(mina);
    peer_hang_up(jun);
    stage_wait(&stage, 1100);
    const char *presence = peer_hear_type(mina, "presence");
    assert_non_null(strstr(presence, "\"left\":[\"jun\"]"));
    assert_int_equal(number_in(presence, "members"), 1);
    (void)state;
}

static void history_pages_both_ways(void **state)
{
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    char nonce[16];
    for (int i = 0; i < 10; i++) {
        snprintf(nonce, sizeof nonce, "n%d", i);
        send_text(mina, "lobby", nonce, nonce);
    }
    peer_say(mina, "{\"type\":\"history\",\"room\":\"lobby\",\"before\":8,\"limit\":3}");
    const char *page = peer_hear_type(mina, "history");
    assert_int_equal(number_in(page, "seq"), 5);
    assert_non_null(strstr(page, "\"more\":true"));
    peer_say(mina, "{\"type\":\"history\",\"room\":\"lobby\",\"after\":8,\"limit\":3}");
    page = peer_hear_type(mina, "history");
    assert_int_equal(number_in(page, "seq"), 9);
    assert_non_null(strstr(page, "\"more\":false"));
    peer_say(mina, "{\"type\":\"search\",\"query\":\"n7\"}");
    assert_int_equal(number_in(peer_hear_type(mina, "results"), "seq"), 8);
    (void)state;
}

static void accounts_are_not_there_yet(void **state)
{
    struct peer *mina = stage_guest(&stage, "mina");
    peer_say(mina, "{\"type\":\"register\",\"password\":\"x\"}");
    peer_expect_error(mina, "forbidden");
    peer_say(mina, "{\"type\":\"password\",\"old\":\"x\",\"new\":\"y\"}");
    peer_expect_error(mina, "forbidden");
    (void)state;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_taken_name_is_refused_with_a_free_one),
        TEST(names_that_the_gateway_keeps_are_invalid),
        TEST(two_at_once_do_not_get_the_same_name),
        TEST(a_key_is_the_same_user_again),
        TEST(a_key_counts_while_its_user_is_not_stored_yet),
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
        TEST(accounts_are_not_there_yet),
    };
    return cmocka_run_group_tests_name("core.handlers", tests, NULL, NULL);
}
