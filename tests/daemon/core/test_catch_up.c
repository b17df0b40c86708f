/* test_catch_up.c - where what was missed meets what is new: memory, storage, half from each. */
#include "tests/daemon/core/harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void make_small(struct config *config)
{
    config->limits.room_log_bytes = 16384;
    config->limits.log_bytes = 65536;
    config->limits.write_bytes = 4096;
}

HARNESS_FOR_EACH_TEST(make_small)

static int64_t said;

/* count messages of about 300 bytes; 16 KiB of memory hold some fifty of them. */
static void talk(struct test_client *client, int count)
{
    for (int i = 0; i < count; i++) {
        client_send_only(
            client, "{\"type\":\"send\",\"room\":\"lobby\",\"nonce\":\"%lld\",\"text\":\"%0200d\"}",
            (long long)++said, i);
        if (i % 50 == 49)
            harness_settle(&harness);
    }
    harness_settle(&harness);
}

/* Reads the room's entries from the one after `after` to `last`, each once, in order. */
static void hear_entries(struct test_client *client, int64_t after, int64_t last)
{
    for (int64_t seq = after + 1; seq <= last; seq++) {
        const char *text = client_expect(client, "message");
        if (number_in(text, "seq") != seq)
            fail_msg("%lld was awaited, %s came", (long long)seq, text);
    }
}

static struct room *lobby(void)
{
    return room_find(harness.gateway, "lobby");
}

static void rejoin(struct test_client *client, int64_t after)
{
    client_send(client, "{\"type\":\"join\",\"room\":\"lobby\",\"after\":%lld,\"log\":\"%s\"}",
                (long long)after, lobby()->log_id);
}

static void what_was_missed_comes_from_memory(void **state)
{
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    talk(mina, 10);
    struct test_client *jun = harness_guest(&harness, "jun");
    rejoin(jun, 4);
    const char *joined = client_expect(jun, "joined");
    assert_int_equal(number_in(joined, "last"), 10);
    assert_non_null(strstr(joined, "\"reset\":false"));
    assert_non_null(strstr(joined, "\"pruned\":false"));
    hear_entries(jun, 4, 10);
    assert_int_equal(number_in(client_expect(jun, "live"), "seq"), 10);
    assert_int_equal(fake_store_submitted(harness.store, JOB_PAGE), 0);
    talk(mina, 2);
    hear_entries(jun, 10, 12);
    (void)state;
}

static void what_was_missed_comes_from_storage_and_memory(void **state)
{
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    talk(mina, 400);
    assert_true(lobby()->log.floor > 300);
    struct test_client *jun = harness_guest(&harness, "jun");
    rejoin(jun, 3);
    harness_settle(&harness);
    (void)client_expect(jun, "joined");
    hear_entries(jun, 3, 400);
    assert_int_equal(number_in(client_expect(jun, "live"), "seq"), 400);
    (void)state;
}

static void entries_posted_while_joining_come_once_and_after_live(void **state)
{
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    talk(mina, 300);
    struct test_client *jun = harness_guest(&harness, "jun");
    fake_store_hold(harness.store);
    client_send_only(jun, "{\"type\":\"join\",\"room\":\"lobby\",\"after\":0,\"log\":\"%s\"}",
                     lobby()->log_id);
    for (int i = 0; i < 60; i++) {
        talk(mina, 3);
        fake_store_step(harness.store, 2); /* storage falls behind, and pages come between */
        harness_settle(&harness);
    }
    fake_store_release(harness.store);
    harness_settle(&harness);
    int64_t last = number_in(client_expect(jun, "joined"), "last"), seq = 0;
    bool is_live = false;
    for (const char *text; (text = client_receive(jun));) {
        if (strncmp(text, "{\"type\":\"live\"", 14) == 0) {
            assert_int_equal(number_in(text, "seq"), last);
            assert_int_equal(seq, last);
            is_live = true;
        } else if (strncmp(text, "{\"type\":\"message\"", 17) == 0) {
            assert_int_equal(number_in(text, "seq"), ++seq);
        }
    }
    assert_true(is_live);
    assert_int_equal(seq, 480);
    (void)state;
}

static void an_unusable_cursor_starts_afresh(void **state)
{
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    talk(mina, 20);
    struct test_client *jun = harness_guest(&harness, "jun");
    client_send(jun, "{\"type\":\"join\",\"room\":\"lobby\",\"after\":5,\"log\":\"another\"}");
    assert_non_null(strstr(client_expect(jun, "joined"), "\"reset\":true"));
    hear_entries(jun, 0, 20);
    (void)client_expect(jun, "live");
    client_send(jun,
                "{\"type\":\"join\",\"room\":\"lobby\",\"after\":21,\"log\":\"%s\",\"history\":3}",
                lobby()->log_id);
    assert_non_null(strstr(client_expect(jun, "joined"), "\"reset\":true"));
    hear_entries(jun, 17, 20);
    (void)client_expect(jun, "live");
    (void)state;
}

