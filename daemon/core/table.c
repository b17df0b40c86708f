#include "daemon/core/table.h"

#include <stdlib.h>

#define SLOTS_MIN 16

/* FNV-1a over the text, started and stirred with the seed so that colliding names cannot be made up. */
uint64_t table_hash_text(const char *text, uint64_t seed)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ seed;
    for (; *text; text++) {
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
        hash ^= hash >> 29;
    }
    return table_hash_number(hash ^ seed);
}

/* The finisher of splitmix64: every bit of the number reaches every bit of the hash. */
uint64_t table_hash_number(uint64_t number)
{
    number = (number ^ (number >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ (number >> 27)) * UINT64_C(0x94d049bb133111eb);
    return number ^ (number >> 31);
}

static struct table_link **slot_of(const struct table *table, uint64_t hash)
{
    return &table->slots[hash & (table->slot_count - 1)];
}

static bool resize(struct table *table, size_t slot_count)
{
    struct table_link **slots = calloc(slot_count, sizeof(struct table_link *));
    if (!slots)
        return false;
    struct table grown = {slots, slot_count, table->count};
    for (size_t i = 0; i < table->slot_count; i++) {
        struct table_link *next;
        for (struct table_link *link = table->slots[i]; link; link = next) {
            next = link->next;
            struct table_link **slot = slot_of(&grown, link->hash);
            link->next = *slot;
            *slot = link;
        }
    }
    free(table->slots);
    *table = grown;
    return true;
}

bool table_insert(struct table *table, struct table_link *link, uint64_t hash)
{
    if (!table->slots && !resize(table, SLOTS_MIN))
        return false;
    if (table->count >= table->slot_count)
        (void)resize(table, table->slot_count * 2);
    struct table_link **slot = slot_of(table, hash);
    link->hash = hash;
    link->next = *slot;
    *slot = link;
    table->count++;
    return true;
}

void table_remove(struct table *table, struct table_link *link)
{
    struct table_link **at = slot_of(table, link->hash);
    while (*at != link)
        at = &(*at)->next;
    *at = link->next;
    table->count--;
}

static struct table_link *same_hash(struct table_link *link, uint64_t hash)
{
    while (link && link->hash != hash)
        link = link->next;
    return link;
}

struct table_link *table_first(const struct table *table, uint64_t hash)
{
    return table->slots ? same_hash(*slot_of(table, hash), hash) : NULL;
}

struct table_link *table_next(const struct table_link *link)
{
    return same_hash(link->next, link->hash);
}

struct table_link *table_step(const struct table *table, const struct table_link *link)
{
    if (link && link->next)
        return link->next;
    if (!table->slots)
        return NULL;
    struct table_link **end = table->slots + table->slot_count;
    struct table_link **slot = link ? slot_of(table, link->hash) + 1 : table->slots;
    while (slot < end && !*slot)
        slot++;
    return slot < end ? *slot : NULL;
}

void table_finish(struct table *table)
{
    free(table->slots);
    *table = (struct table){0};
}
