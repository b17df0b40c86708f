#include "tests/daemon/core/harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

HARNESS_FOR_EACH_TEST(NULL)

/* A second connection of whoever said this hello, and their key. */
static struct test_client *second_of(struct test_client *client, char key[KEY_TEXT_BYTES + 1])
{
    memcpy(key, strstr(client_expect(client, "welcome"), "\"session\":\"") + 11, KEY_TEXT_BYTES);
    key[KEY_TEXT_BYTES] = '\0';
    struct test_client *second = harness_connect(&harness, SESSION_WEBSOCKET);
    client_send(second, "{\"type\":\"hello\",\"session\":\"%s\"}", key);
    (void)client_expect(second, "welcome");
    return second;
}

/* --- logout --------------------------------------------------------------------------------------
 */

static void logging_out_forgets_the_key_everywhere_and_keeps_the_name(void **state)
{
    (void)state;
    struct test_client *mina = harness_connect(&harness, SESSION_WEBSOCKET);
    client_send(mina, "{\"type\":\"hello\",\"name\":\"mina\"}");
    char key[KEY_TEXT_BYTES + 1];
    struct test_client *phone = second_of(mina, key);
    client_send(mina, "{\"type\":\"logout\"}");
    (void)client_expect(mina, "ok");
    assert_int_equal(mina->close_code, 1000);
    assert_int_equal(phone->close_code, 4001);
    struct test_client *thief = harness_connect(&harness, SESSION_WEBSOCKET);
    client_send(thief, "{\"type\":\"hello\",\"session\":\"%s\"}", key);
    client_expect_error(thief, "unauthorized");
    client_send(thief, "{\"type\":\"hello\",\"session\":\"%s\",\"name\":\"mina\"}", key);
    client_expect_error(thief, "name_taken");
}

static void logging_out_is_refused_while_the_key_cannot_be_forgotten(void **state)
{
    (void)state;
    struct test_client *mina = harness_guest(&harness, "mina");
    fake_store_fail(harness.store, true);
    client_send(mina, "{\"type\":\"logout\"}");
    client_expect_error(mina, "storage_unavailable");
    assert_int_equal(mina->close_code, 0);
    fake_store_fail(harness.store, false);
    client_send(mina, "{\"type\":\"logout\"}");
    (void)client_expect(mina, "ok");
    assert_int_equal(mina->close_code, 1000);
}

/* --- read ----------------------------------------------------------------------------------------
 */

static void a_read_marker_is_kept_and_told_to_the_users_other_connections(void **state)
{
    (void)state;
    struct test_client *mina = harness_connect(&harness, SESSION_WEBSOCKET);
    client_send(mina, "{\"type\":\"hello\",\"name\":\"mina\"}");
    char key[KEY_TEXT_BYTES + 1];
    struct test_client *phone = second_of(mina, key);
    struct test_client *jun = harness_member(&harness, "jun", "lobby");
    client_send(mina, "{\"type\":\"join\",\"room\":\"lobby\"}");
    for (int i = 0; i < 5; i++)
        client_send(mina, "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"a\",\"nonce\":\"%d\"}",
                    i);
    client_discard(jun);
    client_send(mina, "{\"type\":\"read\",\"room\":\"lobby\",\"seq\":3}");
    (void)client_expect(mina, "ok");
    assert_int_equal(number_in(client_expect(phone, "read"), "seq"), 3);
    assert_null(client_receive(jun));
    client_send(mina, "{\"type\":\"read\",\"room\":\"lobby\",\"seq\":2}"); /* only forward */
    client_send(phone, "{\"type\":\"join\",\"room\":\"lobby\"}");
    assert_int_equal(number_in(client_expect(phone, "joined"), "read"), 3);
}

static void a_read_marker_beyond_the_newest_entry_is_the_newest(void **state)
{
    (void)state;
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    client_send(mina, "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"a\",\"nonce\":\"1\"}");
    client_send(mina, "{\"type\":\"read\",\"room\":\"lobby\",\"seq\":9007199254740991}");
    client_send(mina, "{\"type\":\"join\",\"room\":\"lobby\"}");
    assert_int_equal(number_in(client_expect(mina, "joined"), "read"), 1);
}

/* --- typing --------------------------------------------------------------------------------------
 */

static void typing_is_told_lapses_and_is_answered_only_when_asked(void **state)
{
    (void)state;
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    struct test_client *jun = harness_member(&harness, "jun", "lobby");
    harness_advance(&harness, 2000);
    client_discard(mina);
    client_discard(jun);
    client_send(mina, "{\"type\":\"typing\",\"room\":\"lobby\",\"on\":true}");
    assert_non_null(strstr(client_expect(jun, "typing"), "[\"mina\"]"));
    (void)client_expect(mina, "typing"); /* and no ok before it */
    client_send(mina, "{\"type\":\"typing\",\"room\":\"lobby\",\"on\":true,\"ref\":7}");
    (void)client_expect(mina, "ok");
    harness_advance(&harness, 6001);
    assert_non_null(strstr(client_expect(jun, "typing"), "[]"));
}

