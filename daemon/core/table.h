/* table.h - an intrusive hash table: what is kept carries its own link. Grows by doubling; without
 * memory to grow it goes on with longer chains. Loop thread. */
#ifndef HEARTH_CORE_TABLE_H
#define HEARTH_CORE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_link {
    struct table_link *next;
    uint64_t hash;
};

/* All zero is an empty table. */
struct table {
    struct table_link **slots; /* owned */
    size_t slot_count;         /* a power of two */
    size_t count;
};

#define TABLE_ITEM(link, type, field) ((type *)(void *)((char *)(link) - offsetof(type, field)))

/* For keys that come from clients: seed is random, made once at the start. */
uint64_t table_hash_text(const char *text, uint64_t seed);
uint64_t table_hash_number(uint64_t number);

/* False without memory for the very first slots. */
bool table_insert(struct table *table, struct table_link *link, uint64_t hash);
void table_remove(struct table *table, struct table_link *link);

/* First link with this hash, and the next one with the same; NULL after the last. The caller compares
 * the keys. */
struct table_link *table_first(const struct table *table, uint64_t hash);
struct table_link *table_next(const struct table_link *link);

/* Everything, one link after another, from NULL to NULL; good while nothing is put in or taken out. */
struct table_link *table_step(const struct table *table, const struct table_link *link);

/* Frees the slots, not what was kept. */
void table_finish(struct table *table);

#endif
