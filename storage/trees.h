/* trees.h - which page of a damaged database belongs to which table: as its schema says, and as far as
 * the trees can be followed. One thread at a time. */
#ifndef HEARTH_STORAGE_TREES_H
#define HEARTH_STORAGE_TREES_H

#include "storage/btree.h"
#include "storage/layout.h"

struct trees {
    const struct pages *pages; /* borrowed, as are the next two */
    struct btree *btree;
    const struct layouts *layouts;
    bool *torn;          /* owned, as are the next two; by table */
    uint8_t *owners;     /* by page */
    uint32_t *waiting;   /* pages that are still to be looked at */
    size_t waiting_count, waiting_max;
    int64_t unreadable;  /* pages that belong to a tree and are no pages of one, or not given */
};

/* A byte a page, and no page is known. False without memory; trees_finish in any case. */
bool trees_init(struct trees *trees, const struct pages *pages, struct btree *btree,
                const struct layouts *layouts);
void trees_finish(struct trees *trees);

/* Follows every tree whose root is known. False without memory. */
bool trees_follow(struct trees *trees);

enum trees_owner {
    TREES_NOBODY, /* free, part of a long row, or cut off from its tree */
    TREES_TABLE,
    TREES_OTHER   /* the schema, or an index */
};
enum trees_owner trees_owner(const struct trees *trees, uint32_t page);

/* The table of TREES_TABLE; else NULL. */
const struct layout *trees_table(const struct trees *trees, uint32_t page);

/* Whether a part of the table's tree is missing: then pages of nobody may be its. */
bool trees_is_torn(const struct trees *trees, const struct layout *layout);

#endif
