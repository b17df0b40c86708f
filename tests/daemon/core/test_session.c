#include "tests/daemon/core/harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

HARNESS_FOR_EACH_TEST(NULL)

static void reopen(void (*change)(struct config *config))
{
    harness_close(&harness);
    harness_open(&harness, change);
}

static void parts_are_joined(void **state)
{
    struct test_client *client = harness_connect(&harness, SESSION_WEBSOCKET);
    session_receive(client->session, "{\"type\":", 8, 0, false);
    session_receive(client->session, "\"pi", 3, 4, false);
    session_receive(client->session, "ng\"}", 4, 0, true);
    harness_settle(&harness);
    assert_non_null(strstr(client_receive(client), "\"pong\""));
    assert_null(client->session->received.bytes);
    (void)state;
}

static void what_is_too_long_is_closed_with_1009(void **state)
{
    struct test_client *whole = harness_connect(&harness, SESSION_WEBSOCKET);
    struct test_client *announced = harness_connect(&harness, SESSION_WEBSOCKET);
    struct test_client *trickling = harness_connect(&harness, SESSION_WEBSOCKET);
    size_t most = (size_t)harness.config.limits.frame_bytes;
    char *bytes = calloc(1, most + 1);
    session_receive(whole->session, bytes, most + 1, 0, true);
    assert_int_equal(whole->close_code, 1009);
    session_receive(announced->session, "{", 1, SIZE_MAX - 5, false);
    assert_int_equal(announced->close_code, 1009);
    session_receive(trickling->session, bytes, most, 0, false);
    assert_int_equal(trickling->close_code, 0);
    session_receive(trickling->session, bytes, 1, 0, false);
    assert_int_equal(trickling->close_code, 1009);
    session_receive(trickling->session, bytes, 1, 0, true); /* nobody listens any more */
    free(bytes);
    harness_settle(&harness);
    (void)state;
}

static void a_malformed_frame_gets_an_error_and_the_session_lives(void **state)
{
    static const struct {
        const char *frame, *code;
    } cases[] = {
        {"", "bad_json"},
        {"{", "bad_json"},
        {"[]", "bad_json"},
        {"{\"type\":\"ping\",\"type\":\"ping\"}", "bad_json"},
        {"{}", "bad_request"},
        {"{\"type\":7}", "bad_request"},
        {"{\"type\":\"nonsense\"}", "unknown_type"},
        {"{\"type\":\"welcome\"}", "unknown_type"},
        {"{\"type\":\"join\"}", "bad_request"},
        {"{\"type\":\"join\",\"room\":7}", "bad_request"},
        {"{\"type\":\"send\",\"room\":\"lobby\",\"text\":7,\"nonce\":\"n\"}", "bad_request"},
    };
    struct test_client *client = harness_guest(&harness, "mina");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        client_send(client, "%s", cases[i].frame);
        const char *error = client_expect(client, "error");
        if (!strstr(error, cases[i].code))
            fail_msg("%s was answered %s", cases[i].frame, error);
    }
    client_send(client, "{\"type\":\"ping\",\"ref\":\"still here\"}");
    assert_non_null(strstr(client_expect(client, "pong"), "still here"));
    assert_int_equal(client->close_code, 0);
    (void)state;
}

static void pipelined_frames_are_answered_in_their_order(void **state)
{
    struct test_client *client = harness_connect(&harness, SESSION_WEBSOCKET);
    fake_store_hold(harness.store);
    client_send_only(client, "{\"type\":\"hello\",\"name\":\"mina\"}");
    client_send_only(client, "{\"type\":\"join\",\"room\":\"lobby\"}");
    client_send_only(client,
                     "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"hi\",\"nonce\":\"1\"}");
    assert_true(client->is_paused);
    harness_settle(&harness);
    assert_null(client_receive(client));
    fake_store_release(harness.store);
    harness_settle(&harness);
    assert_false(client->is_paused);
    (void)client_expect(client, "welcome");
    (void)client_expect(client, "joined");
    (void)client_expect(client, "ack");
    assert_null(client->session->backlog.bytes);
    (void)state;
}

