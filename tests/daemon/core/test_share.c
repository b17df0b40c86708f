/* Lists, pages and catching up take no more of the memory than limits.replies_bytes, in the bytes that
 * go out and whatever is in them. */
#include "tests/daemon/core/harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
    READERS = 50,
    EACH_BYTES = 4096 /* what anybody may be answered when nothing is left */
};

static void settings(struct config *config)
{
    config->limits.reply_bytes = 65536;
    config->limits.replies_bytes = 262144;
    config->limits.connections = READERS + 10;
}

HARNESS_FOR_EACH_TEST(settings)

/* Quotes, each of which takes two bytes in JSON. */
static void escaped(char *out, size_t size, size_t count)
{
    out[0] = '\0';
    for (size_t i = 0; i < count && 2 * i + 3 < size; i++)
        strcat(out, "\\\"");
}

static void make_rooms(struct test_client *client, int count)
{
    char topic[2200];
    escaped(topic, sizeof topic, 1024);
    for (int i = 0; i < count; i++)
        client_send(client, "{\"type\":\"create\",\"room\":\"room %d\",\"topic\":\"%s\"}", i, topic);
    client_discard(client);
}

static void say_quotes(struct test_client *client, int count)
{
    char text[2200];
    escaped(text, sizeof text, 1024);
    for (int i = 0; i < count; i++)
        client_send(client,
                    "{\"type\":\"send\",\"room\":\"lobby\",\"nonce\":\"%d\",\"text\":\"%s\"}", i, text);
    client_discard(client);
}

static size_t waiting_bytes(void)
{
    size_t bytes = 0;
    for (size_t i = 0; i < harness.client_count; i++)
        if (harness.clients[i].session)
            bytes += harness.clients[i].session->replies.capacity;
    assert_int_equal(bytes, harness.gateway->sessions.replies_bytes);
    return bytes;
}

/* One that has taken what its connection takes, and reads nothing from now on. */
static struct test_client *blocked_guest(int number)
{
    char name[32];
    snprintf(name, sizeof name, "reader %d", number);
    struct test_client *client = harness_guest(&harness, name);
    client->is_blocked = true;
    client_send(client, "{\"type\":\"ping\"}");
    return client;
}

static void assert_bounded_while_all_ask(const char *request)
{
    for (int i = 0; i < READERS; i++)
        client_send(blocked_guest(i), "%s", request);
    assert_in_range(waiting_bytes(), 65536, 262144 + READERS * EACH_BYTES);
}

static void lists_of_rooms_are_bounded_together(void **state)
{
    (void)state;
    make_rooms(harness_admin(&harness), 100);
    assert_bounded_while_all_ask("{\"type\":\"rooms\"}");
}

static void pages_are_bounded_together(void **state)
{
    (void)state;
    say_quotes(harness_member(&harness, "mina", "lobby"), 100);
    assert_bounded_while_all_ask("{\"type\":\"history\",\"room\":\"lobby\",\"limit\":200}");
}

static void what_is_caught_up_on_is_bounded_together_and_comes_whole(void **state)
{
    (void)state;
    harness.config.limits.room_log_bytes = 16384; /* most must come from storage */
    say_quotes(harness_member(&harness, "mina", "lobby"), 100);
    assert_bounded_while_all_ask("{\"type\":\"join\",\"room\":\"lobby\",\"after\":0}");
    struct test_client *last = &harness.clients[harness.client_count - 1];
    client_discard(last);
    client_unblock(last);
    int64_t seq = 0;
    for (int i = 0; i < 100; i++) {
        int64_t next = number_in(client_expect(last, "message"), "seq");
        assert_true(next > seq);
        seq = next;
    }
    (void)client_expect(last, "live");
}

static void a_newcomer_is_welcomed_and_goes_on_behind_the_last_room_listed(void **state)
{
    (void)state;
    make_rooms(harness_admin(&harness), 100);
    for (int i = 0; i < READERS; i++)
        client_send(blocked_guest(i), "{\"type\":\"rooms\"}");
    struct test_client *client = harness_connect(&harness, SESSION_WEBSOCKET);
    client_send(client, "{\"type\":\"hello\",\"name\":\"mina\"}");
    assert_non_null(strstr(client_expect(client, "welcome"), "\"more\":true"));
    int count = 0;
    char after[64] = "", last[32] = "";
    for (bool more = true; more;) {
        client_send(client, "{\"type\":\"rooms\"%s}", after);
        const char *reply = client_expect(client, "rooms");
        more = strstr(reply, "\"more\":true") != NULL;
        for (const char *at = reply; (at = strstr(at, "{\"name\":\"")); count++) {
            at += strlen("{\"name\":\"");
            snprintf(last, sizeof last, "%.*s", (int)strcspn(at, "\""), at);
        }
        snprintf(after, sizeof after, ",\"after\":\"%s\"", last);
    }
    assert_int_equal(count, 101);
}

static void a_list_of_rooms_has_64_kib_at_most(void **state)
{
    (void)state;
    harness.config.limits.reply_bytes = harness.config.limits.replies_bytes = 16777216;
    make_rooms(harness_admin(&harness), 100);
    struct test_client *mina = harness_guest(&harness, "mina");
    mina->is_blocked = true;
    client_send(mina, "{\"type\":\"ping\"}");
    client_send(mina, "{\"type\":\"rooms\"}");
    assert_in_range(mina->session->replies.length, 60000, 66000);
}

static void rooms_are_found_by_part_of_their_name(void **state)
{
    (void)state;
    struct test_client *mina = harness_guest(&harness, "mina");
    const char *reply;
    client_send(mina, "{\"type\":\"create\",\"room\":\"Garden\"}");
    client_send(mina, "{\"type\":\"create\",\"room\":\"Kitchen\"}");
    client_send(mina, "{\"type\":\"rooms\",\"query\":\"ARD\"}");
    reply = client_expect(mina, "rooms");
    assert_non_null(strstr(reply, "\"Garden\""));
    assert_null(strstr(reply, "\"Kitchen\""));
    assert_non_null(strstr(reply, "\"more\":false"));
    client_send(mina, "{\"type\":\"rooms\",\"query\":\"\"}");
    reply = client_expect(mina, "rooms");
    assert_non_null(strstr(reply, "\"Kitchen\""));
    client_send(mina, "{\"type\":\"rooms\",\"after\":\"attic\"}");
    client_expect_error(mina, "room_not_found");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lists_of_rooms_are_bounded_together),
        TEST(pages_are_bounded_together),
        TEST(what_is_caught_up_on_is_bounded_together_and_comes_whole),
        TEST(a_newcomer_is_welcomed_and_goes_on_behind_the_last_room_listed),
        TEST(a_list_of_rooms_has_64_kib_at_most),
        TEST(rooms_are_found_by_part_of_their_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
