/* What the short way takes, Jansson takes with the same keys and values. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "protocol/flat.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void demand(bool truth)
{
    if (!truth)
        abort();
}

static void demand_same(const struct flat_value *value, const json_t *json)
{
    if (value->kind == FLAT_TEXT) {
        demand(json_is_string(json) && json_string_length(json) == value->length);
        demand(memcmp(json_string_value(json), value->text, value->length + 1) == 0);
    } else if (value->kind == FLAT_NUMBER) {
        demand(json_is_integer(json) && json_integer_value(json) == value->number);
    } else {
        demand(json_is_boolean(json) && json_is_true(json) == (value->number == 1));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct flat flat;
    char *text = malloc(length + 1);
    if (text && flat_parse((const char *)bytes, length, text, &flat)) {
        json_t *root = json_loadb((const char *)bytes, length, JSON_REJECT_DUPLICATES, NULL);
        demand(json_is_object(root) && json_object_size(root) == flat.count);
        for (size_t i = 0; i < flat.count; i++) {
            char key[256];
            size_t key_length = flat.values[i].key_length;
            if (key_length >= sizeof key)
                continue;
            memcpy(key, flat.values[i].key, key_length);
            key[key_length] = '\0';
            demand(flat_find(&flat, key) == &flat.values[i]);
            demand_same(&flat.values[i], json_object_get(root, key));
        }
        json_decref(root);
    }
    free(text);
    return 0;
}
