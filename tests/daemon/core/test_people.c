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

/* A second connection of whoever said this hello, and their key. */
static struct peer *second_of(struct peer *peer, char key[KEY_TEXT_BYTES + 1])
{
    memcpy(key, strstr(peer_hear_type(peer, "welcome"), "\"session\":\"") + 11, KEY_TEXT_BYTES);
    key[KEY_TEXT_BYTES] = '\0';
    struct peer *second = stage_peer(&stage, SESSION_WEBSOCKET);
    peer_say(second, "{\"type\":\"hello\",\"session\":\"%s\"}", key);
    (void)peer_hear_type(second, "welcome");
    return second;
}

/* --- logout --------------------------------------------------------------------------------------
 */

static void logging_out_forgets_the_key_everywhere_and_keeps_the_name(void **state)
{
    (void)state;
    struct peer *mina = stage_peer(&stage, SESSION_WEBSOCKET);
    peer_say(mina, "{\"type\":\"hello\",\"name\":\"mina\"}");
    char key[KEY_TEXT_BYTES + 1];
    struct peer *phone = second_of(mina, key);
    peer_say(mina, "{\"type\":\"logout\"}");
    (void)peer_hear_type(mina, "ok");
    assert_int_equal(mina->close_code, 1000);
    assert_int_equal(phone->close_code, 4001);
    struct peer *thief = stage_peer(&stage, SESSION_WEBSOCKET);
    peer_say(thief, "{\"type\":\"hello\",\"session\":\"%s\"}", key);
    peer_expect_error(thief, "unauthorized");
    peer_say(thief, "{\"type\":\"hello\",\"session\":\"%s\",\"name\":\"mina\"}", key);
    peer_expect_error(thief, "name_taken");
}

static void logging_out_is_refused_while_the_key_cannot_be_forgotten(void **state)
{
    (void)state;
    struct peer *mina = stage_guest(&stage, "mina");
    fake_store_fail(stage.store, true);
    peer_say(mina, "{\"type\":\"logout\"}");
    peer_expect_error(mina, "storage_unavailable");
    assert_int_equal(mina->close_code, 0);
    fake_store_fail(stage.store, false);
    peer_say(mina, "{\"type\":\"logout\"}");
    (void)peer_hear_type(mina, "ok");
    assert_int_equal(mina->close_code, 1000);
}

/* --- read ----------------------------------------------------------------------------------------
 */

static void a_read_marker_is_kept_and_told_to_the_users_other_connections(void **state)
{
    (void)state;
    struct peer *mina = stage_peer(&stage, SESSION_WEBSOCKET);
    peer_say(mina, "{\"type\":\"hello\",\"name\":\"mina\"}");
    char key[KEY_TEXT_BYTES + 1];
    struct peer *phone = second_of(mina, key);
    struct peer *jun = stage_member(&stage, "jun", "lobby");
    peer_say(mina, "{\"type\":\"join\",\"room\":\"lobby\"}");
    for (int i = 0; i < 5; i++)
        peer_say(mina, "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"a\",\"nonce\":\"%d\"}", i);
    peer_forget(jun);
    peer_say(mina, "{\"type\":\"read\",\"room\":\"lobby\",\"seq\":3}");
    (void)peer_hear_type(mina, "ok");
    assert_int_equal(number_in(peer_hear_type(phone, "read"), "seq"), 3);
    assert_null(peer_hear(jun));
    peer_say(mina, "{\"type\":\"read\",\"room\":\"lobby\",\"seq\":2}"); /* only forward */
    peer_say(phone, "{\"type\":\"join\",\"room\":\"lobby\"}");
    assert_int_equal(number_in(peer_hear_type(phone, "joined"), "read"), 3);
}

static void a_read_marker_beyond_the_newest_entry_is_the_newest(void **state)
{
    (void)state;
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    peer_say(mina, "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"a\",\"nonce\":\"1\"}");
    peer_say(mina, "{\"type\":\"read\",\"room\":\"lobby\",\"seq\":9007199254740991}");
    peer_say(mina, "{\"type\":\"join\",\"room\":\"lobby\"}");
    assert_int_equal(number_in(peer_hear_type(mina, "joined"), "read"), 1);
}

/* --- typing --------------------------------------------------------------------------------------
 */

static void typing_is_told_lapses_and_is_answered_only_when_asked(void **state)
{
    (void)state;
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    struct peer *jun = stage_member(&stage, "jun", "lobby");
    stage_wait(&stage, 2000);
    peer_forget(mina);
    peer_forget(jun);
    peer_say(mina, "{\"type\":\"typing\",\"room\":\"lobby\",\"on\":true}");
    assert_non_null(strstr(peer_hear_type(jun, "typing"), "[\"mina\"]"));
    (void)peer_hear_type(mina, "typing"); /* and no ok before it */
    peer_say(mina, "{\"type\":\"typing\",\"room\":\"lobby\",\"on\":true,\"ref\":7}");
    (void)peer_hear_type(mina, "ok");
    stage_wait(&stage, 6001);
    assert_non_null(strstr(peer_hear_type(jun, "typing"), "[]"));
}

