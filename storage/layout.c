#include "storage/layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/schema.h"

/* Of a table WITHOUT ROWID the primary key comes first. A column that must not be NULL and has no
 * default has been there since the table was made. */
static const char columns_sql[] =
    "SELECT t.name, t.sql LIKE '%WITHOUT ROWID%' AS is_index, c.name, upper(c.type), c.\"notnull\","
    " c.pk, c.dflt_value IS NULL FROM sqlite_schema t,"
    " pragma_table_info(t.name) c WHERE t.type='table' AND t.name NOT LIKE 'sqlite_%'"
    " ORDER BY t.name, CASE WHEN t.sql NOT LIKE '%WITHOUT ROWID%' THEN c.cid WHEN c.pk>0 THEN c.pk"
    " ELSE 1000+c.cid END";

static enum layout_type type_of(const char *name)
{
    return strcmp(name, "INTEGER") == 0 ? LAYOUT_INTEGER
           : strcmp(name, "TEXT") == 0  ? LAYOUT_TEXT
           : strcmp(name, "BLOB") == 0  ? LAYOUT_BLOB
                                        : LAYOUT_ANY;
}

static struct layout *add_table(struct layouts *layouts, sqlite3_stmt *row)
{
    struct layout *tables = realloc(layouts->tables, (layouts->count + 1) * sizeof *tables);
    if (!tables)
        return NULL;
    layouts->tables = tables;
    struct layout *table = &tables[layouts->count++];
    *table = (struct layout){.is_keyed = !sqlite3_column_int(row, 1), .key_column = -1};
    snprintf(table->name, sizeof table->name, "%s", column_text(row, 0));
    return table;
}

static void add_column(struct layout *table, sqlite3_stmt *row)
{
    struct layout_column *column = &table->columns[table->count++];
    bool is_in_key = sqlite3_column_int(row, 5) > 0, is_never_null = sqlite3_column_int(row, 4) != 0;
    snprintf(column->name, sizeof column->name, "%s", column_text(row, 2));
    column->type = type_of(column_text(row, 3));
    column->may_be_null = !is_never_null && !is_in_key;
    if (table->is_keyed && is_in_key && column->type == LAYOUT_INTEGER)
        table->key_column = table->count - 1;
    if (is_in_key || (is_never_null && sqlite3_column_int(row, 6)))
        table->count_least = table->count;
}

static bool read_tables(struct layouts *layouts, struct database *model)
{
    sqlite3_stmt *row = database_prepare(model, columns_sql);
    struct layout *table = NULL;
    enum step step;
    while ((step = database_step(model, row)) == STEP_ROW) {
        if ((!table || strcmp(table->name, column_text(row, 0)) != 0) &&
            !(table = add_table(layouts, row)))
            break;
        if (table->count < BTREE_VALUES_MAX)
            add_column(table, row);
    }
    database_reset(row);
    return step == STEP_DONE;
}

bool layouts_read(struct layouts *layouts, int version, const char *more)
{
    struct database model;
    struct database_options options = {.path = ":memory:", .cache_bytes = 1 << 18};
    *layouts = (struct layouts){.tables = NULL};
    bool ok = database_open(&model, &options) && schema_migrate_to(&model, version) &&
              database_execute(&model, more) && read_tables(layouts, &model);
    database_close(&model);
    if (!ok)
        layouts_finish(layouts);
    return ok;
}

void layouts_finish(struct layouts *layouts)
{
    free(layouts->tables);
    *layouts = (struct layouts){.tables = NULL};
}

const struct layout *layout_find(const struct layouts *layouts, const char *name)
{
    for (size_t i = 0; i < layouts->count; i++)
        if (strcmp(layouts->tables[i].name, name) == 0)
            return &layouts->tables[i];
    return NULL;
}

static bool value_fits(const struct layout_column *column, enum btree_type type)
{
    if (type == BTREE_NULL)
        return column->may_be_null;
    switch (column->type) {
    case LAYOUT_INTEGER:
        return type == BTREE_INTEGER;
    case LAYOUT_TEXT:
        return type == BTREE_TEXT;
    case LAYOUT_BLOB:
        return type == BTREE_BLOB;
    case LAYOUT_ANY:
        break;
    }
    return true;
}

bool layout_fits(const struct layout *layout, const struct btree_row *row)
{
    if (row->count < layout->count_least || row->count > layout->count)
        return false;
    for (int i = 0; i < row->count; i++)
        if (i == layout->key_column ? row->values[i].type != BTREE_NULL
                                    : !value_fits(&layout->columns[i], row->values[i].type))
            return false;
    return !layout->is_keyed || row->key > 0;
}

void layout_write_insert(const struct layout *layout, int count, char sql[LAYOUT_SQL_BYTES])
{
    size_t at = (size_t)snprintf(sql, LAYOUT_SQL_BYTES, "INSERT OR IGNORE INTO %s(", layout->name);
    for (int i = 0; i < count; i++)
        at += (size_t)snprintf(sql + at, LAYOUT_SQL_BYTES - at, "%s%s", i ? "," : "",
                               layout->columns[i].name);
    at += (size_t)snprintf(sql + at, LAYOUT_SQL_BYTES - at, ") VALUES(");
    for (int i = 0; i < count; i++)
        at += (size_t)snprintf(sql + at, LAYOUT_SQL_BYTES - at, "%s?%d", i ? "," : "", i + 1);
    snprintf(sql + at, LAYOUT_SQL_BYTES - at, ")");
}

static void bind_value(sqlite3_stmt *insert, int index, const struct btree_value *value)
{
    switch (value->type) {
    case BTREE_NULL:
        break;
    case BTREE_INTEGER:
        sqlite3_bind_int64(insert, index, value->integer);
        break;
    case BTREE_REAL:
        sqlite3_bind_double(insert, index, value->real);
        break;
    case BTREE_TEXT:
        sqlite3_bind_text(insert, index, (const char *)value->bytes, (int)value->size, SQLITE_STATIC);
        break;
    case BTREE_BLOB:
        sqlite3_bind_blob(insert, index, value->bytes, (int)value->size, SQLITE_STATIC);
        break;
    }
}

void layout_bind(const struct layout *layout, const struct btree_row *row, sqlite3_stmt *insert)
{
    sqlite3_clear_bindings(insert);
    for (int i = 0; i < row->count; i++)
        bind_value(insert, i + 1, &row->values[i]);
    if (layout->key_column >= 0)
        sqlite3_bind_int64(insert, layout->key_column + 1, row->key);
}
