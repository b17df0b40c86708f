#include "storage/crypto.h"

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/md.h>
#include <mbedtls/sha256.h>
#include <mbedtls/version.h>
#include <string.h>
#include <sys/random.h>

/* The kernel's randomness alone: mbedTLS's own collector also times the processor's clock, which
 * took a fifth of all that 5,000 people cost who came at once. */
static int kernel_entropy(void *state, unsigned char *out, size_t size)
{
    (void)state;
    return getrandom(out, size, 0) == (ssize_t)size ? 0
                                                    : MBEDTLS_ERR_CTR_DRBG_ENTROPY_SOURCE_FAILED;
}

/* A generator seeded for each call: keys are made a few times a minute, and nothing is shared. */
bool random_fill(void *bytes, size_t size)
{
    static const unsigned char purpose[] = "hearth";
    unsigned char *out = bytes;
    mbedtls_ctr_drbg_context generator;
    mbedtls_ctr_drbg_init(&generator);
    bool ok = mbedtls_ctr_drbg_seed(&generator, kernel_entropy, NULL, purpose, sizeof purpose) == 0;
    while (ok && size > 0) {
        size_t part = size < MBEDTLS_CTR_DRBG_MAX_REQUEST ? size : MBEDTLS_CTR_DRBG_MAX_REQUEST;
        ok = mbedtls_ctr_drbg_random(&generator, out, part) == 0;
        out += part;
        size -= part;
    }
    mbedtls_ctr_drbg_free(&generator);
    return ok;
}

bool random_hex(char *text, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char *bytes =
        (unsigned char *)text + size; /* the upper half; read before overwritten */
    if (!random_fill(bytes, size)) {
        memset(text, 0, 2 * size + 1);
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = bytes[i];
        text[2 * i] = digits[byte >> 4];
        text[2 * i + 1] = digits[byte & 15];
    }
    text[2 * size] = '\0';
    return true;
}

static bool hash_bytes(const void *bytes, size_t length, uint8_t hash[HASH_BYTES])
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    return mbedtls_sha256(bytes, length, hash, 0) == 0;
#else
    return mbedtls_sha256_ret(bytes, length, hash, 0) == 0;
#endif
}

bool hash_text(const char *text, uint8_t hash[HASH_BYTES])
{
    return hash_bytes(text, strlen(text), hash);
}

/* What is hashed is no longer than this, and only a part of the hash is told: no length can be extended. */
#define KEYED_BYTES_MAX 64
uint64_t hash_with(const uint8_t secret[HASH_BYTES], const void *bytes, size_t length)
{
    uint8_t text[HASH_BYTES + KEYED_BYTES_MAX], hash[HASH_BYTES];
    uint64_t mark = 0;
    if (length > KEYED_BYTES_MAX)
        length = KEYED_BYTES_MAX;
    memcpy(text, secret, HASH_BYTES);
    memcpy(text + HASH_BYTES, bytes, length);
    if (hash_bytes(text, HASH_BYTES + length, hash))
        memcpy(&mark, hash, sizeof mark);
    return mark ? mark : 1;
}

bool hash_is_signed(const char *secret, const void *bytes, size_t length, const char *signature)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char hash[HASH_BYTES];
    unsigned char difference = 0;
    if (strlen(signature) != sizeof hash * 2 ||
        mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256),
                        (const unsigned char *)secret, strlen(secret), bytes, length, hash) != 0)
        return false;
    for (size_t i = 0; i < sizeof hash; i++)
        difference |= (unsigned char)((digits[hash[i] >> 4] ^ signature[2 * i]) |
                                      (digits[hash[i] & 15] ^ signature[2 * i + 1]));
    return difference == 0;
}
