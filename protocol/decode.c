#include "protocol/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "protocol/document.h"
#include "protocol/name.h"
#include "protocol/text.h"

#define UID_DIGITS_MAX 18 /* fit an int64_t whatever they are */

/* Where decoding is, for the sentence of a refusal. */
struct place {
    struct document *document;
    struct refusal *refusal;
    const char *list; /* the list being read, or NULL */
    size_t index;     /* its row, from 0 */
};

static const char *kind_words(enum field_kind kind)
{
    switch (kind) {
    case FIELD_TEXT:
    case FIELD_NAME:
    case FIELD_UID:
        return "a string";
    case FIELD_NUMBER:
        return "an integer";
    case FIELD_FLAG:
        return "true or false";
    case FIELD_LIST:
    case FIELD_NAMES:
    case FIELD_NUMBERS:
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

/* Prose as it is kept; NULL without memory. */
static const char *unify_line_ends(struct document *document, const struct value *value)
{
    if (!memchr(value->text, '\r', value->length))
        return value->text;
    char *text = document_memory(document, value->length + 1, 1);
    if (!text)
        return NULL;
    memcpy(text, value->text, value->length + 1);
    text_unify_line_ends(text);
    return text;
}

/* False when text holds control characters that the field may not have. */
static bool check_controls(struct place *place, const struct field *field, const char *text)
{
    if (field->kind != FIELD_TEXT || field->holds == HOLDS_VALUE)
        return true;
    bool is_prose = field->holds == HOLDS_PROSE;
    if (text_is_clean(text, is_prose ? TEXT_PROSE : TEXT_LINE))
        return true;
    REFUSE(place, ERROR_bad_request, field->name, "%s",
           is_prose ? "may not hold control characters but line feeds and tabs."
                    : "may not hold control characters.");
    return false;
}

/* "public, private or direct" */
static void list_words(enum vocabulary_id words, char *out, size_t size)
{
    size_t length = 0;
    const char *before = "";
    out[0] = '\0';
    for (int i = 0, last = vocabulary_count(words) - 1; i <= last; i++) {
        const char *word = word_of(words, i);
        if (!word || length >= size)
            continue;
        length += (size_t)snprintf(out + length, size - length, "%s%s", before, word);
        before = i + 1 == last ? " or " : ", ";
    }
}

static bool check_word(struct place *place, const struct field *field, const char *text)
{
    char list[128];
    if (field->words == WORDS_none || word_find(field->words, text) >= 0)
        return true;
    list_words(field->words, list, sizeof list);
    REFUSE(place, ERROR_bad_request, field->name, "must be %s.", list);
    return false;
}

static bool decode_text(struct place *place, const struct field *field, const struct value *value,
                        const char **out)
{
    const char *text = field->holds == HOLDS_PROSE ? unify_line_ends(place->document, value)
                                                   : value->text;
    if (!text) {
        refuse(place->refusal, ERROR_internal, NULL, NULL);
        return false;
    }
    int64_t length = text == value->text ? (int64_t)value->length : (int64_t)strlen(text);
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
    *out = text;
    return check_controls(place, field, text) && check_word(place, field, text);
}

/* As append_uid writes it; another text is nobody's. */
static bool decode_uid(struct place *place, const struct field *field, const struct value *value,
                       int64_t *out)
{
    const char *text;
    if (!decode_text(place, field, value, &text))
        return false;
    size_t length = strspn(text, "0123456789");
    bool is_ours = text[length] == '\0' && length <= UID_DIGITS_MAX && text[0] != '0';
    *out = 0;
    for (size_t i = 0; is_ours && i < length; i++)
        *out = *out * 10 + (text[i] - '0');
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
        struct value name = value_item(value, i);
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

static bool decode_numbers(struct place *place, const struct field *field,
                           const struct value *value, struct message_list *out)
{
    size_t count = value->length;
    int64_t *numbers = document_memory(place->document, count, sizeof *numbers);
    if (!numbers) {
        refuse(place->refusal, ERROR_internal, NULL, NULL);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct value number = value_item(value, i);
        if (number.kind != VALUE_NUMBER) {
            REFUSE(place, ERROR_bad_request, field->name, "must hold integers only; %zu is none.", i);
            return false;
        }
        if (!decode_number(place, field, &number, &numbers[i]))
            return false;
    }
    out->items = numbers;
    out->count = count;
    return true;
}

static bool decode_fields(struct place *place, enum message_type type, const struct object *object,
                          void *out);
static bool decode_value(struct place *place, const struct field *field, const struct value *value,
                         void *out);

/* Whether a record may be said as a string, its first field: the others are texts that may be absent. */
static bool may_be_short(const struct message_description *record)
{
    for (size_t i = 0; i < record->field_count; i++)
        if (record->fields[i].kind != FIELD_TEXT || record->fields[i].required != (i == 0))
            return false;
    return true;
}

static bool decode_item(struct place *place, const struct field *list, const struct value *item,
                        char *out)
{
    const struct message_description *record = message_describe(list->record);
    struct object object = value_object(item);
    if (item->kind == VALUE_OBJECT)
        return decode_fields(place, list->record, &object, out);
    if (item->kind == VALUE_TEXT && may_be_short(record))
        return decode_value(place, &record->fields[0], item, out + record->fields[0].offset);
    struct place outside = *place;
    outside.list = NULL;
    REFUSE(&outside, ERROR_bad_request, list->name, "must hold objects only; %zu is none.", place->index);
    return false;
}

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
        struct value row = value_item(value, inside.index);
        if (!decode_item(&inside, field, &row, items + inside.index * size))
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
        [FIELD_OBJECT] = VALUE_OBJECT, [FIELD_NUMBERS] = VALUE_ARRAY,
        [FIELD_UID] = VALUE_TEXT};
    return value->kind == kinds[kind];
}

static bool decode_value(struct place *place, const struct field *field, const struct value *value,
                         void *out)
{
    if (value->kind == VALUE_CUT_TEXT) {
        REFUSE(place, field->kind == FIELD_NAME ? ERROR_name_invalid : ERROR_bad_request,
               field->name, "%s", "may not hold U+0000.");
        return false;
    }
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
    case FIELD_UID:
        return decode_uid(place, field, value, out);
    case FIELD_NUMBER:
        return decode_number(place, field, value, out);
    case FIELD_FLAG:
        *(bool *)out = value->number != 0;
        return true;
    case FIELD_LIST:
        return decode_list(place, field, value, out);
    case FIELD_NAMES:
        return decode_names(place, field, value, out);
    case FIELD_NUMBERS:
        return decode_numbers(place, field, value, out);
    case FIELD_OBJECT:
        break;
    }
    struct object object = value_object(value);
    return decode_fields(place, field->record, &object, out);
}

