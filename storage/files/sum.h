/* sum.h - SHA-256 of what comes in pieces, with either version of mbedTLS. */
#ifndef HEARTH_STORAGE_SUM_H
#define HEARTH_STORAGE_SUM_H

#include <mbedtls/sha256.h>
#include <mbedtls/version.h>
#include <stdbool.h>
#include <stddef.h>

static inline bool sum_begin(mbedtls_sha256_context *sum)
{
#if MBEDTLS_VERSION_NUMBER < 0x03000000
    return mbedtls_sha256_starts_ret(sum, 0) == 0;
#else
    return mbedtls_sha256_starts(sum, 0) == 0;
#endif
}

static inline bool sum_add(mbedtls_sha256_context *sum, const unsigned char *bytes, size_t length)
{
#if MBEDTLS_VERSION_NUMBER < 0x03000000
    return mbedtls_sha256_update_ret(sum, bytes, length) == 0;
#else
    return mbedtls_sha256_update(sum, bytes, length) == 0;
#endif
}

static inline bool sum_end(mbedtls_sha256_context *sum, unsigned char *hash)
{
#if MBEDTLS_VERSION_NUMBER < 0x03000000
    return mbedtls_sha256_finish_ret(sum, hash) == 0;
#else
    return mbedtls_sha256_finish(sum, hash) == 0;
#endif
}

#endif
