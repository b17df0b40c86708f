#include "tests/daemon/core/harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/core/room_make.h"

HARNESS_FOR_EACH_TEST(NULL)

/* mina owns the garden and is in it; jun is in it as a guest. */
static struct test_client *mina, *jun;

static void plant_garden(const char *visibility)
{
    mina = harness_guest(&harness, "mina");
    client_send(mina, "{\"type\":\"create\",\"room\":\"garden\",\"visibility\":\"%s\"}",
                visibility);
    client_send(mina, "{\"type\":\"join\",\"room\":\"garden\"}");
    jun = harness_guest(&harness, "jun");
    client_send(jun, "{\"type\":\"join\",\"room\":\"garden\"}");
    harness_advance(&harness, 2000);
    client_discard(mina);
    client_discard(jun);
}

static void order(struct test_client *client, const char *type, const char *user)
{
    client_send(client, "{\"type\":\"%s\",\"room\":\"garden\",\"user\":\"%s\"}", type, user);
}

static void give_role(struct test_client *client, const char *user, const char *role)
{
    client_send(client, "{\"type\":\"role\",\"room\":\"garden\",\"user\":\"%s\",\"role\":\"%s\"}",
                user, role);
}

static void speak(struct test_client *client, const char *nonce)
{
    client_send(client, "{\"type\":\"send\",\"room\":\"garden\",\"text\":\"hi\",\"nonce\":\"%s\"}",
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
     "{\"type\":\"react\",\"room\":\"garden\",\"target\":1,\"emoji\":\"👍\",\"on\":true}"},
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
    harness_open(&harness, NULL);
    plant_garden("public");
    struct test_client *leo = harness_member(&harness, "leo", "garden");
    speak(leo, "first");
    struct test_client *actor = role == ROLE_ADMIN ? harness_admin(&harness) : jun;
    if (role != ROLE_ADMIN)
        give_role(mina, "jun", role_name(role));
    client_discard(actor);
    client_send(actor, "%s", request);
    bool is_refused = false;
    for (const char *received; (received = client_receive(actor));)
        is_refused |= strstr(received, "\"forbidden\"") != NULL;
    if (is_refused == permission_allows(role, operation))
        fail_msg("%s may %s: %d", role_name(role), permission_name(operation), !is_refused);
    harness_close(&harness);
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
    client_send(mina,
                "{\"type\":\"kick\",\"room\":\"garden\",\"user\":\"JUN\",\"reason\":\"noise\"}");
    assert_non_null(strstr(client_expect(jun, "kicked"), "\"reason\":\"noise\""));
    assert_int_equal(jun->close_code, 0);
    speak(mina, "1");
    assert_null(client_receive(jun));
    speak(jun, "2");
    client_expect_error(jun, "not_joined");
    client_send(jun, "{\"type\":\"join\",\"room\":\"garden\"}");
    (void)client_expect(jun, "joined");
}

static void a_kick_reaches_every_connection_of_the_user(void **state)
{
    (void)state;
    char key[KEY_TEXT_BYTES + 1];
    mina = harness_guest(&harness, "mina");
    client_send(mina, "{\"type\":\"create\",\"room\":\"garden\"}");
    client_send(mina, "{\"type\":\"join\",\"room\":\"garden\"}");
    jun = harness_connect(&harness, SESSION_WEBSOCKET);
    client_send(jun, "{\"type\":\"hello\",\"name\":\"jun\"}");
    memcpy(key, strstr(client_expect(jun, "welcome"), "\"session\":\"") + 11, KEY_TEXT_BYTES);
    key[KEY_TEXT_BYTES] = '\0';
    struct test_client *phone = harness_connect(&harness, SESSION_WEBSOCKET);
    client_send(phone, "{\"type\":\"hello\",\"session\":\"%s\"}", key);
    client_send(jun, "{\"type\":\"join\",\"room\":\"garden\"}");
    client_send(phone, "{\"type\":\"join\",\"room\":\"garden\"}");
    order(mina, "kick", "jun");
    (void)client_expect(jun, "kicked");
    (void)client_expect(phone, "kicked");
}