static void more_than_may_wait_is_closed_with_4008(void **state)
{
    struct test_client *client = harness_connect(&harness, SESSION_WEBSOCKET);
    fake_store_hold(harness.store);
    client_send_only(client, "{\"type\":\"hello\",\"name\":\"mina\"}");
    for (int i = 0; i < 10000 && !client->close_code; i++)
        client_send_only(client, "{\"type\":\"ping\"}");
    assert_int_equal(client->close_code, 4008);
    fake_store_release(harness.store);
    harness_settle(&harness);
    (void)state;
}

static void nothing_is_done_before_hello(void **state)
{
    struct test_client *client = harness_connect(&harness, SESSION_WEBSOCKET);
    static const char *const frames[] = {
        "{\"type\":\"join\",\"room\":\"lobby\"}", "{\"type\":\"rooms\"}",
        "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"hi\",\"nonce\":\"1\"}",
        "{\"type\":\"history\",\"room\":\"lobby\"}"};
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        client_send(client, "%s", frames[i]);
        assert_non_null(strstr(client_expect(client, "error"), "unauthorized"));
    }
    assert_int_equal(fake_store_submitted(harness.store, JOB_APPEND), 0);
    (void)state;
}

static void no_hello_in_time_is_closed_with_4001(void **state)
{
    struct test_client *client = harness_connect(&harness, SESSION_WEBSOCKET);
    struct test_client *guest = harness_guest(&harness, "mina");
    harness_advance(&harness, harness.config.limits.hello_ms - 1);
    assert_int_equal(client->close_code, 0);
    harness_advance(&harness, 1);
    assert_int_equal(client->close_code, 4001);
    assert_int_equal(guest->close_code, 0);
    assert_null(harness.gateway->sessions.unauthenticated);
    (void)state;
}

static void too_many_frames_are_refused_and_then_closed_with_4008(void **state)
{
    struct test_client *client = harness_connect_limited(&harness);
    int refused = 0;
    for (int i = 0; i < 5000 && !client->close_code; i++)
        client_send_only(client, "{\"type\":\"ping\",\"ref\":1}");
    harness_settle(&harness);
    assert_int_equal(client->close_code, 4008);
    for (const char *text; (text = client_receive(client));)
        if (strstr(text, "rate_limited")) {
            refused++;
            assert_true(number_in(text, "retry_after_ms") > 0);
            assert_int_equal(number_in(text, "ref"), 1);
        }
    assert_in_range(refused, 50, 1000);
    (void)state;
}

static void a_session_that_takes_nothing_is_read_no_further(void **state)
{
    struct test_client *client = harness_member(&harness, "mina", "lobby");
    for (int i = 0; i < 200; i++)
        client_send_only(
            client, "{\"type\":\"send\",\"room\":\"lobby\",\"nonce\":\"%d\",\"text\":\"%0500d\"}",
            i, i);
    harness_settle(&harness);
    client_discard(client);
    client->is_blocked = true;
    client_send(client,
                "{\"type\":\"ping\"}"); /* this one is taken, and it is behind from now on */
    int asked = 0;
    for (; asked < 100 && !client->is_paused; asked++) {
        client_send_only(client, "{\"type\":\"history\",\"room\":\"lobby\",\"limit\":200}");
        harness_settle(&harness);
    }
    size_t most = (size_t)harness.config.limits.reply_bytes;
    assert_true(client->is_paused);
    assert_in_range(asked, 2, 10);
    assert_in_range(client->session->replies.length, most, 2 * most);
    assert_int_equal(harness.gateway->sessions.replies_bytes, client->session->replies.capacity);
    assert_int_equal(client->writes, 1);
    client_unblock(client);
    assert_false(client->is_paused);
    assert_int_equal(client->session->replies.length, 0);
    assert_null(client->session->replies.bytes);
    assert_int_equal(harness.gateway->sessions.replies_bytes, 0);
    (void)state;
}

static void sizes_for_the_budgets(struct config *config)
{
    config->limits.received_bytes = 65536;
    config->limits.write_bytes = 4096;
    config->limits.unsent_bytes = 16384;
    config->limits.members = 4;
}

