#include "storage/store.h"

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/sha256.h>
#include <mbedtls/version.h>
#include <string.h>

/* A generator seeded for each call: keys are made a few times a minute, and nothing is shared. */
bool random_fill(void *bytes, size_t size)
{
    static const unsigned char purpose[] = "hearth";
    unsigned char *out = bytes;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context generator;
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&generator);
    bool ok = mbedtls_ctr_drbg_seed(&generator, mbedtls_entropy_func, &entropy, purpose,
                                    sizeof purpose) == 0;
    while (ok && size > 0) {
        size_t part = size < MBEDTLS_CTR_DRBG_MAX_REQUEST ? size : MBEDTLS_CTR_DRBG_MAX_REQUEST;
        ok = mbedtls_ctr_drbg_random(&generator, out, part) == 0;
        out += part;
        size -= part;
    }
    mbedtls_ctr_drbg_free(&generator);
    mbedtls_entropy_free(&entropy);
    return ok;
}

bool random_hex(char *text, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char *bytes = (unsigned char *)text + size; /* the upper half; read before overwritten */
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