/* The turns wait less than typing takes to lapse. */
static void who_has_spoken_is_not_typing_any_more(void **state)
{
    (void)state;
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    struct peer *jun = stage_member(&stage, "jun", "lobby");
    peer_say(mina, "{\"type\":\"typing\",\"room\":\"lobby\",\"on\":true}");
    assert_non_null(strstr(peer_hear_type(jun, "typing"), "[\"mina\"]"));
    peer_say(mina, "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"a\",\"nonce\":\"1\"}");
    stage_wait(&stage, PRESENCE_TURN_MS);
    assert_non_null(strstr(peer_hear_type(jun, "typing"), "[]"));
}

static void who_goes_on_typing_before_the_message_is_stored_is_still_typing(void **state)
{
    (void)state;
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    struct peer *jun = stage_member(&stage, "jun", "lobby");
    peer_mutter(mina, "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"a\",\"nonce\":\"1\"}");
    peer_say(mina, "{\"type\":\"typing\",\"room\":\"lobby\",\"on\":true}");
    stage_wait(&stage, PRESENCE_TURN_MS);
    assert_non_null(strstr(peer_hear_type(jun, "typing"), "[\"mina\"]"));
    (void)peer_hear_type(jun, "message");
    assert_null(peer_hear(jun));
}

static void a_direct_message_ends_typing_in_its_room(void **state)
{
    (void)state;
    struct peer *mina = stage_guest(&stage, "mina"), *jun = stage_guest(&stage, "jun");
    peer_say(mina, "{\"type\":\"direct\",\"to\":\"jun\",\"text\":\"psst\",\"nonce\":\"1\"}");
    peer_say(mina, "{\"type\":\"join\",\"room\":\"@jun,mina\"}");
    peer_say(jun, "{\"type\":\"join\",\"room\":\"@jun,mina\"}");
    stage_wait(&stage, PRESENCE_TURN_MS);
    peer_say(mina, "{\"type\":\"typing\",\"room\":\"@jun,mina\",\"on\":true}");
    stage_wait(&stage, PRESENCE_TURN_MS);
    assert_non_null(strstr(peer_hear_type(jun, "typing"), "[\"mina\"]"));
    peer_say(mina, "{\"type\":\"direct\",\"to\":\"jun\",\"text\":\"psst\",\"nonce\":\"2\"}");
    stage_wait(&stage, PRESENCE_TURN_MS);
    assert_non_null(strstr(peer_hear_type(jun, "typing"), "[]"));
}

/* --- who -----------------------------------------------------------------------------------------
 */

static void who_lists_those_here_once_and_those_away_with_a_role(void **state)
{
    (void)state;
    struct peer *mina = stage_guest(&stage, "mina");
    peer_say(mina, "{\"type\":\"create\",\"room\":\"garden\"}");
    struct peer *jun = stage_member(&stage, "jun", "garden");
    peer_say(jun, "{\"type\":\"who\",\"room\":\"garden\"}");
    const char *members = peer_hear_type(jun, "members");
    assert_non_null(strstr(members, "{\"name\":\"jun\",\"role\":\"guest\",\"account\":false,"
                                    "\"away\":false}"));
    assert_non_null(strstr(members, "{\"name\":\"mina\",\"role\":\"owner\",\"account\":false,"
                                    "\"away\":true}"));
    peer_say(mina, "{\"type\":\"join\",\"room\":\"garden\"}");
    peer_say(jun, "{\"type\":\"who\",\"room\":\"garden\"}");
    members = peer_hear_type(jun, "members");
    assert_null(strstr(members, "\"away\":true"));
}

static void who_needs_no_membership_and_keeps_private_rooms_to_themselves(void **state)
{
    (void)state;
    struct peer *mina = stage_guest(&stage, "mina"), *jun = stage_guest(&stage, "jun");
    peer_say(mina, "{\"type\":\"create\",\"room\":\"cellar\",\"visibility\":\"private\"}");
    peer_say(jun, "{\"type\":\"who\",\"room\":\"lobby\"}");
    (void)peer_hear_type(jun, "members");
    peer_say(jun, "{\"type\":\"who\",\"room\":\"cellar\"}");
    peer_expect_error(jun, "room_not_found");
    peer_say(mina, "{\"type\":\"who\",\"room\":\"cellar\"}");
    (void)peer_hear_type(mina, "members");
}

/* --- direct --------------------------------------------------------------------------------------
 */

