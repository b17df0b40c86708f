#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "protocol/message.h"

static struct buffer out;

static int prepare(void **state)
{
    (void)state;
    out = (struct buffer){0};
    return 0;
}

static int clean_up(void **state)
{
    (void)state;
    buffer_finish(&out);
    return 0;
}

static void assert_written(const char *expected)
{
    assert_int_equal(out.length, strlen(expected));
    assert_memory_equal(out.bytes, expected, out.length);
}

static void an_entry_is_written_in_the_order_of_the_table(void **state)
{
    (void)state;
    struct entry_message message = {.room = "lobby", .seq = 42, .ts = 1732280000123,
                                    .from = "mina", .text = "hi", .nonce = "k3", .reply_to = 40,
                                    .guest = true};
    assert_true(message_encode(&out, ENTRY_message, NULL, &message));
    assert_written("{\"type\":\"message\",\"room\":\"lobby\",\"seq\":42,\"ts\":1732280000123,"
                   "\"from\":\"mina\",\"text\":\"hi\",\"nonce\":\"k3\",\"reply_to\":40,"
                   "\"guest\":true}");
}

static void what_is_absent_is_not_written(void **state)
{
    (void)state;
    struct entry_message message = {.room = "a", .seq = 1, .ts = 0, .from = "b", .deleted = true,
                                    .reply_to = NUMBER_ABSENT};
    assert_true(message_encode(&out, ENTRY_message, NULL, &message));
    assert_written("{\"type\":\"message\",\"room\":\"a\",\"seq\":1,\"ts\":0,\"from\":\"b\","
                   "\"deleted\":true}");
}

static void a_reply_carries_the_ref(void **state)
{
    (void)state;
    struct ref text = {.kind = REF_TEXT, .text = "q\"1"};
    struct ref number = {.kind = REF_NUMBER, .number = -SEQ_MAX};
    struct reply_ok ok = {0};
    assert_true(message_encode(&out, REPLY_ok, &text, &ok));
    assert_written("{\"type\":\"ok\",\"ref\":\"q\\\"1\"}");
    out.length = 0;
    assert_true(message_encode(&out, REPLY_ok, &number, &ok));
    assert_written("{\"type\":\"ok\",\"ref\":-9007199254740991}");
}

static void an_error_shows_its_field_and_delay_only_where_they_apply(void **state)
{
    (void)state;
    struct reply_error error = {.error_code = "rate_limited", .message = "Too often.",
                                .retry_after_ms = 0};
    assert_true(message_encode(&out, REPLY_error, NULL, &error));
    assert_written("{\"type\":\"error\",\"error_code\":\"rate_limited\",\"message\":\"Too often.\","
                   "\"retry_after_ms\":0}");
    out.length = 0;
    error.field = "room";
    error.retry_after_ms = NUMBER_ABSENT;
    assert_true(message_encode(&out, REPLY_error, NULL, &error));
    assert_written("{\"type\":\"error\",\"error_code\":\"rate_limited\",\"message\":\"Too often.\","
                   "\"field\":\"room\"}");
}

static void lists_objects_and_names_nest(void **state)
{
    (void)state;
    const char *names[] = {"a", "b\\"};
    struct record_reaction_line reactions[] = {{.emoji = "👍", .names = {names, 2}, .count = 2}};
    struct record_history_line lines[] = {
        {.type = "message", .room = "r", .seq = 1, .ts = 2, .from = "a", .text = "x",
         .reactions = {reactions, 1}},
        {.type = "topic", .room = "r", .seq = 2, .ts = 2, .from = "a", .text = ""},
    };
    struct reply_history history = {.room = "r", .messages = {lines, 2}, .more = false};
    assert_true(message_encode(&out, REPLY_history, NULL, &history));
    assert_written("{\"type\":\"history\",\"room\":\"r\",\"messages\":[{\"type\":\"message\","
                   "\"room\":\"r\",\"seq\":1,\"ts\":2,\"from\":\"a\",\"text\":\"x\",\"reactions\":"
                   "[{\"emoji\":\"👍\",\"names\":[\"a\",\"b\\\\\"],\"count\":2}]},{\"type\":\"topic\","
                   "\"room\":\"r\",\"seq\":2,\"ts\":2,\"from\":\"a\",\"text\":\"\"}],\"more\":false}");
    assert_int_equal(message_bytes(REPLY_history, &history), out.length);
}

