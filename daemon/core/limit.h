/* limit.h - how often somebody may do a thing: token buckets, and a bounded table of them by address
 * or user. Told the time, integers only, no state of its own. */
#ifndef HEARTH_CORE_LIMIT_H
#define HEARTH_CORE_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* burst at once, then count in every per_ms. All at least 1. */
struct rate {
    int64_t count;
    int64_t per_ms;
    int64_t burst;
};

static inline struct rate rate_per_minute(int64_t count, int64_t burst)
{
    return (struct rate){count, INT64_C(60000), burst};
}

static inline struct rate rate_per_hour(int64_t count, int64_t burst)
{
    return (struct rate){count, INT64_C(3600000), burst};
}

/* All zero is a full bucket. */
struct bucket {
    int64_t used;  /* per_ms to a token, so that count comes back in a ms and nothing is rounded */
    int64_t at_ms; /* when used was true; monotonic */
};

/* How long until one may be taken: 0 is now. Takes nothing. */
int64_t bucket_wait_ms(const struct bucket *bucket, const struct rate *rate, int64_t now_ms);

/* Takes one if it may: 0; else takes nothing and says how long to wait. */
int64_t bucket_take(struct bucket *bucket, const struct rate *rate, int64_t now_ms);

/* The same for so many at once: at most the rate's burst. */
int64_t bucket_wait_several_ms(const struct bucket *bucket, const struct rate *rate, int64_t amount,
                               int64_t now_ms);
int64_t bucket_take_several(struct bucket *bucket, const struct rate *rate, int64_t amount,
                            int64_t now_ms);

/* A turn for somebody who found the bucket empty: those before have the turns before, one for each
 * token that comes back. wait_ms is the wait for the next token. The bucket is one that only queues;
 * its at_ms is the last turn. Gives how long until the turn: at most most_ms, which several are then
 * told. */
int64_t bucket_queue(struct bucket *bucket, const struct rate *rate, int64_t now_ms,
                     int64_t wait_ms, int64_t most_ms);

/* What is limited for a user or an address. */
enum limit_kind {
    LIMIT_MESSAGES,
    LIMIT_PLAIN,       /* messages of all plain clients of an address */
    LIMIT_TOKEN,       /* messages of a bridge, bot or hook */
    LIMIT_STORED,      /* bytes of what is said, as they are kept */
    LIMIT_UPLOADS,
    LIMIT_JOINS,
    LIMIT_READS,
    LIMIT_RETURNS,     /* hellos */
    LIMIT_GUESTS,      /* hellos that make a new guest */
    LIMIT_GUEST_QUEUE, /* the turns of those who wait for one of these */
    LIMIT_ROOMS,
    LIMIT_DIRECT_ROOMS,
    LIMIT_INVITATIONS,
    LIMIT_RENAMES,
    LIMIT_CODES,       /* wrong codes and digits */
    LIMIT_PASSWORDS,   /* passwords that are tried */
    LIMIT_TRIES,       /* the same of one name: see rates_take_password */
    LIMIT_SLOW,        /* the newest message of a user in a room in slow mode */
    LIMIT_KIND_COUNT
};

/* At most entries_max users and addresses; the one unused for longest gives way. */
struct limit_table;

/* Grows as it is used. NULL without memory. */
struct limit_table *limit_table_create(size_t entries_max);

/* The buckets of key, all full if it is new; LIMIT_KIND_COUNT of them. Good until the next call.
 * NULL without memory: then there is no limit to apply. */
struct bucket *limit_table_find(struct limit_table *table, uint64_t key);

size_t limit_table_count(const struct limit_table *table);
void limit_table_destroy(struct limit_table *table); /* NULL is fine */

#endif
