#include "tests/daemon/core/stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
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

static void reopen(void (*change)(struct config *config))
{
    stage_close(&stage);
    stage_open(&stage, change);
}

static void parts_are_joined(void **state)
{
    struct peer *peer = stage_peer(&stage, SESSION_WEBSOCKET);
    session_receive(peer->session, "{\"type\":", 8, 0, false);
    session_receive(peer->session, "\"pi", 3, 4, false);
    session_receive(peer->session, "ng\"}", 4, 0, true);
    stage_turn(&stage);
    assert_non_null(strstr(peer_hear(peer), "\"pong\""));
    assert_null(peer->session->received.bytes);
    (void)state;
}

static void what_is_too_long_is_closed_with_1009(void **state)
{
    struct peer *whole = stage_peer(&stage, SESSION_WEBSOCKET);
    struct peer *announced = stage_peer(&stage, SESSION_WEBSOCKET);
    struct peer *trickling = stage_peer(&stage, SESSION_WEBSOCKET);
    size_t most = (size_t)stage.config.limits.frame_bytes;
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
    stage_turn(&stage);
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
        {"{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"\",\"nonce\":\"n\"}", "bad_request"},
    };
    struct peer *peer = stage_guest(&stage, "mina");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        peer_say(peer, "%s", cases[i].frame);
        const char *error = peer_hear_type(peer, "error");
        if (!strstr(error, cases[i].code))
            fail_msg("%s was answered %s", cases[i].frame, error);
    }
    peer_say(peer, "{\"type\":\"ping\",\"ref\":\"still here\"}");
    assert_non_null(strstr(peer_hear_type(peer, "pong"), "still here"));
    assert_int_equal(peer->close_code, 0);
    (void)state;
}

static void pipelined_frames_are_answered_in_their_order(void **state)
{
    struct peer *peer = stage_peer(&stage, SESSION_WEBSOCKET);
    fake_store_hold(stage.store);
    peer_mutter(peer, "{\"type\":\"hello\",\"name\":\"mina\"}");
    peer_mutter(peer, "{\"type\":\"join\",\"room\":\"lobby\"}");
    peer_mutter(peer, "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"hi\",\"nonce\":\"1\"}");
    assert_true(peer->is_paused);
    stage_turn(&stage);
    assert_null(peer_hear(peer));
    fake_store_release(stage.store);
    stage_turn(&stage);
    assert_false(peer->is_paused);
    (void)peer_hear_type(peer, "welcome");
    (void)peer_hear_type(peer, "joined");
    (void)peer_hear_type(peer, "ack");
    assert_null(peer->session->backlog.bytes);
    (void)state;
}

static void more_than_may_wait_is_closed_with_4008(void **state)
{
    struct peer *peer = stage_peer(&stage, SESSION_WEBSOCKET);
    fake_store_hold(stage.store);
    peer_mutter(peer, "{\"type\":\"hello\",\"name\":\"mina\"}");
    for (int i = 0; i < 10000 && !peer->close_code; i++)
        peer_mutter(peer, "{\"type\":\"ping\"}");
    assert_int_equal(peer->close_code, 4008);
    fake_store_release(stage.store);
    stage_turn(&stage);
    (void)state;
}

static void nothing_is_done_before_hello(void **state)
{
    struct peer *peer = stage_peer(&stage, SESSION_WEBSOCKET);
    static const char *const frames[] = {
        "{\"type\":\"join\",\"room\":\"lobby\"}", "{\"type\":\"rooms\"}",
        "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"hi\",\"nonce\":\"1\"}",
        "{\"type\":\"history\",\"room\":\"lobby\"}"};
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        peer_say(peer, "%s", frames[i]);
        assert_non_null(strstr(peer_hear_type(peer, "error"), "unauthorized"));
    }
    assert_int_equal(fake_store_submitted(stage.store, JOB_APPEND), 0);
    (void)state;
}

static void no_hello_in_time_is_closed_with_4001(void **state)
{
    struct peer *peer = stage_peer(&stage, SESSION_WEBSOCKET);
    struct peer *guest = stage_guest(&stage, "mina");
    stage_wait(&stage, stage.config.limits.hello_ms - 1);
    assert_int_equal(peer->close_code, 0);
    stage_wait(&stage, 1);
    assert_int_equal(peer->close_code, 4001);
    assert_int_equal(guest->close_code, 0);
    assert_null(stage.gateway->strangers);
    assert_null(stage.gateway->strangers_oldest);
    (void)state;
}

