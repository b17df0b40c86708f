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

/* A row of the index: the places of several trigrams of a block, ascending. A row costs more to store
 * than what is in it, and a block has thousands of trigrams, most of them in few places. */
#define POSTING_ROW_BYTES     490 /* unless one list is longer: two such rows fill a page */
#define POSTING_ROW_BYTES_MAX (POSTING_ROW_BYTES + 10 + POSTING_LIST_BYTES_MAX)
struct posting_row {
    uint32_t first, last; /* the row's number: no trigram in it is less; and the newest */
    size_t size;
    uint8_t bytes[POSTING_ROW_BYTES_MAX];
};
void posting_row_init(struct posting_row *row, uint32_t first);

/* trigram is beyond those that are there. False: the row is full; an empty one never is. */
bool posting_row_add(struct posting_row *row, uint32_t trigram, const struct posting_list *list);

/* What a row of so many bytes, whose first trigram is first, says of trigram: no places when it is not
 * there. As with a list, reading ends where it makes no sense. */
void posting_row_find(const uint8_t *bytes, size_t size, uint32_t first, uint32_t trigram,
                      struct posting_list *list);

/* Gives the row without these places; size is 0 when nothing is left. True when that changed it. */
bool posting_row_drop(const uint8_t *bytes, size_t size, uint32_t first,
                      const struct posting_list *gone, struct posting_row *kept);

/* A list of ids, in any order; cheap when they rise slowly. Reading gives how many there were. */
#define IDS_BYTES_MAX (BLOCK_PLACES_MAX * 10)
size_t ids_write(const int64_t *ids, size_t count, uint8_t *bytes);
size_t ids_read(int64_t *ids, size_t max, const uint8_t *bytes, size_t size);

#endif
