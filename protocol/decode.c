#include "protocol/message.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "protocol/name.h"

/* What a decoded request lives on. */
struct document {
    json_t *root;
    struct block *blocks; /* arrays of the lists, newest first */
};

struct block {
    struct block *next;
    max_align_t items[];
};

/* Where decoding is, for the sentence of a refusal. */
struct place {
    struct document *document;
    struct refusal *refusal;
    const char *list; /* the list being read, or NULL */
    size_t index;     /* its row, from 0 */
};

static void document_destroy(struct document *document)
{
    while (document->blocks) {
        struct block *block = document->blocks;
        document->blocks = block->next;
        free(block);
    }
    json_decref(document->root);
    free(document);
}

static void *document_memory(struct document *document, size_t count, size_t size)
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

/* Jansson's own bound on depth is far above ours and costs stack; so brackets are counted first. */
static bool is_shallow(const char *bytes, size_t length)
{
    int depth = 0;
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
            if (++depth > JSON_DEPTH_MAX)
                return false;
        } else if (byte == '}' || byte == ']') {
            depth--;
        }
    }
    return true;
}

static const char *value_kind(enum field_kind kind)
{
    switch (kind) {
    case FIELD_TEXT:
    case FIELD_NAME:
        return "a string";
    case FIELD_NUMBER:
        return "an integer";
    case FIELD_FLAG:
        return "true or false";
    case FIELD_LIST:
    case FIELD_NAMES:
        return "an array";
    case FIELD_OBJECT:
        break;
    }
    return "an object";
}

/* "text must be ..." or "rows[3]: text must be ...". */
#define REFUSE(place, code, name, format, ...)                                                     \
    ((place)->list ? refuse((place)->refusal, code, name, "%s[%zu]: %s " format, (place)->list,    \
                            (place)->index, name, __VA_ARGS__)                                     \
                   : refuse((place)->refusal, code, name, "%s " format, name, __VA_ARGS__))

static bool decode_text(struct place *place, const struct field *field, const json_t *value,
                        const char **out)
{
    int64_t length = (int64_t)json_string_length(value);
    bool is_name = field->kind == FIELD_NAME;
    if (length < field->min) {
        REFUSE(place, is_name ? ERROR_name_invalid : ERROR_bad_request, field->name, "%s",
               "must not be empty.");
        return false;
    }
    if (length > field->max) {
        REFUSE(place, is_name ? ERROR_name_invalid : ERROR_too_long, field->name,
               "has %" PRId64 " bytes; at most %" PRId64 " are allowed.", length, field->max);
        return false;
    }
    *out = json_string_value(value);
    return true;
}

static bool decode_number(struct place *place, const struct field *field, const json_t *value,
                          int64_t *out)
{
    int64_t number = json_integer_value(value);
    if (number < field->min || number > field->max) {
        REFUSE(place, ERROR_bad_request, field->name,
               "is %" PRId64 "; it must be %" PRId64 " to %" PRId64 ".", number, field->min,
               field->max);
        return false;
    }
    *out = number;
    return true;
}

static bool decode_names(struct place *place, const struct field *field, const json_t *value,
                         struct message_list *out)
{
    size_t count = json_array_size(value);
    const char **names = document_memory(place->document, count, sizeof *names);
    if (!names) {
        refuse(place->refusal, ERROR_internal, NULL, NULL);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *name = json_array_get(value, i);
        size_t length = json_string_length(name);
        if (!json_is_string(name) || length < 1 || length > ROOM_NAME_BYTES_MAX) {
            REFUSE(place, ERROR_bad_request, field->name, "must hold names only; %zu is none.", i);
            return false;
        }
        names[i] = json_string_value(name);
    }
    out->items = names;
    out->count = count;
    return true;
}

static bool decode_fields(struct place *place, enum message_type type, const json_t *object,
                          void *out);