static void a_ban_ends_membership_and_keeps_out_until_it_is_over(void **state)
{
    (void)state;
    plant_garden("public");
    client_send(mina, "{\"type\":\"ban\",\"room\":\"garden\",\"user\":\"jun\",\"seconds\":60}");
    (void)client_expect(mina, "ok");
    assert_non_null(strstr(client_expect(jun, "kicked"), "\"banned\":true"));
    client_send(jun, "{\"type\":\"join\",\"room\":\"garden\"}");
    client_expect_error(jun, "banned");
    client_send(jun, "{\"type\":\"history\",\"room\":\"garden\"}");
    client_expect_error(jun, "banned");
    harness_advance(&harness, 60001);
    client_send(jun, "{\"type\":\"join\",\"room\":\"garden\"}");
    (void)client_expect(jun, "joined");
}

static void a_ban_is_not_undone_by_a_join_that_was_read_before(void **state)
{
    (void)state;
    plant_garden("public");
    client_send(jun, "{\"type\":\"leave\",\"room\":\"garden\"}");
    client_discard(jun);
    fake_store_hold(harness.store);
    client_send_only(jun, "{\"type\":\"join\",\"room\":\"garden\"}");
    client_send_only(mina, "{\"type\":\"ban\",\"room\":\"garden\",\"user\":\"jun\"}");
    fake_store_step(harness.store, 2);
    fake_store_last_first(harness.store); /* the ban's answer comes before the join's */
    harness_settle(&harness);
    fake_store_release(harness.store);
    harness_settle(&harness);
    harness_settle(&harness);
    client_expect_error(jun, "banned");
}

static void unban_lets_in_again(void **state)
{
    (void)state;
    plant_garden("public");
    order(mina, "ban", "jun");
    order(mina, "unban", "jun");
    client_send(jun, "{\"type\":\"join\",\"room\":\"garden\"}");
    (void)client_expect(jun, "joined");
}

static void who_is_muted_reads_and_does_not_speak(void **state)
{
    (void)state;
    plant_garden("public");
    client_send(mina, "{\"type\":\"mute\",\"room\":\"garden\",\"user\":\"jun\",\"seconds\":60}");
    speak(jun, "1");
    client_expect_error(jun, "muted");
    speak(mina, "2");
    (void)client_expect(jun, "message");
    client_send(mina, "{\"type\":\"mute\",\"room\":\"garden\",\"user\":\"jun\",\"seconds\":0}");
    speak(jun, "3");
    (void)client_expect(jun, "ack");
}

static void nobody_acts_on_an_equal_or_gives_a_role_above_the_own(void **state)
{
    (void)state;
    plant_garden("public");
    struct test_client *leo = harness_member(&harness, "leo", "garden");
    give_role(mina, "jun", "moderator");
    give_role(mina, "leo", "moderator");
    client_discard(jun);
    order(jun, "kick", "leo");
    client_expect_error(jun, "forbidden");
    order(jun, "ban", "mina");
    client_expect_error(jun, "forbidden");
    give_role(jun, "leo", "owner");
    client_expect_error(jun, "forbidden");
    give_role(mina, "jun", "king");
    client_expect_error(mina, "bad_request");
    assert_null(strstr(leo->text, "kicked"));
}

static void a_role_is_told_to_whom_it_is_given(void **state)
{
    (void)state;
    plant_garden("public");
    give_role(mina, "jun", "moderator");
    const char *event = client_expect(jun, "room");
    assert_non_null(strstr(event, "\"change\":\"changed\""));
    assert_non_null(strstr(event, "\"role\":\"moderator\""));
}

static void expect_each_refused(const char *code)
{
    static const char *const requests[] = {
        "{\"type\":\"send\",\"room\":\"Garden\",\"text\":\"x\",\"nonce\":\"1\"}",
        "{\"type\":\"edit\",\"room\":\"Garden\",\"target\":1,\"text\":\"x\"}",
        "{\"type\":\"react\",\"room\":\"Garden\",\"target\":1,\"emoji\":\"👍\",\"on\":true}",
        "{\"type\":\"delete\",\"room\":\"Garden\",\"target\":1}",
        "{\"type\":\"read\",\"room\":\"Garden\",\"seq\":1}",
        "{\"type\":\"typing\",\"room\":\"Garden\",\"on\":true}"};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        client_send(jun, "%s", requests[i]);
        client_expect_error(jun, code);
    }
}

