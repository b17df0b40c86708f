#include "storage/btree.h"

#include <stdlib.h>
#include <string.h>

enum {
    INTERIOR_HEADER_BYTES = 12,
    LEAF_HEADER_BYTES = 8,
    VARINT_BYTES_MAX = 9,
    CELL_BYTES_MIN = 3
};

/* A part of a page or of a row that is read from its beginning. */
struct span {
    const uint8_t *bytes;
    size_t left;
};

bool btree_init(struct btree *btree, const struct pages *pages)
{
    *btree = (struct btree){.pages = pages,
                            .page = malloc(pages->page_bytes),
                            .overflow = malloc(pages->page_bytes),
                            .payload = malloc(BTREE_ROW_BYTES_MAX)};
    if (btree->page && btree->overflow && btree->payload)
        return true;
    btree_finish(btree);
    return false;
}

void btree_finish(struct btree *btree)
{
    free(btree->page);
    free(btree->overflow);
    free(btree->payload);
    *btree = (struct btree){.pages = NULL};
}

static bool is_interior(enum btree_kind kind)
{
    return kind == BTREE_INDEX_INTERIOR || kind == BTREE_TABLE_INTERIOR;
}

/* --- a page ------------------------------------------------------------------------------------- */

static enum btree_kind kind_of(uint8_t byte)
{
    switch (byte) {
    case BTREE_INDEX_INTERIOR:
    case BTREE_TABLE_INTERIOR:
    case BTREE_INDEX_LEAF:
    case BTREE_TABLE_LEAF:
        return (enum btree_kind)byte;
    default:
        return BTREE_NONE;
    }
}

static uint32_t header_bytes(const struct btree *btree)
{
    return is_interior(btree->kind) ? INTERIOR_HEADER_BYTES : LEAF_HEADER_BYTES;
}

bool btree_read(struct btree *btree, uint32_t number)
{
    btree->number = number;
    btree->kind = BTREE_NONE;
    btree->cells = 0;
    btree->header = number == 1 ? PAGES_HEADER_BYTES : 0;
    if (!pages_read(btree->pages, number, btree->page))
        return false;
    btree->kind = kind_of(btree->page[btree->header]);
    if (btree->kind == BTREE_NONE)
        return true;
    uint32_t cells = pages_number16(btree->page + btree->header + 3);
    if (btree->header + header_bytes(btree) + cells * (2 + CELL_BYTES_MIN) > btree->pages->page_bytes)
        btree->kind = BTREE_NONE;
    else
        btree->cells = (int)cells;
    return true;
}

/* From the cell to the end of the page; empty when the cell lies outside. */
static struct span cell_span(const struct btree *btree, int cell)
{
    uint32_t pointers = btree->header + header_bytes(btree);
    uint32_t at = pages_number16(btree->page + pointers + (uint32_t)cell * 2);
    if (at < pointers + (uint32_t)btree->cells * 2 || at >= btree->pages->page_bytes)
        return (struct span){btree->page, 0};
    return (struct span){btree->page + at, btree->pages->page_bytes - at};
}

uint32_t btree_child(const struct btree *btree, int cell)
{
    if (!is_interior(btree->kind) || cell > btree->cells)
        return 0;
    struct span span = {btree->page + btree->header + 8, 4};
    if (cell < btree->cells)
        span = cell_span(btree, cell);
    uint32_t child = span.left >= 4 ? pages_number32(span.bytes) : 0;
    return child <= btree->pages->count ? child : 0;
}

/* --- a row -------------------------------------------------------------------------------------- */

static bool take(struct span *span, size_t size, struct span *taken)
{
    if (size > span->left)
        return false;
    *taken = (struct span){span->bytes, size};
    span->bytes += size;
    span->left -= size;
    return true;
}

static bool take_varint(struct span *span, uint64_t *number)
{
    *number = 0;
    for (int i = 0; i < VARINT_BYTES_MAX; i++) {
        struct span byte;
        if (!take(span, 1, &byte))
            return false;
        if (i == VARINT_BYTES_MAX - 1) {
            *number = *number << 8 | byte.bytes[0];
            return true;
        }
        *number = *number << 7 | (byte.bytes[0] & 0x7f);
        if (!(byte.bytes[0] & 0x80))
            return true;
    }
    return false;
}

/* How much of a row lies on its page; the rest follows on pages of its own. */
static size_t local_bytes(const struct btree *btree, size_t size)
{
    size_t usable = btree->pages->page_bytes;
    size_t most = btree->kind == BTREE_TABLE_LEAF ? usable - 35 : (usable - 12) * 64 / 255 - 23;
    size_t least = (usable - 12) * 32 / 255 - 23;
    if (size <= most)
        return size;
    size_t local = least + (size - least) % (usable - 4);
    return local <= most ? local : least;
}

