/* btree.h - what is on one page of a damaged database: the children of a page of a tree, and its rows.
 * Nothing on the page is believed: what leads out of it is left out.
 * See https://www.sqlite.org/fileformat2.html, "B-tree Pages". One thread at a time. */
#ifndef HEARTH_STORAGE_BTREE_H
#define HEARTH_STORAGE_BTREE_H

#include "storage/pages.h"

enum btree_kind {
    BTREE_NONE, /* a free page, one of a long row, or damaged */
    BTREE_INDEX_INTERIOR = 2, /* an index, or a table WITHOUT ROWID */
    BTREE_TABLE_INTERIOR = 5,
    BTREE_INDEX_LEAF = 10,
    BTREE_TABLE_LEAF = 13
};

enum { BTREE_VALUES_MAX = 40, BTREE_ROW_BYTES_MAX = 1 << 20 };

struct btree_value {
    enum btree_type { BTREE_NULL, BTREE_INTEGER, BTREE_REAL, BTREE_TEXT, BTREE_BLOB } type;
    int64_t integer;
    double real;
    const uint8_t *bytes; /* of texts and blobs; valid until the next btree_read_row */
    size_t size;
};

struct btree_row {
    int64_t key; /* of a table; else 0 */
    int count;
    struct btree_value values[BTREE_VALUES_MAX];
};

struct btree {
    const struct pages *pages; /* borrowed */
    uint32_t number;           /* of the page that was read */
    enum btree_kind kind;
    int cells;
    uint8_t *page;             /* owned, as are the next two */
    uint8_t *payload;          /* of the row that was read: BTREE_ROW_BYTES_MAX */
    uint8_t *overflow;         /* the rest of a long row, page by page */
    uint32_t header;           /* where the page's own begins: behind that of the file on page 1 */
};

/* False without memory. */
bool btree_init(struct btree *btree, const struct pages *pages);
void btree_finish(struct btree *btree);

/* Reads a page: kind says what it is. False when the disk does not give it. */
bool btree_read(struct btree *btree, uint32_t number);

/* Of an interior page, the child before the cell, or behind the last one. 0 when there cannot be one. */
uint32_t btree_child(const struct btree *btree, int cell);

/* The key of a row of a table. False when there is none. */
bool btree_read_key(const struct btree *btree, int cell, int64_t *key);

/* The row of a cell; false when it is not whole. */
bool btree_read_row(struct btree *btree, int cell, struct btree_row *row);

/* Whether the value is this text. */
bool btree_says(const struct btree_value *value, const char *text);

#endif
