#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/message.h"

static struct request request;
static struct refusal refusal;

static bool decode(const char *text)
{
    return request_decode(text, strlen(text), &request, &refusal);
}

static void assert_refused(const char *text, enum error_code code, const char *field)
{
    assert_false(decode(text));
    assert_int_equal(refusal.code, code);
    if (field)
        assert_string_equal(refusal.field, field);
    else
        assert_null(refusal.field);
    assert_true(strlen(refusal.message) > 0);
    assert_int_equal(refusal.retry_after_ms, NUMBER_ABSENT);
}

static void a_request_gives_its_fields(void **state)
{
    (void)state;
    assert_true(decode("{\"type\":\"send\",\"ref\":\"r1\",\"room\":\"lobby\",\"text\":\"h\\u00ed \\ud83d"
                       "\\ude00\",\"nonce\":\"k\",\"reply_to\":40}"));
    assert_int_equal(request.type, REQUEST_send);
    assert_int_equal(request.ref.kind, REF_TEXT);
    assert_string_equal(request.ref.text, "r1");
    assert_string_equal(request.as_send.room, "lobby");
    assert_string_equal(request.as_send.text, "hí 😀");
    assert_string_equal(request.as_send.nonce, "k");
    assert_int_equal(request.as_send.reply_to, 40);
    request_finish(&request);
}

static void what_is_optional_may_be_left_out(void **state)
{
    (void)state;
    assert_true(decode("{\"type\":\"join\",\"room\":\"lobby\"}"));
    assert_int_equal(request.ref.kind, REF_NONE);
    assert_int_equal(request.as_join.after, NUMBER_ABSENT);
    assert_int_equal(request.as_join.history, NUMBER_ABSENT);
    assert_null(request.as_join.log);
    request_finish(&request);
}

static void unknown_fields_are_ignored(void **state)
{
    (void)state;
    assert_true(decode("{\"x\":[{\"y\":null}],\"type\":\"ping\",\"later\":1.5e3}"));
    assert_int_equal(request.type, REQUEST_ping);
    request_finish(&request);
}

static void a_list_of_records_is_decoded_row_by_row(void **state)
{
    (void)state;
    assert_true(decode("{\"type\":\"import\",\"room\":\"a\",\"rows\":["
                       "{\"kind\":\"message\",\"seq\":1,\"ts\":5,\"from\":\"mina\",\"text\":\"hi\"},"
                       "{\"kind\":\"delete\",\"seq\":2,\"ts\":6,\"from\":\"jun\",\"target\":1,"
                       "\"guest\":true}]}"));
    const struct record_row *rows = request.as_import.rows.items;
    assert_int_equal(request.as_import.rows.count, 2);
    assert_string_equal(rows[0].text, "hi");
    assert_int_equal(rows[0].target, NUMBER_ABSENT);
    assert_int_equal(rows[1].target, 1);
    assert_true(rows[1].guest);
    request_finish(&request);
    assert_true(decode("{\"type\":\"import\",\"room\":\"a\",\"rows\":[]}"));
    assert_int_equal(request.as_import.rows.count, 0);
    request_finish(&request);
}

static void a_wrong_row_is_named_with_its_place(void **state)
{
    (void)state;
    assert_refused("{\"type\":\"import\",\"room\":\"a\",\"rows\":[{\"kind\":\"message\",\"seq\":1,"
                   "\"ts\":5,\"from\":\"m\"},{\"kind\":\"message\",\"seq\":0,\"ts\":5,\"from\":\"m\"}]}",
                   ERROR_bad_request, "seq");
    assert_string_equal(refusal.message, "rows[1]: seq is 0; it must be 1 to 9007199254740991.");
    assert_refused("{\"type\":\"import\",\"room\":\"a\",\"rows\":[7]}", ERROR_bad_request, "rows");
    assert_refused("{\"type\":\"import\",\"room\":\"a\",\"rows\":{}}", ERROR_bad_request, "rows");
}

