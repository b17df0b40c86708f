/* crypto.h - random bytes and hashes. Any thread; each call stands alone. */
#ifndef HEARTH_STORAGE_CRYPTO_H
#define HEARTH_STORAGE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HASH_BYTES 32 /* SHA-256: what of a key is stored */

/* Random bytes from mbedTLS (CTR_DRBG seeded by the kernel). False if the generator failed. Any thread. */
bool random_fill(void *bytes, size_t size) __attribute__((warn_unused_result));

/* size random bytes as 2 * size hexadecimal digits and a NUL. */
bool random_hex(char *text, size_t size) __attribute__((warn_unused_result));

/* A keyed hash: nobody without the secret makes bytes that have it, or tells which had it. Never 0. */
uint64_t hash_with(const uint8_t secret[HASH_BYTES], const void *bytes, size_t length);

/* SHA-256 (FIPS 180-4) of a text, for keys. */
bool hash_text(const char *text, uint8_t hash[HASH_BYTES]) __attribute__((warn_unused_result));

/* Whether signature is the HMAC-SHA256 (RFC 2104) of bytes by secret, in hexadecimal. How long it takes
 * tells nothing about the right one. */
bool hash_is_signed(const char *secret, const void *bytes, size_t length, const char *signature);

#endif
