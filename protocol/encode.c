#include "protocol/message.h"

#include <string.h>

#include "protocol/eight.h"

/* On the path of every message: one pass over the field table, no allocation but the buffer's. */

#define DIGITS_MAX 20 /* of an int64_t with its sign */

static bool needs_escape(unsigned char byte)
{
    return byte < 0x20 || byte == '"' || byte == '\\';
}

/* Length of the longest start of text that can be copied as it is. */
static size_t plain_length(const char *text, size_t length)
{
    size_t i = 0;
    for (; i + 8 <= length; i += 8) {
        uint64_t found = eight_escapes(eight_load(text + i));
        if (found)
            return i + eight_first(found);
    }
    while (i < length && !needs_escape((unsigned char)text[i]))
        i++;
    return i;
}

static bool append_escape(struct buffer *buffer, unsigned char byte)
{
    static const char letters[] = "btn_fr"; /* 0x08 to 0x0d; _ has no short form */
    static const char hex[] = "0123456789abcdef";
    if (byte == '"' || byte == '\\')
        return buffer_append(buffer, (char[]){'\\', (char)byte}, 2);
    if (byte >= 0x08 && byte <= 0x0d && byte != 0x0b)
        return buffer_append(buffer, (char[]){'\\', letters[byte - 0x08]}, 2);
    return buffer_append(buffer, (char[]){'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]}, 6);
}

bool json_append_string(struct buffer *buffer, const char *text)
{
    size_t length = strlen(text);
    unsigned char *end = buffer_reserve(buffer, length + 2);
    if (!end)
        return false;
    size_t before = buffer->length;
    size_t plain = plain_length(text, length);
    end[0] = '"';
    memcpy(end + 1, text, plain);
    buffer->length += 1 + plain;
    while (plain < length) {
        if (!append_escape(buffer, (unsigned char)text[plain]))
            goto refused;
        plain++;
        size_t run = plain_length(text + plain, length - plain);
        if (!buffer_append(buffer, text + plain, run))
            goto refused;
        plain += run;
    }
    if (buffer_append(buffer, "\"", 1))
        return true;
refused:
    buffer->length = before;
    return false;
}

static bool append_number(struct buffer *buffer, int64_t number)
{
    char digits[DIGITS_MAX];
    char *start = digits + DIGITS_MAX;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        *--start = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        *--start = '-';
    return buffer_append(buffer, start, (size_t)(digits + DIGITS_MAX - start));
}

static bool append_uid(struct buffer *buffer, int64_t id)
{
    return buffer_append(buffer, "\"", 1) && append_number(buffer, id) &&
           buffer_append(buffer, "\"", 1);
}

static bool append_flag(struct buffer *buffer, bool flag)
{
    return flag ? buffer_append(buffer, "true", 4) : buffer_append(buffer, "false", 5);
}

static bool append_names(struct buffer *buffer, const struct message_list *list)
{
    const char *const *names = list->items;
    bool fits = buffer_append(buffer, "[", 1);
    for (size_t i = 0; fits && i < list->count; i++)
        fits = (i == 0 || buffer_append(buffer, ",", 1)) && json_append_string(buffer, names[i]);
    return fits && buffer_append(buffer, "]", 1);
}

static bool append_numbers(struct buffer *buffer, const struct message_list *list)
{
    const int64_t *numbers = list->items;
    bool fits = buffer_append(buffer, "[", 1);
    for (size_t i = 0; fits && i < list->count; i++)
        fits = (i == 0 || buffer_append(buffer, ",", 1)) && append_number(buffer, numbers[i]);
    return fits && buffer_append(buffer, "]", 1);
}

static bool append_fields(struct buffer *buffer, const struct message_description *message,
                          const void *fields, bool first);

static bool append_record(struct buffer *buffer, enum message_type type, const void *fields)
{
    return buffer_append(buffer, "{", 1) &&
           append_fields(buffer, message_describe(type), fields, true) &&
           buffer_append(buffer, "}", 1);
}

static bool append_list(struct buffer *buffer, enum message_type type,
                        const struct message_list *list)
{
    const char *item = list->items;
    size_t size = message_describe(type)->size;
    bool fits = buffer_append(buffer, "[", 1);
    for (size_t i = 0; fits && i < list->count; i++, item += size)
        fits = (i == 0 || buffer_append(buffer, ",", 1)) && append_record(buffer, type, item);
    return fits && buffer_append(buffer, "]", 1);
}

/* The same bytes seen as what the kind says. */
union value {
    const void *any;
    const char *const *text;
    const int64_t *number;
    const bool *flag;
    const struct message_list *list;
};

bool field_is_absent(const struct field *field, const void *bytes)
{
    union value value = {.any = bytes};
    if (field->required)
        return false;
    switch (field->kind) {
    case FIELD_TEXT:
    case FIELD_NAME:
        return !*value.text;
    case FIELD_UID:
    case FIELD_NUMBER:
        return *value.number < field->min; /* NUMBER_ABSENT, and the 0 of a zeroed struct */
    case FIELD_FLAG:
        return !*value.flag;
    case FIELD_LIST:
    case FIELD_NAMES:
    case FIELD_NUMBERS:
        return value.list->count == 0;
    case FIELD_OBJECT:
        break;
    }
    return false;
}

static bool append_value(struct buffer *buffer, const struct field *field, union value value)
{
    switch (field->kind) {
    case FIELD_TEXT:
    case FIELD_NAME:
        return json_append_string(buffer, *value.text ? *value.text : "");
    case FIELD_UID:
        return append_uid(buffer, *value.number);
    case FIELD_NUMBER:
        return append_number(buffer, *value.number);
    case FIELD_FLAG:
        return append_flag(buffer, *value.flag);
    case FIELD_LIST:
        return append_list(buffer, field->record, value.list);
    case FIELD_NAMES:
        return append_names(buffer, value.list);
    case FIELD_NUMBERS:
        return append_numbers(buffer, value.list);
    case FIELD_OBJECT:
        return append_record(buffer, field->record, value.any);
    }
    return false;
}

static bool append_fields(struct buffer *buffer, const struct message_description *message,
                          const void *fields, bool first)
{
    for (size_t i = 0; i < message->field_count; i++) {
        const struct field *field = &message->fields[i];
        union value value = {.any = (const char *)fields + field->offset};
        if (field_is_absent(field, value.any))
            continue;
        size_t comma = first ? 1 : 0;
        if (!buffer_append(buffer, field->key + comma, field->key_length - comma) ||
            !append_value(buffer, field, value))
            return false;
        first = false;
    }
    return true;
}

static bool append_ref(struct buffer *buffer, const struct ref *ref)
{
    if (!ref || ref->kind == REF_NONE)
        return true;
    return buffer_append(buffer, ",\"ref\":", 7) &&
           (ref->kind == REF_TEXT ? json_append_string(buffer, ref->text)
                                  : append_number(buffer, ref->number));
}

bool message_encode(struct buffer *buffer, enum message_type type, const struct ref *ref,
                    const void *fields)
{
    const struct message_description *message = message_describe(type);
    size_t before = buffer->length;
    bool fits = buffer_append(buffer, message->opening, message->opening_length) &&
                append_ref(buffer, ref) &&
                append_fields(buffer, message, fields, message->kind == KIND_RECORD) &&
                buffer_append(buffer, "}", 1);
    if (!fits)
        buffer->length = before;
    return fits;
}

bool error_encode(struct buffer *buffer, const char *code, const char *sentence, const char *field)
{
    size_t before = buffer->length;
    bool fits = buffer_append_text(buffer, "{\"error_code\":") &&
                json_append_string(buffer, code) && buffer_append_text(buffer, ",\"message\":") &&
                json_append_string(buffer, sentence) &&
                (!field || (buffer_append_text(buffer, ",\"field\":") &&
                            json_append_string(buffer, field))) &&
                buffer_append(buffer, "}", 1);
    if (!fits)
        buffer->length = before;
    return fits;
}