static void a_list_of_too_many_is_refused(void **state)
{
    (void)state;
    static char text[4096];
    strcpy(text, "{\"type\":\"import\",\"room\":\"a\",\"rows\":[0");
    for (int i = 0; i < LIST_ITEMS_MAX; i++)
        strcat(text, ",0");
    strcat(text, "]}");
    assert_refused(text, ERROR_bad_request, "rows");
    assert_string_equal(refusal.message, "rows may hold at most 1000.");
}

static void what_is_not_one_json_object_is_bad_json(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", " ", "x", "[]", "null", "\"type\"", "5", "{", "{}}", "{\"type\":\"ping\"} x",
        "{\"type\":\"ping\"}{\"type\":\"ping\"}", "{\"type\":\"ping\",}", "{'type':'ping'}",
        "{\"type\":\"ping\",\"type\":\"ping\"}", "{\"type\":\"pi\tng\"}", "{\"type\":\"\\ud800\"}",
        "{\"type\":\"\xff\"}", "{\"type\":\"\xc0\xaf\"}",
        "{\"type\":\"\xed\xa0\x80\"}", "{\"type\":\"ping\",\"x\":01}", "{\"type\":\"ping\",\"x\":+1}",
        "{\"type\":\"ping\",\"x\":NaN}", "{\"type\":\"ping\",\"x\":1e999}", "\xef\xbb\xbf{}",
        "{\"type\":\"ping\"}\x01", "{\"a\\u0000\":1,\"type\":\"ping\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refused(bad[i], ERROR_bad_json, NULL);
}

static void a_nul_character_is_named_by_its_field(void **state)
{
    (void)state;
    assert_refused("{\"type\":\"ping\\u0000b\"}", ERROR_bad_request, "type");
    assert_refused("{\"type\":\"ping\",\"ref\":\"a\\u0000\"}", ERROR_bad_request, "ref");
    assert_refused("{\"type\":\"who\",\"room\":\"a\\u0000b\"}", ERROR_name_invalid, "room");
    assert_refused("{\"type\":\"send\",\"room\":\"a\",\"nonce\":\"n\",\"text\":\"a\\u0000b\"}",
                   ERROR_bad_request, "text");
}

static void line_ends_of_prose_become_line_feeds(void **state)
{
    (void)state;
    for (int nested = 0; nested < 2; nested++) { /* the short way, and by Jansson */
        char text[128];
        snprintf(text, sizeof text, "{\"type\":\"send\",\"room\":\"a\",\"nonce\":\"n\",\"text\":"
                 "\"a\\r\\nb\\rc\\n\\r\\td\"%s}", nested ? ",\"x\":[]" : "");
        assert_true(decode(text));
        assert_string_equal(request.as_send.text, "a\nb\nc\n\n\td");
        request_finish(&request);
    }
    assert_true(request_decode_plain("{\"message\":\"a\\r\\nb\"}", 20, &request, &refusal));
    assert_string_equal(request.as_send.text, "a\nb");
    request_finish(&request);
}

static void a_plain_text_has_no_control_characters(void **state)
{
    (void)state;
    static const char *const bad[] = {"{\"message\":\"a\\u001b[2J\"}", "{\"message\":\"a\\u0000\"}",
                                      "{\"message\":\"\x7f\"}", "{\"message\":\"\xc2\x9b\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(request_decode_plain(bad[i], strlen(bad[i]), &request, &refusal));
        assert_int_equal(refusal.code, ERROR_bad_request);
        assert_string_equal(refusal.field, "message");
    }
}

static void a_refusal_repeats_no_control_character(void **state)
{
    (void)state;
    assert_refused("{\"type\":\"\\u001b[2J\"}", ERROR_unknown_type, "type");
    assert_null(strchr(refusal.message, '\x1b'));
}

