#include "protocol/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static void every_word_is_found_and_no_other(void **state)
{
    (void)state;
    for (unsigned id = WORDS_none + 1; id < VOCABULARY_COUNT; id++) {
        enum vocabulary_id vocabulary = (enum vocabulary_id)id;
        int words = 0;
        for (int constant = 0; constant < vocabulary_count(vocabulary); constant++) {
            const char *word = word_of(vocabulary, constant);
            words += word != NULL;
            if (word)
                assert_int_equal(word_find(vocabulary, word), constant);
        }
        assert_true(words > 0);
        assert_null(word_of(vocabulary, -1));
        assert_null(word_of(vocabulary, vocabulary_count(vocabulary)));
        assert_int_equal(word_find(vocabulary, ""), -1);
        assert_int_equal(word_find(vocabulary, "nonsense"), -1);
        assert_int_equal(word_find(vocabulary, NULL), -1);
    }
}

/* They are in databases and exports. */
static void constants_that_are_stored_keep_their_numbers(void **state)
{
    (void)state;
    assert_int_equal(ROLE_NONE, 0);
    assert_int_equal(ROLE_GUEST, 1);
    assert_int_equal(ROLE_OWNER, 4);
    assert_int_equal(ROLE_ADMIN, 5);
    assert_int_equal(VISIBILITY_PUBLIC, 0);
    assert_int_equal(VISIBILITY_DIRECT, 2);
    assert_int_equal(ENTRY_KIND_MESSAGE, 0);
    assert_int_equal(ENTRY_KIND_TOPIC, 4);
    assert_string_equal(word_of(WORDS_via, 1), "plain");
    assert_string_equal(word_of(WORDS_via, 4), "mqtt");
    assert_true(vocabulary_count(WORDS_via) <= 8);
}

static void a_field_takes_the_words_of_its_vocabulary_only(void **state)
{
    (void)state;
    struct request request;
    struct refusal refusal;
    static const char good[] = "{\"type\":\"set\",\"room\":\"a\",\"visibility\":\"private\",\"keep\":\"true\"}";
    static const char bad[] = "{\"type\":\"set\",\"room\":\"a\",\"visibility\":\"hidden\"}";
    assert_true(request_decode(good, strlen(good), &request, &refusal));
    request_finish(&request);
    assert_false(request_decode(bad, strlen(bad), &request, &refusal));
    assert_int_equal(refusal.code, ERROR_bad_request);
    assert_string_equal(refusal.field, "visibility");
    assert_string_equal(refusal.message, "visibility must be public, private or direct.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_is_found_and_no_other),
        cmocka_unit_test(constants_that_are_stored_keep_their_numbers),
        cmocka_unit_test(a_field_takes_the_words_of_its_vocabulary_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