static void messages_that_are_never_whole_are_bounded_together(void **state)
{
    enum { PEERS = 40, PART = 4000 };
    static char part[PART];
    const size_t most = 65536, frame = (size_t)harness.config.limits.frame_bytes;
    int turned_away = 0;
    reopen(sizes_for_the_budgets);
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    memset(part, ' ', sizeof part);
    for (int i = 0; i < PEERS; i++) {
        struct test_client *client = harness_connect(&harness, SESSION_WEBSOCKET);
        session_receive(client->session, part, sizeof part, 8000, false);
        turned_away += client->close_code == 1013;
        assert_true(harness.gateway->sessions.received_bytes <= most + 2 * frame);
    }
    assert_in_range(turned_away, 1, PEERS - 1);
    /* Whoever speaks in short and whole messages notices nothing. */
    session_receive(mina->session, "{\"type\":", 8, 8, false);
    session_receive(mina->session, "\"ping\"}", 7, 0, true);
    assert_int_equal(mina->close_code, 0);
    harness_settle(&harness);
    (void)client_expect(mina, "pong");
    for (size_t i = 0; i < harness.client_count; i++)
        if (&harness.clients[i] != mina && harness.clients[i].session)
            client_disconnect(&harness.clients[i]);
    assert_int_equal(harness.gateway->sessions.received_bytes, 0);
    (void)state;
}

static void what_stuck_connections_keep_is_bounded_together(void **state)
{
    enum { PEERS = 30, MESSAGES = 200 };
    struct test_client *clients[PEERS];
    reopen(sizes_for_the_budgets);
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    for (int i = 0; i < PEERS; i++) {
        clients[i] = harness_connect(&harness, SESSION_PLAIN);
        clients[i]->is_blocked = true;
    }
    size_t frame = 0;
    for (int i = 0; i < MESSAGES; i++)
        client_send_only(
            mina, "{\"type\":\"send\",\"room\":\"lobby\",\"nonce\":\"%d\",\"text\":\"%0100d\"}", i,
            i);
    harness_settle(&harness);
    for (int i = 0; i < PEERS; i++)
        frame += clients[i]->received.length;
    assert_true(frame <= 16384 + PEERS * 1024);
    assert_in_range(harness.gateway->sessions.unsent_bytes, 16384 - 4096, 16384 + PEERS * 1024);
    for (int i = 0; i < PEERS; i++) {
        int received = 0;
        clients[i]->is_blocked = false;
        client_unblock(clients[i]);
        for (int turn = 0; turn < MESSAGES && clients[i]->wants_writeable; turn++)
            client_unblock(clients[i]);
        for (const char *text; (text = client_receive(clients[i])); received++)
            assert_int_equal(strtol(text + strlen("mina: "), NULL, 10), received);
        assert_int_equal(received, MESSAGES);
    }
    assert_int_equal(harness.gateway->sessions.unsent_bytes, 0);
    (void)state;
}

static void everybody_gets_into_one_room_when_all_are_in_as_many_as_they_may(void **state)
{
    reopen(sizes_for_the_budgets);
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    for (int i = 0; i < 5; i++)
        client_send(mina, "{\"type\":\"create\",\"room\":\"room %d\"}", i);
    client_discard(mina);
    for (int i = 0; i < 3; i++) {
        client_send(mina, "{\"type\":\"join\",\"room\":\"room %d\"}", i);
        (void)client_expect(mina, "joined");
    }
    client_send(mina, "{\"type\":\"join\",\"room\":\"room 4\"}");
    assert_non_null(strstr(client_expect(mina, "error"), "too_many_rooms"));
    struct test_client *jun = harness_member(&harness, "jun", "lobby");
    assert_int_equal(harness.gateway->rooms.member_count, 5);
    client_disconnect(mina);
    assert_int_equal(harness.gateway->rooms.member_count, 1);
    client_send(jun, "{\"type\":\"join\",\"room\":\"room 4\"}");
    (void)client_expect(jun, "joined");
    (void)state;
}

/* --- a crowded storage ------------------------------------------------------------------------ */

static void have_a_small_store(struct config *config)
{
    config->storage.pending_max = 16;
}

static void mutter_texts(struct test_client *client, int count)
{
    for (int i = 0; i < count; i++)
        client_send_only(
            client, "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"hi\",\"nonce\":\"%d\"}", i);
}

static int count_heard(struct test_client *client, const char *type)
{
    int count = 0;
    for (const char *received; (received = client_receive(client));)
        count += strstr(received, type) != NULL;
    return count;
}