static void a_nul_byte_anywhere_is_bad_json(void **state)
{
    (void)state;
    static const char text[] = "{\"type\":\"ping\"}";
    char bytes[sizeof text];
    for (size_t i = 0; i < sizeof text; i++) {
        memcpy(bytes, text, sizeof text);
        bytes[i] = '\0';
        assert_false(request_decode(bytes, sizeof text, &request, &refusal));
        assert_int_equal(refusal.code, ERROR_bad_json);
    }
}

static void nest(char *text, int depth)
{
    strcpy(text, "{\"type\":\"ping\",\"x\":");
    for (int i = 1; i < depth; i++)
        strcat(text, "[");
    for (int i = 1; i < depth; i++)
        strcat(text, "]");
    strcat(text, "}");
}

static void nesting_is_allowed_to_its_bound_and_no_deeper(void **state)
{
    (void)state;
    char text[256];
    nest(text, 2);
    assert_true(decode(text));
    request_finish(&request);
    nest(text, JSON_DEPTH_MAX);
    assert_true(decode(text));
    request_finish(&request);
    nest(text, JSON_DEPTH_MAX + 1);
    assert_refused(text, ERROR_bad_json, NULL);
    assert_string_equal(refusal.message, "The frame nests deeper than 32.");
    assert_true(decode("{\"type\":\"ping\",\"x\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[[\"}"));
    request_finish(&request);
}

static void a_frame_of_very_many_values_is_refused(void **state)
{
    (void)state;
    static char text[4 * JSON_VALUES_MAX];
    for (int count = JSON_VALUES_MAX - 4; count <= JSON_VALUES_MAX; count += 4) {
        char *end = stpcpy(text, "{\"type\":\"ping\",\"x\":[0");
        for (int i = 0; i < count; i++)
            end = stpcpy(end, ",0");
        strcpy(end, "]}");
        if (count < JSON_VALUES_MAX) {
            assert_true(decode(text));
            request_finish(&request);
        } else {
            assert_refused(text, ERROR_bad_json, NULL);
            assert_string_equal(refusal.message, "The frame holds more than 32768 values.");
        }
    }
}

static void a_type_that_is_missing_or_no_string_is_a_bad_request(void **state)
{
    (void)state;
    assert_refused("{}", ERROR_bad_request, "type");
    assert_refused("{\"type\":5}", ERROR_bad_request, "type");
    assert_refused("{\"type\":null}", ERROR_bad_request, "type");
}

static void only_requests_are_known_types(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "nonsense", "welcome", "message", "presence", "row",
                                      "none", "Send", "send "};
    char text[128];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(text, sizeof text, "{\"type\":\"%s\",\"ref\":9}", bad[i]);
        assert_refused(text, ERROR_unknown_type, "type");
        assert_int_equal(request.ref.number, 9);
    }
}

static void a_long_unknown_type_is_cut_at_a_character(void **state)
{
    (void)state;
    char text[1024] = "{\"type\":\"";
    for (int i = 0; i < 100; i++)
        strcat(text, "\xf0\x9f\x98\x80");
    strcat(text, "\"}");
    assert_refused(text, ERROR_unknown_type, "type");
    struct buffer out = {0};
    struct reply_error reply = {.error_code = "x", .message = refusal.message,
                                .retry_after_ms = NUMBER_ABSENT};
    assert_true(message_encode(&out, REPLY_error, NULL, &reply));
    buffer_finish(&out);
    assert_true(strlen(refusal.message) < 192);
}

static void a_ref_is_echoed_whatever_else_is_wrong(void **state)
{
    (void)state;
    assert_refused("{\"type\":\"join\",\"ref\":\"a b\"}", ERROR_bad_request, "room");
    assert_string_equal(request.ref.text, "a b");
    assert_refused("{\"ref\":-7}", ERROR_bad_request, "type");
    assert_int_equal(request.ref.kind, REF_NUMBER);
    assert_int_equal(request.ref.number, -7);
    assert_refused("{\"ref\":7,\"type\":\"read\",\"room\":\"a\",\"seq\":99999999999999999999}",
                   ERROR_bad_request, NULL);
    assert_int_equal(request.ref.number, 7);
    assert_string_equal(refusal.message, "seq is too large a number.");
    assert_refused("{\"ref\":\"q\",\"type\":\"ping\",\"x\":-99999999999999999999}",
                   ERROR_bad_request, NULL);
    assert_string_equal(request.ref.text, "q");
}

