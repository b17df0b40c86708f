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

/* mina owns the garden and is in it; jun is in it as a guest. */
static struct peer *mina, *jun;

static void plant_garden(const char *visibility)
{
    mina = stage_guest(&stage, "mina");
    peer_say(mina, "{\"type\":\"create\",\"room\":\"garden\",\"visibility\":\"%s\"}", visibility);
    peer_say(mina, "{\"type\":\"join\",\"room\":\"garden\"}");
    jun = stage_guest(&stage, "jun");
    peer_say(jun, "{\"type\":\"join\",\"room\":\"garden\"}");
    stage_wait(&stage, 2000);
    peer_forget(mina);
    peer_forget(jun);
}

static void order(struct peer *peer, const char *type, const char *user)
{
    peer_say(peer, "{\"type\":\"%s\",\"room\":\"garden\",\"user\":\"%s\"}", type, user);
}

static void give_role(struct peer *peer, const char *user, const char *role)
{
    peer_say(peer, "{\"type\":\"role\",\"room\":\"garden\",\"user\":\"%s\",\"role\":\"%s\"}", user,
             role);
}

static void speak(struct peer *peer, const char *nonce)
{
    peer_say(peer, "{\"type\":\"send\",\"room\":\"garden\",\"text\":\"hi\",\"nonce\":\"%s\"}",
             nonce);
}

/* --- the table, by what is really answered -------------------------------------------------------
 */

static const struct {
    enum operation operation;
    const char *request; /* by the actor, about leo, who is a guest in the room */
} attempts[] = {
    {OPERATION_send, "{\"type\":\"send\",\"room\":\"garden\",\"text\":\"a\",\"nonce\":\"x\"}"},
    {OPERATION_typing, "{\"type\":\"typing\",\"room\":\"garden\",\"on\":true,\"ref\":1}"},
    {OPERATION_read, "{\"type\":\"read\",\"room\":\"garden\",\"seq\":1}"},
    {OPERATION_who, "{\"type\":\"who\",\"room\":\"garden\"}"},
    {OPERATION_history, "{\"type\":\"history\",\"room\":\"garden\"}"},
    {OPERATION_react,
     "{\"type\":\"react\",\"room\":\"garden\",\"target\":1,\"emoji\":\"+\",\"on\":true}"},
    {OPERATION_edit_others, "{\"type\":\"edit\",\"room\":\"garden\",\"target\":1,\"text\":\"b\"}"},
    {OPERATION_delete_others, "{\"type\":\"delete\",\"room\":\"garden\",\"target\":1}"},
    {OPERATION_topic, "{\"type\":\"set\",\"room\":\"garden\",\"topic\":\"t\"}"},
    {OPERATION_invite, "{\"type\":\"invite\",\"room\":\"garden\",\"user\":\"leo\"}"},
    {OPERATION_mute, "{\"type\":\"mute\",\"room\":\"garden\",\"user\":\"leo\"}"},
    {OPERATION_kick, "{\"type\":\"kick\",\"room\":\"garden\",\"user\":\"leo\"}"},
    {OPERATION_ban, "{\"type\":\"ban\",\"room\":\"garden\",\"user\":\"leo\"}"},
    {OPERATION_unban, "{\"type\":\"unban\",\"room\":\"garden\",\"user\":\"leo\"}"},
    {OPERATION_visibility, "{\"type\":\"set\",\"room\":\"garden\",\"visibility\":\"private\"}"},
    {OPERATION_keep, "{\"type\":\"set\",\"room\":\"garden\",\"keep\":\"true\"}"},
    {OPERATION_status, "{\"type\":\"status\"}"},
    {OPERATION_backup, "{\"type\":\"backup\",\"path\":\"/b\"}"},
    {OPERATION_restore, "{\"type\":\"restore\",\"path\":\"/b\",\"overwrite\":true}"},
    {OPERATION_export, "{\"type\":\"export\",\"room\":\"garden\"}"},
    {OPERATION_import, "{\"type\":\"import\",\"room\":\"garden\",\"rows\":[]}"},
    {OPERATION_remove, "{\"type\":\"remove\",\"room\":\"garden\"}"},
};

