/* nonces.h - the newest nonces of one room, so that sending is safe to repeat without an index on
 * disk. Writer thread. */
#ifndef HEARTH_STORAGE_NONCES_H
#define HEARTH_STORAGE_NONCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nonces;

/* Remembers at most max nonces. NULL without memory. */
struct nonces *nonces_create(int max);

/* What stands for a nonce of a user. user 0 is several people: their name tells them apart. */
uint64_t nonce_hash(int64_t user_id, const char *from, const char *nonce);

/* The newest takes the place of the oldest. False without memory. */
bool nonces_add(struct nonces *nonces, uint64_t hash, int64_t seq);

/* Gives the seqs of this hash, one a call, the newest first: at is 0 at first and then what came
 * before. False when there are no more. */
bool nonces_find(const struct nonces *nonces, uint64_t hash, uint32_t *at, int64_t *seq);

/* Memory in use. */
size_t nonces_bytes(const struct nonces *nonces);

/* NULL is fine. */
void nonces_destroy(struct nonces *nonces);

#endif
