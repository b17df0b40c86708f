#include "protocol/describe_schema.h"

#include <stdio.h>

/* JSON Schema 2020-12, which AsyncAPI 3.0 and OpenAPI 3.1 share. */

static const char *const kind_words[] = {"request", "reply", "entry", "event", "record"};

void describe_key(const struct message_description *message, char out[DESCRIBE_KEY_BYTES])
{
    if (message->kind == KIND_RECORD)
        snprintf(out, DESCRIBE_KEY_BYTES, "%s", message->name);
    else
        snprintf(out, DESCRIBE_KEY_BYTES, "%s_%s", message->name, kind_words[message->kind]);
}

json_t *describe_reference(const char *where, const struct message_description *message)
{
    char key[DESCRIBE_KEY_BYTES];
    describe_key(message, key);
    return json_pack("{s:o}", "$ref", json_sprintf("#/%s/%s", where, key));
}

json_t *describe_in_components(const struct message_description *record)
{
    return describe_reference("components/schemas", record);
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

static json_t *schema_of_field(const struct field *field, describe_record *of_record)
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
        return json_pack("{s:s, s:o}", "type", "array", "items", of_record(record));
    case FIELD_NAMES:
        return json_pack("{s:s, s:{s:s}}", "type", "array", "items", "type", "string");
    case FIELD_NUMBERS:
        return json_pack("{s:s, s:{s:s}}", "type", "array", "items", "type", "integer");
    case FIELD_OBJECT:
        break;
    }
    return json_pack("{s:[o]}", "allOf", of_record(record));
}

static void add_field(json_t *properties, json_t *required, const char *name, json_t *schema,
                      bool is_required)
{
    json_object_set_new(properties, name, schema);
    if (is_required)
        json_array_append_new(required, json_string(name));
}

json_t *describe_field(const struct field *field, describe_record *of_record)
{
    json_t *schema = schema_of_field(field, of_record);
    json_object_set_new(schema, "description", json_string(field->sentence));
    if (field->kind == FIELD_TEXT)
        json_object_set_new(schema, "x-bytes-max", json_integer(field->max));
    return schema;
}

static void add_marks(json_t *properties, json_t *required, const struct message_description *message)
{
    if (message->kind != KIND_RECORD)
        add_field(properties, required, "type", json_pack("{s:s}", "const", message->name), true);
    if (message->kind == KIND_REQUEST || message->kind == KIND_REPLY)
        add_field(properties, required, "ref",
                  json_pack("{s:[s,s], s:s}", "type", "string", "integer", "description",
                            "The client's own mark, echoed in the reply."),
                  false);
}

json_t *describe_message(const struct message_description *message, bool has_type, describe_record *of_record)
{
    json_t *properties = json_object();
    json_t *required = json_array();
    if (has_type)
        add_marks(properties, required, message);
    for (size_t i = 0; i < message->field_count; i++) {
        const struct field *field = &message->fields[i];
        add_field(properties, required, field->name, describe_field(field, of_record), field->required);
    }
    return json_pack("{s:s, s:s, s:o, s:o}", "type", "object", "description", message->sentence,
                     "properties", properties, "required", required);
}