static void try_as(enum role role, enum operation operation, const char *request)
{
    stage_open(&stage, NULL);
    plant_garden("public");
    struct peer *leo = stage_member(&stage, "leo", "garden");
    speak(leo, "first");
    struct peer *actor = role == ROLE_ADMIN ? stage_keeper(&stage) : jun;
    if (role != ROLE_ADMIN)
        give_role(mina, "jun", role_name(role));
    peer_forget(actor);
    peer_say(actor, "%s", request);
    bool is_refused = false;
    for (const char *told; (told = peer_hear(actor));)
        is_refused |= strstr(told, "\"forbidden\"") != NULL;
    if (is_refused == permission_allows(role, operation))
        fail_msg("%s may %s: %d", role_name(role), permission_name(operation), !is_refused);
    stage_close(&stage);
}

static void every_role_may_exactly_what_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++)
        for (enum role role = ROLE_GUEST; role <= ROLE_ADMIN; role++)
            try_as(role, attempts[i].operation, attempts[i].request);
}

/* --- putting out ---------------------------------------------------------------------------------
 */

static void a_kick_ends_membership_and_not_the_connection(void **state)
{
    (void)state;
    plant_garden("public");
    peer_say(mina, "{\"type\":\"kick\",\"room\":\"garden\",\"user\":\"JUN\",\"reason\":\"noise\"}");
    assert_non_null(strstr(peer_hear_type(jun, "kicked"), "\"reason\":\"noise\""));
    assert_int_equal(jun->close_code, 0);
    speak(mina, "1");
    assert_null(peer_hear(jun));
    speak(jun, "2");
    peer_expect_error(jun, "not_joined");
    peer_say(jun, "{\"type\":\"join\",\"room\":\"garden\"}");
    (void)peer_hear_type(jun, "joined");
}

static void a_kick_reaches_every_connection_of_the_user(void **state)
{
    (void)state;
    char key[KEY_TEXT_BYTES + 1];
    mina = stage_guest(&stage, "mina");
    peer_say(mina, "{\"type\":\"create\",\"room\":\"garden\"}");
    peer_say(mina, "{\"type\":\"join\",\"room\":\"garden\"}");
    jun = stage_peer(&stage, SESSION_WEBSOCKET);
    peer_say(jun, "{\"type\":\"hello\",\"name\":\"jun\"}");
    memcpy(key, strstr(peer_hear_type(jun, "welcome"), "\"session\":\"") + 11, KEY_TEXT_BYTES);
    key[KEY_TEXT_BYTES] = '\0';
    struct peer *phone = stage_peer(&stage, SESSION_WEBSOCKET);
    peer_say(phone, "{\"type\":\"hello\",\"session\":\"%s\"}", key);
    peer_say(jun, "{\"type\":\"join\",\"room\":\"garden\"}");
    peer_say(phone, "{\"type\":\"join\",\"room\":\"garden\"}");
    order(mina, "kick", "jun");
    (void)peer_hear_type(jun, "kicked");
    (void)peer_hear_type(phone, "kicked");
}

static void a_ban_ends_membership_and_keeps_out_until_it_is_over(void **state)
{
    (void)state;
    plant_garden("public");
    peer_say(mina, "{\"type\":\"ban\",\"room\":\"garden\",\"user\":\"jun\",\"seconds\":60}");
    (void)peer_hear_type(mina, "ok");
    assert_non_null(strstr(peer_hear_type(jun, "kicked"), "\"banned\":true"));
    peer_say(jun, "{\"type\":\"join\",\"room\":\"garden\"}");
    peer_expect_error(jun, "banned");
    peer_say(jun, "{\"type\":\"history\",\"room\":\"garden\"}");
    peer_expect_error(jun, "banned");
    stage_wait(&stage, 60001);
    peer_say(jun, "{\"type\":\"join\",\"room\":\"garden\"}");
    (void)peer_hear_type(jun, "joined");
}

