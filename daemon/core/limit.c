#include "daemon/core/limit.h"

#include <stdlib.h>
#include <string.h>

static int64_t used_now(const struct bucket *bucket, const struct rate *rate, int64_t now_ms)
{
    int64_t elapsed_ms = now_ms - bucket->at_ms;
    if (elapsed_ms <= 0)
        return bucket->used;
    if (elapsed_ms > bucket->used / rate->count) /* and so the product cannot overflow */
        return 0;
    return bucket->used - elapsed_ms * rate->count;
}

/* burst may have become smaller since tokens were taken: a wait is never longer than for amount. */
static int64_t wait_for(int64_t used, const struct rate *rate, int64_t amount)
{
    int64_t over = used - (rate->burst - amount) * rate->per_ms;
    if (over <= 0)
        return 0;
    over = over < amount * rate->per_ms ? over : amount * rate->per_ms;
    return (over + rate->count - 1) / rate->count;
}

int64_t bucket_wait_several_ms(const struct bucket *bucket, const struct rate *rate, int64_t amount,
                               int64_t now_ms)
{
    return wait_for(used_now(bucket, rate, now_ms), rate, amount);
}

int64_t bucket_take_several(struct bucket *bucket, const struct rate *rate, int64_t amount,
                            int64_t now_ms)
{
    int64_t used = used_now(bucket, rate, now_ms);
    int64_t wait_ms = wait_for(used, rate, amount);
    if (wait_ms > 0)
        return wait_ms;
    bucket->used = used + amount * rate->per_ms;
    bucket->at_ms = now_ms;
    return 0;
}

int64_t bucket_wait_ms(const struct bucket *bucket, const struct rate *rate, int64_t now_ms)
{
    return bucket_wait_several_ms(bucket, rate, 1, now_ms);
}

int64_t bucket_take(struct bucket *bucket, const struct rate *rate, int64_t now_ms)
{
    return bucket_take_several(bucket, rate, 1, now_ms);
}

int64_t bucket_queue(struct bucket *bucket, const struct rate *rate, int64_t now_ms,
                     int64_t wait_ms, int64_t most_ms)
{
    int64_t each_ms = (rate->per_ms + rate->count - 1) / rate->count;
    int64_t turn_ms = bucket->at_ms + each_ms;
    if (turn_ms < now_ms + wait_ms)
        turn_ms = now_ms + wait_ms;
    if (turn_ms > now_ms + most_ms)
        return most_ms;
    bucket->at_ms = turn_ms;
    return turn_ms - now_ms;
}

#define NONE UINT32_MAX

/* One user or address: in a chain of its hash, and in the list from newest to oldest use. */
struct limit_entry {
    uint64_t key;
    uint32_t chain;
    uint32_t newer, older;
    struct bucket buckets[LIMIT_KIND_COUNT];
};

struct limit_table {
    struct limit_entry *entries; /* capacity of them, count in use */
    uint32_t *heads;             /* by hash; as many as capacity, a power of two */
    uint32_t count, capacity, entries_max;
    uint32_t newest, oldest;
};

static uint32_t power_of_two(size_t at_least)
{
    uint32_t power = 16;
    while (power < at_least && power < UINT32_C(1) << 30)
        power *= 2;
    return power;
}

struct limit_table *limit_table_create(size_t entries_max)
{
    struct limit_table *table = calloc(1, sizeof *table);
    if (!table)
        return NULL;
    table->entries_max = power_of_two(entries_max);
    table->newest = table->oldest = NONE;
    return table;
}

static uint32_t *head_of(struct limit_table *table, uint64_t key)
{
    uint64_t mixed = key * UINT64_C(0x9e3779b97f4a7c15);
    return &table->heads[(uint32_t)(mixed >> 32) & (table->capacity - 1)];
}

static void chain(struct limit_table *table, uint32_t index)
{
    uint32_t *head = head_of(table, table->entries[index].key);
    table->entries[index].chain = *head;
    *head = index;
}

static void unchain(struct limit_table *table, uint32_t index)
{
    uint32_t *link = head_of(table, table->entries[index].key);
    while (*link != index)
        link = &table->entries[*link].chain;
    *link = table->entries[index].chain;
}

static bool grow(struct limit_table *table)
{
    uint32_t capacity = table->capacity ? table->capacity * 2 : 16;
    struct limit_entry *entries = realloc(table->entries, capacity * sizeof *entries);
    if (!entries)
        return false;
    table->entries = entries;
    uint32_t *heads = realloc(table->heads, capacity * sizeof *heads);
    if (!heads)
        return false;
    table->heads = heads;
    table->capacity = capacity;
    memset(heads, 0xff, capacity * sizeof *heads);
    for (uint32_t i = 0; i < table->count; i++)
        chain(table, i);
    return true;
}

static void unlink_use(struct limit_table *table, uint32_t index)
{
    const struct limit_entry *entry = &table->entries[index];
    *(entry->newer == NONE ? &table->newest : &table->entries[entry->newer].older) = entry->older;
    *(entry->older == NONE ? &table->oldest : &table->entries[entry->older].newer) = entry->newer;
}

static void link_newest(struct limit_table *table, uint32_t index)
{
    struct limit_entry *entry = &table->entries[index];
    entry->newer = NONE;
    entry->older = table->newest;
    *(table->newest == NONE ? &table->oldest : &table->entries[table->newest].newer) = index;
    table->newest = index;
}

static uint32_t find(struct limit_table *table, uint64_t key)
{
    uint32_t index = table->count ? *head_of(table, key) : NONE;
    while (index != NONE && table->entries[index].key != key)
        index = table->entries[index].chain;
    return index;
}

/* A free entry, or the oldest one emptied. NONE without memory for a first one. */
static uint32_t make_room(struct limit_table *table)
{
    if (table->count == table->capacity && table->capacity < table->entries_max)
        (void)grow(table);
    if (table->count < table->capacity)
        return table->count++;
    if (table->oldest == NONE)
        return NONE;
    uint32_t index = table->oldest;
    unlink_use(table, index);
    unchain(table, index);
    return index;
}

struct bucket *limit_table_find(struct limit_table *table, uint64_t key)
{
    uint32_t index = find(table, key);
    if (index != NONE) {
        unlink_use(table, index);
    } else {
        index = make_room(table);
        if (index == NONE)
            return NULL;
        table->entries[index] = (struct limit_entry){.key = key};
        chain(table, index);
    }
    link_newest(table, index);
    return table->entries[index].buckets;
}

size_t limit_table_count(const struct limit_table *table)
{
    return table->count;
}

void limit_table_destroy(struct limit_table *table)
{
    if (!table)
        return;
    free(table->entries);
    free(table->heads);
    free(table);
}

size_t limit_table_bytes(size_t entries_max)
{
    return sizeof(struct limit_table) +
           power_of_two(entries_max) * (sizeof(struct limit_entry) + sizeof(uint32_t));
}
