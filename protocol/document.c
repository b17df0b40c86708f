#include "protocol/document.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "protocol/flat.h"

/* U+0000 is let through so that the field that has it can be named. */
#define PARSE_FLAGS ((size_t)JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL)

struct block {
    struct block *next;
    max_align_t items[];
};

struct document {
    json_t *root; /* owned; NULL when flat has it */
    struct flat flat;
    const char *huge;     /* see document_huge_number */
    struct block *blocks; /* of document_memory, newest first */
    char text[];          /* of flat; as long as the frame */
};

/* Jansson's own bound on depth is far above ours and costs stack, and an empty object costs it a
 * hundred times its two bytes; so brackets and commas are counted first. */
enum bulk { BULK_FINE, BULK_DEEP, BULK_MANY };

static enum bulk measure(const char *bytes, size_t length, int depth_max, size_t values_max)
{
    int depth = 0;
    size_t values = 0;
    bool in_string = false;
    for (size_t i = 0; i < length; i++) {
        char byte = bytes[i];
        if (in_string) {
            if (byte == '\\')
                i++;
            else if (byte == '"')
                in_string = false;
        } else if (byte == '"') {
            in_string = true;
        } else if (byte == '{' || byte == '[') {
            values++;
            if (++depth > depth_max)
                return BULK_DEEP;
        } else if (byte == '}' || byte == ']') {
            depth--;
        } else if (byte == ',') {
            values++;
        }
    }
    return values > values_max ? BULK_MANY : BULK_FINE;
}

bool document_is_bounded(const char *bytes, size_t length, int depth_max, size_t values_max)
{
    return measure(bytes, length, depth_max, values_max) == BULK_FINE;
}

static bool has_fair_bulk(const char *bytes, size_t length, struct refusal *refusal)
{
    switch (measure(bytes, length, JSON_DEPTH_MAX, JSON_VALUES_MAX)) {
    case BULK_DEEP:
        refuse(refusal, ERROR_bad_json, NULL, "The frame nests deeper than %d.", JSON_DEPTH_MAX);
        return false;
    case BULK_MANY:
        refuse(refusal, ERROR_bad_json, NULL, "The frame holds more than %d values.",
               JSON_VALUES_MAX);
        return false;
    case BULK_FINE:
        break;
    }
    return true;
}

/* Jansson gives a number beyond 64 bits up, and all the frame with it. As fractions it takes them,
 * so that the ref can be saved and the field named. */
static json_t *parse_loosely(const char *bytes, size_t length, struct document *document)
{
    json_t *root =
        json_loadb(bytes, length, PARSE_FLAGS | JSON_DECODE_INT_AS_REAL, NULL);
    const char *key;
    json_t *value;
    document->huge = "A value"; /* of an object within */
    json_object_foreach(root, key, value)
    {
        if (fabs(json_real_value(value)) > (double)SEQ_MAX)
            document->huge = key;
    }
    double ref = json_real_value(json_object_get(root, "ref"));
    if (json_is_real(json_object_get(root, "ref")) && fabs(ref) <= (double)SEQ_MAX &&
        ref == floor(ref))
        json_object_set_new(root, "ref", json_integer((json_int_t)ref));
    return root;
}

static json_t *parse(const char *bytes, size_t length, struct document *document,
                     struct refusal *refusal)
{
    json_error_t error;
    if (!has_fair_bulk(bytes, length, refusal))
        return NULL;
    json_t *root = json_loadb(bytes, length, PARSE_FLAGS, &error);
    if (!root && json_error_code(&error) == json_error_numeric_overflow)
        root = parse_loosely(bytes, length, document);
    if (!root) {
        refuse(refusal, ERROR_bad_json, NULL, "The frame is not JSON, at or before byte %d.",
               error.position);
    } else if (!json_is_object(root)) {
        refuse(refusal, ERROR_bad_json, NULL, "The frame must be one JSON object.");
        json_decref(root);
        root = NULL;
    }
    return root;
}

struct document *document_parse(const char *bytes, size_t length, struct refusal *refusal)
{
    struct document *document = malloc(sizeof *document + length + 1);
    if (!document) {
        refuse(refusal, ERROR_internal, NULL, NULL);
        return NULL;
    }
    document->root = NULL;
    document->huge = NULL;
    document->blocks = NULL;
    if (flat_parse(bytes, length, document->text, &document->flat))
        return document;
    document->root = parse(bytes, length, document, refusal);
    if (document->root)
        return document;
    document_destroy(document);
    return NULL;
}

struct object document_root(const struct document *document)
{
    return (struct object){.document = document->root ? NULL : document, .json = document->root};
}

const char *document_huge_number(const struct document *document)
{
    return document->huge;
}

static struct value value_of_string(const json_t *json)
{
    struct value value = {.kind = VALUE_TEXT,
                          .text = json_string_value(json),
                          .length = json_string_length(json)};
    if (memchr(value.text, '\0', value.length))
        value.kind = VALUE_CUT_TEXT;
    return value;
}

static struct value value_of(const json_t *json)
{
    if (!json)
        return (struct value){.kind = VALUE_ABSENT};
    switch (json_typeof(json)) {
    case JSON_STRING:
        return value_of_string(json);
    case JSON_INTEGER:
        return (struct value){.kind = VALUE_NUMBER, .number = json_integer_value(json)};
    case JSON_TRUE:
    case JSON_FALSE:
        return (struct value){.kind = VALUE_FLAG, .number = json_is_true(json)};
    case JSON_ARRAY:
        return (struct value){.kind = VALUE_ARRAY, .length = json_array_size(json), .json = json};
    case JSON_OBJECT:
        return (struct value){.kind = VALUE_OBJECT, .json = json};
    case JSON_REAL:
    case JSON_NULL:
        break;
    }
    return (struct value){.kind = VALUE_OTHER};
}

static struct value value_of_flat(const struct flat_value *flat)
{
    static const enum value_kind kinds[] = {
        [FLAT_TEXT] = VALUE_TEXT, [FLAT_NUMBER] = VALUE_NUMBER, [FLAT_FLAG] = VALUE_FLAG};
    return (struct value){.kind = kinds[flat->kind],
                          .text = flat->text,
                          .length = flat->length,
                          .number = flat->number};
}

struct value object_get(const struct object *object, const char *key)
{
    const struct flat *flat = object->document ? &object->document->flat : NULL;
    const struct flat_value *value = flat && flat_may_have(flat, key) ? flat_find(flat, key) : NULL;
    if (flat)
        return value ? value_of_flat(value) : (struct value){.kind = VALUE_ABSENT};
    return value_of(json_object_get(object->json, key));
}

struct value value_item(const struct value *array, size_t index)
{
    return value_of(json_array_get(array->json, index));
}

struct object value_object(const struct value *value)
{
    return (struct object){.json = value->json};
}

void *document_memory(struct document *document, size_t count, size_t size)
{
    if (size > 0 && count > (SIZE_MAX - sizeof(struct block)) / size)
        return NULL;
    struct block *block = calloc(1, sizeof *block + count * size);
    if (!block)
        return NULL;
    block->next = document->blocks;
    document->blocks = block;
    return block->items;
}

void document_destroy(struct document *document)
{
    while (document->blocks) {
        struct block *block = document->blocks;
        document->blocks = block->next;
        free(block);
    }
    json_decref(document->root);
    free(document);
}
