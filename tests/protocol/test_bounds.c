/* Every field of every request at, below and beyond its bounds, from the table itself: what is added
 * to messages.def is tested without a line here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "protocol/message.h"

static struct request request;
static struct refusal refusal;

static json_t *text_of(int64_t bytes)
{
    char *text = malloc((size_t)bytes + 1);
    assert_non_null(text);
    memset(text, 'x', (size_t)bytes);
    json_t *value = json_stringn(text, (size_t)bytes);
    free(text);
    return value;
}

static json_t *valid_value(const struct field *field);

static json_t *valid_object(const struct message_description *message)
{
    json_t *object = json_object();
    for (size_t i = 0; i < message->field_count; i++) {
        if (message->fields[i].required)
            json_object_set_new(object, message->fields[i].name, valid_value(&message->fields[i]));
    }
    if (message->kind == KIND_REQUEST)
        json_object_set_new(object, "type", json_string(message->name));
    return object;
}

static json_t *valid_value(const struct field *field)
{
    switch (field->kind) {
    case FIELD_TEXT:
        if (field->words != WORDS_none)
            return json_string(word_of(field->words, vocabulary_count(field->words) - 1));
        return text_of(field->min);
    case FIELD_NAME:
    case FIELD_UID:
        return text_of(field->min);
    case FIELD_NUMBER:
        return json_integer(field->min);
    case FIELD_FLAG:
        return json_true();
    case FIELD_LIST:
        return json_pack("[o]", valid_object(message_describe(field->record)));
    case FIELD_NAMES:
        return json_pack("[s]", "name");
    case FIELD_NUMBERS:
        return json_pack("[I]", (json_int_t)field->min);
    case FIELD_OBJECT:
        break;
    }
    return valid_object(message_describe(field->record));
}

enum way { SHORT_WAY, BY_JANSSON };
static enum way way;

/* The message with one field set to value (taken), or left out when value is NULL. */
static bool decode_with(const struct message_description *message, const struct field *field,
                        json_t *value)
{
    json_t *object = valid_object(message);
    if (field && value)
        json_object_set_new(object, field->name, value);
    else if (field)
        json_object_del(object, field->name);
    json_object_set_new(object, "ref", json_integer(17));
    if (way == BY_JANSSON) /* nested, so too much for the short way */
        json_object_set_new(object, "ignored", json_array());
    char *text = json_dumps(object, JSON_COMPACT);
    assert_non_null(text);
    bool decoded = request_decode(text, strlen(text), &request, &refusal);
    assert_int_equal(request.ref.number, 17);
    free(text);
    json_decref(object);
    return decoded;
}

static void assert_taken(const struct message_description *message, const struct field *field,
                         json_t *value)
{
    if (!decode_with(message, field, value))
        fail_msg("%s %s: %s", message->name, field ? field->name : "", refusal.message);
    request_finish(&request);
}

static void assert_refused(const struct message_description *message, const struct field *field,
                           json_t *value, enum error_code code)
{
    if (decode_with(message, field, value))
        fail_msg("%s took a bad %s", message->name, field->name);
    assert_int_equal(refusal.code, code);
    assert_string_equal(refusal.field, field->name);
    assert_non_null(strstr(refusal.message, field->name));
}

typedef void field_check(const struct message_description *message, const struct field *field);

static void for_every_request_field(field_check *check)
{
    int count = 0;
    way = way == SHORT_WAY ? BY_JANSSON : SHORT_WAY;
    for (unsigned type = MESSAGE_none + 1; type < MESSAGE_COUNT; type++) {
        const struct message_description *message = message_describe((enum message_type)type);
        for (size_t i = 0; message->kind == KIND_REQUEST && i < message->field_count; i++, count++)
            check(message, &message->fields[i]);
    }
    assert_true(count > 60);
}

static void check_text(const struct message_description *message, const struct field *field)
{
    if (field->kind != FIELD_TEXT && field->kind != FIELD_NAME)
        return;
    if (field->words != WORDS_none) {
        for (int i = 0; i < vocabulary_count(field->words); i++)
            if (word_of(field->words, i))
                assert_taken(message, field, json_string(word_of(field->words, i)));
        assert_refused(message, field, json_string("nonsense"), ERROR_bad_request);
        return;
    }
    bool is_name = field->kind == FIELD_NAME;
    assert_taken(message, field, text_of(field->min));
    assert_taken(message, field, text_of(field->max));
    assert_refused(message, field, text_of(field->max + 1),
                   is_name ? ERROR_name_invalid : ERROR_too_long);
    if (field->min > 0)
        assert_refused(message, field, text_of(field->min - 1),
                       is_name ? ERROR_name_invalid : ERROR_bad_request);
}

