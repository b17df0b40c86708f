#include "protocol/message.h"

#include <string.h>

/* What encode.c would write, counted: a list is cut to the bytes that may go out before it is encoded. */

static size_t escaped_bytes(unsigned char byte)
{
    if (byte == '"' || byte == '\\')
        return 2;
    if (byte >= 0x20)
        return 1;
    return byte >= 0x08 && byte <= 0x0d && byte != 0x0b ? 2 : 6;
}

size_t json_string_bytes(const char *text)
{
    size_t bytes = 2; /* the quotes */
    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        bytes += escaped_bytes(*at);
    return bytes;
}

static size_t number_bytes(int64_t number)
{
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    size_t bytes = number < 0 ? 2 : 1;
    while (rest >= 10) {
        rest /= 10;
        bytes++;
    }
    return bytes;
}

/* So many items with commas between them, in brackets. */
static size_t brackets_bytes(size_t count)
{
    return 2 + (count > 0 ? count - 1 : 0);
}

static size_t names_bytes(const struct message_list *list)
{
    const char *const *names = list->items;
    size_t bytes = brackets_bytes(list->count);
    for (size_t i = 0; i < list->count; i++)
        bytes += json_string_bytes(names[i]);
    return bytes;
}

static size_t numbers_bytes(const struct message_list *list)
{
    const int64_t *numbers = list->items;
    size_t bytes = brackets_bytes(list->count);
    for (size_t i = 0; i < list->count; i++)
        bytes += number_bytes(numbers[i]);
    return bytes;
}

static size_t list_bytes(enum message_type type, const struct message_list *list)
{
    const char *item = list->items;
    size_t bytes = brackets_bytes(list->count);
    for (size_t i = 0; i < list->count; i++, item += message_describe(type)->size)
        bytes += message_bytes(type, item);
    return bytes;
}

static size_t value_bytes(const struct field *field, const void *value)
{
    const char *const *text = value;
    switch (field->kind) {
    case FIELD_TEXT:
    case FIELD_NAME:
        return json_string_bytes(*text ? *text : "");
    case FIELD_UID:
        return number_bytes(*(const int64_t *)value) + 2; /* and its quotes */
    case FIELD_NUMBER:
        return number_bytes(*(const int64_t *)value);
    case FIELD_FLAG:
        return *(const bool *)value ? strlen("true") : strlen("false");
    case FIELD_LIST:
        return list_bytes(field->record, value);
    case FIELD_NAMES:
        return names_bytes(value);
    case FIELD_NUMBERS:
        return numbers_bytes(value);
    case FIELD_OBJECT:
        return message_bytes(field->record, value);
    }
    return 0;
}

size_t message_bytes(enum message_type type, const void *fields)
{
    const struct message_description *message = message_describe(type);
    size_t bytes = message->opening_length + 1; /* and the closing brace */
    bool is_first = message->kind == KIND_RECORD;
    for (size_t i = 0; i < message->field_count; i++) {
        const struct field *field = &message->fields[i];
        const void *value = (const char *)fields + field->offset;
        if (field_is_absent(field, value))
            continue;
        bytes += field->key_length - is_first + value_bytes(field, value);
        is_first = false;
    }
    return bytes;
}
