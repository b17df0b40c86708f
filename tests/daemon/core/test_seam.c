/* test_seam.c - where what was missed meets what is new: memory, storage, half from each. */
#include "tests/daemon/core/stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct stage stage;

static void make_small(struct config *config)
{
    config->limits.room_log_bytes = 16384;
    config->limits.log_bytes = 65536;
    config->limits.write_bytes = 4096;
}

static int open_small(void **state)
{
    (void)state;
    stage_open(&stage, make_small);
    return 0;
}

static int close_stage(void **state)
{
    (void)state;
    stage_close(&stage);
    return 0;
}

static int64_t said;

/* count messages of about 300 bytes; 16 KiB of memory hold some fifty of them. */
static void talk(struct peer *peer, int count)
{
    for (int i = 0; i < count; i++) {
        peer_mutter(peer,
                    "{\"type\":\"send\",\"room\":\"lobby\",\"nonce\":\"%lld\",\"text\":\"%0200d\"}",
                    (long long)++said, i);
        if (i % 50 == 49)
            stage_turn(&stage);
    }
    stage_turn(&stage);
}

/* Reads the room's entries from the one after `after` to `last`, each once, in order. */
static void hear_entries(struct peer *peer, int64_t after, int64_t last)
{
    for (int64_t seq = after + 1; seq <= last; seq++) {
        const char *text = peer_hear_type(peer, "message");
        if (number_in(text, "seq") != seq)
            fail_msg("%lld was awaited, %s came", (long long)seq, text);
    }
}

static struct room *lobby(void)
{
    return room_find(stage.gateway, "lobby");
}

static void rejoin(struct peer *peer, int64_t after)
{
    peer_say(peer, "{\"type\":\"join\",\"room\":\"lobby\",\"after\":%lld,\"log\":\"%s\"}",
             (long long)after, lobby()->log_id);
}

static void what_was_missed_comes_from_memory(void **state)
{
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    talk(mina, 10);
    struct peer *jun = stage_guest(&stage, "jun");
    rejoin(jun, 4);
    const char *joined = peer_hear_type(jun, "joined");
    assert_int_equal(number_in(joined, "last"), 10);
    assert_non_null(strstr(joined, "\"reset\":false"));
    assert_non_null(strstr(joined, "\"pruned\":false"));
    hear_entries(jun, 4, 10);
    assert_int_equal(number_in(peer_hear_type(jun, "live"), "seq"), 10);
    assert_int_equal(fake_store_submitted(stage.store, JOB_PAGE), 0);
    talk(mina, 2);
    hear_entries(jun, 10, 12);
    (void)state;
}

static void what_was_missed_comes_from_storage_and_memory(void **state)
{
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    talk(mina, 400);
    assert_true(lobby()->log.floor > 300);
    struct peer *jun = stage_guest(&stage, "jun");
    rejoin(jun, 3);
    stage_turn(&stage);
    (void)peer_hear_type(jun, "joined");
    hear_entries(jun, 3, 400);
    assert_int_equal(number_in(peer_hear_type(jun, "live"), "seq"), 400);
    (void)state;
}

static void entries_posted_while_joining_come_once_and_after_live(void **state)
{
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    talk(mina, 300);
    struct peer *jun = stage_guest(&stage, "jun");
    fake_store_hold(stage.store);
    peer_mutter(jun, "{\"type\":\"join\",\"room\":\"lobby\",\"after\":0,\"log\":\"%s\"}",
                lobby()->log_id);
    for (int i = 0; i < 60; i++) {
        talk(mina, 3);
        fake_store_step(stage.store, 2); /* storage falls behind, and pages come between */
        stage_turn(&stage);
    }
    fake_store_release(stage.store);
    stage_turn(&stage);
    int64_t last = number_in(peer_hear_type(jun, "joined"), "last"), seq = 0;
    bool is_live = false;
    for (const char *text; (text = peer_hear(jun));) {
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
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    talk(mina, 20);
    struct peer *jun = stage_guest(&stage, "jun");
    peer_say(jun, "{\"type\":\"join\",\"room\":\"lobby\",\"after\":5,\"log\":\"another\"}");
    assert_non_null(strstr(peer_hear_type(jun, "joined"), "\"reset\":true"));
    hear_entries(jun, 0, 20);
    (void)peer_hear_type(jun, "live");
    peer_say(jun, "{\"type\":\"join\",\"room\":\"lobby\",\"after\":21,\"log\":\"%s\",\"history\":3}",
             lobby()->log_id);
    assert_non_null(strstr(peer_hear_type(jun, "joined"), "\"reset\":true"));
    hear_entries(jun, 17, 20);
    (void)peer_hear_type(jun, "live");
    (void)state;
}

static void the_newest_come_from_memory_or_storage_alike(void **state)
{
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    talk(mina, 300);
    static const int counts[] = {0, 1, 5, 50, 200};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        char name[32];
        snprintf(name, sizeof name, "reader%zu", i);
        struct peer *reader = stage_guest(&stage, name);
        peer_say(reader, "{\"type\":\"join\",\"room\":\"lobby\",\"history\":%d}", counts[i]);
        (void)peer_hear_type(reader, "joined");
        hear_entries(reader, 300 - counts[i], 300);
        assert_int_equal(number_in(peer_hear_type(reader, "live"), "seq"), 300);
        assert_null(peer_hear(reader));
    }
    (void)state;
}