/* A talker fills three quarters of what storage may hold, and somebody else says one thing. */
static void crowd_storage(struct test_client **talker, struct test_client **other)
{
    harness_close(&harness);
    harness_open(&harness, have_a_small_store);
    *talker = harness_member(&harness, "mina", "lobby");
    *other = harness_member(&harness, "jun", "lobby");
    fake_store_hold(harness.store);
    mutter_texts(*talker, 30);
    mutter_texts(*other, 1);
    harness_settle(&harness);
}

static void while_storage_is_crowded_the_rest_waits_and_nobody_is_refused(void **state)
{
    struct test_client *mina, *jun;
    crowd_storage(&mina, &jun);
    assert_true(mina->is_paused && jun->is_paused);
    assert_int_equal(fake_store_submitted(harness.store, JOB_APPEND), 12);
    assert_null(client_receive(mina));
    assert_null(client_receive(jun));
    fake_store_release(harness.store);
    harness_settle(&harness);
    assert_false(mina->is_paused || jun->is_paused);
    assert_int_equal(count_heard(mina, "\"type\":\"ack\""), 30);
    assert_int_equal(count_heard(jun, "\"type\":\"ack\""), 1);
    (void)state;
}

static void the_administrator_does_not_wait_for_a_crowded_storage(void **state)
{
    struct test_client *mina, *jun, *admin = NULL;
    crowd_storage(&mina, &jun);
    admin = harness_admin(&harness);
    client_send(admin, "{\"type\":\"ping\"}");
    (void)client_expect(admin, "pong");
    client_send(jun, "{\"type\":\"ping\"}");
    assert_null(client_receive(jun));
    (void)state;
}

static void a_crowded_storage_that_fails_refuses_those_who_wait(void **state)
{
    struct test_client *mina, *jun;
    crowd_storage(&mina, &jun);
    fake_store_fail(harness.store, true);
    harness_advance(&harness, 1001);
    client_expect_error(jun, "storage_unavailable");
    assert_false(mina->is_paused || jun->is_paused);
    (void)state;
}

static void who_waits_for_a_crowded_storage_may_go(void **state)
{
    struct test_client *mina, *jun;
    crowd_storage(&mina, &jun);
    client_disconnect(mina);
    fake_store_release(harness.store);
    harness_settle(&harness);
    assert_int_equal(count_heard(jun, "\"type\":\"ack\""), 1);
    (void)state;
}

static void a_crowded_storage_lets_newcomers_say_hello(void **state)
{
    struct test_client *mina, *jun;
    crowd_storage(&mina, &jun);
    struct test_client *ara = harness_connect(&harness, SESSION_WEBSOCKET);
    client_send(ara, "{\"type\":\"hello\",\"name\":\"ara\"}");
    assert_int_equal(fake_store_submitted(harness.store, JOB_LOGIN), 3);
    (void)state;
}

/* The same again, with somebody who has said nothing. */
static struct test_client *crowd_storage_around(const char *name)
{
    struct test_client *mina, *jun;
    crowd_storage(&mina, &jun);
    fake_store_release(harness.store);
    harness_settle(&harness);
    struct test_client *silent = harness_member(&harness, name, "lobby");
    fake_store_hold(harness.store);
    mutter_texts(mina, 30);
    harness_settle(&harness);
    assert_true(mina->is_paused);
    return silent;
}

static void who_only_reads_does_not_wait_for_a_crowded_storage(void **state)
{
    struct test_client *ara = crowd_storage_around("ara");
    client_send(ara, "{\"type\":\"ping\"}");
    (void)client_expect(ara, "pong");
    client_send(ara, "{\"type\":\"history\",\"room\":\"lobby\"}");
    assert_int_equal(fake_store_submitted(harness.store, JOB_HISTORY), 1);
    (void)state;
}

static void what_waits_for_a_crowded_storage_is_bounded(void **state)
{
    struct test_client *ara = crowd_storage_around("ara");
    int64_t count = fake_store_submitted(harness.store, JOB_APPEND);
    mutter_texts(ara, 1);
    assert_int_equal(fake_store_submitted(harness.store, JOB_APPEND), count);
    struct test_client *sol = crowd_storage_around("sol");
    harness.config.limits.received_bytes = 0;
    mutter_texts(sol, 1); /* not kept: storage takes it or refuses it */
    assert_int_equal(fake_store_submitted(harness.store, JOB_APPEND), count + 1);
    (void)state;
}

