#include "storage/trees.h"

#include <stdlib.h>
#include <string.h>

/* Whose a page is. */
enum {
    OWNER_NONE = 0,
    OWNER_FIRST = 1, /* the first table of the layouts */
    OWNER_MAX = 250,
    OWNER_INDEX = 254,
    OWNER_SCHEMA = 255
};

/* --- which page belongs to what ------------------------------------------------------------------ */

static bool push(struct trees *trees, uint32_t page)
{
    if (trees->waiting_count == trees->waiting_max) {
        size_t max = trees->waiting_max * 2 + 64;
        uint32_t *waiting = realloc(trees->waiting, max * sizeof *waiting);
        if (!waiting)
            return false;
        trees->waiting = waiting;
        trees->waiting_max = max;
    }
    trees->waiting[trees->waiting_count++] = page;
    return true;
}

static bool is_kind_of(const struct trees *trees, uint8_t owner)
{
    enum btree_kind kind = trees->btree->kind;
    bool is_table = owner == OWNER_SCHEMA ||
                    (owner != OWNER_INDEX && trees->layouts->tables[owner - OWNER_FIRST].is_keyed);
    return is_table ? kind == BTREE_TABLE_LEAF || kind == BTREE_TABLE_INTERIOR
                    : kind == BTREE_INDEX_LEAF || kind == BTREE_INDEX_INTERIOR;
}

static void note_torn(struct trees *trees, uint8_t owner)
{
    trees->unreadable++;
    if (owner < OWNER_MAX)
        trees->torn[owner - OWNER_FIRST] = true;
}

static bool walk_page(struct trees *trees, uint32_t page, uint8_t owner)
{
    struct btree *btree = trees->btree;
    if (page < 1 || page > trees->pages->count) {
        if (owner < OWNER_MAX)
            trees->torn[owner - OWNER_FIRST] = true;
        return true;
    }
    if (trees->owners[page] != OWNER_NONE)
        return true;
    trees->owners[page] = owner;
    if (!btree_read(btree, page) || !is_kind_of(trees, owner)) {
        note_torn(trees, owner);
        return true;
    }
    for (int i = 0; btree->kind != BTREE_TABLE_LEAF && btree->kind != BTREE_INDEX_LEAF &&
                    i <= btree->cells;
         i++)
        if (!push(trees, btree_child(btree, i)))
            return false;
    return true;
}

static bool walk(struct trees *trees, uint32_t root, uint8_t owner)
{
    trees->waiting_count = 0;
    bool ok = push(trees, root);
    while (ok && trees->waiting_count > 0)
        ok = walk_page(trees, trees->waiting[--trees->waiting_count], owner);
    return ok;
}

/* --- the schema ---------------------------------------------------------------------------------- */

enum { SCHEMA_TYPE, SCHEMA_NAME, SCHEMA_TABLE, SCHEMA_ROOT, SCHEMA_SQL, SCHEMA_COLUMNS };

static bool is_of_schema(const struct btree_row *row)
{
    const struct btree_value *values = row->values;
    return row->count == SCHEMA_COLUMNS &&
           (btree_says(&values[SCHEMA_TYPE], "table") || btree_says(&values[SCHEMA_TYPE], "index")) &&
           values[SCHEMA_NAME].type == BTREE_TEXT && values[SCHEMA_ROOT].type == BTREE_INTEGER;
}

struct roots {
    uint32_t *tables;   /* by table; 0 unknown */
    uint32_t indexes[64];
    size_t index_count;
};

static void note_root(const struct trees *trees, const struct btree_row *row, struct roots *roots)
{
    const struct btree_value *values = row->values;
    int64_t root = values[SCHEMA_ROOT].integer;
    if (root < 2 || root > trees->pages->count)
        return;
    if (btree_says(&values[SCHEMA_TYPE], "index")) {
        if (roots->index_count < sizeof roots->indexes / sizeof *roots->indexes)
            roots->indexes[roots->index_count++] = (uint32_t)root;
        return;
    }
    for (size_t i = 0; i < trees->layouts->count; i++)
        if (btree_says(&values[SCHEMA_NAME], trees->layouts->tables[i].name))
            roots->tables[i] = (uint32_t)root;
}

/* On the pages of its own tree; or, where that is torn, wherever rows look like it. */
static void read_schema(struct trees *trees, uint8_t owner, struct roots *roots)
{
    struct btree_row row;
    for (uint32_t page = 1; page <= trees->pages->count; page++) {
        if (trees->owners[page] != owner || !btree_read(trees->btree, page) ||
            trees->btree->kind != BTREE_TABLE_LEAF)
            continue;
        for (int cell = 0; cell < trees->btree->cells; cell++)
            if (btree_read_row(trees->btree, cell, &row) && is_of_schema(&row))
                note_root(trees, &row, roots);
    }
}

/* Those of an earlier recovery are there only if there was one. */
static bool may_be_missing(const struct layout *layout)
{
    return strncmp(layout->name, "recover", 7) == 0;
}

static bool has_all_roots(const struct trees *trees, const struct roots *roots)
{
    for (size_t i = 0; i < trees->layouts->count; i++)
        if (!roots->tables[i] && !may_be_missing(&trees->layouts->tables[i]))
            return false;
    return true;
}

static bool walk_trees(struct trees *trees, const struct roots *roots)
{
    for (size_t i = 0; i < roots->index_count; i++)
        if (!walk(trees, roots->indexes[i], OWNER_INDEX))
            return false;
    for (size_t i = 0; i < trees->layouts->count; i++) {
        if (!roots->tables[i])
            trees->torn[i] = !may_be_missing(&trees->layouts->tables[i]);
        else if (!walk(trees, roots->tables[i], (uint8_t)(OWNER_FIRST + i)))
            return false;
    }
    return true;
}

bool trees_follow(struct trees *trees)
{
    struct roots roots = {.tables = calloc(trees->layouts->count + 1, sizeof *roots.tables)};
    if (!roots.tables)
        return false;
    bool ok = walk(trees, 1, OWNER_SCHEMA);
    if (ok)
        read_schema(trees, OWNER_SCHEMA, &roots);
    if (ok && !has_all_roots(trees, &roots))
        read_schema(trees, OWNER_NONE, &roots);
    ok = ok && walk_trees(trees, &roots);
    free(roots.tables);
    return ok;
}

/* --- from outside -------------------------------------------------------------------------------- */

bool trees_init(struct trees *trees, const struct pages *pages, struct btree *btree,
                const struct layouts *layouts)
{
    *trees = (struct trees){.pages = pages,
                            .btree = btree,
                            .layouts = layouts,
                            .torn = calloc(layouts->count + 1, sizeof *trees->torn),
                            .owners = calloc((size_t)pages->count + 1, 1)};
    return trees->torn && trees->owners && layouts->count < OWNER_MAX;
}

void trees_finish(struct trees *trees)
{
    free(trees->torn);
    free(trees->owners);
    free(trees->waiting);
    *trees = (struct trees){.pages = NULL};
}

enum trees_owner trees_owner(const struct trees *trees, uint32_t page)
{
    uint8_t owner = trees->owners[page];
    return owner == OWNER_NONE  ? TREES_NOBODY
           : owner < OWNER_MAX ? TREES_TABLE
                               : TREES_OTHER;
}

const struct layout *trees_table(const struct trees *trees, uint32_t page)
{
    return trees_owner(trees, page) == TREES_TABLE
               ? &trees->layouts->tables[trees->owners[page] - OWNER_FIRST]
               : NULL;
}

bool trees_is_torn(const struct trees *trees, const struct layout *layout)
{
    return trees->torn[layout - trees->layouts->tables];
}