static void a_ban_is_not_undone_by_a_join_that_was_read_before(void **state)
{
    (void)state;
    plant_garden("public");
    peer_say(jun, "{\"type\":\"leave\",\"room\":\"garden\"}");
    peer_forget(jun);
    fake_store_hold(stage.store);
    peer_mutter(jun, "{\"type\":\"join\",\"room\":\"garden\"}");
    peer_mutter(mina, "{\"type\":\"ban\",\"room\":\"garden\",\"user\":\"jun\"}");
    fake_store_step(stage.store, 2);
    fake_store_last_first(stage.store); /* the ban's answer comes before the join's */
    stage_turn(&stage);
    fake_store_release(stage.store);
    stage_turn(&stage);
    stage_turn(&stage);
    peer_expect_error(jun, "banned");
}

static void unban_lets_in_again(void **state)
{
    (void)state;
    plant_garden("public");
    order(mina, "ban", "jun");
    order(mina, "unban", "jun");
    peer_say(jun, "{\"type\":\"join\",\"room\":\"garden\"}");
    (void)peer_hear_type(jun, "joined");
}

static void who_is_muted_reads_and_does_not_speak(void **state)
{
    (void)state;
    plant_garden("public");
    peer_say(mina, "{\"type\":\"mute\",\"room\":\"garden\",\"user\":\"jun\",\"seconds\":60}");
    speak(jun, "1");
    peer_expect_error(jun, "muted");
    speak(mina, "2");
    (void)peer_hear_type(jun, "message");
    peer_say(mina, "{\"type\":\"mute\",\"room\":\"garden\",\"user\":\"jun\",\"seconds\":0}");
    speak(jun, "3");
    (void)peer_hear_type(jun, "ack");
}

static void nobody_acts_on_an_equal_or_gives_a_role_above_the_own(void **state)
{
    (void)state;
    plant_garden("public");
    struct peer *leo = stage_member(&stage, "leo", "garden");
    give_role(mina, "jun", "moderator");
    give_role(mina, "leo", "moderator");
    peer_forget(jun);
    order(jun, "kick", "leo");
    peer_expect_error(jun, "forbidden");
    order(jun, "ban", "mina");
    peer_expect_error(jun, "forbidden");
    give_role(jun, "leo", "owner");
    peer_expect_error(jun, "forbidden");
    give_role(mina, "jun", "king");
    peer_expect_error(mina, "bad_request");
    assert_null(strstr(leo->text, "kicked"));
}

static void a_role_is_told_to_whom_it_is_given(void **state)
{
    (void)state;
    plant_garden("public");
    give_role(mina, "jun", "moderator");
    const char *event = peer_hear_type(jun, "room");
    assert_non_null(strstr(event, "\"change\":\"changed\""));
    assert_non_null(strstr(event, "\"role\":\"moderator\""));
}

static void expect_each_refused(const char *code)
{
    static const char *const requests[] = {
        "{\"type\":\"send\",\"room\":\"Garden\",\"text\":\"x\",\"nonce\":\"1\"}",
        "{\"type\":\"edit\",\"room\":\"Garden\",\"target\":1,\"text\":\"x\"}",
        "{\"type\":\"react\",\"room\":\"Garden\",\"target\":1,\"emoji\":\"x\",\"on\":true}",
        "{\"type\":\"delete\",\"room\":\"Garden\",\"target\":1}",
        "{\"type\":\"read\",\"room\":\"Garden\",\"seq\":1}",
        "{\"type\":\"typing\",\"room\":\"Garden\",\"on\":true}",
        "{\"type\":\"leave\",\"room\":\"Garden\"}"};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        peer_say(jun, "%s", requests[i]);
        peer_expect_error(jun, code);
    }
}