static void every_text_is_taken_within_its_bytes_only(void **state)
{
    (void)state;
    for_every_request_field(check_text); /* once each way */
    for_every_request_field(check_text);
}

static void check_controls(const struct message_description *message, const struct field *field)
{
    if (field->kind != FIELD_TEXT || field->holds == HOLDS_VALUE)
        return;
    for (int character = 0; character < 0xa0; character++) {
        char text[8];
        size_t length = 3;
        if (character < 0x80)
            sprintf(text, "a%cb", character);
        else
            length = (size_t)sprintf(text, "a\xc2%cb", character);
        bool control = character < 0x20 || character >= 0x7f;
        bool ends_line = character == '\n' || character == '\r' || character == '\t';
        if (control && !(field->holds == HOLDS_PROSE && ends_line))
            assert_refused(message, field, json_stringn(text, length), ERROR_bad_request);
        else
            assert_taken(message, field, json_stringn(text, length));
    }
}

static void what_people_write_has_no_control_characters(void **state)
{
    (void)state;
    for_every_request_field(check_controls); /* once each way */
    for_every_request_field(check_controls);
}

static void check_number(const struct message_description *message, const struct field *field)
{
    if (field->kind != FIELD_NUMBER)
        return;
    assert_taken(message, field, json_integer(field->min));
    assert_taken(message, field, json_integer(field->max));
    assert_refused(message, field, json_integer(field->min - 1), ERROR_bad_request);
    assert_refused(message, field, json_integer(field->max + 1), ERROR_bad_request);
    assert_refused(message, field, json_integer(INT64_MIN), ERROR_bad_request);
    assert_refused(message, field, json_real(1.5), ERROR_bad_request);
}

static void every_number_is_taken_within_its_bounds_only(void **state)
{
    (void)state;
    for_every_request_field(check_number); /* once each way */
    for_every_request_field(check_number);
}

static void check_kinds(const struct message_description *message, const struct field *field)
{
    enum { NONE, TEXT_KIND, NUMBER_KIND, FLAG_KIND, ARRAY_KIND, OBJECT_KIND };
    static const int own[] = {[FIELD_TEXT] = TEXT_KIND,   [FIELD_NAME] = TEXT_KIND,
                              [FIELD_NUMBER] = NUMBER_KIND, [FIELD_FLAG] = FLAG_KIND,
                              [FIELD_LIST] = ARRAY_KIND,  [FIELD_NAMES] = ARRAY_KIND,
                              [FIELD_OBJECT] = OBJECT_KIND, [FIELD_NUMBERS] = ARRAY_KIND,
                              [FIELD_UID] = TEXT_KIND};
    json_t *values[] = {json_null(),  json_string("x"), json_integer(1),
                        json_false(), json_array(),     json_object()};
    for (int i = NONE; i <= OBJECT_KIND; i++) {
        if (i == own[field->kind])
            json_decref(values[i]);
        else
            assert_refused(message, field, values[i], ERROR_bad_request);
    }
}

static void every_field_is_of_its_kind_only(void **state)
{
    (void)state;
    for_every_request_field(check_kinds); /* once each way */
    for_every_request_field(check_kinds);
}

static void check_missing(const struct message_description *message, const struct field *field)
{
    if (field->required)
        assert_refused(message, field, NULL, ERROR_bad_request);
    else
        assert_taken(message, field, NULL);
}

static void what_is_required_is_missed_and_what_is_optional_is_not(void **state)
{
    (void)state;
    for_every_request_field(check_missing); /* once each way */
    for_every_request_field(check_missing);
}

static void every_request_is_taken_with_its_required_fields_and_has_an_answer(void **state)
{
    (void)state;
    for (unsigned type = MESSAGE_none + 1; type < MESSAGE_COUNT; type++) {
        const struct message_description *message = message_describe((enum message_type)type);
        if (message->kind != KIND_REQUEST)
            continue;
        assert_taken(message, NULL, NULL);
        assert_int_equal(request.type, type);
        enum message_type answer = message_answer((enum message_type)type);
        assert_int_equal(message_describe(answer)->kind, KIND_REPLY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_text_is_taken_within_its_bytes_only),
        cmocka_unit_test(what_people_write_has_no_control_characters),
        cmocka_unit_test(every_number_is_taken_within_its_bounds_only),
        cmocka_unit_test(every_field_is_of_its_kind_only),
        cmocka_unit_test(what_is_required_is_missed_and_what_is_optional_is_not),
        cmocka_unit_test(every_request_is_taken_with_its_required_fields_and_has_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
