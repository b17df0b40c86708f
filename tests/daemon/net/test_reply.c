#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/net/reply.h"

static enum message_type type(const char *line)
{
    return reply_type(line, strlen(line));
}

static const char *fields(const char *line)
{
    return line + reply_fields(line, strlen(line));
}

static void replies_are_told_from_entries_and_events(void **state)
{
    (void)state;
    assert_int_equal(type("{\"type\":\"ack\",\"room\":\"x\"}"), REPLY_ack);
    assert_int_equal(type("{\"type\":\"rooms\",\"rooms\":[]}"), REPLY_rooms);
    assert_int_equal(type("{\"type\":\"error\"}"), REPLY_error);
    assert_int_equal(type("{\"type\":\"message\",\"room\":\"x\"}"), MESSAGE_none);
    assert_int_equal(type("{\"type\":\"room\",\"name\":\"x\"}"), MESSAGE_none);
    assert_int_equal(type("{\"type\":\"typing\"}"), MESSAGE_none);
    assert_int_equal(type("{\"type\":\"nonsense\"}"), MESSAGE_none);
    assert_int_equal(type("{\"type\":\"ack"), MESSAGE_none);
    assert_int_equal(type("{}"), MESSAGE_none);
    assert_int_equal(type(""), MESSAGE_none);
}

static void fields_begin_behind_type_and_ref(void **state)
{
    (void)state;
    assert_string_equal(fields("{\"type\":\"ack\",\"room\":\"x\"}"), "\"room\":\"x\"}");
    assert_string_equal(fields("{\"type\":\"ack\",\"ref\":5,\"room\":\"x\"}"), "\"room\":\"x\"}");
    assert_string_equal(fields("{\"type\":\"ack\",\"ref\":\"a,\\\"}\",\"seq\":1}"), "\"seq\":1}");
    assert_string_equal(fields("{\"type\":\"ok\"}"), "}");
    assert_string_equal(fields("{\"type\":\"ok\",\"ref\":5}"), "}");
}

static void an_error_is_read_and_what_looks_like_one_in_a_text_is_not(void **state)
{
    const char *line = "{\"type\":\"error\",\"error_code\":\"rate_limited\",\"message\":"
                       "\"\\\"error_code\\\":\\\"banned\\\",\\\"retry_after_ms\\\":9\","
                       "\"retry_after_ms\":1500}";
    const char *odd = "{\"type\":\"error\",\"error_code\":\"nonsense\",\"message\":\"\"}";
    (void)state;
    assert_int_equal(reply_error(line, strlen(line)), ERROR_rate_limited);
    assert_int_equal(reply_retry_after_ms(line, strlen(line)), 1500);
    assert_int_equal(reply_error(odd, strlen(odd)), ERROR_internal);
    assert_int_equal(reply_retry_after_ms(odd, strlen(odd)), NUMBER_ABSENT);
    assert_int_equal(reply_error("", 0), ERROR_internal);
}

static void every_reply_that_is_encoded_is_recognised(void **state)
{
    struct reply_ack ack = {.room = "r,\"}", .seq = 3, .ts = 4, .nonce = "n"};
    struct ref ref = {.kind = REF_TEXT, .text = "a\",\\"};
    struct buffer buffer = {0};
    (void)state;
    assert_true(message_encode(&buffer, REPLY_ack, &ref, &ack));
    assert_true(buffer_append(&buffer, "", 1));
    const char *line = (const char *)buffer.bytes;
    assert_int_equal(type(line), REPLY_ack);
    assert_memory_equal(fields(line), "\"room\":", 7);
    buffer_finish(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_are_told_from_entries_and_events),
        cmocka_unit_test(fields_begin_behind_type_and_ref),
        cmocka_unit_test(an_error_is_read_and_what_looks_like_one_in_a_text_is_not),
        cmocka_unit_test(every_reply_that_is_encoded_is_recognised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