static void a_full_gateway_says_so(void **state)
{
    struct arrival arrival = {.kind = SESSION_WEBSOCKET};
    struct refusal refusal;
    harness.config.limits.connections = 2;
    (void)harness_guest(&harness, "mina");
    (void)harness_guest(&harness, "jun");
    assert_null(session_open(harness.gateway, &harness_carrier, &harness, &arrival, &refusal));
    assert_int_equal(refusal.code, ERROR_server_full);
    assert_non_null(harness_admin(&harness)->session);
    (void)state;
}

static void a_stopping_gateway_acknowledges_what_it_took_and_closes_with_1001(void **state)
{
    struct test_client *client = harness_member(&harness, "mina", "lobby");
    struct test_client *idle = harness_guest(&harness, "jun");
    struct refusal refusal;
    struct arrival arrival = {.kind = SESSION_WEBSOCKET};
    fake_store_hold(harness.store);
    client_send(client, "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"hi\",\"nonce\":\"1\"}");
    assert_false(gateway_drain(harness.gateway));
    assert_false(gateway_has_told_all(harness.gateway));
    assert_null(session_open(harness.gateway, &harness_carrier, &harness, &arrival, &refusal));
    assert_int_equal(refusal.code, ERROR_shutting_down);
    assert_int_equal(idle->close_code, 1001);
    assert_int_equal(client->close_code, 0);
    client_send(client, "{\"type\":\"ping\"}");
    assert_non_null(strstr(client_expect(client, "error"), "shutting_down"));
    fake_store_release(harness.store);
    harness_settle(&harness);
    (void)client_expect(client, "ack");
    assert_false(gateway_drain(harness.gateway));
    assert_true(gateway_has_told_all(harness.gateway));
    assert_int_equal(client->close_code, 1001);
    harness_settle(&harness);
    assert_true(gateway_drain(harness.gateway));
    (void)state;
}

static void what_waits_is_written_before_the_close(void **state)
{
    struct test_client *client = harness_guest(&harness, "mina");
    client_send(client, "{\"type\":\"logout\",\"ref\":5}");
    assert_int_equal(client->close_code, 1000);
    assert_int_equal(number_in(client_expect(client, "ok"), "ref"), 5);
    harness_settle(&harness);
    (void)state;
}

static void plain_clients_talk_as_the_protocol_says(void **state)
{
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    struct test_client *one = harness_connect(&harness, SESSION_PLAIN),
                       *two = harness_connect(&harness, SESSION_PLAIN);
    one->session->arrival.client_id = 7;
    client_send(one, "{\"message\":\"hi\"}");
    assert_string_equal(client_receive(one), "Client 7: hi");
    assert_string_equal(client_receive(two), "Client 7: hi");
    const char *message = client_expect(mina, "message");
    assert_non_null(strstr(message, "\"from\":\"client-7\""));
    assert_non_null(strstr(message, "\"via\":\"plain\""));
    client_send(mina, "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"hello\",\"nonce\":\"1\"}");
    assert_string_equal(client_receive(one), "mina: hello");
    assert_null(client_receive(one));
    client_disconnect(one);
    (void)client_receive(two);
    assert_string_equal(client_receive(two), "Client 7 left the chat");
    assert_null(client_receive(two));
    (void)state;
}

static void nobody_forges_a_line_on_the_plain_endpoint(void **state)
{
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    struct test_client *one = harness_connect(&harness, SESSION_PLAIN);
    one->session->arrival.client_id = 7;
    client_send(one, "{\"message\":\"hi\\r\\nClient 8: I resign\"}");
    assert_string_equal(client_receive(one), "Client 7: hi Client 8: I resign");
    client_send(mina, "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"a\\nb\\u2028c\\td\",\"nonce\":\"1\"}");
    assert_string_equal(client_receive(one), "mina: a b c\td");
    client_send(one, "{\"message\":\"\\u001b[2J\"}");
    const char *error = client_receive(one);
    assert_non_null(strstr(error, "bad_request"));
    assert_non_null(strstr(error, "message may not hold control characters"));
    assert_null(client_receive(one));
    (void)state;
}

