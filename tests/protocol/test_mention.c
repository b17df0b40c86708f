/* Who a text calls. The same cases as in tests/web/mention.test.ts. */
#include "protocol/mention.h"
#include "protocol/name.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const names[] = {"mina", "mina-2", "민준", "민준이", "김 민준", "太郎", "さくら", "タロウ", "小明",
                                    "Жанна", "Ünal", "🐱", "👩‍🚀", "client-7", "Alice Smith", "عمر", "Straße"};
enum { COUNT = sizeof names / sizeof *names };

static char folded[COUNT][NAME_BYTES_MAX + 1];

static bool calls(const char *text, size_t who)
{
    const char *longer[COUNT];
    size_t count = 0;
    for (size_t i = 0; i < COUNT; i++)
        if (i != who && strncmp(folded[i], folded[who], strlen(folded[who])) == 0)
            longer[count++] = folded[i];
    return mention_calls(text, folded[who], longer, count);
}

/* The names called, each with a line feed behind it. */
static void all_called(const char *text, char out[512])
{
    out[0] = '\0';
    for (size_t i = 0; i < COUNT; i++)
        if (calls(text, i)) {
            strcat(out, names[i]);
            strcat(out, "\n");
        }
}

static const struct { const char *text, *called; } cases[] = {
    {"@mina hi", "mina\n"}, {"hi @MINA!", "mina\n"}, {"(@mina)", "mina\n"}, {"@ｍｉｎａ", "mina\n"},
    {"@mina-2 hi", "mina-2\n"}, {"@mina-3 hi", "mina\n"}, {"@minah", ""}, {"@mina2", ""}, {"@mina_x", ""},
    {"@mina_", "mina\n"}, {"@mina님", "mina\n"}, {"@mina에게 물어봐", "mina\n"}, {"@minaさん", "mina\n"},
    {"안녕@mina", "mina\n"}, {"a@mina.org", ""}, {"é@mina", ""}, {"@민준", "민준\n"}, {"@민준님에게는", "민준\n"},
    {"@민준이", "민준이\n"}, {"@민준이가", "민준이\n"}, {"@민준한테서", "민준\n"}, {"@민준ㅋㅋ", "민준\n"},
    {"@민준호", ""}, {"@김 민준 씨", "김 민준\n"}, {"@太郎さん見て", "太郎\n"}, {"@太郎は", "太郎\n"},
    {"@太郎丸", ""}, {"@さくらちゃんも", "さくら\n"}, {"@さくらんぼ", ""}, {"@タロウくん", "タロウ\n"},
    {"@小明你好", ""}, {"@小明, 你好", "小明\n"}, {"@жанна!", "Жанна\n"}, {"@ÜNAL", "Ünal\n"},
    {"@U\xCC\x88nal", "Ünal\n"}, {"@🐱 hi", "🐱\n"}, {"@🐱\xEF\xB8\x8F", "🐱\n"}, {"@👩‍🚀!", "👩‍🚀\n"}, {"@👩", ""},
    {"@client-7: yes", "client-7\n"}, {"@client-71", ""}, {"@alice smith, look", "Alice Smith\n"},
    {"@عمر؟", "عمر\n"}, {"@STRASSE", "Straße\n"}, {"`@mina`", ""}, {"``a ` @mina``", ""}, {"`@mina", "mina\n"},
    {"```\n@mina\n```", ""}, {"```js\n@mina\n```\n@민준", "민준\n"}, {"```\n@mina", "mina\n"},
    {"```\nx``` @mina", "mina\n"}, {"http://social.example/@mina", ""}, {"Https://a.b/@mina, @민준", "민준\n"},
    {"http://a.b/c。@mina", "mina\n"}, {"xhttp://a.b/@mina", "mina\n"}, {"> @mina\nso?", ""}, {">@mina", ""},
    {"> x\n@mina", "mina\n"}, {"**@mina** and _see @민준_", "mina\n민준\n"}, {"- @mina", "mina\n"}, {"mina", ""},
    {"@", ""}, {"", ""}, {"@\xFF", ""}, {"@mina\xFF", "mina\n"},
};

static void the_longest_known_name_is_called_and_nobody_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char called[512];
        all_called(cases[i].text, called);
        if (strcmp(called, cases[i].called) != 0)
            fail_msg("\"%s\" calls \"%s\", not \"%s\"", cases[i].text, called, cases[i].called);
    }
}

static void every_cut_of_a_text_is_read_within_its_bounds(void **state)
{
    (void)state;
    char text[256];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t length = 0; length < strlen(cases[i].text); length++) {
            memcpy(text, cases[i].text, length);
            text[length] = '\0';
            for (size_t who = 0; who < COUNT; who++)
                calls(text, who);
        }
}

int main(void)
{
    for (size_t i = 0; i < COUNT; i++)
        if (!name_fold(names[i], folded[i]))
            return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_known_name_is_called_and_nobody_else),
        cmocka_unit_test(every_cut_of_a_text_is_read_within_its_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