static void a_ref_is_a_short_string_or_an_integer(void **state)
{
    (void)state;
    char text[256];
    char long_ref[REF_BYTES_MAX + 2];
    memset(long_ref, 'r', sizeof long_ref);
    long_ref[REF_BYTES_MAX + 1] = '\0';
    snprintf(text, sizeof text, "{\"type\":\"ping\",\"ref\":\"%s\"}", long_ref);
    assert_refused(text, ERROR_bad_request, "ref");
    assert_int_equal(request.ref.kind, REF_NONE);
    snprintf(text, sizeof text, "{\"type\":\"ping\",\"ref\":\"%s\"}", long_ref + 1);
    assert_true(decode(text));
    assert_string_equal(request.ref.text, long_ref + 1);
    request_finish(&request);
    static const char *const bad[] = {"\"\"", "1.5", "true", "null", "[]", "{}",
                                      "9007199254740992", "-9007199254740992"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(text, sizeof text, "{\"type\":\"ping\",\"ref\":%s}", bad[i]);
        assert_refused(text, ERROR_bad_request, "ref");
    }
    assert_true(decode("{\"type\":\"ping\",\"ref\":9007199254740991}"));
    assert_int_equal(request.ref.number, SEQ_MAX);
    request_finish(&request);
}

static void a_fraction_is_no_integer(void **state)
{
    (void)state;
    assert_refused("{\"type\":\"read\",\"room\":\"a\",\"seq\":1.5}", ERROR_bad_request, "seq");
    assert_refused("{\"type\":\"read\",\"room\":\"a\",\"seq\":1e3}", ERROR_bad_request, "seq");
    assert_string_equal(refusal.message, "seq must be an integer.");
}

static void a_plain_frame_is_a_send_without_a_room(void **state)
{
    (void)state;
    static const char *const good[] = {"{\"message\":\"hi\"}", "{\"x\":[1],\"message\":\"hi\"}"};
    static const char *const bad[] = {"{}", "{\"message\":5}", "{\"message\":\"\"}",
                                      "{\"message\":null,\"x\":{}}"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(request_decode_plain(good[i], strlen(good[i]), &request, &refusal));
        assert_int_equal(request.type, REQUEST_send);
        assert_string_equal(request.as_send.text, "hi");
        assert_null(request.as_send.nonce);
        assert_int_equal(request.as_send.reply_to, NUMBER_ABSENT);
        request_finish(&request);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(request_decode_plain(bad[i], strlen(bad[i]), &request, &refusal));
        assert_int_equal(refusal.code, ERROR_bad_request);
        assert_string_equal(refusal.field, "message");
    }
    assert_false(request_decode_plain("hi", 2, &request, &refusal));
    assert_int_equal(refusal.code, ERROR_bad_json);
}

/* Any bytes are decoded or refused with a code and a sentence; the sanitizers say the rest. */
static void hostile_bytes_are_refused_with_a_reason(void **state)
{
    (void)state;
    static const char seed[] = "{\"type\":\"send\",\"ref\":1,\"room\":\"lobby\",\"text\":\"h\\u00e9 "
                               "\xf0\x9f\x98\x80\",\"nonce\":\"k\",\"x\":[[{\"y\":-1.5e3}]]}";
    char bytes[sizeof seed + 8];
    srand(42);
    for (int round = 0; round < 50000; round++) {
        size_t length = sizeof seed - 1;
        memcpy(bytes, seed, length);
        for (int change = rand() % 4; change >= 0; change--)
            bytes[(size_t)rand() % length] = (char)(rand() % 256);
        if (rand() % 4 == 0)
            length = (size_t)rand() % length;
        if (request_decode(bytes, length, &request, &refusal)) {
            request_finish(&request);
        } else {
            assert_in_range(refusal.code, ERROR_bad_json, ERROR_internal);
            assert_true(refusal.message[0] != '\0');
        }
    }
}