static void too_many_frames_are_refused_and_then_closed_with_4008(void **state)
{
    struct peer *peer = stage_limited_peer(&stage);
    int refused = 0;
    for (int i = 0; i < 5000 && !peer->close_code; i++)
        peer_mutter(peer, "{\"type\":\"ping\",\"ref\":1}");
    stage_turn(&stage);
    assert_int_equal(peer->close_code, 4008);
    for (const char *text; (text = peer_hear(peer));)
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
    struct peer *peer = stage_member(&stage, "mina", "lobby");
    for (int i = 0; i < 200; i++)
        peer_mutter(peer, "{\"type\":\"send\",\"room\":\"lobby\",\"nonce\":\"%d\",\"text\":\"%0500d\"}",
                    i, i);
    stage_turn(&stage);
    peer_forget(peer);
    peer->is_stuck = true;
    peer_say(peer, "{\"type\":\"ping\"}"); /* this one is taken, and it is behind from now on */
    int asked = 0;
    for (; asked < 100 && !peer->is_paused; asked++) {
        peer_mutter(peer, "{\"type\":\"history\",\"room\":\"lobby\",\"limit\":200}");
        stage_turn(&stage);
    }
    size_t most = (size_t)stage.config.limits.reply_bytes;
    assert_true(peer->is_paused);
    assert_in_range(asked, 2, 10);
    assert_in_range(peer->session->replies.length, most, 2 * most);
    assert_int_equal(stage.gateway->replies_bytes, peer->session->replies.length);
    assert_int_equal(peer->writes, 1);
    peer_take_again(peer);
    assert_false(peer->is_paused);
    assert_int_equal(peer->session->replies.length, 0);
    assert_null(peer->session->replies.bytes);
    assert_int_equal(stage.gateway->replies_bytes, 0);
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
    const size_t most = 65536, frame = (size_t)stage.config.limits.frame_bytes;
    int turned_away = 0;
    reopen(sizes_for_the_budgets);
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    memset(part, ' ', sizeof part);
    for (int i = 0; i < PEERS; i++) {
        struct peer *peer = stage_peer(&stage, SESSION_WEBSOCKET);
        session_receive(peer->session, part, sizeof part, 8000, false);
        turned_away += peer->close_code == 1013;
        assert_true(stage.gateway->received_bytes <= most + 2 * frame);
    }
    assert_in_range(turned_away, 1, PEERS - 1);
    /* Whoever speaks in short and whole messages notices nothing. */
    session_receive(mina->session, "{\"type\":", 8, 8, false);
    session_receive(mina->session, "\"ping\"}", 7, 0, true);
    assert_int_equal(mina->close_code, 0);
    stage_turn(&stage);
    (void)peer_hear_type(mina, "pong");
    for (size_t i = 0; i < stage.peer_count; i++)
        if (&stage.peers[i] != mina && stage.peers[i].session)
            peer_hang_up(&stage.peers[i]);
    assert_int_equal(stage.gateway->received_bytes, 0);
    (void)state;
}

static void what_stuck_connections_keep_is_bounded_together(void **state)
{
    enum { PEERS = 30, MESSAGES = 200 };
    struct peer *peers[PEERS];
    reopen(sizes_for_the_budgets);
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    for (int i = 0; i < PEERS; i++) {
        peers[i] = stage_peer(&stage, SESSION_PLAIN);
        peers[i]->is_stuck = true;
    }
    size_t frame = 0;
    for (int i = 0; i < MESSAGES; i++)
        peer_mutter(mina, "{\"type\":\"send\",\"room\":\"lobby\",\"nonce\":\"%d\",\"text\":\"%0100d\"}",
                    i, i);
    stage_turn(&stage);
    for (int i = 0; i < PEERS; i++)
        frame += peers[i]->heard.length;
    assert_true(frame <= 16384 + PEERS * 1024);
    assert_in_range(stage.gateway->unsent_bytes, 16384 - 4096, 16384 + PEERS * 1024);
    for (int i = 0; i < PEERS; i++) {
        int heard = 0;
        peers[i]->is_stuck = false;
        peer_take_again(peers[i]);
        for (int turn = 0; turn < MESSAGES && peers[i]->wants_writeable; turn++)
            peer_take_again(peers[i]);
        for (const char *text; (text = peer_hear(peers[i])); heard++)
            assert_int_equal(strtol(text + strlen("mina: "), NULL, 10), heard);
        assert_int_equal(heard, MESSAGES);
    }
    assert_int_equal(stage.gateway->unsent_bytes, 0);
    (void)state;
}

