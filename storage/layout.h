/* layout.h - how the rows of this program's tables lie in a database file, for each version of the
 * schema: which values, in which order. Read from an empty database of that version, so that a table
 * or a column that is added is known by itself. One thread at a time. */
#ifndef HEARTH_STORAGE_LAYOUT_H
#define HEARTH_STORAGE_LAYOUT_H

#include "storage/btree.h"
#include "storage/database.h"

#define LAYOUT_NAME_BYTES 40

struct layout_column {
    char name[LAYOUT_NAME_BYTES];
    enum layout_type { LAYOUT_ANY, LAYOUT_INTEGER, LAYOUT_TEXT, LAYOUT_BLOB } type;
    bool may_be_null;
};

struct layout {
    char name[LAYOUT_NAME_BYTES];
    bool is_keyed;   /* a table with a rowid; else it lies there as an index does */
    int key_column;  /* which column is the rowid, stored as NULL; -1 none */
    int count;
    int count_least; /* rows that are older than a column lack it */
    struct layout_column columns[BTREE_VALUES_MAX];
};

struct layouts {
    struct layout *tables; /* owned */
    size_t count;
};

/* The tables of this version of the schema, and those that more makes. False without memory. */
bool layouts_read(struct layouts *layouts, int version, const char *more);
void layouts_finish(struct layouts *layouts);

const struct layout *layout_find(const struct layouts *layouts, const char *name);

/* Whether the row can be one of this table. */
bool layout_fits(const struct layout *layout, const struct btree_row *row);

/* What inserts rows of count values into the table of that name, or leaves them out where they collide
 * with one that is there. Prepared by the caller. */
#define LAYOUT_SQL_BYTES 2400
void layout_write_insert(const struct layout *layout, int count, char sql[LAYOUT_SQL_BYTES]);
void layout_bind(const struct layout *layout, const struct btree_row *row, sqlite3_stmt *insert);

#endif