/* Memory of the test's, so that what is copied can be told from what is borrowed. */
struct memory {
    char bytes[512];
    size_t used, most;
};

static void *take(void *owner, size_t size)
{
    struct memory *memory = owner;
    if (memory->used + size > memory->most)
        return NULL;
    void *taken = memory->bytes + memory->used;
    memory->used += (size + 7) & ~(size_t)7;
    return taken;
}

static void a_copied_request_outlives_the_first(void **state)
{
    _Alignas(8) struct memory memory = {.most = sizeof memory.bytes};
    struct request copy;
    (void)state;
    assert_true(decode("{\"type\":\"import\",\"ref\":7,\"room\":\"lobby\",\"rows\":["
                       "{\"kind\":\"message\",\"seq\":3,\"ts\":1,\"from\":\"mina\",\"text\":\"hi\"}]}"));
    assert_true(request_copy(&request, take, &memory, &copy));
    request_finish(&request);
    assert_int_equal(copy.type, REQUEST_import);
    assert_int_equal(copy.ref.number, 7);
    assert_string_equal(copy.as_import.room, "lobby");
    assert_int_equal(copy.as_import.rows.count, 1);
    const struct record_row *row = copy.as_import.rows.items;
    assert_int_equal(row->seq, 3);
    assert_string_equal(row->from, "mina");
    assert_string_equal(row->text, "hi");
    assert_null(row->nonce);
}

static void a_request_is_not_copied_by_halves(void **state)
{
    (void)state;
    assert_true(decode("{\"type\":\"join\",\"room\":\"lobby\",\"log\":\"0123456789abcdef\"}"));
    for (size_t most = 0; most < 8 + 17; most++) {
        _Alignas(8) struct memory memory = {.most = most};
        struct request copy;
        assert_false(request_copy(&request, take, &memory, &copy));
    }
    request_finish(&request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_gives_its_fields),
        cmocka_unit_test(what_is_optional_may_be_left_out),
        cmocka_unit_test(unknown_fields_are_ignored),
        cmocka_unit_test(a_list_of_records_is_decoded_row_by_row),
        cmocka_unit_test(a_wrong_row_is_named_with_its_place),
        cmocka_unit_test(a_list_of_too_many_is_refused),
        cmocka_unit_test(what_is_not_one_json_object_is_bad_json),
        cmocka_unit_test(a_nul_character_is_named_by_its_field),
        cmocka_unit_test(line_ends_of_prose_become_line_feeds),
        cmocka_unit_test(a_plain_text_has_no_control_characters),
        cmocka_unit_test(a_refusal_repeats_no_control_character),
        cmocka_unit_test(a_nul_byte_anywhere_is_bad_json),
        cmocka_unit_test(nesting_is_allowed_to_its_bound_and_no_deeper),
        cmocka_unit_test(a_frame_of_very_many_values_is_refused),
        cmocka_unit_test(a_type_that_is_missing_or_no_string_is_a_bad_request),
        cmocka_unit_test(only_requests_are_known_types),
        cmocka_unit_test(a_long_unknown_type_is_cut_at_a_character),
        cmocka_unit_test(a_ref_is_echoed_whatever_else_is_wrong),
        cmocka_unit_test(a_ref_is_a_short_string_or_an_integer),
        cmocka_unit_test(a_fraction_is_no_integer),
        cmocka_unit_test(a_plain_frame_is_a_send_without_a_room),
        cmocka_unit_test(hostile_bytes_are_refused_with_a_reason),
        cmocka_unit_test(a_copied_request_outlives_the_first),
        cmocka_unit_test(a_request_is_not_copied_by_halves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
