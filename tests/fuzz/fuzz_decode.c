/* Any bytes are a request within the bounds of the table, or a refusal that can be told. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "protocol/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void demand(bool truth)
{
    if (!truth)
        abort();
}

static void demand_text(const struct field *field, const char *text)
{
    demand(text || !field->required);
    if (text) {
        int64_t length = (int64_t)strlen(text);
        demand(length >= field->min && length <= field->max);
    }
}

static void demand_fields(enum message_type type, const char *fields)
{
    const struct message_description *message = message_describe(type);
    for (size_t i = 0; i < message->field_count; i++) {
        const struct field *field = &message->fields[i];
        const char *target = fields + field->offset;
        if (field->kind == FIELD_TEXT || field->kind == FIELD_NAME) {
            demand_text(field, *(const char *const *)(const void *)target);
        } else if (field->kind == FIELD_NUMBER) {
            int64_t number = *(const int64_t *)(const void *)target;
            demand((number >= field->min && number <= field->max) ||
                   (!field->required && number == NUMBER_ABSENT));
        } else if (field->kind == FIELD_LIST) {
            const struct message_list *list = (const void *)target;
            demand(list->count <= LIST_ITEMS_MAX);
            for (size_t row = 0; row < list->count; row++)
                demand_fields(field->record, (const char *)list->items +
                                                 row * message_describe(field->record)->size);
        }
    }
}

/* What is written is one JSON object, whoever chose the texts in it. */
static void demand_json(enum message_type type, const struct ref *ref, const void *fields)
{
    struct buffer out = {0};
    demand(message_encode(&out, type, ref, fields));
    json_t *object = json_loadb((const char *)out.bytes, out.length, JSON_REJECT_DUPLICATES, NULL);
    demand(json_is_object(object));
    json_decref(object);
    buffer_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct request request;
    struct refusal refusal;
    if (request_decode((const char *)bytes, length, &request, &refusal)) {
        demand_fields(request.type, (const char *)&request.as_hello);
        demand_json(request.type, &request.ref, &request.as_hello);
        request_finish(&request);
        return 0;
    }
    demand(refusal.code > ERROR_none && refusal.code < ERROR_COUNT && refusal.message[0]);
    struct reply_error error = {.error_code = error_code_name(refusal.code),
                                .message = refusal.message,
                                .field = refusal.field,
                                .retry_after_ms = refusal.retry_after_ms};
    demand_json(REPLY_error, &request.ref, &error);
    return 0;
}