static void everybody_gets_into_one_room_when_all_are_in_as_many_as_they_may(void **state)
{
    reopen(sizes_for_the_budgets);
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    for (int i = 0; i < 5; i++)
        peer_say(mina, "{\"type\":\"create\",\"room\":\"room %d\"}", i);
    peer_forget(mina);
    for (int i = 0; i < 3; i++) {
        peer_say(mina, "{\"type\":\"join\",\"room\":\"room %d\"}", i);
        (void)peer_hear_type(mina, "joined");
    }
    peer_say(mina, "{\"type\":\"join\",\"room\":\"room 4\"}");
    assert_non_null(strstr(peer_hear_type(mina, "error"), "too_many_rooms"));
    struct peer *jun = stage_member(&stage, "jun", "lobby");
    assert_int_equal(stage.gateway->members, 5);
    peer_hang_up(mina);
    assert_int_equal(stage.gateway->members, 1);
    peer_say(jun, "{\"type\":\"join\",\"room\":\"room 4\"}");
    (void)peer_hear_type(jun, "joined");
    (void)state;
}

/* --- a crowded storage ------------------------------------------------------------------------ */

static void have_a_small_store(struct config *config)
{
    config->storage.pending_max = 16;
}

static void mutter_texts(struct peer *peer, int count)
{
    for (int i = 0; i < count; i++)
        peer_mutter(peer,
                    "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"hi\",\"nonce\":\"%d\"}", i);
}

static int count_heard(struct peer *peer, const char *type)
{
    int count = 0;
    for (const char *told; (told = peer_hear(peer));)
        count += strstr(told, type) != NULL;
    return count;
}

/* A talker fills three quarters of what storage may hold, and somebody else says one thing. */
static void crowd_storage(struct peer **talker, struct peer **other)
{
    stage_close(&stage);
    stage_open(&stage, have_a_small_store);
    *talker = stage_member(&stage, "mina", "lobby");
    *other = stage_member(&stage, "jun", "lobby");
    fake_store_hold(stage.store);
    mutter_texts(*talker, 30);
    mutter_texts(*other, 1);
    stage_turn(&stage);
}

static void while_storage_is_crowded_the_rest_waits_and_nobody_is_refused(void **state)
{
    struct peer *mina, *jun;
    crowd_storage(&mina, &jun);
    assert_true(mina->is_paused && jun->is_paused);
    assert_int_equal(fake_store_submitted(stage.store, JOB_APPEND), 12);
    assert_null(peer_hear(mina));
    assert_null(peer_hear(jun));
    fake_store_release(stage.store);
    stage_turn(&stage);
    assert_false(mina->is_paused || jun->is_paused);
    assert_int_equal(count_heard(mina, "\"type\":\"ack\""), 30);
    assert_int_equal(count_heard(jun, "\"type\":\"ack\""), 1);
    (void)state;
}

static void the_keeper_does_not_wait_for_a_crowded_storage(void **state)
{
    struct peer *mina, *jun, *keeper = NULL;
    crowd_storage(&mina, &jun);
    keeper = stage_keeper(&stage);
    peer_say(keeper, "{\"type\":\"ping\"}");
    (void)peer_hear_type(keeper, "pong");
    peer_say(jun, "{\"type\":\"ping\"}");
    assert_null(peer_hear(jun));
    (void)state;
}

static void a_crowded_storage_that_fails_refuses_those_who_wait(void **state)
{
    struct peer *mina, *jun;
    crowd_storage(&mina, &jun);
    fake_store_fail(stage.store, true);
    stage_wait(&stage, 1001);
    peer_expect_error(jun, "storage_unavailable");
    assert_false(mina->is_paused || jun->is_paused);
    (void)state;
}

