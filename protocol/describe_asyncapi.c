#include "protocol/describe.h"

#include <string.h>

#include <jansson.h>

/* AsyncAPI 3.0: https://www.asyncapi.com/docs/reference/specification/v3.0.0 */

static const char *const kind_words[] = {"request", "reply", "entry", "event", "record"};

static void key_of(const struct message_description *message, char *out, size_t out_size)
{
    if (message->kind == KIND_RECORD)
        snprintf(out, out_size, "%s", message->name);
    else
        snprintf(out, out_size, "%s_%s", message->name, kind_words[message->kind]);
}

static json_t *reference(const char *where, const struct message_description *message)
{
    char key[64];
    key_of(message, key, sizeof key);
    return json_pack("{s:o}", "$ref", json_sprintf("#/%s/%s", where, key));
}

static json_t *schema_of_text(const struct field *field)
{
    if (field->words == WORDS_none)
        return json_pack("{s:s, s:I}", "type", "string", "minLength",
                         (json_int_t)(field->min > 0 ? 1 : 0));
    json_t *words = json_array();
    for (int i = 0; i < vocabulary_count(field->words); i++)
        if (word_of(field->words, i))
            json_array_append_new(words, json_string(word_of(field->words, i)));
    return json_pack("{s:s, s:o}", "type", "string", "enum", words);
}

static json_t *schema_of_field(const struct field *field)
{
    const struct message_description *record = message_describe(field->record);
    switch (field->kind) {
    case FIELD_TEXT:
        return schema_of_text(field);
    case FIELD_NAME:
        return json_pack("{s:s, s:i}", "type", "string", "minLength", 1);
    case FIELD_UID:
        return json_pack("{s:s, s:i, s:i}", "type", "string", "minLength", 1, "maxLength",
                         UID_BYTES_MAX);
    case FIELD_NUMBER:
        return json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum", (json_int_t)field->min,
                         "maximum", (json_int_t)field->max);
    case FIELD_FLAG:
        return json_pack("{s:s}", "type", "boolean");
    case FIELD_LIST:
        return json_pack("{s:s, s:o}", "type", "array", "items",
                         reference("components/schemas", record));
    case FIELD_NAMES:
        return json_pack("{s:s, s:{s:s}}", "type", "array", "items", "type", "string");
    case FIELD_NUMBERS:
        return json_pack("{s:s, s:{s:s}}", "type", "array", "items", "type", "integer");
    case FIELD_OBJECT:
        break;
    }
    return json_pack("{s:[o]}", "allOf", reference("components/schemas", record));
}

static void add_field(json_t *properties, json_t *required, const char *name, json_t *schema,
                      bool is_required)
{
    json_object_set_new(properties, name, schema);
    if (is_required)
        json_array_append_new(required, json_string(name));
}

static json_t *schema_of(const struct message_description *message)
{
    json_t *properties = json_object();
    json_t *required = json_array();
    if (message->kind != KIND_RECORD)
        add_field(properties, required, "type", json_pack("{s:s}", "const", message->name), true);
    if (message->kind == KIND_REQUEST || message->kind == KIND_REPLY)
        add_field(properties, required, "ref",
                  json_pack("{s:[s,s], s:s}", "type", "string", "integer", "description",
                            "The client's own mark, echoed in the reply."),
                  false);
    for (size_t i = 0; i < message->field_count; i++) {
        const struct field *field = &message->fields[i];
        json_t *schema = schema_of_field(field);
        json_object_set_new(schema, "description", json_string(field->sentence));
        if (field->kind == FIELD_TEXT)
            json_object_set_new(schema, "x-bytes-max", json_integer(field->max));
        add_field(properties, required, field->name, schema, field->required);
    }
    return json_pack("{s:s, s:s, s:o, s:o}", "type", "object", "description", message->sentence,
                     "properties", properties, "required", required);
}

static json_t *operation_of(enum message_type type)
{
    static const char channel[] = "#/channels/chat";
    const struct message_description *message = message_describe(type);
    json_t *operation = json_pack("{s:s, s:{s:s}, s:s, s:[o]}", "action",
                                  message->kind == KIND_REQUEST ? "receive" : "send", "channel",
                                  "$ref", channel, "summary", message->sentence, "messages",
                                  reference("channels/chat/messages", message));
    if (message->kind != KIND_REQUEST)
        return operation;
    const struct message_description *answer = message_describe(message_answer(type));
    json_t *reply = json_pack("{s:{s:s}, s:[o,o]}", "channel", "$ref", channel, "messages",
                              reference("channels/chat/messages", answer),
                              reference("channels/chat/messages", message_describe(REPLY_error)));
    json_object_set_new(operation, "reply", reply);
    return operation;
}

struct parts {
    json_t *schemas, *messages, *of_channel, *operations;
};

static void add_message(struct parts *parts, enum message_type type)
{
    const struct message_description *message = message_describe(type);
    char key[64];
    key_of(message, key, sizeof key);
    if (message->kind == KIND_RECORD) {
        json_object_set_new(parts->schemas, key, schema_of(message));
        return;
    }
    json_object_set_new(parts->messages, key,
                        json_pack("{s:s, s:s, s:o}", "name", message->name, "summary",
                                  message->sentence, "payload", schema_of(message)));
    json_object_set_new(parts->of_channel, key, reference("components/messages", message));
    if (message->kind != KIND_REPLY) /* replies stand with their requests */
        json_object_set_new(parts->operations, key, operation_of(type));
}

static json_t *document_of(const struct parts *parts)
{
    return json_pack(
        "{s:s, s:{s:s, s:s, s:s}, s:s, s:{s:{s:s, s:s, s:s, s:s}},"
        " s:{s:{s:s, s:s, s:o, s:{s:{s:s}}}}, s:o, s:{s:o, s:o}}",
        "asyncapi", "3.0.0", "info", "title", "hearth.v1", "version", "1.0.0", "description",
        "The WebSocket contract of the hearth chat gateway, printed from protocol/messages.def. "
        "README.md beside it is the whole of it, in words.",
        "defaultContentType", "application/json", "servers", "gateway", "host", "localhost:8080",
        "protocol", "ws", "pathname", "/", "description",
        "Any gateway; subprotocol hearth.v1, one JSON object a text frame.", "channels", "chat",
        "address", "ws", "description", "One connection.", "messages", parts->of_channel,
        "bindings", "ws", "method", "GET", "operations", parts->operations, "components", "schemas",
        parts->schemas, "messages", parts->messages);
}

bool describe_asyncapi(FILE *out)
{
    struct parts parts = {json_object(), json_object(), json_object(), json_object()};
    for (unsigned i = MESSAGE_none + 1; i < MESSAGE_COUNT; i++)
        add_message(&parts, (enum message_type)i);
    json_t *document = document_of(&parts);
    bool fine = document && json_dumpf(document, out, JSON_INDENT(2)) == 0;
    fputc('\n', out);
    json_decref(document);
    return fine;
}