static void the_newest_come_from_memory_or_storage_alike(void **state)
{
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    talk(mina, 300);
    static const int counts[] = {0, 1, 5, 50, 200};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        char name[32];
        snprintf(name, sizeof name, "reader%zu", i);
        struct test_client *reader = harness_guest(&harness, name);
        client_send(reader, "{\"type\":\"join\",\"room\":\"lobby\",\"history\":%d}", counts[i]);
        (void)client_expect(reader, "joined");
        hear_entries(reader, 300 - counts[i], 300);
        assert_int_equal(number_in(client_expect(reader, "live"), "seq"), 300);
        assert_null(client_receive(reader));
    }
    (void)state;
}

static void more_history_than_there_is_is_all_of_it(void **state)
{
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    talk(mina, 3);
    struct test_client *jun = harness_guest(&harness, "jun");
    client_send(jun, "{\"type\":\"join\",\"room\":\"lobby\",\"history\":500}");
    (void)client_expect(jun, "joined");
    hear_entries(jun, 0, 3);
    assert_int_equal(number_in(client_expect(jun, "live"), "seq"), 3);
    (void)state;
}

static void pruned_entries_are_a_gap_that_is_told(void **state)
{
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    talk(mina, 100);
    fake_store_prune(harness.store, lobby()->id, 90);
    harness_settle(&harness);
    struct test_client *jun = harness_guest(&harness, "jun");
    rejoin(jun, 10);
    const char *joined = client_expect(jun, "joined");
    assert_non_null(strstr(joined, "\"pruned\":true"));
    assert_int_equal(number_in(joined, "first"), 91);
    hear_entries(jun, 90, 100);
    (void)client_expect(jun, "live");
    rejoin(jun, 90);
    assert_non_null(strstr(client_expect(jun, "joined"), "\"pruned\":false"));
    (void)state;
}

static void a_slow_reader_is_served_from_storage_and_misses_nothing(void **state)
{
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    struct test_client *slow = harness_member(&harness, "slow", "lobby");
    struct test_client *fast = harness_member(&harness, "fast", "lobby");
    slow->is_blocked = true;
    for (int i = 0; i < 100; i++) {
        talk(mina, 10);
        hear_entries(fast, i * 10, i * 10 + 10);
    }
    assert_int_equal(slow->writes, 1); /* the first write made it behind */
    assert_true(harness.gateway->rooms.log_bytes <= 65536);
    assert_true(slow->session->replies.length < 4096);
    assert_int_equal(fake_store_submitted(harness.store, JOB_PAGE), 0);
    client_unblock(slow);
    for (int i = 0; i < 10; i++)
        harness_settle(&harness);
    const char *first = client_expect(slow, "message");
    assert_int_equal(number_in(first, "seq"), 1);
    int64_t seq = 1;
    bool is_lagged = false;
    for (const char *text; (text = client_receive(slow));) {
        is_lagged |= strncmp(text, "{\"type\":\"lagged\"", 16) == 0;
        if (strncmp(text, "{\"type\":\"message\"", 17) == 0)
            assert_int_equal(number_in(text, "seq"), ++seq);
    }
    assert_true(is_lagged);
    assert_int_equal(seq, 1000);
    assert_int_equal(slow->close_code, 0);
    talk(mina, 1);
    assert_int_equal(number_in(client_expect(slow, "message"), "seq"), 1001);
    (void)state;
}

static void a_page_that_storage_refuses_is_asked_for_again(void **state)
{
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    struct test_client *slow = harness_member(&harness, "slow", "lobby");
    slow->is_blocked = true;
    talk(mina, 300);
    fake_store_be_busy(harness.store, true);
    client_unblock(slow);
    assert_int_equal(slow->session->catch_up, CATCH_UP_RETRY);
    fake_store_be_busy(harness.store, false);
    harness_advance(&harness, 1000);
    assert_int_equal(number_in(client_expect(slow, "message"), "seq"), 1);
    hear_entries(slow, 1, 300);
    assert_int_equal(harness.gateway->sessions.retry_count, 0);
    (void)state;
}

static void a_turn_that_brings_much_is_not_lost_on_those_who_keep_up(void **state)
{
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    struct test_client *jun = harness_member(&harness, "jun", "lobby");
    fake_store_hold(harness.store);
    talk(mina, 250); /* some 75 KiB through a ring of 16 */
    fake_store_release(harness.store);
    harness_settle(&harness);
    hear_entries(jun, 0, 250);
    assert_int_equal(fake_store_submitted(harness.store, JOB_PAGE), 0);
    (void)state;
}