static void more_history_than_there_is_is_all_of_it(void **state)
{
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    talk(mina, 3);
    struct peer *jun = stage_guest(&stage, "jun");
    peer_say(jun, "{\"type\":\"join\",\"room\":\"lobby\",\"history\":500}");
    (void)peer_hear_type(jun, "joined");
    hear_entries(jun, 0, 3);
    assert_int_equal(number_in(peer_hear_type(jun, "live"), "seq"), 3);
    (void)state;
}

static void pruned_entries_are_a_gap_that_is_told(void **state)
{
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    talk(mina, 100);
    fake_store_prune(stage.store, lobby()->id, 90);
    stage_turn(&stage);
    struct peer *jun = stage_guest(&stage, "jun");
    rejoin(jun, 10);
    const char *joined = peer_hear_type(jun, "joined");
    assert_non_null(strstr(joined, "\"pruned\":true"));
    assert_int_equal(number_in(joined, "first"), 91);
    hear_entries(jun, 90, 100);
    (void)peer_hear_type(jun, "live");
    rejoin(jun, 90);
    assert_non_null(strstr(peer_hear_type(jun, "joined"), "\"pruned\":false"));
    (void)state;
}

static void a_slow_reader_is_served_from_storage_and_misses_nothing(void **state)
{
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    struct peer *slow = stage_member(&stage, "slow", "lobby");
    struct peer *fast = stage_member(&stage, "fast", "lobby");
    slow->is_stuck = true;
    for (int i = 0; i < 100; i++) {
        talk(mina, 10);
        hear_entries(fast, i * 10, i * 10 + 10);
    }
    assert_int_equal(slow->writes, 1); /* the first write made it behind */
    assert_true(stage.gateway->log_bytes <= 65536);
    assert_true(slow->session->replies.length < 4096);
    assert_int_equal(fake_store_submitted(stage.store, JOB_PAGE), 0);
    peer_take_again(slow);
    for (int i = 0; i < 10; i++)
        stage_turn(&stage);
    const char *first = peer_hear_type(slow, "message");
    assert_int_equal(number_in(first, "seq"), 1);
    int64_t seq = 1;
    bool is_lagged = false;
    for (const char *text; (text = peer_hear(slow));) {
        is_lagged |= strncmp(text, "{\"type\":\"lagged\"", 16) == 0;
        if (strncmp(text, "{\"type\":\"message\"", 17) == 0)
            assert_int_equal(number_in(text, "seq"), ++seq);
    }
    assert_true(is_lagged);
    assert_int_equal(seq, 1000);
    assert_int_equal(slow->close_code, 0);
    talk(mina, 1);
    assert_int_equal(number_in(peer_hear_type(slow, "message"), "seq"), 1001);
    (void)state;
}

static void a_page_that_storage_refuses_is_asked_for_again(void **state)
{
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    struct peer *slow = stage_member(&stage, "slow", "lobby");
    slow->is_stuck = true;
    talk(mina, 300);
    fake_store_be_busy(stage.store, true);
    peer_take_again(slow);
    assert_true(slow->session->is_stalled);
    fake_store_be_busy(stage.store, false);
    stage_wait(&stage, 1000);
    assert_int_equal(number_in(peer_hear_type(slow, "message"), "seq"), 1);
    hear_entries(slow, 1, 300);
    assert_int_equal(stage.gateway->stalled, 0);
    (void)state;
}

static void a_turn_that_brings_much_is_not_lost_on_those_who_keep_up(void **state)
{
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    struct peer *jun = stage_member(&stage, "jun", "lobby");
    fake_store_hold(stage.store);
    talk(mina, 250); /* some 75 KiB through a ring of 16 */
    fake_store_release(stage.store);
    stage_turn(&stage);
    hear_entries(jun, 0, 250);
    assert_int_equal(fake_store_submitted(stage.store, JOB_PAGE), 0);
    (void)state;
}