static void who_is_not_in_a_room_is_told_why_as_far_as_it_is_theirs_to_know(void **state)
{
    char hidden[MESSAGE_BYTES];
    (void)state;
    plant_garden("private");
    expect_each_refused("room_not_found");
    snprintf(hidden, sizeof hidden, "%s", jun->text);
    client_send(jun, "{\"type\":\"leave\",\"room\":\"nowhere\"}");
    assert_string_equal(client_expect(jun, "error"), hidden);
    order(mina, "invite", "jun");
    expect_each_refused("not_joined");
    client_send(jun, "{\"type\":\"leave\",\"room\":\"Garden\"}"); /* declines */
    (void)client_expect(jun, "left");
    expect_each_refused("room_not_found");
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
    client_send(jun, "{\"type\":\"leave\",\"room\":\"Garden\"}");
    client_expect_error(jun, "not_joined");
    order(mina, "ban", "jun");
    expect_each_refused("banned");
}

static void in_a_room_on_its_way_into_storage_nothing_is_remembered(void **state)
{
    struct room_row row;
    struct refusal refusal;
    (void)state;
    jun = harness_guest(&harness, "jun");
    assert_true(room_make_row(harness.gateway, "garden", &row, &refusal));
    struct room *garden = room_create(harness.gateway, &row);
    garden->stage = ROOM_STORING;
    expect_each_refused("not_joined");
}

static void an_invitation_opens_a_private_room(void **state)
{
    (void)state;
    plant_garden("private");
    client_send(jun, "{\"type\":\"join\",\"room\":\"garden\"}");
    client_expect_error(jun, "room_not_found");
    order(mina, "invite", "jun");
    assert_non_null(strstr(client_expect(jun, "room"), "\"visibility\":\"private\""));
    client_send(jun, "{\"type\":\"join\",\"room\":\"garden\"}");
    (void)client_expect(jun, "joined");
}

static void a_room_that_becomes_private_puts_strangers_out(void **state)
{
    (void)state;
    plant_garden("public");
    client_send(mina, "{\"type\":\"set\",\"room\":\"garden\",\"visibility\":\"private\"}");
    (void)client_expect(jun, "kicked");
    client_discard(jun);
    speak(mina, "1");
    assert_null(client_receive(jun));
}

static void a_name_that_nobody_has_is_said_so(void **state)
{
    (void)state;
    plant_garden("public");
    static const char *const types[] = {"invite", "kick", "ban", "unban", "mute"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        order(mina, types[i], "nobody");
        client_expect_error(mina, "user_not_found");
    }
}

static void failing_storage_leaves_everything_as_it_was(void **state)
{
    (void)state;
    plant_garden("public");
    fake_store_fail(harness.store, true);
    order(mina, "ban", "jun");
    client_expect_error(mina, "storage_unavailable");
    fake_store_fail(harness.store, false);
    client_discard(jun);
    speak(jun, "1");
    (void)client_expect(jun, "ack");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_role_may_exactly_what_the_table_says),
        TEST(a_kick_ends_membership_and_not_the_connection),
        TEST(a_kick_reaches_every_connection_of_the_user),
        TEST(a_ban_ends_membership_and_keeps_out_until_it_is_over),
        TEST(a_ban_is_not_undone_by_a_join_that_was_read_before),
        TEST(unban_lets_in_again),
        TEST(who_is_muted_reads_and_does_not_speak),
        TEST(nobody_acts_on_an_equal_or_gives_a_role_above_the_own),
        TEST(a_role_is_told_to_whom_it_is_given),
        TEST(who_is_not_in_a_room_is_told_why_as_far_as_it_is_theirs_to_know),
        TEST(who_is_banned_from_a_public_room_is_told_so),
        TEST(in_a_room_on_its_way_into_storage_nothing_is_remembered),
        TEST(an_invitation_opens_a_private_room),
        TEST(a_room_that_becomes_private_puts_strangers_out),
        TEST(a_name_that_nobody_has_is_said_so),
        TEST(failing_storage_leaves_everything_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
