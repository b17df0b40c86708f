#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/name.h"
#include "protocol/text.h"

static char out[NAME_BYTES_MAX + 1];

static void names_of_many_languages_are_taken_as_they_are(void **state)
{
    (void)state;
    static const char *const names[] = {
        "mina", "Mina Kim", "민아", "김 민아", "محمد", "می‌خواهم", "👍", "👨‍👩‍👧", "❤️", "日本語", "ÅsaÖ",
        "a.b-c_d!", "Ελένη", "Владимир", "नमस्ते", "ไทย", "user42", "x", "(^_^)", "O'Neil", "🇰🇷"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (name_normalise(names[i], 32, out) != NAME_OK)
            fail_msg("%s is refused", names[i]);
        assert_string_equal(out, names[i]);
    }
}

static void a_name_is_kept_composed(void **state)
{
    (void)state;
    assert_int_equal(name_normalise("e\xcc\x81", 1, out), NAME_OK);
    assert_string_equal(out, "é");
    assert_int_equal(name_normalise("ㅎ", 1, out), NAME_OK);
    assert_int_equal(name_normalise("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", 1, out), NAME_OK);
    assert_string_equal(out, "한");
}

static void what_cannot_be_seen_or_would_deceive_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {
        " a", "a ", "a  b", " ", "a\tb", "a\nb", "\x7f", "a@b", "a,b", "#a", "a/b", "a:b", "a\"b", "a<b",
        "a>b", "a\\b", "a\u200bb" /* zero-width space */, "a\u202eb" /* right-to-left override */,
        "a\u00adb" /* soft hyphen */, "a\u00a0b" /* no-break space */, "a\u3000b", "\u2028", "\ue000",
        "\u3164" /* Hangul filler */, "a\u2800b" /* braille blank */, "\ufeff", "a\u200db", "a\u200c",
        "\u200d", "\u0301" /* a mark without a letter */, "a\uff20b" /* full-width @ */, "a\uff0cb",
        "\U000e0041", "\u0378" /* unassigned */, "a\u0301\u0301\u0301\u0301\u0301\u0301",
        "\u00a8" /* folds to a space and a mark */, "\u034f"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (name_normalise(names[i], 32, out) != NAME_BAD_CHARACTER)
            fail_msg("name %zu is not refused", i);
    }
}

static void what_is_no_utf8_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"\xff", "a\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                        "\x80"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(name_normalise(names[i], 32, out), NAME_BAD_CHARACTER);
}

static void a_name_is_counted_in_characters_as_seen(void **state)
{
    (void)state;
    assert_int_equal(name_normalise("", 32, out), NAME_EMPTY);
    assert_int_equal(name_normalise("12345", 5, out), NAME_OK);
    assert_int_equal(name_normalise("123456", 5, out), NAME_TOO_LONG);
    assert_int_equal(name_normalise("한국어이름", 5, out), NAME_OK);
    assert_int_equal(name_normalise("👨‍👩‍👧👍🏽", 2, out), NAME_OK);
    assert_int_equal(name_normalise("👨‍👩‍👧👍🏽a", 2, out), NAME_TOO_LONG);
}

static void a_name_is_held_to_its_bytes(void **state)
{
    (void)state;
    char name[5000];
    name[0] = '\0';
    for (int i = 0; i < NAME_BYTES_MAX / 4; i++)
        strcat(name, "😀");
    assert_int_equal(name_normalise(name, 64, out), NAME_OK);
    assert_int_equal(strlen(out), NAME_BYTES_MAX);
    strcat(name, "a");
    assert_int_equal(name_normalise(name, 100, out), NAME_TOO_LONG);
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(name_normalise(name, 100000, out), NAME_TOO_LONG);
    name[0] = '\0';
    for (int i = 0; i < 30; i++)
        strcat(name, "ﷺ"); /* one character that folds to eighteen */
    assert_int_equal(name_normalise(name, 64, out), NAME_TOO_LONG);
}

static void assert_same(const char *a, const char *b)
{
    char folded_a[NAME_BYTES_MAX + 1];
    char folded_b[NAME_BYTES_MAX + 1];
    assert_true(name_fold(a, folded_a));
    assert_true(name_fold(b, folded_b));
    assert_string_equal(folded_a, folded_b);
}

static void names_that_look_the_same_are_the_same(void **state)
{
    (void)state;
    assert_same("Mina", "MINA");
    assert_same("Straße", "STRASSE");
    assert_same("ＭＩＮＡ", "mina");
    assert_same("ﬁsh", "FISH");
    assert_same("①", "1");
    assert_same("ÉLAN", "e\xcc\x81lan");
    assert_same("ΣΑΣ", "σας");
    assert_same("می‌خواهم", "میخواهم");
    assert_same("❤️", "❤");
}

