#include "daemon/core/roomlog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BYTES_MAX 4096

static void put(struct roomlog *log, int64_t seq, const char *text)
{
    assert_true(roomlog_append(log, seq, text, strlen(text), BYTES_MAX));
}

static void a_reader_gets_what_follows_its_cursor(void **state)
{
    struct roomlog log = {0};
    struct roomlog_slice slice;
    uint64_t offset;
    put(&log, 1, "one");
    put(&log, 5, "five");
    put(&log, 6, "six");
    assert_true(roomlog_find(&log, 1, &offset));
    assert_true(roomlog_read(&log, offset, 100, INT64_MAX, &slice));
    assert_int_equal(slice.length, 7);
    assert_memory_equal(slice.bytes, "fivesix", 7);
    assert_int_equal(slice.seq, 6);
    assert_true(roomlog_find(&log, 3, &offset)); /* a gap: the next there is */
    assert_true(roomlog_read(&log, offset, 100, INT64_MAX, &slice));
    assert_memory_equal(slice.bytes, "fivesix", 7);
    roomlog_drop(&log, 6);
    (void)state;
}

static void a_slice_holds_whole_frames_and_at_least_one(void **state)
{
    struct roomlog log = {0};
    struct roomlog_slice slice;
    put(&log, 1, "one");
    put(&log, 2, "two");
    put(&log, 3, "three");
    assert_true(roomlog_read(&log, 0, 7, INT64_MAX, &slice));
    assert_int_equal(slice.length, 6);
    assert_int_equal(slice.seq, 2);
    assert_true(roomlog_read(&log, 6, 1, INT64_MAX, &slice));
    assert_int_equal(slice.length, 5);
    assert_int_equal(slice.seq, 3);
    roomlog_drop(&log, 3);
    (void)state;
}

static void a_slice_ends_at_the_seq_asked_for(void **state)
{
    struct roomlog log = {0};
    struct roomlog_slice slice;
    put(&log, 1, "one");
    put(&log, 2, "two");
    put(&log, 9, "nine");
    assert_true(roomlog_read(&log, 0, 100, 8, &slice));
    assert_int_equal(slice.length, 6);
    assert_true(roomlog_read(&log, 6, 100, 8, &slice));
    assert_int_equal(slice.length, 0);
    roomlog_drop(&log, 9);
    (void)state;
}

static void the_older_half_gives_way_and_its_readers_notice(void **state)
{
    struct roomlog log = {0};
    struct roomlog_slice slice;
    uint64_t offset;
    char text[101];
    memset(text, 'x', 100);
    text[100] = '\0';
    for (int seq = 1; seq <= 1000; seq++) {
        put(&log, seq, text);
        assert_true(log.length <= BYTES_MAX);
        assert_true(roomlog_bytes(&log) <= BYTES_MAX * 2 + 256);
        assert_true(roomlog_find(&log, seq - 1, &offset));
        assert_true(roomlog_read(&log, offset, 200, INT64_MAX, &slice));
        assert_int_equal(slice.seq, seq);
    }
    assert_false(roomlog_read(&log, 0, 200, INT64_MAX, &slice));
    assert_false(roomlog_find(&log, 1, &offset));
    assert_true(roomlog_find(&log, log.floor, &offset));
    assert_int_equal(offset, log.start);
    roomlog_drop(&log, 1000);
    (void)state;
}

static void what_does_not_fit_is_missed_by_readers_at_the_end(void **state)
{
    struct roomlog log = {0};
    struct roomlog_slice slice;
    char text[BYTES_MAX + 1];
    memset(text, 'x', sizeof text);
    put(&log, 1, "one");
    uint64_t end = roomlog_end(&log), offset;
    assert_false(roomlog_append(&log, 2, text, sizeof text, BYTES_MAX));
    assert_false(roomlog_read(&log, end, 100, INT64_MAX, &slice));
    assert_false(roomlog_find(&log, 1, &offset));
    assert_true(roomlog_find(&log, 2, &offset));
    put(&log, 3, "three");
    assert_true(roomlog_read(&log, offset, 100, INT64_MAX, &slice));
    assert_memory_equal(slice.bytes, "three", 5);
    roomlog_drop(&log, 3);
    (void)state;
}

static void what_is_forgotten_cannot_be_read(void **state)
{
    struct roomlog log = {0};
    struct roomlog_slice slice;
    uint64_t offset;
    put(&log, 1, "one");
    put(&log, 2, "two");
    put(&log, 3, "three");
    roomlog_forget(&log, 2);
    assert_false(roomlog_find(&log, 1, &offset));
    assert_null(memmem(log.bytes, log.length, "two", 3));
    assert_true(roomlog_find(&log, 2, &offset));
    assert_true(roomlog_read(&log, offset, 100, INT64_MAX, &slice));
    assert_memory_equal(slice.bytes, "three", 5);
    roomlog_forget(&log, 7);
    assert_int_equal(log.floor, 7);
    assert_int_equal(log.length, 0);
    roomlog_drop(&log, 7);
    (void)state;
}

static void a_dropped_ring_leaves_readers_at_the_end_where_they_are(void **state)
{
    struct roomlog log = {0};
    struct roomlog_slice slice;
    put(&log, 1, "one");
    uint64_t end = roomlog_end(&log);
    roomlog_drop(&log, 1);
    assert_int_equal(roomlog_bytes(&log), 0);
    put(&log, 2, "two");
    assert_true(roomlog_read(&log, end, 100, INT64_MAX, &slice));
    assert_memory_equal(slice.bytes, "two", 3);
    roomlog_drop(&log, 2);
    (void)state;
}

static void the_newest_entries_are_counted_back(void **state)
{
    struct roomlog log = {.floor = 10};
    int64_t after;
    put(&log, 12, "a");
    put(&log, 13, "b");
    assert_true(roomlog_newest(&log, 1, &after));
    assert_int_equal(after, 12);
    assert_true(roomlog_newest(&log, 2, &after));
    assert_int_equal(after, 10);
    assert_false(roomlog_newest(&log, 3, &after));
    roomlog_drop(&log, 13);
    (void)state;
}

static void frames_of_one_seq_leave_together(void **state)
{
    struct roomlog log = {0};
    uint64_t offset;
    char text[101];
    memset(text, 'x', 100);
    text[100] = '\0';
    for (int i = 0; i < 200; i++) {
        put(&log, 1 + i / 10, text);
        if (roomlog_find(&log, log.floor, &offset))
            assert_int_equal(offset, log.start);
    }
    roomlog_drop(&log, 21);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_gets_what_follows_its_cursor),
        cmocka_unit_test(a_slice_holds_whole_frames_and_at_least_one),
        cmocka_unit_test(a_slice_ends_at_the_seq_asked_for),
        cmocka_unit_test(the_older_half_gives_way_and_its_readers_notice),
        cmocka_unit_test(what_does_not_fit_is_missed_by_readers_at_the_end),
        cmocka_unit_test(what_is_forgotten_cannot_be_read),
        cmocka_unit_test(a_dropped_ring_leaves_readers_at_the_end_where_they_are),
        cmocka_unit_test(the_newest_entries_are_counted_back),
        cmocka_unit_test(frames_of_one_seq_leave_together),
    };
    return cmocka_run_group_tests_name("core.roomlog", tests, NULL, NULL);
}
