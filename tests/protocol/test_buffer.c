#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/buffer.h"

static void an_empty_buffer_grows_as_it_is_filled(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    for (int i = 0; i < 10000; i++)
        assert_true(buffer_append_text(&buffer, "abc"));
    assert_int_equal(buffer.length, 30000);
    assert_memory_equal(buffer.bytes + 29997, "abc", 3);
    assert_false(buffer.failed);
    buffer_finish(&buffer);
    assert_null(buffer.bytes);
    assert_true(buffer_append_text(&buffer, "again"));
    buffer_finish(&buffer);
}

static void what_would_pass_the_bound_is_refused_and_the_rest_stays(void **state)
{
    (void)state;
    struct buffer buffer = {.max = 10};
    assert_true(buffer_append_text(&buffer, "0123456789"));
    assert_true(buffer_append(&buffer, "", 0));
    assert_false(buffer.failed);
    assert_false(buffer_append_text(&buffer, "x"));
    assert_true(buffer.failed);
    assert_int_equal(buffer.length, 10);
    assert_true(buffer.capacity <= 10);
    assert_memory_equal(buffer.bytes, "0123456789", 10);
    buffer_finish(&buffer);
    assert_false(buffer.failed);
}

static void a_size_beyond_all_memory_is_refused(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    assert_true(buffer_append_text(&buffer, "x"));
    assert_null(buffer_reserve(&buffer, SIZE_MAX));
    assert_null(buffer_reserve(&buffer, SIZE_MAX / 2));
    assert_true(buffer.failed);
    assert_int_equal(buffer.length, 1);
    buffer_finish(&buffer);
}

static void consuming_drops_from_the_front(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    buffer_append_text(&buffer, "hello world");
    buffer_consume(&buffer, 6);
    assert_int_equal(buffer.length, 5);
    assert_memory_equal(buffer.bytes, "world", 5);
    buffer_consume(&buffer, 0);
    assert_int_equal(buffer.length, 5);
    buffer_consume(&buffer, 99);
    assert_int_equal(buffer.length, 0);
    buffer_finish(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_grows_as_it_is_filled),
        cmocka_unit_test(what_would_pass_the_bound_is_refused_and_the_rest_stays),
        cmocka_unit_test(a_size_beyond_all_memory_is_refused),
        cmocka_unit_test(consuming_drops_from_the_front),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