/* Plain readers: they are told no presence, which would bring the message along. */
static void a_fan_out_that_takes_several_turns_skips_nobody(void **state)
{
    struct test_client *readers[12];
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    for (int i = 0; i < 12; i++)
        readers[i] = harness_connect(&harness, SESSION_PLAIN);
    harness_settle(&harness);
    harness.gateway->turn.budget = 1; /* one job, one write a turn */
    client_send_only(mina,
                     "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"hi\",\"nonce\":\"1\"}");
    for (int i = 0; i < 6; i++)
        harness_turn(&harness);
    assert_in_range(lobby()->flushed_count, 1, 12);
    /* The last moves to the place of the first, where flushing has been already. */
    assert_ptr_equal(lobby()->members[0]->session, mina->session);
    session_closed(mina->session);
    mina->session = NULL;
    harness_settle(&harness);
    for (int i = 0; i < 12; i++) {
        const char *text = client_receive(readers[i]);
        assert_non_null(text);
        assert_string_equal(text, "mina: hi");
        assert_null(client_receive(readers[i]));
    }
    (void)state;
}

static void one_write_a_turn_carries_replies_and_entries_of_all_rooms(void **state)
{
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    client_send(mina, "{\"type\":\"create\",\"room\":\"den\"}");
    client_send(mina, "{\"type\":\"join\",\"room\":\"den\"}");
    harness_advance(&harness, 2000);
    client_discard(mina);
    fake_store_hold(harness.store);
    client_send_only(mina, "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"a\",\"nonce\":\"1\"}");
    client_send_only(mina, "{\"type\":\"send\",\"room\":\"den\",\"text\":\"b\",\"nonce\":\"2\"}");
    fake_store_release(harness.store);
    harness_settle(&harness);
    assert_int_equal(mina->writes, 1);
    (void)client_expect(mina, "ack");
    (void)client_expect(mina, "ack");
    (void)client_expect(mina, "message");
    (void)client_expect(mina, "message");
    assert_null(client_receive(mina));
    (void)state;
}

static void deleted_text_is_in_no_memory_and_in_no_catch_up(void **state)
{
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    client_send(mina, "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"SECRET\",\"nonce\":\"1\"}");
    client_send(mina,
                "{\"type\":\"edit\",\"room\":\"lobby\",\"target\":1,\"text\":\"SECRET too\"}");
    talk(mina, 2);
    client_send(mina, "{\"type\":\"delete\",\"room\":\"lobby\",\"target\":1,\"ref\":9}");
    assert_null(memmem(lobby()->log.bytes, lobby()->log.length, "SECRET", 6));
    struct test_client *jun = harness_guest(&harness, "jun");
    rejoin(jun, 0);
    (void)client_expect(jun, "joined");
    const char *text = client_expect(jun, "message");
    assert_int_equal(number_in(text, "seq"), 1);
    assert_non_null(strstr(text, "\"deleted\":true"));
    text = client_receive(jun);
    assert_int_equal(strncmp(text, "{\"type\":\"edit\"", 14), 0);
    assert_null(strstr(text, "SECRET"));
    hear_entries(jun, 2, 4);
    assert_int_equal(number_in(client_expect(jun, "delete"), "target"), 1);
    (void)client_expect(jun, "live");
    (void)state;
}

static void quiet_rooms_give_their_memory_up_first(void **state)
{
    struct test_client *admin = harness_admin(&harness);
    char name[16];
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "room%d", i);
        client_send(admin, "{\"type\":\"create\",\"room\":\"%s\"}", name);
        for (int j = 0; j < 20; j++)
            client_send_only(
                admin, "{\"type\":\"send\",\"room\":\"%s\",\"text\":\"%0400d\",\"nonce\":\"%d\"}",
                name, j, j);
        harness_settle(&harness);
        assert_true(harness.gateway->rooms.log_bytes <= 65536);
    }
    assert_int_equal(room_find(harness.gateway, "room0")->log.length, 0);
    assert_true(room_find(harness.gateway, name)->log.length > 0);
    struct test_client *jun = harness_guest(&harness, "jun");
    client_send(jun, "{\"type\":\"join\",\"room\":\"room0\",\"after\":0}");
    hear_entries(jun, 0, 20);
    (void)client_expect(jun, "live");
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_missed_comes_from_memory),
        TEST(what_was_missed_comes_from_storage_and_memory),
        TEST(entries_posted_while_joining_come_once_and_after_live),
        TEST(an_unusable_cursor_starts_afresh),
        TEST(the_newest_come_from_memory_or_storage_alike),
        TEST(more_history_than_there_is_is_all_of_it),
        TEST(pruned_entries_are_a_gap_that_is_told),
        TEST(a_slow_reader_is_served_from_storage_and_misses_nothing),
        TEST(a_page_that_storage_refuses_is_asked_for_again),
        TEST(a_turn_that_brings_much_is_not_lost_on_those_who_keep_up),
        TEST(a_fan_out_that_takes_several_turns_skips_nobody),
        TEST(one_write_a_turn_carries_replies_and_entries_of_all_rooms),
        TEST(deleted_text_is_in_no_memory_and_in_no_catch_up),
        TEST(quiet_rooms_give_their_memory_up_first),
    };
    return cmocka_run_group_tests_name("core.catch_up", tests, NULL, NULL);
}