static void every_ascii_character_folds_as_unicode_says(void **state)
{
    (void)state;
    char quick[NAME_BYTES_MAX + 1];
    char slow[NAME_BYTES_MAX + 1];
    for (int byte = 1; byte < 0x80; byte++) {
        const char alone[] = {(char)byte, '\0'};
        const char with_wide[] = {(char)byte, '\xc3', '\xa9', '\0'}; /* é goes the long way */
        assert_true(name_fold(alone, quick));
        assert_true(name_fold(with_wide, slow));
        slow[strlen(slow) - 2] = '\0';
        assert_string_equal(quick, slow);
    }
}

static void folding_twice_changes_nothing(void **state)
{
    (void)state;
    static const char *const names[] = {"Mina", "Straße", "한국", "ＡＢ", "ﬃ", "İ", "ǅ", "👨‍👩‍👧"};
    char once[NAME_BYTES_MAX + 1];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_true(name_fold(names[i], once));
        assert_same(names[i], once);
    }
}

static void names_of_the_gateway_are_reserved(void **state)
{
    (void)state;
    static const char *const reserved[] = {"admin", "hearth", "system", "client-7", "client--7",
                                           "client-123456789012345678901"};
    static const char *const free_names[] = {"client-", "client-x", "client-7a", "client", "admins",
                                             "my-client-7", "--client7", "cli", ""};
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        assert_true(name_is_reserved(reserved[i]));
    for (size_t i = 0; i < sizeof free_names / sizeof *free_names; i++)
        assert_false(name_is_reserved(free_names[i]));
}

static void a_direct_room_has_one_name_from_both_sides(void **state)
{
    (void)state;
    char one[ROOM_NAME_BYTES_MAX + 1];
    char two[ROOM_NAME_BYTES_MAX + 1];
    char a[NAME_BYTES_MAX + 1];
    char b[NAME_BYTES_MAX + 1];
    assert_true(name_of_direct_room("mina", "Jun", one));
    assert_true(name_of_direct_room("Jun", "mina", two));
    assert_string_equal(one, "@Jun,mina");
    assert_string_equal(one, two);
    assert_true(name_split_direct(one, a, b));
    assert_string_equal(a, "Jun");
    assert_string_equal(b, "mina");
}

static void the_longest_names_make_a_direct_room(void **state)
{
    (void)state;
    char a[NAME_BYTES_MAX + 1];
    char b[NAME_BYTES_MAX + 1];
    char room[ROOM_NAME_BYTES_MAX + 1];
    memset(a, 'a', NAME_BYTES_MAX);
    memset(b, 'b', NAME_BYTES_MAX);
    a[NAME_BYTES_MAX] = b[NAME_BYTES_MAX] = '\0';
    assert_true(name_of_direct_room(b, a, room));
    assert_int_equal(strlen(room), ROOM_NAME_BYTES_MAX);
    assert_true(name_split_direct(room, b, a));
}

static void what_is_no_direct_room_is_not_split(void **state)
{
    (void)state;
    static const char *const rooms[] = {"", "@", "lobby", "@a", "@a,", "@,b", "@,", "@a,b,c", "a,b"};
    char a[NAME_BYTES_MAX + 1];
    char b[NAME_BYTES_MAX + 1];
    char room[600];
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++)
        assert_false(name_split_direct(rooms[i], a, b));
    memset(room, 'x', sizeof room);
    room[0] = '@';
    room[NAME_BYTES_MAX + 2] = ',';
    room[NAME_BYTES_MAX + 10] = '\0';
    assert_false(name_split_direct(room, a, b));
}

static void names_of_the_gateway_and_of_plain_clients_are_reserved(void **state)
{
    static const char *const reserved[] = {"admin", "hearth", "client-7", "client 7", "client--5"};
    static const char *const free_names[] = {"client", "client-", "client x", "clients 7", "7"};
    (void)state;
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        assert_true(name_is_reserved(reserved[i]));
    for (size_t i = 0; i < sizeof free_names / sizeof *free_names; i++)
        assert_false(name_is_reserved(free_names[i]));
}

