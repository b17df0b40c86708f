#include "storage/search/trigram.h"

#include <string.h>

/* One character of UTF-8; a byte that is none counts as a character of its own. */
static uint32_t next_character(const char *text, size_t length, size_t *at)
{
    const unsigned char *bytes = (const unsigned char *)text + *at;
    size_t left = length - *at;
    size_t size = bytes[0] < 0xc0 ? 1 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
    uint32_t character = bytes[0];
    if (size > left)
        size = 1;
    for (size_t i = 1; i < size; i++)
        character = character << 8 | bytes[i];
    *at += size;
    return character;
}

/* From the Hangul and CJK blocks on (U+1100 to U+11FF, and from U+2E80), two characters often make
 * a word, so pairs of them are trigrams too. Characters are compared as their UTF-8 bytes. */
static bool is_dense(uint32_t character)
{
    return (character >= 0xe18480 && character <= 0xe187bf) || character >= 0xe2ba80;
}

static uint32_t trigram_number(uint32_t a, uint32_t b, uint32_t c)
{
    uint64_t mixed = a * UINT64_C(0x9e3779b97f4a7c15) + b;
    mixed = (mixed ^ mixed >> 29) * UINT64_C(0xbf58476d1ce4e5b9) + c;
    mixed = (mixed ^ mixed >> 32) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(mixed >> (64 - TRIGRAM_BITS));
}

size_t trigrams_of(const char *folded, size_t length, uint32_t *trigrams, size_t grams_max)
{
    size_t count = 0;
    uint32_t older = ' ', old = ' ';
    for (size_t at = 0; at < length;) {
        uint32_t here = next_character(folded, length, &at);
        if (here != ' ' && old != ' ') {
            if (is_dense(here) && is_dense(old) && count < grams_max)
                trigrams[count++] = trigram_number(old, here, 0);
            if (older != ' ' && count < grams_max)
                trigrams[count++] = trigram_number(older, old, here);
        }
        older = old;
        old = here;
    }
    return count;
}

void posting_list_fill(struct posting_list *list, unsigned count)
{
    memset(list, 0, sizeof *list);
    for (unsigned place = 0; place < count; place++)
        posting_list_add(list, place);
}

bool posting_list_is_empty(const struct posting_list *list)
{
    uint64_t any = 0;
    for (size_t i = 0; i < BLOCK_PLACES_MAX / 64; i++)
        any |= list->bits[i];
    return any == 0;
}

bool posting_list_keep(struct posting_list *list, const struct posting_list *other)
{
    uint64_t lost = 0;
    for (size_t i = 0; i < BLOCK_PLACES_MAX / 64; i++) {
        lost |= list->bits[i] & ~other->bits[i];
        list->bits[i] &= other->bits[i];
    }
    return lost != 0;
}

bool posting_list_drop(struct posting_list *list, const struct posting_list *other)
{
    uint64_t lost = 0;
    for (size_t i = 0; i < BLOCK_PLACES_MAX / 64; i++) {
        lost |= list->bits[i] & other->bits[i];
        list->bits[i] &= ~other->bits[i];
    }
    return lost != 0;
}

/* Seven bits a byte, the lowest first; the highest bit says that more follow. */
static size_t number_write(uint64_t number, uint8_t *bytes)
{
    size_t size = 0;
    for (; number >= 0x80; number >>= 7)
        bytes[size++] = (uint8_t)(number | 0x80);
    bytes[size++] = (uint8_t)number;
    return size;
}

static size_t number_read(uint64_t *number, const uint8_t *bytes, size_t size)
{
    *number = 0;
    for (size_t i = 0; i < size && i < 10; i++) {
        *number |= (uint64_t)(bytes[i] & 0x7f) << 7 * i;
        if (bytes[i] < 0x80)
            return i + 1;
    }
    return 0;
}

size_t posting_list_write(const struct posting_list *list, uint8_t *bytes)
{
    size_t size = 0;
    unsigned next = 0;
    for (unsigned i = 0; i < BLOCK_PLACES_MAX / 64; i++)
        for (uint64_t left = list->bits[i]; left; left &= left - 1) {
            unsigned place = i * 64 + (unsigned)__builtin_ctzll(left);
            size += number_write(place - next, bytes + size);
            next = place + 1;
        }
    return size;
}

