#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/net/utf8.h"

/* Whole and valid, in whatever pieces it comes. */
static bool is_valid(const char *text, size_t length)
{
    struct utf8 whole = {0};
    bool valid = utf8_take(&whole, text, length) && utf8_is_whole(&whole);
    assert_int_equal(utf8_is_text(text, length), valid);
    for (size_t piece = 1; piece < 4; piece++) {
        struct utf8 utf8 = {0};
        bool good = true;
        for (size_t at = 0; at < length; at += piece)
            good = good && utf8_take(&utf8, text + at, length - at < piece ? length - at : piece);
        assert_int_equal(good && utf8_is_whole(&utf8), valid);
    }
    return valid;
}

static void text_of_any_script_is_valid(void **state)
{
    static const char *const texts[] = {"", "plain", "eight bytes and more", "é", "한국어",
                                        "long ASCII before 👍🏽 and long ASCII behind",
                                        "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                                        "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_true(is_valid(texts[i], strlen(texts[i])));
    assert_true(is_valid("a\0b", 3));
}

static void what_no_character_looks_like_is_not(void **state)
{
    static const char *const texts[] = {
        "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe", "\xc3",
        "\xe2\x82", "\xf0\x9f\x91", "\xc3(", "\xe2\x82(", "eight bytes \xff", "\xc3\xc3"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (is_valid(texts[i], strlen(texts[i])))
            fail_msg("text %zu passed", i);
}

static void it_fails_as_soon_as_nothing_can_mend_it(void **state)
{
    struct utf8 utf8 = {0};
    (void)state;
    assert_true(utf8_take(&utf8, "\xf4", 1));
    assert_false(utf8_is_whole(&utf8));
    assert_false(utf8_take(&utf8, "\x90", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_of_any_script_is_valid),
        cmocka_unit_test(what_no_character_looks_like_is_not),
        cmocka_unit_test(it_fails_as_soon_as_nothing_can_mend_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
