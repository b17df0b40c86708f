#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/net/field.h"

static void a_token_is_found_among_others_without_case(void **state)
{
    (void)state;
    assert_true(field_has_token("hearth.v1", "hearth.v1"));
    assert_true(field_has_token("soap , HEARTH.V1", "hearth.v1"));
    assert_false(field_has_token("hearth.v10, xhearth.v1", "hearth.v1"));
    assert_false(field_has_token("", "hearth.v1"));
    assert_false(field_has_token(" , ,", ""));
}

static void an_etag_is_compared_token_by_token(void **state)
{
    (void)state;
    assert_true(field_matches_etag("\"abc\"", "\"abc\""));
    assert_true(field_matches_etag("W/\"abc\"", "\"abc\""));
    assert_true(field_matches_etag("\"x\", \"abc\" ,\"y\"", "\"abc\""));
    assert_true(field_matches_etag("*", "\"abc\""));
    assert_false(field_matches_etag("abc", "\"abc\""));
    assert_false(field_matches_etag("\"ab\"", "\"abc\""));
    assert_false(field_matches_etag("\"abcd\"", "\"abc\""));
    assert_false(field_matches_etag("", "\"abc\""));
}

static void gzip_is_taken_by_those_who_say_so(void **state)
{
    (void)state;
    assert_true(field_accepts_gzip("gzip, deflate, br"));
    assert_true(field_accepts_gzip("br;q=1.0, GZIP;q=0.8"));
    assert_true(field_accepts_gzip("*"));
    assert_false(field_accepts_gzip("gzip;q=0"));
    assert_false(field_accepts_gzip("gzip; q=0.000, *"));
    assert_true(field_accepts_gzip("gzip;q=0.001"));
    assert_false(field_accepts_gzip("identity"));
    assert_false(field_accepts_gzip("xgzip"));
    assert_false(field_accepts_gzip(NULL));
}

static void a_media_type_is_accepted_by_name(void **state)
{
    (void)state;
    assert_true(field_accepts("text/event-stream", "text/event-stream"));
    assert_true(field_accepts("application/json, text/event-stream;q=0.9", "text/event-stream"));
    assert_false(field_accepts("*/*", "text/event-stream"));
    assert_false(field_accepts("text/event-stream;q=0", "text/event-stream"));
}

static void a_number_is_digits_within_its_bound(void **state)
{
    int64_t number = -1;
    (void)state;
    assert_true(field_number("0", 10, &number) && number == 0);
    assert_true(field_number("10", 10, &number) && number == 10);
    assert_false(field_number("11", 10, &number));
    assert_true(field_number("9223372036854775807", INT64_MAX, &number) && number == INT64_MAX);
    assert_false(field_number("9223372036854775808", INT64_MAX, &number));
    assert_false(field_number("", 10, &number));
    assert_false(field_number("-1", 10, &number));
    assert_false(field_number("+1", 10, &number));
    assert_false(field_number("5, 6", 10, &number));
    assert_false(field_number(" 5", 10, &number));
    assert_false(field_number("0x5", 10, &number));
}

static void a_bearer_has_a_key(void **state)
{
    (void)state;
    assert_string_equal(field_bearer("Bearer abc"), "abc");
    assert_string_equal(field_bearer("bearer   abc"), "abc");
    assert_null(field_bearer("Bearer "));
    assert_null(field_bearer("Basic abc"));
    assert_null(field_bearer(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_found_among_others_without_case),
        cmocka_unit_test(an_etag_is_compared_token_by_token),
        cmocka_unit_test(gzip_is_taken_by_those_who_say_so),
        cmocka_unit_test(a_media_type_is_accepted_by_name),
        cmocka_unit_test(a_number_is_digits_within_its_bound),
        cmocka_unit_test(a_bearer_has_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
