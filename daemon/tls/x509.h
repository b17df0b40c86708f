/* x509.h - mbedTLS's certificates and keys, where its versions 2.28 and 3 differ. Any thread. */
#ifndef HEARTH_TLS_X509_H
#define HEARTH_TLS_X509_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

/* The kernel's random numbers, as mbedTLS asks for them. */
int x509_random(void *unused, unsigned char *out, size_t size);

/* Parses the first certificate of a PEM text; extensions that mbedTLS does not know may be there. How many
 * bytes of the text it took, 0 when there is no whole certificate. */
size_t x509_parse(mbedtls_x509_crt *out, const char *pem);

/* The same; extensions that mbedTLS does not know are shown to a function, which answers 0. */
size_t x509_parse_with(mbedtls_x509_crt *out, const char *pem, mbedtls_x509_crt_ext_cb_t unknown, void *of);

/* Whether it is a certificate, but of a kind that is not known here, such as Ed25519. */
bool x509_is_foreign(const char *pem);

bool x509_parse_key(mbedtls_pk_context *key, const char *pem);
bool x509_is_pair(const mbedtls_pk_context *public_key, const mbedtls_pk_context *key);

/* Signs a certificate by ECDSA with SHA-256 and writes it as PEM. False: out of memory or room. */
bool x509_write(mbedtls_x509write_cert *writer, mbedtls_pk_context *issuer, char *pem, size_t size);

/* Unix time in ms, and the other way as certificates write it: "20260102030405". */
int64_t x509_time_ms(const mbedtls_x509_time *time);
#define X509_DATE_BYTES 16
void x509_date(int64_t unix_ms, char out[X509_DATE_BYTES]);

#endif
