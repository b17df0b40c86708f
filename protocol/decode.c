#include "protocol/message.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "protocol/flat.h"
#include "protocol/name.h"

/* What a decoded request lives on: Jansson's tree, or text. */
struct document {
    json_t *root;
    struct block *blocks; /* arrays of the lists, newest first */
    char text[];          /* as long as the frame */
};

struct block {
    struct block *next;
    max_align_t items[];
};

/* An object of a frame: parsed the short way, or by Jansson. */
struct object {
    const struct flat *flat; /* or NULL */
    const json_t *json;
};

enum value_kind {
    VALUE_ABSENT,
    VALUE_TEXT,
    VALUE_NUMBER,
    VALUE_FLAG,
    VALUE_ARRAY,
    VALUE_OBJECT,
    VALUE_OTHER
};

struct value {
    enum value_kind kind;
    const char *text;
    size_t length;      /* of a text or array */
    int64_t number;     /* of a flag: 0 or 1 */
    const json_t *json; /* of an array or object */
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

/* Jansson's own bound on depth is far above ours and costs stack, and an empty object costs it a
 * hundred times its two bytes; so brackets and commas are counted first. */
enum bulk { BULK_FINE, BULK_DEEP, BULK_MANY };

static enum bulk measure(const char *bytes, size_t length)
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
            if (++depth > JSON_DEPTH_MAX)
                return BULK_DEEP;
        } else if (byte == '}' || byte == ']') {
            depth--;
        } else if (byte == ',') {
            values++;
        }
    }
    return values > JSON_VALUES_MAX ? BULK_MANY : BULK_FINE;
}

static struct value value_of(const json_t *json)
{
    switch (json ? (int)json_typeof(json) : -1) {
    case -1:
        return (struct value){.kind = VALUE_ABSENT};
    case JSON_STRING:
        return (struct value){.kind = VALUE_TEXT,
                              .text = json_string_value(json),
                              .length = json_string_length(json)};
    case JSON_INTEGER:
        return (struct value){.kind = VALUE_NUMBER, .number = json_integer_value(json)};
    case JSON_TRUE:
    case JSON_FALSE:
        return (struct value){.kind = VALUE_FLAG, .number = json_is_true(json)};
    case JSON_ARRAY:
        return (struct value){.kind = VALUE_ARRAY, .length = json_array_size(json), .json = json};
    case JSON_OBJECT:
        return (struct value){.kind = VALUE_OBJECT, .json = json};
    default:
        return (struct value){.kind = VALUE_OTHER};
    }
}

static struct value get(const struct object *object, const char *name)
{
    static const enum value_kind kinds[] = {
        [FLAT_TEXT] = VALUE_TEXT, [FLAT_NUMBER] = VALUE_NUMBER, [FLAT_FLAG] = VALUE_FLAG};
    if (!object->flat)
        return value_of(json_object_get(object->json, name));
    const struct flat_value *flat = flat_find(object->flat, name);
    if (!flat)
        return (struct value){.kind = VALUE_ABSENT};
    return (struct value){.kind = kinds[flat->kind],
                          .text = flat->text,
                          .length = flat->length,
                          .number = flat->number};
}

static const char *kind_words(enum field_kind kind)
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

static bool decode_text(struct place *place, const struct field *field, const struct value *value,
                        const char **out)
{
    int64_t length = (int64_t)value->length;
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
    *out = value->text;
    return true;
}

static bool decode_number(struct place *place, const struct field *field, const struct value *value,
                          int64_t *out)
{
    int64_t number = value->number;
    if (number < field->min || number > field->max) {
        REFUSE(place, ERROR_bad_request, field->name,
               "is %" PRId64 "; it must be %" PRId64 " to %" PRId64 ".", number, field->min,
               field->max);
        return false;
    }
    *out = number;
    return true;
}

