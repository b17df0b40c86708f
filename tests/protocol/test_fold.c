#include "protocol/fold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void expect(const char *text, const char *folded)
{
    struct buffer buffer = {0};
    assert_true(text_fold(text, strlen(text), &buffer));
    assert_int_equal(buffer.length, strlen(folded));
    assert_memory_equal(buffer.bytes ? buffer.bytes : (unsigned char *)"", folded, buffer.length);
    buffer_finish(&buffer);
}

static void what_looks_the_same_folds_the_same(void **state)
{
    (void)state;
    expect("", "");
    expect("Hello  WORLD\t\nagain", "hello world again");
    expect("\xef\xbd\x88\xef\xbd\x89", "hi");                         /* full-width */
    expect("Cafe\u0301 CAF\u00C9", "cafe cafe"); /* accent apart, and not */
    expect("\u0130stanbul ISTANBUL \u0131\u015F\u0131k", "istanbul istanbul isik");
    expect("\u039F\u0394\u03A5\u03A3\u03A3\u0395\u03A5\u03A3", "\u03BF\u03B4\u03C5\u03C3\u03C3\u03B5\u03C5\u03C3");
    expect("don\u2019t \u201Cquote\u201D 1\u20132", "don't \"quote\" 1-2");
    expect("Ph\u1EDF b\u00F2", "pho bo");
    expect("\u0401\u043B\u043A\u0430", "\u0435\u043B\u043A\u0430");
    expect("\u05E9\u05C1\u05B8\u05DC", "\u05E9\u05DC");           /* Hebrew points */
    expect("\u0645\u064F\u062D\u064E", "\u0645\u062D");           /* Arabic points */
    expect("\u304B\u3099\u30D1", "\u304C\u30D1");                 /* kana voicing is no accent */
    expect("\u0915\u093F", "\u0915\u093F");                       /* nor is a vowel sign */
    expect("\u0E01\u0E34\u0E48", "\u0E01\u0E34");                 /* a Thai tone mark is one */
    expect("Stra\xc3\x9f\x65", "strasse");
    expect("\xe1\x84\x92\xe1\x85\xac\xe1\x84\x8b\xe1\x85\xb4",
           "\xed\x9a\x8c\xec\x9d\x98"); /* jamo */
    expect("a\xe3\x80\x80 b", "a b");   /* an ideographic space */
    expect("bad \xff byte", "bad \xff byte");
}

/* However long it is: nothing composes across the pieces that it is folded in. */
static void a_long_text_folds_as_its_parts_do(void **state)
{
    (void)state;
    char apart[4000] = "", whole[4000] = "";
    for (int i = 0; i < 200; i++) {
        strcat(apart, "\xe1\x84\x92\xe1\x85\xac"
                      "e\xcc\x81");
        strcat(whole, "\xed\x9a\x8c"
                      "e");
    }
    expect(apart, whole);
}

static void the_origin_is_where_the_text_had_it(void **state)
{
    (void)state;
    const char *text = "One  Two \xef\xbc\xb4hree four";
    assert_int_equal(text_fold_origin(text, strlen(text), 0), 0);
    const char *folded = "one two three four";
    size_t four = text_fold_origin(text, strlen(text), (size_t)(strstr(folded, "four") - folded));
    assert_in_range(four, 9, (size_t)(strstr(text, "four") - text));
    char plain[1000];
    memset(plain, 'x', sizeof plain);
    assert_in_range(text_fold_origin(plain, sizeof plain, 900), 800, 900);
}

static bool finds(const char *text, const char *term)
{
    struct buffer marked = {0}, wanted = {0};
    assert_true(text_fold_marked(text, strlen(text), &marked));
    assert_true(text_fold_marked(term, strlen(term), &wanted));
    bool found = text_finds_marked((const char *)marked.bytes, marked.length,
                                   (const char *)wanted.bytes, wanted.length);
    buffer_finish(&marked);
    buffer_finish(&wanted);
    return found;
}

static void a_mark_that_is_written_is_looked_for(void **state)
{
    (void)state;
    assert_true(finds("un caf\u00E9 noir", "caf\u00C9"));
    assert_true(finds("un cafe\u0301 noir", "caf\u00E9 n"));
    assert_true(finds("un caf\u00E9 noir", "cafe"));
    assert_false(finds("un cafe noir", "caf\u00E9"));
    assert_false(finds("un caf\u00E8 noir", "caf\u00E9"));
    assert_true(finds("cafe caf\u00E9", "caf\u00E9"));
    assert_true(finds("ph\u1EDF", "ph\u01A1"));  /* one of two marks */
    assert_false(finds("ph\u01A1", "ph\u1EDF"));
    assert_true(finds("iyi", "\u0130Y\u0130"));
    assert_true(finds("\u0130Y\u0130", "iyi"));
    assert_true(finds("\uD55C\uAD6D", "\uD55C"));
    assert_false(finds("", "a"));
}

static void a_buffer_that_is_full_is_told(void **state)
{
    (void)state;
    struct buffer buffer = {.max = 4};
    assert_false(text_fold("too much for it", 15, &buffer));
    buffer_finish(&buffer);
}

/* Any bytes at all: no crash, and never more than NFKC can make of them. */
static void any_bytes_are_folded(void **state)
{
    (void)state;
    srand(5);
    for (int round = 0; round < 3000; round++) {
        char text[200];
        struct buffer buffer = {0};
        size_t length = (size_t)(rand() % 200);
        for (size_t i = 0; i < length; i++)
            text[i] = (char)(rand() % 3 ? 0x80 + rand() % 128 : rand());
        assert_true(text_fold(text, length, &buffer));
        assert_true(buffer.length <= length * 20 + 1);
        for (size_t at = 0; at < buffer.length; at += 7)
            assert_true(text_fold_origin(text, length, at) <= length);
        buffer_finish(&buffer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_looks_the_same_folds_the_same),
        cmocka_unit_test(a_long_text_folds_as_its_parts_do),
        cmocka_unit_test(the_origin_is_where_the_text_had_it),
        cmocka_unit_test(a_mark_that_is_written_is_looked_for),
        cmocka_unit_test(a_buffer_that_is_full_is_told),
        cmocka_unit_test(any_bytes_are_folded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