/* Plain readers: they are told no presence, which would bring the message along. */
static void a_fan_out_that_takes_several_turns_skips_nobody(void **state)
{
    struct peer *readers[12];
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    for (int i = 0; i < 12; i++)
        readers[i] = stage_peer(&stage, SESSION_PLAIN);
    stage_turn(&stage);
    stage.gateway->effort_max = 1; /* one job, one write a turn */
    peer_mutter(mina, "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"hi\",\"nonce\":\"1\"}");
    for (int i = 0; i < 6; i++)
        stage_one_turn(&stage);
    assert_in_range(lobby()->flushed_count, 1, 12);
    /* The last moves to the place of the first, where flushing has been already. */
    assert_ptr_equal(lobby()->members[0]->session, mina->session);
    session_closed(mina->session);
    mina->session = NULL;
    stage_turn(&stage);
    for (int i = 0; i < 12; i++) {
        const char *text = peer_hear(readers[i]);
        assert_non_null(text);
        assert_string_equal(text, "mina: hi");
        assert_null(peer_hear(readers[i]));
    }
    (void)state;
}

static void one_write_a_turn_carries_replies_and_entries_of_all_rooms(void **state)
{
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    peer_say(mina, "{\"type\":\"create\",\"room\":\"den\"}");
    peer_say(mina, "{\"type\":\"join\",\"room\":\"den\"}");
    stage_wait(&stage, 2000);
    peer_forget(mina);
    fake_store_hold(stage.store);
    peer_mutter(mina, "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"a\",\"nonce\":\"1\"}");
    peer_mutter(mina, "{\"type\":\"send\",\"room\":\"den\",\"text\":\"b\",\"nonce\":\"2\"}");
    fake_store_release(stage.store);
    stage_turn(&stage);
    assert_int_equal(mina->writes, 1);
    (void)peer_hear_type(mina, "ack");
    (void)peer_hear_type(mina, "ack");
    (void)peer_hear_type(mina, "message");
    (void)peer_hear_type(mina, "message");
    assert_null(peer_hear(mina));
    (void)state;
}

static void deleted_text_is_in_no_memory_and_in_no_catch_up(void **state)
{
    struct peer *mina = stage_member(&stage, "mina", "lobby");
    peer_say(mina, "{\"type\":\"send\",\"room\":\"lobby\",\"text\":\"SECRET\",\"nonce\":\"1\"}");
    peer_say(mina, "{\"type\":\"edit\",\"room\":\"lobby\",\"target\":1,\"text\":\"SECRET too\"}");
    talk(mina, 2);
    peer_say(mina, "{\"type\":\"delete\",\"room\":\"lobby\",\"target\":1,\"ref\":9}");
    assert_null(memmem(lobby()->log.bytes, lobby()->log.length, "SECRET", 6));
    struct peer *jun = stage_guest(&stage, "jun");
    rejoin(jun, 0);
    (void)peer_hear_type(jun, "joined");
    const char *text = peer_hear_type(jun, "message");
    assert_int_equal(number_in(text, "seq"), 1);
    assert_non_null(strstr(text, "\"deleted\":true"));
    text = peer_hear(jun);
    assert_int_equal(strncmp(text, "{\"type\":\"edit\"", 14), 0);
    assert_null(strstr(text, "SECRET"));
    hear_entries(jun, 2, 4);
    assert_int_equal(number_in(peer_hear_type(jun, "delete"), "target"), 1);
    (void)peer_hear_type(jun, "live");
    (void)state;
}

static void quiet_rooms_give_their_memory_up_first(void **state)
{
    struct peer *keeper = stage_keeper(&stage);
    char name[16];
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "room%d", i);
        peer_say(keeper, "{\"type\":\"create\",\"room\":\"%s\"}", name);
        for (int j = 0; j < 20; j++)
            peer_mutter(keeper,
                        "{\"type\":\"send\",\"room\":\"%s\",\"text\":\"%0400d\",\"nonce\":\"%d\"}",
                        name, j, j);
        stage_turn(&stage);
        assert_true(stage.gateway->log_bytes <= 65536);
    }
    assert_int_equal(room_find(stage.gateway, "room0")->log.length, 0);
    assert_true(room_find(stage.gateway, name)->log.length > 0);
    struct peer *jun = stage_guest(&stage, "jun");
    peer_say(jun, "{\"type\":\"join\",\"room\":\"room0\",\"after\":0}");
    hear_entries(jun, 0, 20);
    (void)peer_hear_type(jun, "live");
    (void)state;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_small, close_stage)

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
    return cmocka_run_group_tests_name("core.seam", tests, NULL, NULL);
}
