/* Long texts become parts, and parts a text again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/bridge/mesh/parts.h"
#include "protocol/text.h"

static struct parts parts;
static struct joins joins;
static struct joined joined;

static int empty(void **state)
{
    (void)state;
    joins = (struct joins){{{0}}};
    return 0;
}

/* count times unit. */
static char *many(const char *unit, size_t count)
{
    static char text[20000];
    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * strlen(unit), unit, strlen(unit) + 1);
    return text;
}

static void joins_to(const char *text)
{
    parts_split(text, &parts);
    for (size_t i = 0; i < parts.count; i++) {
        assert_true(strlen(parts.texts[i]) <= PART_BYTES_MAX);
        assert_true(text_is_utf8(parts.texts[i], strlen(parts.texts[i])));
        assert_int_equal(joins_take(&joins, 1, 0, (uint32_t)i + 1, parts.texts[i], 1, &joined),
                         i + 1 < parts.count ? JOIN_WAITS : JOIN_DONE);
    }
    assert_string_equal(joined.text, text);
    assert_int_equal(joined.ids[0], 1);
}

static void a_text_that_fits_is_one_part(void **state)
{
    (void)state;
    parts_split(many("x", PART_BYTES_MAX), &parts);
    assert_int_equal(parts.count, 1);
    assert_string_equal(parts.texts[0], many("x", PART_BYTES_MAX));
    assert_int_equal(joins_take(&joins, 1, 0, 1, parts.texts[0], 1, &joined), JOIN_NO_PART);
    parts_split("", &parts);
    assert_int_equal(parts.count, 1);
}

static void longer_ones_say_which_part_they_are(void **state)
{
    (void)state;
    parts_split(many("x", 500), &parts);
    assert_int_equal(parts.count, 3);
    assert_string_equal(parts.texts[2] + strlen(parts.texts[2]) - 6, " (3/3)");
}

static void whatever_is_split_is_the_same_when_joined(void **state)
{
    (void)state;
    static const char *const units[] = {"x", "한", "👩‍👩‍👧‍👦", "a b", "é", "e\xCC\x81", "(1/2)", "🇰🇷", "\n"};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        for (size_t bytes = PART_BYTES_MAX + 1; bytes < PART_BYTES_MAX * 24; bytes = bytes * 5 / 4)
            joins_to(many(units[i], bytes / strlen(units[i]) + 1));
}

static void no_character_is_cut(void **state)
{
    (void)state;
    parts_split(many("👩‍👩‍👧‍👦", 30), &parts);
    size_t count = 0;
    for (size_t i = 0; i < parts.count; i++) {
        char *mark = strrchr(parts.texts[i], ' ');
        *mark = '\0';
        assert_int_equal(strlen(parts.texts[i]) % strlen("👩‍👩‍👧‍👦"), 0);
        count += text_count_characters(parts.texts[i]);
    }
    assert_int_equal(count, 30);
}

static void one_character_longer_than_a_part_is_cut_between_code_points(void **state)
{
    (void)state;
    char text[2 * PART_BYTES_MAX + 2] = "e";
    for (size_t i = 0; i < PART_BYTES_MAX; i++)
        memcpy(text + 1 + 2 * i, "\xCC\x81", 3);
    joins_to(text);
}

static void what_is_too_long_is_cut_and_says_so(void **state)
{
    (void)state;
    parts_split(many("한", 5000), &parts);
    assert_int_equal(parts.count, PARTS_MAX);
    assert_true(parts.is_cut && strstr(parts.texts[PARTS_MAX - 1], "…") != NULL);
    assert_true(strlen(parts.texts[PARTS_MAX - 1]) <= PART_BYTES_MAX);
}

