/* The cursors of an event stream as text: what is one, and which is whose. */
#include "daemon/core/cursors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void what_is_a_list_of_cursors(void **state)
{
    static const char *const lists[] = {"ab01.5", "ab01.0,cd02.9007199254740991", "0123456789abcdef.1"};
    static const char *const others[] = {
        "", ".", "ab", "ab.", ".1", "ab.1,", ",ab.1", "ab.1 ,cd.2", "ab.1;cd.2", "AB.1", "ab.-1", "ab.+1",
        "ab.9007199254740992", "ab.99999999999999999999", "0123456789abcdef0.1", "ab.1\r\nid: x"};
    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        assert_true(cursors_are_valid(lists[i]));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(cursors_are_valid(others[i]));
}

static void a_list_that_is_too_long_is_none(void **state)
{
    char text[CURSORS_BYTES_MAX + 8] = "a.1";
    (void)state;
    while (strlen(text) < CURSORS_BYTES_MAX)
        strcat(text, ",a.1");
    assert_false(cursors_are_valid(text));
}

static void a_cursor_is_found_by_its_log(void **state)
{
    int64_t seq = 0;
    (void)state;
    assert_true(cursors_find("ab.7,abc.8,abcd.9", "abc", &seq));
    assert_int_equal(seq, 8);
    assert_true(cursors_find("ab.7,abc.8,abcd.9", "abcd", &seq));
    assert_int_equal(seq, 9);
    assert_false(cursors_find("ab.7,abc.8", "abcd", &seq));
    assert_false(cursors_find("", "abcd", &seq));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_a_list_of_cursors),
        cmocka_unit_test(a_list_that_is_too_long_is_none),
        cmocka_unit_test(a_cursor_is_found_by_its_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