static void who_waits_for_a_crowded_storage_may_go(void **state)
{
    struct peer *mina, *jun;
    crowd_storage(&mina, &jun);
    peer_hang_up(mina);
    fake_store_release(stage.store);
    stage_turn(&stage);
    assert_int_equal(count_heard(jun, "\"type\":\"ack\""), 1);
    (void)state;
}

static void a_crowded_storage_lets_newcomers_say_hello(void **state)
{
    struct peer *mina, *jun;
    crowd_storage(&mina, &jun);
    struct peer *ara = stage_peer(&stage, SESSION_WEBSOCKET);
    peer_say(ara, "{\"type\":\"hello\",\"name\":\"ara\"}");
    assert_int_equal(fake_store_submitted(stage.store, JOB_LOGIN), 3);
    (void)state;
}

/* The same again, with somebody who has said nothing. */
static struct peer *crowd_storage_around(const char *name)
{
    struct peer *mina, *jun;
    crowd_storage(&mina, &jun);
    fake_store_release(stage.store);
    stage_turn(&stage);
    struct peer *silent = stage_member(&stage, name, "lobby");
    fake_store_hold(stage.store);
    mutter_texts(mina, 30);
    stage_turn(&stage);
    assert_true(mina->is_paused);
    return silent;
}

static void who_only_reads_does_not_wait_for_a_crowded_storage(void **state)
{
    struct peer *ara = crowd_storage_around("ara");
    peer_say(ara, "{\"type\":\"ping\"}");
    (void)peer_hear_type(ara, "pong");
    peer_say(ara, "{\"type\":\"history\",\"room\":\"lobby\"}");
    assert_int_equal(fake_store_submitted(stage.store, JOB_HISTORY), 1);
    (void)state;
}

static void what_waits_for_a_crowded_storage_is_bounded(void **state)
{
    struct peer *ara = crowd_storage_around("ara");
    int64_t count = fake_store_submitted(stage.store, JOB_APPEND);
    mutter_texts(ara, 1);
    assert_int_equal(fake_store_submitted(stage.store, JOB_APPEND), count);
    struct peer *sol = crowd_storage_around("sol");
    stage.config.limits.received_bytes = 0;
    mutter_texts(sol, 1); /* not kept: storage takes it or refuses it */
    assert_int_equal(fake_store_submitted(stage.store, JOB_APPEND), count + 1);
    (void)state;
}

static void a_full_gateway_says_so(void **state)
{
    struct arrival arrival = {.kind = SESSION_WEBSOCKET};
    struct refusal refusal;
    stage.config.limits.connections = 2;
    (void)stage_guest(&stage, "mina");
    (void)stage_guest(&stage, "jun");
    assert_null(session_open(stage.gateway, &stage, &arrival, &refusal));
    assert_int_equal(refusal.code, ERROR_server_full);
    assert_non_null(stage_keeper(&stage)->session);
    (void)state;
}

static void a_stopping_gateway_acknowledges_what_it_took_and_closes_with_1001(void **state)
{
    struct peer *peer = stage_member(&stage, "mina", "lobby");
    struct peer *idle = stage_guest(&stage, "jun");
    struct refusal refusal;
    struct arrival arrival = {.kind = SESSION_WEBSOCKET};
    fake_store_hold(stage.store);
    peer_say(peer, "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"hi\",\"nonce\":\"1\"}");
    assert_false(gateway_drain(stage.gateway));
    assert_false(gateway_has_told_all(stage.gateway));
    assert_null(session_open(stage.gateway, &stage, &arrival, &refusal));
    assert_int_equal(refusal.code, ERROR_shutting_down);
    assert_int_equal(idle->close_code, 1001);
    assert_int_equal(peer->close_code, 0);
    peer_say(peer, "{\"type\":\"ping\"}");
    assert_non_null(strstr(peer_hear_type(peer, "error"), "shutting_down"));
    fake_store_release(stage.store);
    stage_turn(&stage);
    (void)peer_hear_type(peer, "ack");
    assert_false(gateway_drain(stage.gateway));
    assert_true(gateway_has_told_all(stage.gateway));
    assert_int_equal(peer->close_code, 1001);
    stage_turn(&stage);
    assert_true(gateway_drain(stage.gateway));
    (void)state;
}

