#include "storage/crypto.h"

#include <mbedtls/ctr_drbg.h>
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

bool hash_text(const char *text, uint8_t hash[HASH_BYTES])
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    return mbedtls_sha256((const unsigned char *)text, strlen(text), hash, 0) == 0;
#else
    return mbedtls_sha256_ret((const unsigned char *)text, strlen(text), hash, 0) == 0;
#endif
}