static bool decode_names(struct place *place, const struct field *field, const struct value *value,
                         struct message_list *out)
{
    size_t count = value->length;
    const char **names = document_memory(place->document, count, sizeof *names);
    if (!names) {
        refuse(place->refusal, ERROR_internal, NULL, NULL);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct value name = value_of(json_array_get(value->json, i));
        if (name.kind != VALUE_TEXT || name.length < 1 || name.length > ROOM_NAME_BYTES_MAX) {
            REFUSE(place, ERROR_bad_request, field->name, "must hold names only; %zu is none.", i);
            return false;
        }
        names[i] = name.text;
    }
    out->items = names;
    out->count = count;
    return true;
}

static bool decode_fields(struct place *place, enum message_type type, const struct object *object,
                          void *out);

static bool decode_list(struct place *place, const struct field *field, const struct value *value,
                        struct message_list *out)
{
    size_t count = value->length;
    size_t size = message_describe(field->record)->size;
    char *items = document_memory(place->document, count, size);
    if (!items) {
        refuse(place->refusal, ERROR_internal, NULL, NULL);
        return false;
    }
    struct place inside = *place;
    inside.list = field->name;
    for (inside.index = 0; inside.index < count; inside.index++) {
        struct object row = {.json = json_array_get(value->json, inside.index)};
        if (!json_is_object(row.json)) {
            REFUSE(place, ERROR_bad_request, field->name, "must hold objects only; %zu is none.",
                   inside.index);
            return false;
        }
        if (!decode_fields(&inside, field->record, &row, items + inside.index * size))
            return false;
    }
    out->items = items;
    out->count = count;
    return true;
}

static bool has_kind(const struct value *value, enum field_kind kind)
{
    static const enum value_kind kinds[] = {
        [FIELD_TEXT] = VALUE_TEXT,    [FIELD_NAME] = VALUE_TEXT,  [FIELD_NUMBER] = VALUE_NUMBER,
        [FIELD_FLAG] = VALUE_FLAG,    [FIELD_LIST] = VALUE_ARRAY, [FIELD_NAMES] = VALUE_ARRAY,
        [FIELD_OBJECT] = VALUE_OBJECT};
    return value->kind == kinds[kind];
}

static bool decode_value(struct place *place, const struct field *field, const struct value *value,
                         void *out)
{
    if (!has_kind(value, field->kind)) {
        REFUSE(place, ERROR_bad_request, field->name, "must be %s.", kind_words(field->kind));
        return false;
    }
    if (value->kind == VALUE_ARRAY && value->length > LIST_ITEMS_MAX) {
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
        *(bool *)out = value->number != 0;
        return true;
    case FIELD_LIST:
        return decode_list(place, field, value, out);
    case FIELD_NAMES:
        return decode_names(place, field, value, out);
    case FIELD_OBJECT:
        break;
    }
    return decode_fields(place, field->record, &(struct object){.json = value->json}, out);
}

static bool decode_fields(struct place *place, enum message_type type, const struct object *object,
                          void *out)
{
    const struct message_description *message = message_describe(type);
    for (size_t i = 0; i < message->field_count; i++) {
        const struct field *field = &message->fields[i];
        void *target = (char *)out + field->offset;
        struct value value = get(object, field->name);
        if (value.kind != VALUE_ABSENT) {
            if (!decode_value(place, field, &value, target))
                return false;
        } else if (field->required) {
            REFUSE(place, ERROR_bad_request, field->name, "is missing; it must be %s.",
                   kind_words(field->kind));
            return false;
        } else if (field->kind == FIELD_NUMBER) {
            *(int64_t *)target = NUMBER_ABSENT;
        }
    }
    return true;
}