static bool decode_list(struct place *place, const struct field *field, const json_t *value,
                        struct message_list *out)
{
    size_t count = json_array_size(value);
    size_t size = message_describe(field->record)->size;
    char *items = document_memory(place->document, count, size);
    if (!items) {
        refuse(place->refusal, ERROR_internal, NULL, NULL);
        return false;
    }
    struct place inside = *place;
    inside.list = field->name;
    for (inside.index = 0; inside.index < count; inside.index++) {
        const json_t *row = json_array_get(value, inside.index);
        if (!json_is_object(row)) {
            REFUSE(place, ERROR_bad_request, field->name, "must hold objects only; %zu is none.",
                   inside.index);
            return false;
        }
        if (!decode_fields(&inside, field->record, row, items + inside.index * size))
            return false;
    }
    out->items = items;
    out->count = count;
    return true;
}

static bool has_kind(const json_t *value, enum field_kind kind)
{
    switch (kind) {
    case FIELD_TEXT:
    case FIELD_NAME:
        return json_is_string(value);
    case FIELD_NUMBER:
        return json_is_integer(value);
    case FIELD_FLAG:
        return json_is_boolean(value);
    case FIELD_LIST:
    case FIELD_NAMES:
        return json_is_array(value);
    case FIELD_OBJECT:
        break;
    }
    return json_is_object(value);
}

static bool decode_value(struct place *place, const struct field *field, const json_t *value,
                         void *out)
{
    if (!has_kind(value, field->kind)) {
        REFUSE(place, ERROR_bad_request, field->name, "must be %s.", value_kind(field->kind));
        return false;
    }
    if (json_is_array(value) && json_array_size(value) > LIST_ITEMS_MAX) {
        REFUSE(place, ERROR_bad_request, field->name, "may hold at most %d.", LIST_ITEMS_MAX);
        return false;
    }
    switch (field->kind) {
    case FIELD_TEXT:
    case FIELD_NAME:
        return decode_text(place, field, value, out);
    case FIELD_NUMBER:
        return decode_number(place, field, value, out);
    case FIELD_FLAG:
        *(bool *)out = json_is_true(value);
        return true;
    case FIELD_LIST:
        return decode_list(place, field, value, out);
    case FIELD_NAMES:
        return decode_names(place, field, value, out);
    case FIELD_OBJECT:
        break;
    }
    return decode_fields(place, field->record, value, out);
}

static bool decode_fields(struct place *place, enum message_type type, const json_t *object,
                          void *out)
{
    const struct message_description *message = message_describe(type);
    for (size_t i = 0; i < message->field_count; i++) {
        const struct field *field = &message->fields[i];
        void *target = (char *)out + field->offset;
        const json_t *value = json_object_get(object, field->name);
        if (value) {
            if (!decode_value(place, field, value, target))
                return false;
        } else if (field->required) {
            REFUSE(place, ERROR_bad_request, field->name, "is missing; it must be %s.",
                   value_kind(field->kind));
            return false;
        } else if (field->kind == FIELD_NUMBER) {
            *(int64_t *)target = NUMBER_ABSENT;
        }
    }
    return true;
}

static bool decode_ref(const json_t *root, struct ref *ref, struct refusal *refusal)
{
    const json_t *value = json_object_get(root, "ref");
    if (!value)
        return true;
    size_t length = json_string_length(value);
    if (json_is_string(value) && length >= 1 && length <= REF_BYTES_MAX) {
        ref->kind = REF_TEXT;
        memcpy(ref->text, json_string_value(value), length + 1);
        return true;
    }
    int64_t number = json_integer_value(value);
    if (json_is_integer(value) && number >= -SEQ_MAX && number <= SEQ_MAX) {
        ref->kind = REF_NUMBER;
        ref->number = number;
        return true;
    }
    refuse(refusal, ERROR_bad_request, "ref", "ref must be a string of 1 to %d bytes or an integer.",
           REF_BYTES_MAX);
    return false;
}

static bool find_type(const char *name, enum message_type *type)
{
    for (unsigned i = MESSAGE_none + 1; i < MESSAGE_COUNT; i++) {
        const struct message_description *message = message_describe((enum message_type)i);
        if (message->kind == KIND_REQUEST && strcmp(message->name, name) == 0) {
            *type = (enum message_type)i;
            return true;
        }
    }
    return false;
}