static void what_waits_is_written_before_the_close(void **state)
{
    struct peer *peer = stage_guest(&stage, "mina");
    peer_say(peer, "{\"type\":\"logout\",\"ref\":5}");
    assert_int_equal(peer->close_code, 1000);
    assert_int_equal(number_in(peer_hear_type(peer, "ok"), "ref"), 5);
    stage_turn(&stage);
    (void)state;
}

static void plain_clients_talk_as_the_protocol_says(void **state)
{
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    struct peer *one = stage_peer(&stage, SESSION_PLAIN), *two = stage_peer(&stage, SESSION_PLAIN);
    one->session->arrival.client_id = 7;
    peer_say(one, "{\"message\":\"hi\"}");
    assert_string_equal(peer_hear(one), "Client 7: hi");
    assert_string_equal(peer_hear(two), "Client 7: hi");
    const char *message = peer_hear_type(mina, "message");
    assert_non_null(strstr(message, "\"from\":\"client-7\""));
    assert_non_null(strstr(message, "\"via\":\"plain\""));
    peer_say(mina, "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"hello\",\"nonce\":\"1\"}");
    assert_string_equal(peer_hear(one), "mina: hello");
    assert_null(peer_hear(one));
    peer_hang_up(one);
    (void)peer_hear(two);
    assert_string_equal(peer_hear(two), "Client 7 left the chat");
    assert_null(peer_hear(two));
    (void)state;
}

static void a_plain_client_is_told_what_is_wrong_and_lives(void **state)
{
    struct peer *peer = stage_peer(&stage, SESSION_PLAIN);
    static const char *const frames[] = {"hi", "{}", "[]", "{\"message\":7}", "{\"message\":\"\"}"};
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        peer_say(peer, "%s", frames[i]);
        const char *error = peer_hear(peer);
        assert_non_null(error);
        assert_int_equal(strncmp(error, "{\"error_code\":\"bad_", 19), 0);
        assert_non_null(strstr(error, "\"message\":\""));
        assert_null(peer_hear(peer));
    }
    peer_say(peer, "{\"message\":\"%05000d\"}", 1);
    assert_non_null(strstr(peer_hear(peer), "too_long"));
    peer_say(peer, "{\"message\":\"hi\"}");
    assert_non_null(strstr(peer_hear(peer), ": hi"));
    (void)state;
}

static void streams_read_the_same_log_as_lines_and_events(void **state)
{
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    struct peer *keeper = stage_keeper(&stage);
    struct arrival arrival = {.kind = SESSION_EVENTS, .anonymous = true, .exempt = true};
    struct refusal refusal;
    struct peer *events = &stage.peers[stage.peer_count++];
    *events = (struct peer){.stage = &stage, .kind = SESSION_EVENTS};
    events->session = session_open(stage.gateway, events, &arrival, &refusal);
    peer_say(keeper, "{\"type\":\"join\",\"room\":\"lobby\"}");
    peer_say(events, "{\"type\":\"join\",\"room\":\"lobby\"}");
    peer_say(mina, "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"one\",\"nonce\":\"1\"}");
    peer_say(mina, "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"two\",\"nonce\":\"2\"}");
    struct peer *const readers[] = {keeper, events};
    for (int i = 0; i < 2; i++) {
        (void)peer_hear_type(readers[i], "live");
        assert_non_null(strstr(peer_hear_type(readers[i], "message"), "\"one\""));
        assert_non_null(strstr(peer_hear_type(readers[i], "message"), "\"two\""));
    }
    peer_say(events, "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"x\",\"nonce\":\"1\"}");
    assert_non_null(strstr(peer_hear_type(events, "error"), "unauthorized"));
    (void)state;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)

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
        TEST(the_keeper_does_not_wait_for_a_crowded_storage),
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
        TEST(a_plain_client_is_told_what_is_wrong_and_lives),
        TEST(streams_read_the_same_log_as_lines_and_events),
    };
    return cmocka_run_group_tests_name("core.session", tests, NULL, NULL);
}
