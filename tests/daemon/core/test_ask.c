#include "tests/daemon/core/harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/core/dispatch.h"

HARNESS_FOR_EACH_TEST(NULL)

/* --- the table -------------------------------------------------------------------------------- */

static void what_acts_in_a_room_has_a_permission(void **state)
{
    for (int type = MESSAGE_none + 1; type < MESSAGE_COUNT; type++) {
        const struct row *row = dispatch_row((enum message_type)type);
        if (message_describe((enum message_type)type)->kind != KIND_REQUEST) {
            assert_null(row);
            continue;
        }
        assert_non_null(row->handle);
        if (row->scope != SCOPE_NONE)
            assert_true(row->operation < OPERATION_COUNT);
    }
    (void)state;
}

static void what_only_administrators_may_asks_for_one(void **state)
{
    for (int type = MESSAGE_none + 1; type < MESSAGE_COUNT; type++) {
        const struct row *row = dispatch_row((enum message_type)type);
        if (!row || row->operation == OPERATION_none ||
            permission_least(row->operation) != ROLE_ADMIN)
            continue;
        /* The page of an administrator may give the time: there the role alone decides. */
        assert_int_equal(row->who, type == REQUEST_clock ? WHO_USER : WHO_ADMINISTRATOR);
    }
    (void)state;
}

/* --- what has to be read first ------------------------------------------------------------------ */

static void a_request_from_outside_keeps_all_it_said(void **state)
{
    struct test_client *mina = harness_guest(&harness, "mina");
    struct test_client *jun = harness_member(&harness, "jun", "lobby");
    struct test_client *owner = harness_guest(&harness, "owner");
    client_send(owner, "{\"type\":\"create\",\"room\":\"den\"}");
    client_send(jun, "{\"type\":\"join\",\"room\":\"den\"}");
    client_discard(owner);
    client_discard(jun);
    client_send(owner, "{\"type\":\"ban\",\"ref\":\"b\",\"room\":\"den\",\"user\":\"jun\",\"reason\":\"noise\"}");
    assert_non_null(strstr(client_expect(owner, "ok"), "\"ref\":\"b\""));
    assert_non_null(strstr(client_expect(jun, "kicked"), "\"reason\":\"noise\""));
    client_send(mina, "{\"type\":\"ban\",\"ref\":\"c\",\"room\":\"den\",\"user\":\"jun\"}");
    client_expect_error(mina, "forbidden");
    (void)state;
}

static void a_request_whose_room_is_removed_meanwhile_is_answered(void **state)
{
    struct test_client *owner = harness_guest(&harness, "owner");
    struct test_client *mina = harness_guest(&harness, "mina");
    client_send(owner, "{\"type\":\"create\",\"room\":\"den\"}");
    client_discard(owner);
    fake_store_hold(harness.store);
    client_send(owner, "{\"type\":\"remove\",\"room\":\"den\"}");
    client_send(mina, "{\"type\":\"who\",\"ref\":5,\"room\":\"den\"}");
    fake_store_release(harness.store);
    harness_settle(&harness);
    (void)client_expect(owner, "ok");
    client_expect_error(mina, "room_not_found");
    (void)state;
}

static void a_room_that_is_not_open_is_not_found_by_any_request(void **state)
{
    static const char *const requests[] = {
        "{\"type\":\"history\",\"room\":\"den\"}",
        "{\"type\":\"search\",\"room\":\"den\",\"query\":\"word\"}",
        "{\"type\":\"who\",\"room\":\"den\"}",
        "{\"type\":\"join\",\"room\":\"den\"}",
        "{\"type\":\"set\",\"room\":\"den\",\"topic\":\"x\"}",
        "{\"type\":\"remove\",\"room\":\"den\"}",
        "{\"type\":\"invite\",\"room\":\"den\",\"user\":\"mina\"}"};
    struct test_client *owner = harness_guest(&harness, "owner");
    struct test_client *mina = harness_guest(&harness, "mina");
    client_send(owner, "{\"type\":\"create\",\"room\":\"den\",\"visibility\":\"private\"}");
    client_discard(mina);
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        client_send(mina, "%s", requests[i]);
        client_expect_error(mina, "room_not_found");
    }
    (void)state;
}

/* --- requests in C ------------------------------------------------------------------------------ */

static const struct request who_in_lobby = {
    .type = REQUEST_who, .ref = {.kind = REF_NUMBER, .number = 9}, .as_who = {.room = "lobby"}};

static void a_request_filled_in_c_is_answered_like_any(void **state)
{
    struct test_client *mina = harness_guest(&harness, "mina");
    session_ask(mina->session, &who_in_lobby);
    harness_settle(&harness);
    assert_non_null(strstr(client_expect(mina, "members"), "\"ref\":9"));
    (void)state;
}

static void a_request_filled_in_c_waits_its_turn(void **state)
{
    struct test_client *mina = harness_guest(&harness, "mina");
    char room[] = "lobby", text[] = "hi", nonce[] = "n";
    const struct request send = {
        .type = REQUEST_send,
        .as_send = {.room = room, .text = text, .nonce = nonce, .reply_to = NUMBER_ABSENT, .since = NUMBER_ABSENT}};
    const struct request join = {.type = REQUEST_join,
                                 .as_join = {.room = room,
                                             .after = NUMBER_ABSENT,
                                             .history = 0}};
    session_ask(mina->session, &join);
    session_ask(mina->session, &send);
    memset(text, 'x', sizeof text - 1); /* borrowed for the call only */
    harness_settle(&harness);
    (void)client_expect(mina, "joined");
    assert_non_null(strstr(client_expect(mina, "message"), "\"text\":\"hi\""));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_acts_in_a_room_has_a_permission),
        cmocka_unit_test(what_only_administrators_may_asks_for_one),
        TEST(a_request_from_outside_keeps_all_it_said),
        TEST(a_request_whose_room_is_removed_meanwhile_is_answered),
        TEST(a_room_that_is_not_open_is_not_found_by_any_request),
        TEST(a_request_filled_in_c_is_answered_like_any),
        TEST(a_request_filled_in_c_waits_its_turn),
    };
    return cmocka_run_group_tests_name("core.ask", tests, NULL, NULL);
}
