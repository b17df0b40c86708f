/* trigram.h - what the search index is made of: a text's trigrams (three characters in a row, or
 * two of a script whose words are that short, as numbers), and in which places of a block a trigram
 * occurs. Pure. */
#ifndef HEARTH_STORAGE_TRIGRAM_H
#define HEARTH_STORAGE_TRIGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRIGRAM_BITS     23
#define PLACE_BITS       9
#define BLOCK_PLACES_MAX (1 << PLACE_BITS) /* messages of a block */

/* Two different trigrams may get one number: whoever found a text by its trigrams compares the text
 * itself. */
size_t trigrams_of(const char *folded, size_t length, uint32_t *trigrams, size_t grams_max);

/* As many as a text of so many bytes can have: two a character at most, where characters have
 * three. */
#define GRAMS_OF_BYTES(bytes) (bytes)

/* The places of one trigram: a set, stored as the differences of its members. */
struct posting_list {
    uint64_t bits[BLOCK_PLACES_MAX / 64];
};
#define POSTING_LIST_BYTES_MAX (BLOCK_PLACES_MAX * 2)

static inline void posting_list_add(struct posting_list *list, unsigned place)
{
    list->bits[place / 64] |= UINT64_C(1) << place % 64;
}
static inline bool posting_list_has(const struct posting_list *list, unsigned place)
{
    return list->bits[place / 64] >> place % 64 & 1;
}
void posting_list_fill(struct posting_list *list, unsigned count);
bool posting_list_is_empty(const struct posting_list *list);

/* Keeps what is in both; keeps what is not in other. True when that changed list. */
bool posting_list_keep(struct posting_list *list, const struct posting_list *other);
bool posting_list_drop(struct posting_list *list, const struct posting_list *other);

/* bytes holds POSTING_LIST_BYTES_MAX; gives how many were used. Reading ends at the first byte that
 * makes no sense, since it may come from a damaged file. */
size_t posting_list_write(const struct posting_list *list, uint8_t *bytes);
void posting_list_read(struct posting_list *list, const uint8_t *bytes, size_t size);

/* A list of ids, in any order; cheap when they rise slowly. Reading gives how many there were. */
#define IDS_BYTES_MAX (BLOCK_PLACES_MAX * 10)
size_t ids_write(const int64_t *ids, size_t count, uint8_t *bytes);
size_t ids_read(int64_t *ids, size_t max, const uint8_t *bytes, size_t size);

#endif
