#include "protocol/emoji.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static char out[EMOJI_BYTES_MAX + 1];

/* Fully-qualified emoji, at least one of every kind in emoji-test.txt. */
static const char *const qualified[] = {
    "\U0001F600", "\u2764\uFE0F", "\u263A\uFE0F", "\u00A9\uFE0F", "\u2B50", "\u3030\uFE0F",
    "\U0001F237\uFE0F", "\U0001F321\uFE0F", "1\uFE0F\u20E3", "#\uFE0F\u20E3", "*\uFE0F\u20E3",
    "\U0001F1F0\U0001F1F7", "\U0001F44D\U0001F3FD", "\u261D\U0001F3FB", "\U0001F3FB",
    "\U0001F3F4\U000E0067\U000E0062\U000E0077\U000E006C\U000E0073\U000E007F",
    "\U0001F3F3\uFE0F\u200D\U0001F308", "\U0001F3F4\u200D\u2620\uFE0F",
    "\U0001F468\u200D\U0001F469\u200D\U0001F467\u200D\U0001F466",
    "\U0001F469\U0001F3FB\u200D\u2764\uFE0F\u200D\U0001F48B\u200D\U0001F469\U0001F3FD",
    "\U0001F441\uFE0F\u200D\U0001F5E8\uFE0F", "\U0001F9D1\U0001F3FF\u200D\u2695\uFE0F",
    "\u26F9\U0001F3FB\u200D\u2640\uFE0F", "\U0001F642\u200D\u2194\uFE0F",
    "\U0001FADF", /* reserved when this was written */
};

static void an_emoji_of_any_kind_is_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof qualified / sizeof *qualified; i++) {
        assert_true(emoji_normalise(qualified[i], out));
        assert_string_equal(out, qualified[i]);
        assert_int_equal(emoji_length(qualified[i], strlen(qualified[i])), strlen(qualified[i]));
    }
}

static void strip(char *text)
{
    char *to = text;
    for (const char *from = text; *from;) {
        if (strncmp(from, "\uFE0F", 3) == 0)
            from += 3;
        else
            *to++ = *from++;
    }
    *to = '\0';
}

static void all_spellings_of_an_emoji_are_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof qualified / sizeof *qualified; i++) {
        char bare[64];
        strcpy(bare, qualified[i]);
        strip(bare);
        assert_true(emoji_normalise(bare, out));
        assert_string_equal(out, qualified[i]);
    }
    assert_true(emoji_normalise("\U0001F44D\uFE0F", out));
    assert_string_equal(out, "\U0001F44D");
    assert_true(emoji_normalise("\u261D\uFE0F\U0001F3FB", out));
    assert_string_equal(out, "\u261D\U0001F3FB");
}

static void what_is_no_emoji_is_none(void **state)
{
    static const char *const others[] = {
        "", "a", "1", "#", " ", "\n", "\u200B", "\u202E", "\u20E3", "\uFE0F", "\u200D", "1\uFE0F",
        "a\uFE0F\u20E3", "\U0001F1F0", "\u00E9", "\uAC00", "\U000E0067\U000E007F", "\xff",
        "\U0001F600\U0001F600", "\U0001F600 ", "\U0001F600\u200D", "\U0001F600\u200Da",
        "\U0001F3F4\U000E0067", "\u2764\uFE0E", "\U0001FBF0", "\U0001F600\uFE0F\uFE0F"};
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (emoji_normalise(others[i], out))
            fail_msg("%zu is taken", i);
        assert_string_equal(out, "");
    }
}

static void the_length_is_of_the_first_emoji(void **state)
{
    (void)state;
    assert_int_equal(emoji_length("\U0001F600\U0001F600", 8), 4);
    assert_int_equal(emoji_length("\U0001F600\u200Dx", 8), 4);
    assert_int_equal(emoji_length("\U0001F1F0\U0001F1F7\U0001F1F0", 12), 8);
    assert_int_equal(emoji_length("x\U0001F600", 5), 0);
    assert_int_equal(emoji_length("", 0), 0);
}

static void an_emoji_is_bounded(void **state)
{
    char text[200] = "\U0001F468";
    (void)state;
    for (int i = 0; i < 8; i++)
        strcat(text, "\u200D\U0001F468");
    assert_true(emoji_normalise(text, out)); /* 60 bytes */
    strcat(text, "\u200D\U0001F468");
    assert_false(emoji_normalise(text, out));
    assert_int_equal(emoji_length(text, strlen(text)), strlen(text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_emoji_of_any_kind_is_one),
        cmocka_unit_test(all_spellings_of_an_emoji_are_one),
        cmocka_unit_test(what_is_no_emoji_is_none),
        cmocka_unit_test(the_length_is_of_the_first_emoji),
        cmocka_unit_test(an_emoji_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
