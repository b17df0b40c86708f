#include "storage/nonces.h"

#include <stdlib.h>

/* A ring of what was added, and chains through it by hash. Places are counted from 1: 0 is none. */
struct nonce {
    uint64_t hash;
    int64_t seq;
    uint32_t older; /* the next of the same chain */
};

struct nonces {
    struct nonce *ring;
    uint32_t *chains;  /* newest place of each chain */
    uint32_t capacity; /* of the ring and of the chains, a power of two; grows to max */
    uint32_t max;
    uint32_t count, next;
};

enum { CAPACITY_MIN = 16 };

struct nonces *nonces_create(int max)
{
    struct nonces *nonces = calloc(1, sizeof *nonces);
    if (!nonces)
        return NULL;
    nonces->max = CAPACITY_MIN;
    while (nonces->max < (uint32_t)max)
        nonces->max *= 2;
    return nonces;
}

static uint64_t mix(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return (hash ^ 0xff) * UINT64_C(0x100000001b3);
}

uint64_t nonce_hash(int64_t user_id, const char *from, const char *nonce)
{
    uint64_t hash =
        UINT64_C(0xcbf29ce484222325) ^ ((uint64_t)user_id * UINT64_C(0x9e3779b97f4a7c15));
    hash = mix(hash, nonce);
    if (user_id == 0 && from)
        hash = mix(hash, from);
    return hash ^ hash >> 29;
}

static uint32_t *chain_of(const struct nonces *nonces, uint64_t hash)
{
    return &nonces->chains[hash & (nonces->capacity - 1)];
}

static void forget(struct nonces *nonces, uint32_t place)
{
    uint32_t *link = chain_of(nonces, nonces->ring[place - 1].hash);
    while (*link && *link != place)
        link = &nonces->ring[*link - 1].older;
    if (*link)
        *link = nonces->ring[place - 1].older;
}

static void put(struct nonces *nonces, uint64_t hash, int64_t seq)
{
    uint32_t place = nonces->next + 1;
    if (nonces->count == nonces->capacity)
        forget(nonces, place);
    else
        nonces->count++;
    uint32_t *chain = chain_of(nonces, hash);
    nonces->ring[place - 1] = (struct nonce){hash, seq, *chain};
    *chain = place;
    nonces->next = place & (nonces->capacity - 1);
}

/* Only while the ring has not wrapped: then the oldest is the first. */
static bool grow(struct nonces *nonces)
{
    struct nonces before = *nonces;
    uint32_t capacity = before.capacity ? before.capacity * 2 : CAPACITY_MIN;
    struct nonce *ring = malloc(capacity * sizeof *ring);
    uint32_t *chains = calloc(capacity, sizeof *chains);
    if (!ring || !chains) {
        free(ring);
        free(chains);
        return false;
    }
    *nonces =
        (struct nonces){.ring = ring, .chains = chains, .capacity = capacity, .max = before.max};
    for (uint32_t i = 0; i < before.count; i++)
        put(nonces, before.ring[i].hash, before.ring[i].seq);
    free(before.ring);
    free(before.chains);
    return true;
}

bool nonces_add(struct nonces *nonces, uint64_t hash, int64_t seq)
{
    if (nonces->count == nonces->capacity && nonces->capacity < nonces->max && !grow(nonces))
        return false;
    put(nonces, hash, seq);
    return true;
}

bool nonces_find(const struct nonces *nonces, uint64_t hash, uint32_t *at, int64_t *seq)
{
    if (nonces->capacity == 0)
        return false;
    uint32_t place = *at ? nonces->ring[*at - 1].older : *chain_of(nonces, hash);
    while (place && nonces->ring[place - 1].hash != hash)
        place = nonces->ring[place - 1].older;
    if (!place)
        return false;
    *at = place;
    *seq = nonces->ring[place - 1].seq;
    return true;
}

size_t nonces_bytes(const struct nonces *nonces)
{
    return sizeof *nonces + nonces->capacity * (sizeof *nonces->ring + sizeof *nonces->chains);
}

void nonces_destroy(struct nonces *nonces)
{
    if (!nonces)
        return;
    free(nonces->ring);
    free(nonces->chains);
    free(nonces);
}
