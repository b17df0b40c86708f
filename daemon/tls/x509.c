#include "daemon/tls/x509.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/pem.h>
#include <mbedtls/version.h>

int x509_random(void *unused, unsigned char *out, size_t size)
{
    (void)unused;
    while (size > 0) {
        ssize_t got = getrandom(out, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return MBEDTLS_ERR_CTR_DRBG_ENTROPY_SOURCE_FAILED;
        out += got;
        size -= (size_t)got;
    }
    return 0;
}

/* Whoever wrote the file may have put into it what mbedTLS does not know. */
static int let_pass(void *unused, const mbedtls_x509_crt *certificate, const mbedtls_x509_buf *oid, int is_critical,
                    const unsigned char *at, const unsigned char *end)
{
    (void)unused;
    (void)certificate;
    (void)oid;
    (void)is_critical;
    (void)at;
    (void)end;
    return 0;
}

#if MBEDTLS_VERSION_NUMBER >= 0x03000000
#define PEM_BYTES(pem) (pem).MBEDTLS_PRIVATE(buf)
#define PEM_LENGTH(pem) (pem).MBEDTLS_PRIVATE(buflen)
#else
#define PEM_BYTES(pem) (pem).buf
#define PEM_LENGTH(pem) (pem).buflen
#endif

size_t x509_parse(mbedtls_x509_crt *out, const char *pem)
{
    return x509_parse_with(out, pem, let_pass, NULL);
}

size_t x509_parse_with(mbedtls_x509_crt *out, const char *pem, mbedtls_x509_crt_ext_cb_t unknown, void *of)
{
    size_t used = 0;
    mbedtls_pem_context block;
    mbedtls_pem_init(&block);
    bool is_read = mbedtls_pem_read_buffer(&block, "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----",
                                           (const unsigned char *)pem, NULL, 0, &used) == 0 &&
                   mbedtls_x509_crt_parse_der_with_ext_cb(out, PEM_BYTES(block), PEM_LENGTH(block), 1, unknown,
                                                          of) == 0;
    mbedtls_pem_free(&block);
    return is_read ? used : 0;
}

bool x509_parse_key(mbedtls_pk_context *key, const char *pem)
{
    const unsigned char *bytes = (const unsigned char *)pem;
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    return mbedtls_pk_parse_key(key, bytes, strlen(pem) + 1, NULL, 0, x509_random, NULL) == 0;
#else
    return mbedtls_pk_parse_key(key, bytes, strlen(pem) + 1, NULL, 0) == 0;
#endif
}

bool x509_is_pair(const mbedtls_pk_context *public_key, const mbedtls_pk_context *key)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    return mbedtls_pk_check_pair(public_key, key, x509_random, NULL) == 0;
#else
    return mbedtls_pk_check_pair(public_key, key) == 0;
#endif
}

int64_t x509_time_ms(const mbedtls_x509_time *time)
{
    /* Days since 1970 of the proleptic Gregorian calendar, years beginning in March. */
    int64_t year = time->year - (time->mon <= 2);
    int64_t era = year / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (time->mon + (time->mon > 2 ? -3 : 9)) + 2) / 5 + time->day - 1;
    int64_t days = era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
    return (((days * 24 + time->hour) * 60 + time->min) * 60 + time->sec) * 1000;
}

void x509_date(int64_t unix_ms, char out[X509_DATE_BYTES])
{
    struct tm parts;
    time_t seconds = (time_t)(unix_ms / 1000);
    if (!gmtime_r(&seconds, &parts) || strftime(out, X509_DATE_BYTES, "%Y%m%d%H%M%S", &parts) == 0)
        snprintf(out, X509_DATE_BYTES, "20491231235959");
}