static void who_is_not_in_a_room_is_told_why_as_far_as_it_is_theirs_to_know(void **state)
{
    char hidden[HEARD_BYTES];
    (void)state;
    plant_garden("private");
    expect_each_refused("room_not_found");
    snprintf(hidden, sizeof hidden, "%s", jun->text);
    peer_say(jun, "{\"type\":\"leave\",\"room\":\"nowhere\"}");
    assert_string_equal(peer_hear_type(jun, "error"), hidden);
    order(mina, "invite", "jun");
    expect_each_refused("not_joined");
    give_role(mina, "jun", "member");
    order(mina, "ban", "jun");
    expect_each_refused("banned");
}

static void who_is_banned_from_a_public_room_is_told_so(void **state)
{
    (void)state;
    plant_garden("public");
    order(mina, "kick", "jun");
    expect_each_refused("not_joined");
    order(mina, "ban", "jun");
    expect_each_refused("banned");
}

static void in_a_room_on_its_way_into_storage_nothing_is_remembered(void **state)
{
    struct room_row row;
    (void)state;
    jun = stage_guest(&stage, "jun");
    assert_true(gateway_fill_room(stage.gateway, "garden", &row));
    struct room *garden = room_create(stage.gateway, &row);
    garden->is_storing = true;
    expect_each_refused("not_joined");
}

static void an_invitation_opens_a_private_room(void **state)
{
    (void)state;
    plant_garden("private");
    peer_say(jun, "{\"type\":\"join\",\"room\":\"garden\"}");
    peer_expect_error(jun, "room_not_found");
    order(mina, "invite", "jun");
    assert_non_null(strstr(peer_hear_type(jun, "room"), "\"visibility\":\"private\""));
    peer_say(jun, "{\"type\":\"join\",\"room\":\"garden\"}");
    (void)peer_hear_type(jun, "joined");
}

static void a_room_that_becomes_private_puts_strangers_out(void **state)
{
    (void)state;
    plant_garden("public");
    peer_say(mina, "{\"type\":\"set\",\"room\":\"garden\",\"visibility\":\"private\"}");
    (void)peer_hear_type(jun, "kicked");
    peer_forget(jun);
    speak(mina, "1");
    assert_null(peer_hear(jun));
}

static void a_name_that_nobody_has_is_said_so(void **state)
{
    (void)state;
    plant_garden("public");
    static const char *const types[] = {"invite", "kick", "ban", "unban", "mute"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        order(mina, types[i], "nobody");
        peer_expect_error(mina, "user_not_found");
    }
}

static void failing_storage_leaves_everything_as_it_was(void **state)
{
    (void)state;
    plant_garden("public");
    fake_store_fail(stage.store, true);
    order(mina, "ban", "jun");
    peer_expect_error(mina, "storage_unavailable");
    fake_store_fail(stage.store, false);
    peer_forget(jun);
    speak(jun, "1");
    (void)peer_hear_type(jun, "ack");
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, open_stage, close_stage)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_role_may_exactly_what_the_table_says),
        STAGED(a_kick_ends_membership_and_not_the_connection),
        STAGED(a_kick_reaches_every_connection_of_the_user),
        STAGED(a_ban_ends_membership_and_keeps_out_until_it_is_over),
        STAGED(a_ban_is_not_undone_by_a_join_that_was_read_before),
        STAGED(unban_lets_in_again),
        STAGED(who_is_muted_reads_and_does_not_speak),
        STAGED(nobody_acts_on_an_equal_or_gives_a_role_above_the_own),
        STAGED(a_role_is_told_to_whom_it_is_given),
        STAGED(who_is_not_in_a_room_is_told_why_as_far_as_it_is_theirs_to_know),
        STAGED(who_is_banned_from_a_public_room_is_told_so),
        STAGED(in_a_room_on_its_way_into_storage_nothing_is_remembered),
        STAGED(an_invitation_opens_a_private_room),
        STAGED(a_room_that_becomes_private_puts_strangers_out),
        STAGED(a_name_that_nobody_has_is_said_so),
        STAGED(failing_storage_leaves_everything_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