static bool decode_fields(struct place *place, enum message_type type, const struct object *object,
                          void *out)
{
    const struct message_description *message = message_describe(type);
    for (size_t i = 0; i < message->field_count; i++) {
        const struct field *field = &message->fields[i];
        void *target = (char *)out + field->offset;
        struct value value = object_get(object, field->name);
        if (value.kind != VALUE_ABSENT) {
            if (!decode_value(place, field, &value, target))
                return false;
        } else if (field->required) {
            REFUSE(place, ERROR_bad_request, field->name, "is missing; it must be %s.",
                   kind_words(field->kind));
            return false;
        } else if (field->kind == FIELD_NUMBER || field->kind == FIELD_UID) {
            *(int64_t *)target = NUMBER_ABSENT;
        }
    }
    return true;
}

static bool decode_ref(const struct object *object, struct ref *ref, struct refusal *refusal)
{
    struct value value = object_get(object, "ref");
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
        if (message->name[0] == name[0] && message->kind == KIND_REQUEST &&
            strcmp(message->name, name) == 0) {
            *type = (enum message_type)i;
            return true;
        }
    }
    return false;
}

static bool decode_type(const struct object *object, enum message_type *type,
                        struct refusal *refusal)
{
    struct value value = object_get(object, "type");
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

/* Reads the frame and its ref. NULL: refusal says why. */
static struct document *read_frame(const char *bytes, size_t length, struct request *request,
                                   struct object *root, struct refusal *refusal)
{
    memset(request, 0, sizeof *request);
    struct document *document = document_parse(bytes, length, refusal);
    if (!document)
        return NULL;
    *root = document_root(document);
    const char *huge = document_huge_number(document);
    bool fine = decode_ref(root, &request->ref, refusal) && !huge;
    if (huge)
        refuse(refusal, ERROR_bad_request, NULL, "%.32s is too large a number.", huge);
    if (fine)
        return document;
    document_destroy(document);
    return NULL;
}

bool request_decode(const char *bytes, size_t length, struct request *request,
                    struct refusal *refusal)
{
    struct object root;
    struct document *document = read_frame(bytes, length, request, &root, refusal);
    if (!document)
        return false;
    struct place place = {.document = document, .refusal = refusal};
    if (!decode_type(&root, &request->type, refusal) ||
        !decode_fields(&place, request->type, &root, &request->as_hello)) {
        document_destroy(document);
        return false;
    }
    request->document = document;
    return true;
}

/* The text of a plain frame, by the rules of a send's. */
static bool decode_plain_text(struct document *document, const struct value *value,
                              const char **text, struct refusal *refusal)
{
    static const struct field field = {.name = "message",
                                       .kind = FIELD_TEXT,
                                       .min = 1,
                                       .max = INT64_MAX, /* limits.text_bytes is checked later */
                                       .holds = HOLDS_PROSE};
    struct place place = {.document = document, .refusal = refusal};
    if (value->kind == VALUE_CUT_TEXT || (value->kind == VALUE_TEXT && value->length > 0))
        return decode_value(&place, &field, value, text);
    refuse(refusal, ERROR_bad_request, "message",
           "The frame must be an object like {\"message\":\"hi\"}.");
    return false;
}

bool request_decode_plain(const char *bytes, size_t length, struct request *request,
                          struct refusal *refusal)
{
    struct object root;
    const char *text = NULL;
    struct document *document = read_frame(bytes, length, request, &root, refusal);
    if (!document)
        return false;
    struct value value = object_get(&root, "message");
    if (!decode_plain_text(document, &value, &text, refusal)) {
        document_destroy(document);
        return false;
    }
    request->type = REQUEST_send;
    request->as_send.text = text;
    request->as_send.reply_to = request->as_send.since = NUMBER_ABSENT;
    request->document = document;
    return true;
}

void request_finish(struct request *request)
{
    if (request->document)
        document_destroy(request->document);
    request->document = NULL;
}