static void a_direct_message_makes_its_room_for_both_and_nobody_else(void **state)
{
    (void)state;
    struct peer *mina = stage_guest(&stage, "mina"), *jun = stage_guest(&stage, "jun");
    struct peer *leo = stage_guest(&stage, "leo"), *keeper = stage_keeper(&stage);
    peer_say(mina, "{\"type\":\"direct\",\"to\":\"jun\",\"text\":\"psst\",\"nonce\":\"1\"}");
    assert_non_null(strstr(peer_hear_type(mina, "room"), "\"peer\":\"jun\""));
    assert_non_null(strstr(peer_hear_type(mina, "ack"), "\"room\":\"@jun,mina\""));
    assert_non_null(strstr(peer_hear_type(jun, "room"), "\"peer\":\"mina\""));
    peer_say(jun, "{\"type\":\"join\",\"room\":\"@mina,jun\"}");
    assert_non_null(strstr(peer_hear_type(jun, "message"), "psst"));
    assert_null(peer_hear(leo));
    peer_say(leo, "{\"type\":\"join\",\"room\":\"@jun,mina\"}");
    peer_expect_error(leo, "room_not_found");
    peer_say(leo, "{\"type\":\"history\",\"room\":\"@jun,mina\"}");
    peer_expect_error(leo, "room_not_found");
    peer_say(keeper, "{\"type\":\"join\",\"room\":\"@jun,mina\"}");
    peer_expect_error(keeper, "room_not_found");
    peer_say(keeper, "{\"type\":\"export\",\"room\":\"@jun,mina\"}");
    peer_expect_error(keeper, "room_not_found");
}

static void both_may_begin_at_once(void **state)
{
    (void)state;
    struct peer *mina = stage_guest(&stage, "mina"), *jun = stage_guest(&stage, "jun");
    peer_mutter(mina, "{\"type\":\"direct\",\"to\":\"jun\",\"text\":\"a\",\"nonce\":\"1\"}");
    peer_mutter(jun, "{\"type\":\"direct\",\"to\":\"mina\",\"text\":\"b\",\"nonce\":\"1\"}");
    stage_turn(&stage);
    assert_int_equal(number_in(peer_hear_type(mina, "ack"), "seq"), 1);
    assert_int_equal(number_in(peer_hear_type(jun, "ack"), "seq"), 2);
}

static void a_direct_message_reaches_somebody_who_is_away(void **state)
{
    (void)state;
    struct peer *mina = stage_guest(&stage, "mina"), *jun = stage_guest(&stage, "Jun");
    peer_hang_up(jun);
    peer_say(mina, "{\"type\":\"direct\",\"to\":\"jun\",\"text\":\"a\",\"nonce\":\"1\"}");
    assert_non_null(strstr(peer_hear_type(mina, "ack"), "\"room\":\"@Jun,mina\""));
    peer_say(mina, "{\"type\":\"direct\",\"to\":\"jun\",\"text\":\"a\",\"nonce\":\"1\"}");
    assert_int_equal(number_in(peer_hear_type(mina, "ack"), "seq"), 1); /* the same nonce */
    peer_say(mina, "{\"type\":\"direct\",\"to\":\"nobody\",\"text\":\"a\",\"nonce\":\"2\"}");
    peer_expect_error(mina, "user_not_found");
    peer_say(mina, "{\"type\":\"direct\",\"to\":\"MINA\",\"text\":\"a\",\"nonce\":\"3\"}");
    peer_expect_error(mina, "bad_request");
}

static void a_direct_room_that_could_not_be_stored_is_begun_anew(void **state)
{
    (void)state;
    struct peer *mina = stage_guest(&stage, "mina"), *jun = stage_guest(&stage, "jun");
    fake_store_fail(stage.store, true);
    peer_say(mina, "{\"type\":\"direct\",\"to\":\"jun\",\"text\":\"a\",\"nonce\":\"1\"}");
    peer_expect_error(mina, "storage_unavailable");
    fake_store_fail(stage.store, false);
    peer_say(mina, "{\"type\":\"direct\",\"to\":\"jun\",\"text\":\"a\",\"nonce\":\"1\"}");
    (void)peer_hear_type(mina, "ack");
    (void)peer_hear_type(jun, "room");
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, open_stage, close_stage)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(logging_out_forgets_the_key_everywhere_and_keeps_the_name),
        STAGED(logging_out_is_refused_while_the_key_cannot_be_forgotten),
        STAGED(a_read_marker_is_kept_and_told_to_the_users_other_connections),
        STAGED(a_read_marker_beyond_the_newest_entry_is_the_newest),
        STAGED(typing_is_told_lapses_and_is_answered_only_when_asked),
        STAGED(who_has_spoken_is_not_typing_any_more),
        STAGED(who_goes_on_typing_before_the_message_is_stored_is_still_typing),
        STAGED(a_direct_message_ends_typing_in_its_room),
        STAGED(who_lists_those_here_once_and_those_away_with_a_role),
        STAGED(who_needs_no_membership_and_keeps_private_rooms_to_themselves),
        STAGED(a_direct_message_makes_its_room_for_both_and_nobody_else),
        STAGED(both_may_begin_at_once),
        STAGED(a_direct_message_reaches_somebody_who_is_away),
        STAGED(a_direct_room_that_could_not_be_stored_is_begun_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
