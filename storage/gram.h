/* gram.h - what the search index is made of: a text's grams (three characters in a row, or two of a
 * script whose words are that short, as numbers), and in which places of a block a gram occurs.
 * Pure. */
#ifndef HEARTH_STORAGE_GRAM_H
#define HEARTH_STORAGE_GRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GRAM_BITS  23
#define PLACE_BITS 9
#define PLACES_MAX (1 << PLACE_BITS) /* messages of a block */

/* Two different grams may get one number: whoever found a text by its grams compares the text
 * itself. */
size_t grams_of(const char *folded, size_t length, uint32_t *grams, size_t grams_max);

/* As many as a text of so many bytes can have: two a character at most, where characters have
 * three. */
#define GRAMS_OF_BYTES(bytes) (bytes)

/* The places of one gram: a set, stored as the differences of its members. */
struct places {
    uint64_t bits[PLACES_MAX / 64];
};
#define PLACES_BYTES_MAX (PLACES_MAX * 2)

static inline void places_add(struct places *places, unsigned place)
{
    places->bits[place / 64] |= UINT64_C(1) << place % 64;
}
static inline bool places_have(const struct places *places, unsigned place)
{
    return places->bits[place / 64] >> place % 64 & 1;
}
void places_fill(struct places *places, unsigned count);
bool places_are_empty(const struct places *places);

/* Keeps what is in both; keeps what is not in other. True when that changed places. */
bool places_keep(struct places *places, const struct places *other);
bool places_drop(struct places *places, const struct places *other);

/* bytes holds PLACES_BYTES_MAX; gives how many were used. Reading ends at the first byte that makes
 * no sense, since it may come from a damaged file. */
size_t places_write(const struct places *places, uint8_t *bytes);
void places_read(struct places *places, const uint8_t *bytes, size_t size);

/* A list of ids, in any order; cheap when they rise slowly. Reading gives how many there were. */
#define IDS_BYTES_MAX (PLACES_MAX * 10)
size_t ids_write(const int64_t *ids, size_t count, uint8_t *bytes);
size_t ids_read(int64_t *ids, size_t max, const uint8_t *bytes, size_t size);

#endif