static void parts_come_in_any_order_and_from_many(void **state)
{
    (void)state;
    assert_int_equal(joins_take(&joins, 1, 0, 12, "b (2/2)", 1, &joined), JOIN_WAITS);
    assert_int_equal(joins_take(&joins, 2, 0, 12, "d (2/2)", 2, &joined), JOIN_WAITS);
    assert_int_equal(joins_take(&joins, 1, 9, 13, "f (2/2)", 2, &joined), JOIN_WAITS);
    assert_int_equal(joins_take(&joins, 1, 0, 11, "a (1/2)", 3, &joined), JOIN_DONE);
    assert_string_equal(joined.text, "ab");
    assert_true(joined.from == 1 && joined.ids[0] == 11 && joined.count == 2);
    assert_int_equal(joins_take(&joins, 2, 0, 11, "c (1/2)", 4, &joined), JOIN_DONE);
    assert_string_equal(joined.text, "cd");
}

static void a_part_that_never_comes_is_waited_for_so_long(void **state)
{
    (void)state;
    assert_int_equal(joins_take(&joins, 1, 0, 1, "a (1/3)", 1000, &joined), JOIN_WAITS);
    assert_int_equal(joins_take(&joins, 1, 0, 3, "c (3/3)", 2000, &joined), JOIN_WAITS);
    assert_false(joins_lapse(&joins, 2000 + JOIN_QUIET_MS - 1, &joined));
    assert_true(joins_lapse(&joins, 2000 + JOIN_QUIET_MS, &joined));
    assert_string_equal(joined.text, "a (1/3) c (3/3)");
    assert_false(joins_lapse(&joins, 9000 + JOIN_QUIET_MS, &joined));
}

static void the_same_part_again_begins_another_text(void **state)
{
    (void)state;
    assert_int_equal(joins_take(&joins, 1, 0, 1, "a (1/2)", 1, &joined), JOIN_WAITS);
    assert_int_equal(joins_take(&joins, 1, 0, 2, "b (1/2)", 2, &joined), JOIN_DONE);
    assert_string_equal(joined.text, "a (1/2)");
    assert_int_equal(joins_take(&joins, 1, 0, 3, "c (2/2)", 3, &joined), JOIN_DONE);
    assert_string_equal(joined.text, "bc");
}

static void the_longest_waiting_gives_way(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < JOINS_MAX; i++)
        assert_int_equal(joins_take(&joins, 1 + i, 0, 1, "a (1/2)", 1 + i, &joined), JOIN_WAITS);
    assert_int_equal(joins_take(&joins, 1000, 0, 1, "b (1/2)", 1000, &joined), JOIN_DONE);
    assert_int_equal(joined.from, 1);
    assert_int_equal(joins_take(&joins, 1000, 0, 2, "c (2/2)", 1001, &joined), JOIN_DONE);
    assert_string_equal(joined.text, "bc");
}

static void what_only_looks_like_a_part_is_a_text(void **state)
{
    (void)state;
    static const char *const texts[] = {"(1/2)", "x(1/2)", "x (0/2)", "x (3/2)", "x (1/1)", "x (1/33)", "x (1/2",
                                        "x (a/2)", "x (1/2) y", "x (-1/2)", "", "x (+1/2)", "x ( 1/2)"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(joins_take(&joins, 1, 0, (uint32_t)i + 1, texts[i], 1, &joined), JOIN_NO_PART);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_text_that_fits_is_one_part, empty),
        cmocka_unit_test_setup(longer_ones_say_which_part_they_are, empty),
        cmocka_unit_test_setup(whatever_is_split_is_the_same_when_joined, empty),
        cmocka_unit_test_setup(no_character_is_cut, empty),
        cmocka_unit_test_setup(one_character_longer_than_a_part_is_cut_between_code_points, empty),
        cmocka_unit_test_setup(what_is_too_long_is_cut_and_says_so, empty),
        cmocka_unit_test_setup(parts_come_in_any_order_and_from_many, empty),
        cmocka_unit_test_setup(a_part_that_never_comes_is_waited_for_so_long, empty),
        cmocka_unit_test_setup(the_same_part_again_begins_another_text, empty),
        cmocka_unit_test_setup(the_longest_waiting_gives_way, empty),
        cmocka_unit_test_setup(what_only_looks_like_a_part_is_a_text, empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