/* The turns wait less than typing takes to lapse. */
static void who_has_spoken_is_not_typing_any_more(void **state)
{
    (void)state;
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    struct test_client *jun = harness_member(&harness, "jun", "lobby");
    client_send(mina, "{\"type\":\"typing\",\"room\":\"lobby\",\"on\":true}");
    assert_non_null(strstr(client_expect(jun, "typing"), "[\"mina\"]"));
    client_send(mina, "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"a\",\"nonce\":\"1\"}");
    harness_advance(&harness, PRESENCE_TURN_MS);
    assert_non_null(strstr(client_expect(jun, "typing"), "[]"));
}

static void who_goes_on_typing_before_the_message_is_stored_is_still_typing(void **state)
{
    (void)state;
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    struct test_client *jun = harness_member(&harness, "jun", "lobby");
    client_send_only(mina, "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"a\",\"nonce\":\"1\"}");
    client_send(mina, "{\"type\":\"typing\",\"room\":\"lobby\",\"on\":true}");
    harness_advance(&harness, PRESENCE_TURN_MS);
    assert_non_null(strstr(client_expect(jun, "typing"), "[\"mina\"]"));
    (void)client_expect(jun, "message");
    assert_null(client_receive(jun));
}

static void a_direct_message_ends_typing_in_its_room(void **state)
{
    (void)state;
    struct test_client *mina = harness_guest(&harness, "mina"),
                       *jun = harness_guest(&harness, "jun");
    client_send(mina, "{\"type\":\"direct\",\"to\":\"jun\",\"text\":\"psst\",\"nonce\":\"1\"}");
    client_send(mina, "{\"type\":\"join\",\"room\":\"@jun,mina\"}");
    client_send(jun, "{\"type\":\"join\",\"room\":\"@jun,mina\"}");
    harness_advance(&harness, PRESENCE_TURN_MS);
    client_send(mina, "{\"type\":\"typing\",\"room\":\"@jun,mina\",\"on\":true}");
    harness_advance(&harness, PRESENCE_TURN_MS);
    assert_non_null(strstr(client_expect(jun, "typing"), "[\"mina\"]"));
    client_send(mina, "{\"type\":\"direct\",\"to\":\"jun\",\"text\":\"psst\",\"nonce\":\"2\"}");
    harness_advance(&harness, PRESENCE_TURN_MS);
    assert_non_null(strstr(client_expect(jun, "typing"), "[]"));
}

/* --- who -----------------------------------------------------------------------------------------
 */

static void who_lists_those_here_once_and_those_away_with_a_role(void **state)
{
    (void)state;
    struct test_client *mina = harness_guest(&harness, "mina");
    client_send(mina, "{\"type\":\"create\",\"room\":\"garden\"}");
    struct test_client *jun = harness_member(&harness, "jun", "garden");
    client_send(jun, "{\"type\":\"who\",\"room\":\"garden\"}");
    const char *members = client_expect(jun, "members");
    assert_non_null(strstr(members, "{\"name\":\"jun\",\"uid\":\"2\",\"role\":\"guest\",\"account\":false,"
                                    "\"away\":false}"));
    assert_non_null(strstr(members, "{\"name\":\"mina\",\"uid\":\"1\",\"role\":\"owner\",\"account\":false,"
                                    "\"away\":true}"));
    client_send(mina, "{\"type\":\"join\",\"room\":\"garden\"}");
    client_send(jun, "{\"type\":\"who\",\"room\":\"garden\"}");
    members = client_expect(jun, "members");
    assert_null(strstr(members, "\"away\":true"));
}

static void who_needs_no_membership_and_keeps_private_rooms_to_themselves(void **state)
{
    (void)state;
    struct test_client *mina = harness_guest(&harness, "mina"),
                       *jun = harness_guest(&harness, "jun");
    client_send(mina, "{\"type\":\"create\",\"room\":\"cellar\",\"visibility\":\"private\"}");
    client_send(jun, "{\"type\":\"who\",\"room\":\"lobby\"}");
    (void)client_expect(jun, "members");
    client_send(jun, "{\"type\":\"who\",\"room\":\"cellar\"}");
    client_expect_error(jun, "room_not_found");
    client_send(mina, "{\"type\":\"who\",\"room\":\"cellar\"}");
    (void)client_expect(mina, "members");
}

/* --- direct --------------------------------------------------------------------------------------
 */