static bool decode_ref(const struct object *object, struct ref *ref, struct refusal *refusal)
{
    struct value value = get(object, "ref");
    if (value.kind == VALUE_ABSENT)
        return true;
    if (value.kind == VALUE_TEXT && value.length >= 1 && value.length <= REF_BYTES_MAX) {
        ref->kind = REF_TEXT;
        memcpy(ref->text, value.text, value.length + 1);
        return true;
    }
    if (value.kind == VALUE_NUMBER && value.number >= -SEQ_MAX && value.number <= SEQ_MAX) {
        ref->kind = REF_NUMBER;
        ref->number = value.number;
        return true;
    }
    refuse(refusal, ERROR_bad_request, "ref",
           "ref must be a string of 1 to %d bytes or an integer.", REF_BYTES_MAX);
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

static bool decode_type(const struct object *object, enum message_type *type,
                        struct refusal *refusal)
{
    struct value value = get(object, "type");
    if (value.kind != VALUE_TEXT) {
        refuse(refusal, ERROR_bad_request, "type", "type is missing; it must be a string.");
        return false;
    }
    if (!find_type(value.text, type)) {
        refuse(refusal, ERROR_unknown_type, "type", "There is no request of type \"%.64s\".",
               value.text);
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
    json_t *root =
        json_loadb(bytes, length, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, NULL);
    const char *name;
    json_t *value;
    json_object_foreach(root, name, value)
    {
        double number = json_real_value(value);
        if (strcmp(name, "ref") == 0 && json_is_string(value)) {
            struct refusal ignored;
            (void)decode_ref(&(struct object){.json = root}, &request->ref, &ignored);
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
    switch (measure(bytes, length)) {
    case BULK_DEEP:
        refuse(refusal, ERROR_bad_json, NULL, "The frame nests deeper than %d.", JSON_DEPTH_MAX);
        return NULL;
    case BULK_MANY:
        refuse(refusal, ERROR_bad_json, NULL, "The frame holds more than %d values.",
               JSON_VALUES_MAX);
        return NULL;
    case BULK_FINE:
        break;
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

/* Parses a frame, the short way if it can be. NULL: refusal says why. flat is space for object. */
static struct document *read_frame(const char *bytes, size_t length, struct request *request,
                                   struct refusal *refusal, struct flat *flat,
                                   struct object *object)
{
    struct document *document = malloc(sizeof *document + length + 1);
    memset(request, 0, sizeof *request);
    if (!document) {
        refuse(refusal, ERROR_internal, NULL, NULL);
        return NULL;
    }
    document->root = NULL;
    document->blocks = NULL;
    *object = (struct object){0};
    if (flat_parse(bytes, length, document->text, flat))
        object->flat = flat;
    else
        object->json = document->root = parse(bytes, length, request, refusal);
    if (object->flat || object->json)
        return document;
    document_destroy(document);
    return NULL;
}

bool request_decode(const char *bytes, size_t length, struct request *request,
                    struct refusal *refusal)
{
    struct flat flat;
    struct object object;
    struct document *document = read_frame(bytes, length, request, refusal, &flat, &object);
    if (!document)
        return false;
    struct place place = {.document = document, .refusal = refusal};
    if (!decode_ref(&object, &request->ref, refusal) ||
        !decode_type(&object, &request->type, refusal) ||
        !decode_fields(&place, request->type, &object, &request->as_hello)) {
        document_destroy(document);
        return false;
    }
    request->document = document;
    return true;
}

bool request_decode_plain(const char *bytes, size_t length, struct request *request,
                          struct refusal *refusal)
{
    struct flat flat;
    struct object object;
    struct document *document = read_frame(bytes, length, request, refusal, &flat, &object);
    if (!document)
        return false;
    struct value value = get(&object, "message");
    if (value.kind != VALUE_TEXT || value.length == 0) {
        refuse(refusal, ERROR_bad_request, "message",
               "The frame must be an object like {\"message\":\"hi\"}.");
        document_destroy(document);
        return false;
    }
    request->type = REQUEST_send;
    request->as_send.text = value.text;
    request->as_send.reply_to = NUMBER_ABSENT;
    request->document = document;
    return true;
}

void request_finish(struct request *request)
{
    if (request->document)
        document_destroy(request->document);
    request->document = NULL;
}
