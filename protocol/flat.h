/* flat.h - the short way for what nearly every frame is: one flat object with few keys and plain
 * strings, integers and flags. What it takes, Jansson would take with the same values; of anything
 * else, right or wrong, it says nothing, and Jansson decides. So it never refuses, and the fuzz
 * target "decode" holds the two together. No state, any thread. For decode.c. */
#ifndef HEARTH_PROTOCOL_FLAT_H
#define HEARTH_PROTOCOL_FLAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLAT_KEYS_MAX 16

enum flat_kind { FLAT_TEXT, FLAT_NUMBER, FLAT_FLAG };

struct flat_value {
    const char *key; /* not terminated, in the frame */
    size_t key_length;
    enum flat_kind kind;
    const char *text; /* terminated, in the text that was given */
    size_t length;
    int64_t number; /* of a flag: 0 or 1 */
};

struct flat {
    size_t count;
    uint32_t initials; /* of all keys: most fields of a message are absent, and told so by one bit */
    struct flat_value values[FLAT_KEYS_MAX];
};

/* text has room for length + 1 bytes. False: ask Jansson. */
bool flat_parse(const char *bytes, size_t length, char *text, struct flat *flat);

static inline uint32_t flat_initial(char first)
{
    return UINT32_C(1) << (first & 31);
}

/* False: it has no such key. */
static inline bool flat_may_have(const struct flat *flat, const char *key)
{
    return flat->initials & flat_initial(key[0]);
}

/* NULL if there is none. */
const struct flat_value *flat_find(const struct flat *flat, const char *key);

#endif