static void a_direct_message_makes_its_room_for_both_and_nobody_else(void **state)
{
    (void)state;
    struct test_client *mina = harness_guest(&harness, "mina"),
                       *jun = harness_guest(&harness, "jun");
    struct test_client *leo = harness_guest(&harness, "leo"), *admin = harness_admin(&harness);
    client_send(mina, "{\"type\":\"direct\",\"to\":\"jun\",\"text\":\"psst\",\"nonce\":\"1\"}");
    assert_non_null(strstr(client_expect(mina, "room"), "\"peer\":\"jun\""));
    assert_non_null(strstr(client_expect(mina, "ack"), "\"room\":\"@jun,mina\""));
    assert_non_null(strstr(client_expect(jun, "room"), "\"peer\":\"mina\""));
    client_send(jun, "{\"type\":\"join\",\"room\":\"@mina,jun\"}");
    assert_non_null(strstr(client_expect(jun, "message"), "psst"));
    assert_null(client_receive(leo));
    client_send(leo, "{\"type\":\"join\",\"room\":\"@jun,mina\"}");
    client_expect_error(leo, "room_not_found");
    client_send(leo, "{\"type\":\"history\",\"room\":\"@jun,mina\"}");
    client_expect_error(leo, "room_not_found");
    client_send(admin, "{\"type\":\"join\",\"room\":\"@jun,mina\"}");
    client_expect_error(admin, "room_not_found");
    client_send(admin, "{\"type\":\"export\",\"room\":\"@jun,mina\"}");
    client_expect_error(admin, "room_not_found");
}

static void both_may_begin_at_once(void **state)
{
    (void)state;
    struct test_client *mina = harness_guest(&harness, "mina"),
                       *jun = harness_guest(&harness, "jun");
    client_send_only(mina, "{\"type\":\"direct\",\"to\":\"jun\",\"text\":\"a\",\"nonce\":\"1\"}");
    client_send_only(jun, "{\"type\":\"direct\",\"to\":\"mina\",\"text\":\"b\",\"nonce\":\"1\"}");
    harness_settle(&harness);
    assert_int_equal(number_in(client_expect(mina, "ack"), "seq"), 1);
    assert_int_equal(number_in(client_expect(jun, "ack"), "seq"), 2);
}

static void a_direct_message_reaches_somebody_who_is_away(void **state)
{
    (void)state;
    struct test_client *mina = harness_guest(&harness, "mina"),
                       *jun = harness_guest(&harness, "Jun");
    client_disconnect(jun);
    client_send(mina, "{\"type\":\"direct\",\"to\":\"jun\",\"text\":\"a\",\"nonce\":\"1\"}");
    assert_non_null(strstr(client_expect(mina, "ack"), "\"room\":\"@Jun,mina\""));
    client_send(mina, "{\"type\":\"direct\",\"to\":\"jun\",\"text\":\"a\",\"nonce\":\"1\"}");
    assert_int_equal(number_in(client_expect(mina, "ack"), "seq"), 1); /* the same nonce */
    client_send(mina, "{\"type\":\"direct\",\"to\":\"nobody\",\"text\":\"a\",\"nonce\":\"2\"}");
    client_expect_error(mina, "user_not_found");
    client_send(mina, "{\"type\":\"direct\",\"to\":\"MINA\",\"text\":\"a\",\"nonce\":\"3\"}");
    client_expect_error(mina, "bad_request");
}

static void a_direct_room_that_could_not_be_stored_is_begun_anew(void **state)
{
    (void)state;
    struct test_client *mina = harness_guest(&harness, "mina"),
                       *jun = harness_guest(&harness, "jun");
    fake_store_fail(harness.store, true);
    client_send(mina, "{\"type\":\"direct\",\"to\":\"jun\",\"text\":\"a\",\"nonce\":\"1\"}");
    client_expect_error(mina, "storage_unavailable");
    fake_store_fail(harness.store, false);
    client_send(mina, "{\"type\":\"direct\",\"to\":\"jun\",\"text\":\"a\",\"nonce\":\"1\"}");
    (void)client_expect(mina, "ack");
    (void)client_expect(jun, "room");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(logging_out_forgets_the_key_everywhere_and_keeps_the_name),
        TEST(logging_out_is_refused_while_the_key_cannot_be_forgotten),
        TEST(a_read_marker_is_kept_and_told_to_the_users_other_connections),
        TEST(a_read_marker_beyond_the_newest_entry_is_the_newest),
        TEST(typing_is_told_lapses_and_is_answered_only_when_asked),
        TEST(who_has_spoken_is_not_typing_any_more),
        TEST(who_goes_on_typing_before_the_message_is_stored_is_still_typing),
        TEST(a_direct_message_ends_typing_in_its_room),
        TEST(who_lists_those_here_once_and_those_away_with_a_role),
        TEST(who_needs_no_membership_and_keeps_private_rooms_to_themselves),
        TEST(a_direct_message_makes_its_room_for_both_and_nobody_else),
        TEST(both_may_begin_at_once),
        TEST(a_direct_message_reaches_somebody_who_is_away),
        TEST(a_direct_room_that_could_not_be_stored_is_begun_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