void posting_list_read(struct posting_list *list, const uint8_t *bytes, size_t size)
{
    memset(list, 0, sizeof *list);
    uint64_t place = 0, step;
    for (size_t at = 0, used; at < size; at += used, place++) {
        used = number_read(&step, bytes + at, size - at);
        if (used == 0 || step >= BLOCK_PLACES_MAX || place + step >= BLOCK_PLACES_MAX)
            return;
        place += step;
        posting_list_add(list, (unsigned)place);
    }
}

void posting_row_init(struct posting_row *row, uint32_t first)
{
    row->first = row->last = first;
    row->size = 0;
}

/* Its distance from the trigram before, how many bytes its places take, and these. */
bool posting_row_add(struct posting_row *row, uint32_t trigram, const struct posting_list *list)
{
    uint8_t head[20], places[POSTING_LIST_BYTES_MAX];
    size_t size = posting_list_write(list, places);
    size_t head_size = number_write(trigram - row->last, head);
    head_size += number_write(size, head + head_size);
    if (row->size > 0 && row->size + head_size + size > POSTING_ROW_BYTES)
        return false;
    memcpy(row->bytes + row->size, head, head_size);
    memcpy(row->bytes + row->size + head_size, places, size);
    row->size += head_size + size;
    row->last = trigram;
    return true;
}

/* The rest of a row. trigram is the one that was read last; its places are borrowed. */
struct row_rest {
    const uint8_t *bytes, *places;
    size_t left, places_size;
    uint32_t trigram;
};

static bool read_next(struct row_rest *rest)
{
    uint64_t step, size;
    size_t used = number_read(&step, rest->bytes, rest->left);
    size_t more = used ? number_read(&size, rest->bytes + used, rest->left - used) : 0;
    if (more == 0 || step >> TRIGRAM_BITS || size > rest->left - used - more)
        return false;
    rest->trigram += (uint32_t)step;
    rest->places = rest->bytes + used + more;
    rest->places_size = (size_t)size;
    rest->bytes = rest->places + size;
    rest->left -= used + more + (size_t)size;
    return true;
}

void posting_row_find(const uint8_t *bytes, size_t size, uint32_t first, uint32_t trigram,
                      struct posting_list *list)
{
    struct row_rest rest = {.bytes = bytes, .left = size, .trigram = first};
    memset(list, 0, sizeof *list);
    while (read_next(&rest) && rest.trigram <= trigram)
        if (rest.trigram == trigram)
            posting_list_read(list, rest.places, rest.places_size);
}

bool posting_row_drop(const uint8_t *bytes, size_t size, uint32_t first,
                      const struct posting_list *gone, struct posting_row *kept)
{
    struct row_rest rest = {.bytes = bytes, .left = size, .trigram = first};
    bool has_changed = false;
    posting_row_init(kept, first);
    while (read_next(&rest)) {
        struct posting_list list;
        posting_list_read(&list, rest.places, rest.places_size);
        has_changed |= posting_list_drop(&list, gone);
        if (!posting_list_is_empty(&list) && !posting_row_add(kept, rest.trigram, &list))
            break; /* of a damaged file: no row that was written takes more than it did */
    }
    return has_changed;
}

size_t ids_write(const int64_t *ids, size_t count, uint8_t *bytes)
{
    size_t size = 0;
    uint64_t before = 0;
    for (size_t i = 0; i < count; i++) {
        size += number_write((uint64_t)ids[i] - before, bytes + size);
        before = (uint64_t)ids[i];
    }
    return size;
}

size_t ids_read(int64_t *ids, size_t max, const uint8_t *bytes, size_t size)
{
    size_t count = 0;
    uint64_t before = 0, step;
    for (size_t at = 0, used; at < size && count < max; at += used) {
        used = number_read(&step, bytes + at, size - at);
        if (used == 0)
            return count;
        before += step;
        ids[count++] = (int64_t)before;
    }
    return count;
}