static void a_plain_client_is_told_what_is_wrong_and_lives(void **state)
{
    struct test_client *client = harness_connect(&harness, SESSION_PLAIN);
    static const char *const frames[] = {"hi", "{}", "[]", "{\"message\":7}", "{\"message\":\"\"}"};
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        client_send(client, "%s", frames[i]);
        const char *error = client_receive(client);
        assert_non_null(error);
        assert_int_equal(strncmp(error, "{\"error_code\":\"bad_", 19), 0);
        assert_non_null(strstr(error, "\"message\":\""));
        assert_null(client_receive(client));
    }
    client_send(client, "{\"message\":\"%05000d\"}", 1);
    assert_non_null(strstr(client_receive(client), "too_long"));
    client_send(client, "{\"message\":\"hi\"}");
    assert_non_null(strstr(client_receive(client), ": hi"));
    (void)state;
}

static void streams_read_the_same_log_as_lines_and_events(void **state)
{
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    struct test_client *admin = harness_admin(&harness);
    struct arrival arrival = {.kind = SESSION_EVENTS, .anonymous = true, .exempt = true};
    struct refusal refusal;
    struct test_client *events = &harness.clients[harness.client_count++];
    *events = (struct test_client){.harness = &harness, .kind = SESSION_EVENTS};
    events->session = session_open(harness.gateway, &harness_carrier, events, &arrival, &refusal);
    client_send(admin, "{\"type\":\"join\",\"room\":\"lobby\"}");
    client_send(events, "{\"type\":\"join\",\"room\":\"lobby\"}");
    client_send(mina, "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"one\",\"nonce\":\"1\"}");
    client_send(mina, "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"two\",\"nonce\":\"2\"}");
    struct test_client *const readers[] = {admin, events};
    for (int i = 0; i < 2; i++) {
        (void)client_expect(readers[i], "live");
        assert_non_null(strstr(client_expect(readers[i], "message"), "\"one\""));
        assert_non_null(strstr(client_expect(readers[i], "message"), "\"two\""));
    }
    client_send(events, "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"x\",\"nonce\":\"1\"}");
    assert_non_null(strstr(client_expect(events, "error"), "unauthorized"));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(parts_are_joined),
        TEST(what_is_too_long_is_closed_with_1009),
        TEST(a_malformed_frame_gets_an_error_and_the_session_lives),
        TEST(pipelined_frames_are_answered_in_their_order),
        TEST(more_than_may_wait_is_closed_with_4008),
        TEST(nothing_is_done_before_hello),
        TEST(no_hello_in_time_is_closed_with_4001),
        TEST(too_many_frames_are_refused_and_then_closed_with_4008),
        TEST(a_session_that_takes_nothing_is_read_no_further),
        TEST(messages_that_are_never_whole_are_bounded_together),
        TEST(while_storage_is_crowded_the_rest_waits_and_nobody_is_refused),
        TEST(the_administrator_does_not_wait_for_a_crowded_storage),
        TEST(a_crowded_storage_that_fails_refuses_those_who_wait),
        TEST(who_waits_for_a_crowded_storage_may_go),
        TEST(a_crowded_storage_lets_newcomers_say_hello),
        TEST(who_only_reads_does_not_wait_for_a_crowded_storage),
        TEST(what_waits_for_a_crowded_storage_is_bounded),
        TEST(what_stuck_connections_keep_is_bounded_together),
        TEST(everybody_gets_into_one_room_when_all_are_in_as_many_as_they_may),
        TEST(a_full_gateway_says_so),
        TEST(a_stopping_gateway_acknowledges_what_it_took_and_closes_with_1001),
        TEST(what_waits_is_written_before_the_close),
        TEST(plain_clients_talk_as_the_protocol_says),
        TEST(nobody_forges_a_line_on_the_plain_endpoint),
        TEST(a_plain_client_is_told_what_is_wrong_and_lives),
        TEST(streams_read_the_same_log_as_lines_and_events),
    };
    return cmocka_run_group_tests_name("core.session", tests, NULL, NULL);
}