static void every_emoji_may_stand_in_a_name(void **state)
{
    static const char *const good[] = {
        "Team 1\uFE0F\u20E3", "7\uFE0F\u20E3", "#\uFE0F\u20E3", "\uBBFC \U0001F1F0\U0001F1F7", "Mia \u2764\uFE0F",
        "Dai \U0001F3F4\U000E0067\U000E0062\U000E0077\U000E006C\U000E0073\U000E007F", "\U0001FADF",
        "\U0001F468\u200D\U0001F469\u200D\U0001F467", "\U0001F3F3\uFE0F\u200D\U0001F308 R"};
    static const char *const bad[] = {"a\u200Db", "x\u200By", "x\U000E0067\U000E007F", "x\u202Ey",
                                      "\u20E3", "#", "a#", "\U0001F3F4\U000E0067"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(name_normalise(good[i], 32, out), NAME_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(name_normalise(bad[i], 32, out), NAME_BAD_CHARACTER);
}

static void dots_alone_are_no_name(void **state)
{
    static const char *const names[] = {".", "..", "...", "\xe2\x80\xa5", "\xef\xbc\x8e"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(name_normalise(names[i], 32, out), NAME_BAD_CHARACTER);
    assert_int_equal(name_normalise(".hearth", 32, out), NAME_OK);
    assert_int_equal(name_normalise("a..b", 32, out), NAME_OK);
}

static void lookalikes_have_one_skeleton(void **state)
{
    static const char *const same[][2] = {
        {"\u0430dmin", "admin"}, {"m\u0456na", "mina"},           {"\u041c\u0410\u041a", "mak"},
        {"J\u03bfs", "jos"},     {"\u0397\u0391\u039d", "han"}, {"\u0417lara", "3lara"},
        {"mina", "MINA"}};
    static const char *const others[][2] = {
        {"mina", "mlna"}, {"client1", "clientl"}, {"\u0436ora", "xora"}, {"\ubbf8\ub098", "mina"}};
    char one[NAME_BYTES_MAX + 1], other[NAME_BYTES_MAX + 1];
    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        assert_true(name_skeleton(same[i][0], one) && name_skeleton(same[i][1], other));
        assert_string_equal(one, other);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_true(name_skeleton(others[i][0], one) && name_skeleton(others[i][1], other));
        assert_string_not_equal(one, other);
    }
}

static void the_longest_name_has_a_skeleton(void **state)
{
    char name[NAME_BYTES_MAX + 1] = "", skeleton[NAME_BYTES_MAX + 1];
    (void)state;
    for (size_t i = 0; i + 2 <= NAME_BYTES_MAX; i += 2)
        memcpy(name + i, "\u0436", 3);
    assert_true(name_skeleton(name, skeleton));
    assert_string_equal(name, skeleton);
}

static void random_bytes_give_an_answer(void **state)
{
    (void)state;
    char name[64];
    char folded[NAME_BYTES_MAX + 1];
    srand(5);
    for (int round = 0; round < 20000; round++) {
        size_t length = (size_t)rand() % (sizeof name - 1);
        for (size_t i = 0; i < length; i++)
            name[i] = (char)(1 + rand() % 255);
        name[length] = '\0';
        text_count_characters(name);
        if (name_normalise(name, 32, out) == NAME_OK)
            assert_true(name_fold(out, folded) && folded[0]);
    }
}

/* Whatever others call somebody becomes a name, or nothing at all. */
static void any_text_becomes_a_name(void **state)
{
    static const struct {
        const char *text, *name;
    } cases[] = {
        {"mina", "mina"},        {"  Ann  ", "Ann"},         {"ann@matrix.org", "ann matrix.org"},
        {"a\nb\tc", "a b c"},    {"[bot] #1", "[bot] 1"},    {"\u202Eevil", "evil"},
        {"abcdefghijk", "abcdefgh"}, {"a\xff" "b", "a b"},    {"\xEF\xBC\xA0home", "home"},
    };
    char name[NAME_BYTES_MAX + 1], again[NAME_BYTES_MAX + 1];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t most = i == 6 ? 8 : 32;
        assert_true(name_make(cases[i].text, most, name));
        assert_string_equal(name, cases[i].name);
        assert_int_equal(name_normalise(name, most, again), NAME_OK);
    }
    assert_false(name_make("", 32, name));
    assert_false(name_make("@@@ \n", 32, name));
    assert_string_equal(name, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_many_languages_are_taken_as_they_are),
        cmocka_unit_test(a_name_is_kept_composed),
        cmocka_unit_test(what_cannot_be_seen_or_would_deceive_is_refused),
        cmocka_unit_test(what_is_no_utf8_is_refused),
        cmocka_unit_test(a_name_is_counted_in_characters_as_seen),
        cmocka_unit_test(a_name_is_held_to_its_bytes),
        cmocka_unit_test(names_that_look_the_same_are_the_same),
        cmocka_unit_test(every_ascii_character_folds_as_unicode_says),
        cmocka_unit_test(folding_twice_changes_nothing),
        cmocka_unit_test(names_of_the_gateway_are_reserved),
        cmocka_unit_test(a_direct_room_has_one_name_from_both_sides),
        cmocka_unit_test(the_longest_names_make_a_direct_room),
        cmocka_unit_test(what_is_no_direct_room_is_not_split),
        cmocka_unit_test(names_of_the_gateway_and_of_plain_clients_are_reserved),
        cmocka_unit_test(every_emoji_may_stand_in_a_name),
        cmocka_unit_test(dots_alone_are_no_name),
        cmocka_unit_test(lookalikes_have_one_skeleton),
        cmocka_unit_test(the_longest_name_has_a_skeleton),
        cmocka_unit_test(random_bytes_give_an_answer),
        cmocka_unit_test(any_text_becomes_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
