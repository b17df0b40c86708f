/* copy.c - a decoded request in memory of the caller's, for one that has to wait. */
#include "protocol/message.h"

#include <string.h>

/* Where the copies come from. */
struct source {
    request_memory *take;
    void *owner;
};

static bool copy_bytes(const struct source *source, const void **bytes, size_t size)
{
    void *copy = source->take(source->owner, size);
    if (copy)
        memcpy(copy, *bytes, size);
    *bytes = copy;
    return copy != NULL;
}

static bool copy_text(const struct source *source, const char **text)
{
    const void *bytes = *text;
    bool is_whole = !bytes || copy_bytes(source, &bytes, strlen(*text) + 1);
    *text = bytes;
    return is_whole;
}

static bool copy_fields(const struct source *source, enum message_type type, void *fields);

static size_t item_size(const struct field *field)
{
    if (field->kind == FIELD_NUMBERS)
        return sizeof(int64_t);
    return field->kind == FIELD_NAMES ? sizeof(const char *)
                                      : message_describe(field->record)->size;
}

static bool copy_list(const struct source *source, const struct field *field,
                      struct message_list *list)
{
    size_t size = item_size(field);
    if (list->count == 0) {
        list->items = NULL;
        return true;
    }
    bool is_whole = copy_bytes(source, &list->items, list->count * size);
    for (size_t i = 0; is_whole && field->kind != FIELD_NUMBERS && i < list->count; i++) {
        void *item = (char *)list->items + i * size; /* the copy is ours to change */
        is_whole = field->kind == FIELD_NAMES ? copy_text(source, item)
                                              : copy_fields(source, field->record, item);
    }
    return is_whole;
}

/* fields are a copy already, but for what they point to. */
static bool copy_fields(const struct source *source, enum message_type type, void *fields)
{
    const struct message_description *message = message_describe(type);
    bool is_whole = true;
    for (size_t i = 0; is_whole && i < message->field_count; i++) {
        const struct field *field = &message->fields[i];
        void *value = (char *)fields + field->offset;
        switch (field->kind) {
        case FIELD_TEXT:
        case FIELD_NAME:
            is_whole = copy_text(source, value);
            break;
        case FIELD_LIST:
        case FIELD_NAMES:
        case FIELD_NUMBERS:
            is_whole = copy_list(source, field, value);
            break;
        case FIELD_OBJECT:
            is_whole = copy_fields(source, field->record, value);
            break;
        case FIELD_UID:
        case FIELD_NUMBER:
        case FIELD_FLAG:
            break;
        }
    }
    return is_whole;
}

bool request_copy(const struct request *from, request_memory *take, void *owner,
                  struct request *to)
{
    const struct source source = {take, owner};
    *to = *from;
    to->document = NULL;
    return copy_fields(&source, to->type, &to->as_hello);
}
