/* document.h - a frame as JSON: objects and their values, parsed the short way (flat.h) or by
 * Jansson. Strict: one object, no key twice, bounded in depth and number of values. For decode.c.
 * No state, any thread. */
#ifndef HEARTH_PROTOCOL_DOCUMENT_H
#define HEARTH_PROTOCOL_DOCUMENT_H

#include "protocol/message.h"

struct document;

enum value_kind {
    VALUE_ABSENT,
    VALUE_TEXT,
    VALUE_CUT_TEXT, /* a string with U+0000 in it */
    VALUE_NUMBER,
    VALUE_FLAG,
    VALUE_ARRAY,
    VALUE_OBJECT,
    VALUE_OTHER /* null, a fraction */
};

/* Borrowed from the document. */
struct value {
    enum value_kind kind;
    const char *text; /* of a text, NUL-terminated */
    size_t length;    /* of a text in bytes, of an array in values */
    int64_t number;   /* of a flag: 0 or 1 */
    const void *json; /* of an array or object */
};

/* What the fields of a message are read from: the whole frame, or an object in it. */
struct object {
    const struct document *document; /* the frame was parsed the short way; or NULL */
    const void *json;
};

/* Whether what may be JSON nests at most so deep and holds at most about so many values. */
bool document_is_bounded(const char *bytes, size_t length, int depth_max, size_t values_max);

/* NULL: refusal says why. A number beyond 64 bits does not end it: see document_huge_number. */
struct document *document_parse(const char *bytes, size_t length, struct refusal *refusal);
struct object document_root(const struct document *document);

/* The first key of the frame whose number is beyond 64 bits: then the document is good for the ref
 * only. Else NULL. */
const char *document_huge_number(const struct document *document);

struct value object_get(const struct object *object, const char *key);
struct value value_item(const struct value *array, size_t index);
struct object value_object(const struct value *value);

/* count zeroed items of size bytes, for as long as the document lives. NULL without memory. */
void *document_memory(struct document *document, size_t count, size_t size);

void document_destroy(struct document *document);

#endif