static bool decode_type(const json_t *root, enum message_type *type, struct refusal *refusal)
{
    const json_t *value = json_object_get(root, "type");
    if (!json_is_string(value)) {
        refuse(refusal, ERROR_bad_request, "type", "type is missing; it must be a string.");
        return false;
    }
    if (!find_type(json_string_value(value), type)) {
        refuse(refusal, ERROR_unknown_type, "type", "There is no request of type \"%.64s\".",
               json_string_value(value));
        return false;
    }
    return true;
}

/* The frame holds a number beyond 64 bits, which Jansson does not keep: says which field it is in,
 * and saves the ref. */
static void refuse_huge_number(const char *bytes, size_t length, struct request *request,
                               struct refusal *refusal)
{
    refuse(refusal, ERROR_bad_json, NULL, "The frame holds a number that is too large.");
    json_t *root = json_loadb(bytes, length, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, NULL);
    const char *name;
    json_t *value;
    json_object_foreach(root, name, value)
    {
        double number = json_real_value(value);
        if (strcmp(name, "ref") == 0 && json_is_string(value)) {
            struct refusal ignored;
            (void)decode_ref(root, &request->ref, &ignored);
        } else if (strcmp(name, "ref") == 0 && fabs(number) <= (double)SEQ_MAX &&
                   number == floor(number) && json_is_real(value)) {
            request->ref.kind = REF_NUMBER;
            request->ref.number = (int64_t)number;
        } else if (fabs(number) > (double)SEQ_MAX) {
            refuse(refusal, ERROR_bad_request, NULL, "%.32s is too large a number.", name);
        }
    }
    json_decref(root);
}

static json_t *parse(const char *bytes, size_t length, struct request *request,
                     struct refusal *refusal)
{
    if (!is_shallow(bytes, length)) {
        refuse(refusal, ERROR_bad_json, NULL, "The frame nests deeper than %d.", JSON_DEPTH_MAX);
        return NULL;
    }
    json_error_t error;
    json_t *root = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &error);
    if (!root && json_error_code(&error) == json_error_numeric_overflow) {
        refuse_huge_number(bytes, length, request, refusal);
    } else if (!root) {
        refuse(refusal, ERROR_bad_json, NULL, "The frame is not JSON, at or before byte %d.",
               error.position);
    } else if (!json_is_object(root)) {
        refuse(refusal, ERROR_bad_json, NULL, "The frame must be one JSON object.");
        json_decref(root);
        root = NULL;
    }
    return root;
}

bool request_decode(const char *bytes, size_t length, struct request *request,
                    struct refusal *refusal)
{
    memset(request, 0, sizeof *request);
    json_t *root = parse(bytes, length, request, refusal);
    if (!root)
        return false;
    struct document *document = calloc(1, sizeof *document);
    if (!document) {
        json_decref(root);
        refuse(refusal, ERROR_internal, NULL, NULL);
        return false;
    }
    document->root = root;
    struct place place = {.document = document, .refusal = refusal};
    if (!decode_ref(root, &request->ref, refusal) || !decode_type(root, &request->type, refusal) ||
        !decode_fields(&place, request->type, root, &request->as_hello)) {
        document_destroy(document);
        return false;
    }
    request->document = document;
    return true;
}

bool request_decode_plain(const char *bytes, size_t length, struct request *request,
                          struct refusal *refusal)
{
    memset(request, 0, sizeof *request);
    json_t *root = parse(bytes, length, request, refusal);
    if (!root)
        return false;
    const json_t *value = json_object_get(root, "message");
    struct document *document = json_string_length(value) ? calloc(1, sizeof *document) : NULL;
    if (!document) {
        refuse(refusal, ERROR_bad_request, "message",
               "The frame must be an object like {\"message\":\"hi\"}.");
        json_decref(root);
        return false;
    }
    document->root = root;
    request->document = document;
    request->type = REQUEST_send;
    request->as_send.text = json_string_value(value);
    request->as_send.reply_to = NUMBER_ABSENT;
    return true;
}

void request_finish(struct request *request)
{
    if (request->document)
        document_destroy(request->document);
    request->document = NULL;
}