static void empty_lists_are_written_where_they_are_required(void **state)
{
    (void)state;
    struct event_presence presence = {.room = "r"};
    assert_true(message_encode(&out, EVENT_presence, NULL, &presence));
    assert_written("{\"type\":\"presence\",\"room\":\"r\",\"joined\":[],\"left\":[],\"members\":0}");
}

static void numbers_are_written_to_both_ends(void **state)
{
    (void)state;
    struct reply_pong pong = {.time = INT64_MIN};
    assert_true(message_encode(&out, REPLY_pong, NULL, &pong));
    assert_written("{\"type\":\"pong\",\"time\":-9223372036854775808}");
    assert_int_equal(message_bytes(REPLY_pong, &pong), out.length);
    out.length = 0;
    pong.time = INT64_MAX;
    assert_true(message_encode(&out, REPLY_pong, NULL, &pong));
    assert_written("{\"type\":\"pong\",\"time\":9223372036854775807}");
}

static void assert_string_survives(const char *text)
{
    out.length = 0;
    assert_true(json_append_string(&out, text));
    json_t *value = json_loadb((const char *)out.bytes, out.length, JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    assert_string_equal(json_string_value(value), text);
    assert_int_equal(json_string_bytes(text), out.length);
    json_decref(value);
}

static void every_ascii_character_survives_at_every_place(void **state)
{
    (void)state;
    char text[32];
    for (size_t place = 0; place < 20; place++) {
        for (int byte = 1; byte < 0x80; byte++) {
            memset(text, 'x', 20);
            text[20] = '\0';
            text[place] = (char)byte;
            assert_string_survives(text);
        }
    }
}

static void the_usual_escapes_are_short(void **state)
{
    (void)state;
    assert_true(json_append_string(&out, "\"\\\b\t\n\v\f\r\x01\x1f\x7f/<é"));
    assert_written("\"\\\"\\\\\\b\\t\\n\\u000b\\f\\r\\u0001\\u001f\x7f/<é\"");
}

static void random_texts_survive(void **state)
{
    (void)state;
    static const char *const pieces[] = {"a", "\"", "\\", "\n", "한", "😀", "é", "longer plain run ",
                                         "\x01", "/", "\x7f", "ﷺ"};
    char text[1024];
    srand(3);
    for (int round = 0; round < 5000; round++) {
        text[0] = '\0';
        for (int i = rand() % 40; i > 0; i--)
            strcat(text, pieces[(size_t)rand() % (sizeof pieces / sizeof *pieces)]);
        assert_string_survives(text);
    }
}

static void a_message_that_does_not_fit_leaves_no_trace(void **state)
{
    (void)state;
    struct entry_message message = {.room = "lobby", .seq = 42, .ts = 5, .from = "mina",
                                    .text = "some \"text\" to be \n escaped", .nonce = "k"};
    assert_true(message_encode(&out, ENTRY_message, NULL, &message));
    size_t whole = out.length;
    for (size_t max = 1; max <= whole + 10; max++) {
        struct buffer small = {.max = max};
        assert_true(buffer_append(&small, "!", 1));
        bool fits = message_encode(&small, ENTRY_message, NULL, &message);
        assert_int_equal(fits, max >= whole + 1);
        assert_int_equal(small.length, fits ? whole + 1 : 1);
        assert_int_equal(small.failed, !fits);
        buffer_finish(&small);
    }
}

/* Fills a struct of any message by its table, so that what is added later is tested as well. */
static void fill(const struct message_description *message, char *fields)
{
    for (size_t i = 0; i < message->field_count; i++) {
        const struct field *field = &message->fields[i];
        void *target = fields + field->offset;
        if (field->kind == FIELD_TEXT || field->kind == FIELD_NAME)
            *(const char **)target = "te\"xt";
        else if (field->kind == FIELD_UID || field->kind == FIELD_NUMBER)
            *(int64_t *)target = field->max;
        else if (field->kind == FIELD_FLAG)
            *(bool *)target = true;
        else if (field->kind == FIELD_OBJECT)
            fill(message_describe(field->record), target);
    }
}

static void assert_filled(const struct message_description *message, const json_t *object)
{
    for (size_t i = 0; i < message->field_count; i++) {
        const struct field *field = &message->fields[i];
        const json_t *value = json_object_get(object, field->name);
        if (field->kind == FIELD_TEXT || field->kind == FIELD_NAME)
            assert_string_equal(json_string_value(value), "te\"xt");
        else if (field->kind == FIELD_UID)
            assert_int_equal(atoll(json_string_value(value)), field->max);
        else if (field->kind == FIELD_NUMBER)
            assert_int_equal(json_integer_value(value), field->max);
        else if (field->kind == FIELD_FLAG)
            assert_true(json_is_true(value));
        else if (field->kind == FIELD_OBJECT)
            assert_filled(message_describe(field->record), value);
    }
}

static void every_message_reads_back_as_it_was_written(void **state)
{
    (void)state;
    for (unsigned type = MESSAGE_none + 1; type < MESSAGE_COUNT; type++) {
        const struct message_description *message = message_describe((enum message_type)type);
        char *fields = calloc(1, message->size);
        assert_non_null(fields);
        fill(message, fields);
        out.length = 0;
        assert_true(message_encode(&out, (enum message_type)type, NULL, fields));
        json_t *object = json_loadb((const char *)out.bytes, out.length, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(object);
        if (message->kind != KIND_RECORD)
            assert_string_equal(json_string_value(json_object_get(object, "type")), message->name);
        assert_filled(message, object);
        assert_int_equal(message_bytes((enum message_type)type, fields), out.length);
        json_decref(object);
        free(fields);
    }
}

static void error_codes_are_found_by_name_and_have_a_status(void **state)
{
    (void)state;
    for (unsigned i = ERROR_none + 1; i < ERROR_COUNT; i++) {
        enum error_code code = (enum error_code)i;
        assert_int_equal(error_code_find(error_code_name(code)), code);
        assert_in_range(error_code_status(code), 400, 507);
    }
    assert_int_equal(error_code_find("none"), ERROR_none);
    assert_int_equal(error_code_find("nonsense"), ERROR_none);
}

static void a_refusal_takes_the_sentence_of_its_code_or_its_own(void **state)
{
    (void)state;
    struct refusal refusal;
    char name[400];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    refuse(&refusal, ERROR_muted, NULL, NULL);
    assert_string_equal(refusal.message, error_code_sentence(ERROR_muted));
    refuse(&refusal, ERROR_room_not_found, "room", "There is no room named \"%s\".", name);
    assert_int_equal(strlen(refusal.message), sizeof refusal.message - 1);
    for (size_t i = 0; i + 4 < sizeof name; i += 4)
        memcpy(name + i, "\xf0\x9f\x98\x80", 4);
    for (int shift = 0; shift < 4; shift++) {
        refuse(&refusal, ERROR_room_not_found, "room", "%.*s%s", shift, "abc", name);
        assert_string_survives(refusal.message);
        refuse(&refusal, ERROR_room_not_found, "room", "\"%.*s\".", 4 + shift, name);
        assert_string_survives(refusal.message);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, clean_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_entry_is_written_in_the_order_of_the_table),
        TEST(what_is_absent_is_not_written),
        TEST(a_reply_carries_the_ref),
        TEST(an_error_shows_its_field_and_delay_only_where_they_apply),
        TEST(lists_objects_and_names_nest),
        TEST(empty_lists_are_written_where_they_are_required),
        TEST(numbers_are_written_to_both_ends),
        TEST(every_ascii_character_survives_at_every_place),
        TEST(the_usual_escapes_are_short),
        TEST(random_texts_survive),
        TEST(a_message_that_does_not_fit_leaves_no_trace),
        TEST(every_message_reads_back_as_it_was_written),
        TEST(error_codes_are_found_by_name_and_have_a_status),
        TEST(a_refusal_takes_the_sentence_of_its_code_or_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
