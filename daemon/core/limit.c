#include "daemon/core/limit.h"

#include <stdlib.h>

#include <utlist.h>

#include "daemon/core/table.h"

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

/* One user or address. */
struct limit_entry {
    struct table_link by_key;
    uint64_t key;
    struct limit_entry *prev, *next;
    struct bucket buckets[LIMIT_KIND_COUNT];
};

struct limit_table {
    struct table by_key;
    struct limit_entry *oldest; /* owned, in the order of their use */
    size_t entries_max;
};

struct limit_table *limit_table_create(size_t entries_max)
{
    struct limit_table *table = calloc(1, sizeof *table);
    if (table)
        table->entries_max = entries_max;
    return table;
}

static struct limit_entry *find(const struct limit_table *table, uint64_t key)
{
    struct table_link *link = table_first(&table->by_key, table_hash_number(key));
    while (link && TABLE_ITEM(link, struct limit_entry, by_key)->key != key)
        link = table_next(link);
    return link ? TABLE_ITEM(link, struct limit_entry, by_key) : NULL;
}

/* A new entry, or the oldest one, taken out. NULL without memory for a first one. */
static struct limit_entry *make_entry(struct limit_table *table)
{
    bool has_room = table->by_key.count < table->entries_max;
    struct limit_entry *entry = has_room ? malloc(sizeof *entry) : NULL;
    if (entry || !table->oldest)
        return entry;
    entry = table->oldest;
    DL_DELETE(table->oldest, entry);
    table_remove(&table->by_key, &entry->by_key);
    return entry;
}

static struct limit_entry *add(struct limit_table *table, uint64_t key)
{
    struct limit_entry *entry = make_entry(table);
    if (!entry)
        return NULL;
    *entry = (struct limit_entry){.key = key};
    if (table_insert(&table->by_key, &entry->by_key, table_hash_number(key)))
        return entry;
    free(entry);
    return NULL;
}

struct bucket *limit_table_find(struct limit_table *table, uint64_t key)
{
    struct limit_entry *entry = find(table, key);
    if (entry)
        DL_DELETE(table->oldest, entry);
    else
        entry = add(table, key);
    if (!entry)
        return NULL;
    DL_APPEND(table->oldest, entry);
    return entry->buckets;
}

size_t limit_table_count(const struct limit_table *table)
{
    return table->by_key.count;
}

void limit_table_destroy(struct limit_table *table)
{
    if (!table)
        return;
    for (struct limit_entry *entry = table->oldest, *next; entry; entry = next) {
        next = entry->next;
        free(entry);
    }
    table_finish(&table->by_key);
    free(table);
}
