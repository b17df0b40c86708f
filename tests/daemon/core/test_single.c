/* Sessions that are opened for one request, as HTTP does: the carrier takes the reply with its type. */
#include "tests/daemon/core/harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct harness harness;

static struct {
    int count;
    enum message_type type;
    enum error_code code;
    char json[8192];
} got;

static void take_reply(void *connection, const struct reply *reply)
{
    (void)connection;
    assert_true(reply->length < sizeof got.json);
    assert_int_equal(reply->refusal != NULL, reply->type == REPLY_error);
    got.count++;
    got.type = reply->type;
    got.code = reply->refusal ? reply->refusal->code : ERROR_none;
    memcpy(got.json, reply->json, reply->length);
    got.json[reply->length] = '\0';
}

static int open_harness(void **state)
{
    (void)state;
    memset(&got, 0, sizeof got);
    harness_open(&harness, NULL);
    return 0;
}

static int close_harness(void **state)
{
    (void)state;
    harness_close(&harness);
    return 0;
}

/* Asks in a session of its own; gives what session_open says. */
static enum error_code ask(const char *key, const char *request)
{
    struct carrier carrier = harness_carrier;
    struct test_client client = {.harness = &harness, .kind = SESSION_LINES};
    struct refusal refusal = {.code = ERROR_none};
    const struct arrival arrival = {.kind = SESSION_LINES, .key = key, .anonymous = !key};
    carrier.reply = take_reply;
    struct session *session =
        session_open(harness.gateway, &carrier, &client, &arrival, &refusal);
    if (!session)
        return refusal.code;
    session_receive(session, request, strlen(request), 0, true);
    harness_settle(&harness);
    assert_int_equal(client.received.length, 0);
    session_closed(session);
    return ERROR_none;
}

/* The key of a new guest. */
static const char *key_of(const char *name)
{
    static char key[KEY_TEXT_BYTES + 1];
    struct test_client *client = harness_connect(&harness, SESSION_WEBSOCKET);
    client_send(client, "{\"type\":\"hello\",\"name\":\"%s\"}", name);
    const char *found = strstr(client_expect(client, "welcome"), "\"session\":\"");
    snprintf(key, sizeof key, "%s", found + strlen("\"session\":\""));
    return key;
}

static void a_reply_comes_once_with_its_type(void **state)
{
    (void)state;
    assert_int_equal(ask(NULL, "{\"type\":\"rooms\",\"ref\":7}"), ERROR_none);
    assert_int_equal(got.count, 1);
    assert_int_equal(got.type, REPLY_rooms);
    assert_non_null(strstr(got.json, "{\"type\":\"rooms\",\"ref\":7,\"rooms\":["));
    assert_int_equal(ask(NULL, "{\"type\":\"join\",\"room\":\"attic\"}"), ERROR_none);
    assert_int_equal(got.type, REPLY_error);
    assert_int_equal(got.code, ERROR_room_not_found);
    assert_int_equal(ask(NULL, "{\"type\":\"send\"}"), ERROR_none);
    assert_int_equal(got.code, ERROR_bad_request);
    assert_int_equal(got.count, 3);
}

static void a_key_signs_in_and_costs_no_hello(void **state)
{
    (void)state;
    const char *key = key_of("mina");
    harness.config.limits.hellos_per_minute = 1;
    for (int i = 0; i < 10; i++) {
        char text[128];
        snprintf(text, sizeof text,
                 "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"hi\",\"nonce\":\"%d\"}", i);
        assert_int_equal(ask(key, text), ERROR_none);
        assert_int_equal(got.type, REPLY_ack);
    }
    assert_int_equal(got.count, 10);
    struct room *lobby = room_find(harness.gateway, "lobby");
    assert_int_equal(lobby->presence.members, 0); /* nobody had to come in */
}

static void a_key_that_nobody_has_is_unauthorized(void **state)
{
    (void)state;
    char unknown[KEY_TEXT_BYTES + 1];
    memset(unknown, 'a', sizeof unknown - 1);
    unknown[KEY_TEXT_BYTES] = '\0';
    assert_int_equal(ask("short", "{\"type\":\"rooms\"}"), ERROR_unauthorized);
    assert_int_equal(got.count, 0);
    assert_int_equal(ask(unknown, "{\"type\":\"rooms\"}"), ERROR_none);
    assert_int_equal(got.count, 1);
    assert_int_equal(got.code, ERROR_unauthorized);
}

static void who_is_banned_or_not_invited_is_refused_without_joining(void **state)
{
    (void)state;
    struct test_client *owner = harness_guest(&harness, "owner");
    client_send(owner, "{\"type\":\"create\",\"room\":\"den\",\"visibility\":\"private\"}");
    const char *key = key_of("mina");
    const char *text = "{\"type\":\"send\",\"room\":\"den\",\"text\":\"hi\",\"nonce\":\"1\"}";
    assert_int_equal(ask(key, text), ERROR_none);
    assert_int_equal(got.code, ERROR_room_not_found);
    client_send(owner, "{\"type\":\"invite\",\"room\":\"den\",\"user\":\"mina\"}");
    assert_int_equal(ask(key, text), ERROR_none);
    assert_int_equal(got.type, REPLY_ack);
    client_send(owner, "{\"type\":\"ban\",\"room\":\"den\",\"user\":\"mina\"}");
    assert_int_equal(ask(key, text), ERROR_none);
    assert_int_equal(got.code, ERROR_room_not_found); /* the invitation has gone with the ban */
    client_send(owner, "{\"type\":\"create\",\"room\":\"hall\"}");
    client_send(owner, "{\"type\":\"ban\",\"room\":\"hall\",\"user\":\"mina\"}");
    assert_int_equal(ask(key, "{\"type\":\"react\",\"room\":\"hall\",\"target\":1,\"emoji\":\"x\","
                              "\"on\":true}"), ERROR_none);
    assert_int_equal(got.code, ERROR_banned);
}

static void every_request_is_answered(void **state)
{
    (void)state;
    const char *key = key_of("mina");
    assert_int_equal(ask(key, "{\"type\":\"typing\",\"room\":\"lobby\",\"on\":true}"), ERROR_none);
    assert_int_equal(got.type, REPLY_ok);
    assert_int_equal(ask(key, "{\"type\":\"read\",\"room\":\"lobby\",\"seq\":0}"), ERROR_none);
    assert_int_equal(got.type, REPLY_ok);
    assert_int_equal(ask(key, "{\"type\":\"logout\"}"), ERROR_none);
    assert_int_equal(got.type, REPLY_ok);
    assert_int_equal(got.count, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_reply_comes_once_with_its_type),
        TEST(a_key_signs_in_and_costs_no_hello),
        TEST(a_key_that_nobody_has_is_unauthorized),
        TEST(who_is_banned_or_not_invited_is_refused_without_joining),
        TEST(every_request_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
