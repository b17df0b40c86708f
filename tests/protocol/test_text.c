#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/text.h"

/* Whole and valid, in whatever pieces it comes. */
static bool is_valid(const char *text, size_t length)
{
    struct utf8 whole = {0};
    bool valid = utf8_take(&whole, text, length) && utf8_is_whole(&whole);
    assert_int_equal(text_is_utf8(text, length), valid);
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

static void a_character_is_read_with_its_bytes(void **state)
{
    static const struct {
        const char *text;
        int32_t character;
        size_t size;
    } rows[] = {{"a", 'a', 1}, {"\xc3\xa9x", 0xe9, 2}, {"\xed\x95\x9c", 0xd55c, 3},
                {"\xf0\x9f\x91\x8d!", 0x1f44d, 4}, {"\xf4\x8f\xbf\xbf", 0x10ffff, 4},
                {"\xff", TEXT_BROKEN, 1}, {"\xc3", TEXT_BROKEN, 1}, {"\xe2\x82", TEXT_BROKEN, 2},
                {"\xf0\x9f\x91x", TEXT_BROKEN, 3}, {"\xed\xa0\x80", TEXT_BROKEN, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t size;
        assert_int_equal(text_next(rows[i].text, strlen(rows[i].text), &size), rows[i].character);
        assert_int_equal(size, rows[i].size);
    }
}

static void a_text_is_clean_by_its_rule(void **state)
{
    (void)state;
    char text[4] = "a?b";
    for (int byte = 1; byte < 0x80; byte++) {
        text[1] = (char)byte;
        bool control = byte < 0x20 || byte == 0x7f;
        assert_int_equal(text_is_clean(text, TEXT_LINE), !control);
        assert_int_equal(text_is_clean(text, TEXT_PROSE), !control || byte == '\n' || byte == '\t');
    }
    assert_false(text_is_clean("\xc2\x85", TEXT_PROSE));
    assert_false(text_is_clean("\xc2\x9f", TEXT_PROSE));
    assert_true(text_is_clean("\xc2\xa0 \xe2\x80\xa8", TEXT_PROSE));
    assert_false(text_is_clean("\xff", TEXT_PROSE));
}

static void assert_clean(const char *text, enum text_rule rule, const char *expected)
{
    char out[64];
    assert_true(TEXT_CLEAN_MAX(strlen(text)) <= sizeof out);
    text_clean(text, rule, out, TEXT_CLEAN_MAX(strlen(text)));
    assert_string_equal(out, expected);
    assert_true(text_is_clean(out, rule));
}

static void cleaning_replaces_what_may_not_be_shown(void **state)
{
    char out[8];
    (void)state;
    assert_clean("", TEXT_PROSE, "");
    assert_clean("a\r\nb\rc\n\td", TEXT_PROSE, "a\nb\nc\n\td");
    assert_clean("\x1b[2J\x7f\xc2\x9b", TEXT_PROSE, "\uFFFD[2J\uFFFD\uFFFD");
    assert_clean("a\nb\tc", TEXT_LINE, "a\uFFFDb\uFFFDc");
    assert_clean("\xff\xe2\x82\xf0\x9f\x91", TEXT_LINE, "\uFFFD\uFFFD\uFFFD");
    assert_clean("\xff\xff\xff\xff", TEXT_PROSE, "\uFFFD\uFFFD\uFFFD\uFFFD");
    text_clean("abc\xed\x95\x9c\xed\x95\x9c", TEXT_PROSE, out, sizeof out);
    assert_string_equal(out, "abc\xed\x95\x9c"); /* cut between characters */
    text_clean("abcdefghij", TEXT_PROSE, out, sizeof out);
    assert_string_equal(out, "abcdefg");
}

static void every_line_break_becomes_a_space(void **state)
{
    struct buffer line = {0};
    (void)state;
    assert_true(text_append_line(&line, "a\nb\r\nc\rd\xc2\x85" "e\xe2\x80\xa8" "f\xe2\x80\xa9g\vh\fi\n"));
    assert_true(buffer_append(&line, "", 1));
    assert_string_equal((const char *)line.bytes, "a b c d e f g h i ");
    buffer_finish(&line);
    line.max = 4;
    assert_false(text_append_line(&line, "ab\ncdefgh"));
    assert_int_equal(line.length, 0);
    buffer_finish(&line);
}

static void characters_are_counted_as_a_reader_does(void **state)
{
    (void)state;
    assert_int_equal(text_count_characters(""), 0);
    assert_int_equal(text_count_characters("abc"), 3);
    assert_int_equal(text_count_characters("a\r\nb"), 3);
    assert_int_equal(text_count_characters("e\xcc\x81"), 1);
    assert_int_equal(text_count_characters("한국"), 2);
    assert_int_equal(text_count_characters("👨‍👩‍👧 👍🏽🇰🇷"), 4);
    assert_int_equal(text_count_characters("a\xff" "b"), 3);
}

static void what_steers_a_terminal_is_known(void **state)
{
    static const int32_t bad[] = {0, 7, 0x1b, 0x7f, 0x80, 0x9b, 0x9f, 0x200e, 0x202e, 0x2028, 0x2066,
                                  0xfffd, TEXT_BROKEN};
    static const int32_t fine[] = {' ', 'a', 0xa0, 0xe9, 0x200d, 0xfe0f, 0xd55c, 0x1f44d, 0xe0067};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_true(text_steers_terminal(bad[i]));
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        assert_false(text_steers_terminal(fine[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_of_any_script_is_valid),
        cmocka_unit_test(what_no_character_looks_like_is_not),
        cmocka_unit_test(it_fails_as_soon_as_nothing_can_mend_it),
        cmocka_unit_test(a_character_is_read_with_its_bytes),
        cmocka_unit_test(a_text_is_clean_by_its_rule),
        cmocka_unit_test(cleaning_replaces_what_may_not_be_shown),
        cmocka_unit_test(every_line_break_becomes_a_space),
        cmocka_unit_test(characters_are_counted_as_a_reader_does),
        cmocka_unit_test(what_steers_a_terminal_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