static bool read_overflow(struct btree *btree, uint32_t number, size_t at, size_t size)
{
    size_t usable = btree->pages->page_bytes - 4;
    while (at < size) {
        if (!pages_read(btree->pages, number, btree->overflow))
            return false;
        size_t part = size - at < usable ? size - at : usable;
        memcpy(btree->payload + at, btree->overflow + 4, part);
        number = pages_number32(btree->overflow);
        at += part;
    }
    return number == 0; /* the last of them: else the chain is not that of this row */
}

static bool read_payload(struct btree *btree, struct span span, size_t size)
{
    struct span part, next;
    size_t local = local_bytes(btree, size);
    if (!take(&span, local, &part))
        return false;
    memcpy(btree->payload, part.bytes, local);
    return local == size || (take(&span, 4, &next) &&
                             read_overflow(btree, pages_number32(next.bytes), local, size));
}

static size_t value_bytes(uint64_t type)
{
    static const size_t sizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, SIZE_MAX, SIZE_MAX};
    if (type < sizeof sizes / sizeof *sizes)
        return sizes[type];
    return type < SIZE_MAX ? (size_t)(type - 12) / 2 : SIZE_MAX;
}

static int64_t integer_of(struct span span)
{
    uint64_t number = span.left && (span.bytes[0] & 0x80) ? UINT64_MAX : 0;
    for (size_t i = 0; i < span.left; i++)
        number = number << 8 | span.bytes[i];
    return (int64_t)number;
}

static struct btree_value value_of(uint64_t type, struct span span)
{
    struct btree_value value = {.type = BTREE_INTEGER, .bytes = span.bytes, .size = span.left};
    if (type == 0) {
        value.type = BTREE_NULL;
    } else if (type == 7) {
        int64_t bits = integer_of(span);
        value.type = BTREE_REAL;
        memcpy(&value.real, &bits, sizeof value.real);
    } else if (type >= 12) {
        value.type = type % 2 ? BTREE_TEXT : BTREE_BLOB;
    } else {
        value.integer = type == 9 ? 1 : integer_of(span);
    }
    return value;
}

/* "Record Format": the types of all values, then the values. */
static bool read_values(const struct btree *btree, size_t size, struct btree_row *row)
{
    struct span types = {btree->payload, size}, values, header;
    uint64_t header_size, type;
    row->count = 0;
    if (!take_varint(&types, &header_size) || header_size > size)
        return false;
    values = (struct span){btree->payload + header_size, size - (size_t)header_size};
    header = (struct span){types.bytes, (size_t)(btree->payload + header_size - types.bytes)};
    if (types.bytes > btree->payload + header_size)
        return false;
    while (header.left > 0 && row->count < BTREE_VALUES_MAX) {
        struct span value;
        if (!take_varint(&header, &type) || !take(&values, value_bytes(type), &value))
            return false;
        row->values[row->count++] = value_of(type, value);
    }
    return header.left == 0 && values.left == 0;
}

bool btree_read_key(const struct btree *btree, int cell, int64_t *key)
{
    uint64_t size, number;
    if (btree->kind != BTREE_TABLE_LEAF || cell >= btree->cells)
        return false;
    struct span span = cell_span(btree, cell);
    if (!take_varint(&span, &size) || !take_varint(&span, &number))
        return false;
    *key = (int64_t)number;
    return true;
}

bool btree_read_row(struct btree *btree, int cell, struct btree_row *row)
{
    struct span span, child;
    uint64_t size, key = 0;
    if (btree->kind == BTREE_NONE || btree->kind == BTREE_TABLE_INTERIOR || cell >= btree->cells)
        return false;
    span = cell_span(btree, cell);
    if ((btree->kind == BTREE_INDEX_INTERIOR && !take(&span, 4, &child)) ||
        !take_varint(&span, &size) || size > BTREE_ROW_BYTES_MAX ||
        (btree->kind == BTREE_TABLE_LEAF && !take_varint(&span, &key)))
        return false;
    row->key = (int64_t)key;
    return read_payload(btree, span, (size_t)size) && read_values(btree, (size_t)size, row);
}

bool btree_says(const struct btree_value *value, const char *text)
{
    return value->type == BTREE_TEXT && value->size == strlen(text) &&
           memcmp(value->bytes, text, value->size) == 0;
}
