#include "daemon/tls/x509.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/pem.h>
#include <mbedtls/version.h>

#include "daemon/tls/der.h"

#define SIGNATURE_BYTES_MAX 128 /* of P-256, as DER */

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

/* The error of mbedTLS, 0 for none. */
static int parse(mbedtls_x509_crt *out, const char *pem, mbedtls_x509_crt_ext_cb_t unknown, void *of, size_t *used)
{
    mbedtls_pem_context block;
    mbedtls_pem_init(&block);
    int error = mbedtls_pem_read_buffer(&block, "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----",
                                        (const unsigned char *)pem, NULL, 0, used);
    if (error == 0)
        error = mbedtls_x509_crt_parse_der_with_ext_cb(out, PEM_BYTES(block), PEM_LENGTH(block), 1, unknown, of);
    mbedtls_pem_free(&block);
    return error;
}

size_t x509_parse_with(mbedtls_x509_crt *out, const char *pem, mbedtls_x509_crt_ext_cb_t unknown, void *of)
{
    size_t used = 0;
    return parse(out, pem, unknown, of, &used) == 0 ? used : 0;
}

/* Of what mbedTLS answers, the part that says what the matter is: the rest says where. */
static bool is_of(int error, int kind)
{
    return (-error & ~0x7f) == -kind;
}

bool x509_is_foreign(const char *pem)
{
    size_t used;
    mbedtls_x509_crt parsed;
    mbedtls_x509_crt_init(&parsed);
    int error = parse(&parsed, pem, let_pass, NULL, &used);
    mbedtls_x509_crt_free(&parsed);
    return is_of(error, MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG) || is_of(error, MBEDTLS_ERR_PK_UNKNOWN_PK_ALG) ||
           is_of(error, MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE);
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

/* ---- writing --------------------------------------------------------------------------------------- */

/* ecdsa-with-SHA256 has no parameters (RFC 5758, 3.2). mbedTLS 2.28 writes NULL, and what is signed so is no
 * certificate for Chromium. */
static const unsigned char ecdsa[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
static const unsigned char ecdsa_null[] = {0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                           0xce, 0x3d, 0x04, 0x03, 0x02, 0x05, 0x00};

static bool sign(mbedtls_pk_context *key, const unsigned char *bytes, size_t length, unsigned char *out, size_t *out_length)
{
    unsigned char digest[32];
    if (mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), bytes, length, digest) != 0)
        return false;
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    return mbedtls_pk_sign(key, MBEDTLS_MD_SHA256, digest, sizeof digest, out, SIGNATURE_BYTES_MAX, out_length,
                           x509_random, NULL) == 0;
#else
    return mbedtls_pk_sign(key, MBEDTLS_MD_SHA256, digest, sizeof digest, out, out_length, x509_random, NULL) == 0;
#endif
}

/* What is signed (RFC 5280, 4.1), its algorithm put right. False when there is nothing to put right. */
static bool put_signed(struct der *der, unsigned char *at, unsigned char *end)
{
    size_t length;
    if (mbedtls_asn1_get_tag(&at, end, &length, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE) != 0 ||
        mbedtls_asn1_get_tag(&at, end, &length, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE) != 0)
        return false;
    end = at + length;
    const unsigned char *algorithm = memmem(at, length, ecdsa_null, sizeof ecdsa_null);
    if (!algorithm)
        return false;
    const unsigned char *rest = algorithm + sizeof ecdsa_null;
    der_init(der);
    der_put(der, rest, (size_t)(end - rest));
    der_put(der, ecdsa, sizeof ecdsa);
    der_put(der, at, (size_t)(algorithm - at));
    der_wrap(der, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE, 0);
    return !der->failed;
}

/* Puts the signature behind what is signed. */
static bool put_signature(struct der *whole, const struct der *body, mbedtls_pk_context *issuer)
{
    unsigned char signature[SIGNATURE_BYTES_MAX];
    size_t length = 0;
    if (!sign(issuer, body->bytes + body->at, der_length(body), signature, &length))
        return false;
    der_init(whole);
    der_put(whole, signature, length);
    der_put(whole, "", 1); /* no unused bits */
    der_wrap(whole, MBEDTLS_ASN1_BIT_STRING, 0);
    der_put(whole, ecdsa, sizeof ecdsa);
    der_put(whole, body->bytes + body->at, der_length(body));
    der_wrap(whole, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE, 0);
    return !whole->failed;
}

bool x509_write(mbedtls_x509write_cert *writer, mbedtls_pk_context *issuer, char *pem, size_t size)
{
    struct {
        struct der written, body, whole;
    } *work = calloc(1, sizeof *work);
    size_t used;
    if (!work)
        return false;
    int length = mbedtls_x509write_crt_der(writer, work->written.bytes, DER_BYTES_MAX, x509_random, NULL);
    work->written.at = length > 0 ? DER_BYTES_MAX - (size_t)length : DER_BYTES_MAX;
    const struct der *out = &work->written;
    bool is_fine = length > 0;
    if (is_fine && put_signed(&work->body, work->written.bytes + work->written.at, work->written.bytes + DER_BYTES_MAX)) {
        is_fine = put_signature(&work->whole, &work->body, issuer);
        out = &work->whole;
    }
    is_fine = is_fine && mbedtls_pem_write_buffer("-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n",
                                                  out->bytes + out->at, der_length(out), (unsigned char *)pem, size,
                                                  &used) == 0;
    free(work);
    return is_fine;
}

/* ---- times ----------------------------------------------------------------------------------------- */

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
