#include "daemon/tls/certificate.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mbedtls/platform_util.h>

#include "daemon/tls/x509.h"

#define GENERAL_NAME_DNS 0x82 /* RFC 5280, 4.2.1.6: a context's own tag 2 */
#define GENERAL_NAME_IP 0x87
#define RSA_BITS_MIN 2048

/* Up to size bytes. */
static ssize_t read_all(int fd, char *bytes, size_t size)
{
    size_t length = 0;
    while (length < size) {
        ssize_t got = read(fd, bytes + length, size - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        length += (size_t)got;
    }
    return (ssize_t)length;
}

char *certificate_file(const char *path, char *why, size_t why_size)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char *bytes = fd >= 0 ? malloc(CERTIFICATE_FILE_BYTES_MAX + 1) : NULL;
    ssize_t length = -1;
    if (bytes && fstat(fd, &status) == 0 && !S_ISREG(status.st_mode))
        errno = EINVAL;
    else if (bytes)
        length = read_all(fd, bytes, CERTIFICATE_FILE_BYTES_MAX + 1);
    int error = errno;
    if (fd >= 0)
        close(fd);
    if (length >= 0 && length <= CERTIFICATE_FILE_BYTES_MAX) {
        bytes[length] = '\0';
        return bytes;
    }
    free(bytes);
    if (length < 0)
        snprintf(why, why_size, "%s cannot be read: %s.", path, strerror(error));
    else
        snprintf(why, why_size, "%s is longer than %d bytes.", path, CERTIFICATE_FILE_BYTES_MAX);
    return NULL;
}

/* ---- names --------------------------------------------------------------------------------------- */

static bool take_name(const mbedtls_x509_buf *from, struct certificate_name *name)
{
    bool is_address = from->tag == GENERAL_NAME_IP;
    bool fits = is_address ? from->len == 4 || from->len == 16 : from->len > 0 && from->len <= sizeof name->bytes;
    if (!fits || (!is_address && from->tag != GENERAL_NAME_DNS))
        return false;
    *name = (struct certificate_name){.is_address = is_address, .length = (uint8_t)from->len};
    memcpy(name->bytes, from->p, from->len);
    for (size_t i = 0; !is_address && i < from->len; i++)
        name->bytes[i] = (char)tolower((unsigned char)name->bytes[i]);
    return true;
}

static bool take_names(struct certificate *certificate, const mbedtls_x509_crt *parsed)
{
    certificate->names = calloc(CERTIFICATE_NAMES_MAX, sizeof *certificate->names);
    if (!certificate->names)
        return false;
    const mbedtls_x509_sequence *each = &parsed->subject_alt_names;
    for (; each && certificate->name_count < CERTIFICATE_NAMES_MAX; each = each->next)
        if (each->buf.p && take_name(&each->buf, &certificate->names[certificate->name_count]))
            certificate->name_count++;
    return true;
}

bool certificate_has_name(const struct certificate *certificate, const struct certificate_name *name)
{
    for (size_t i = 0; i < certificate->name_count; i++) {
        const struct certificate_name *each = &certificate->names[i];
        if (each->is_address == name->is_address && each->length == name->length &&
            memcmp(each->bytes, name->bytes, name->length) == 0)
            return true;
    }
    return false;
}

void certificate_print_names(const struct certificate *certificate, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < certificate->name_count; i++) {
        const struct certificate_name *name = &certificate->names[i];
        char text[256];
        if (name->is_address)
            (void)inet_ntop(name->length == 4 ? AF_INET : AF_INET6, name->bytes, text, sizeof text);
        else
            snprintf(text, sizeof text, "%.*s", (int)name->length, name->bytes);
        if (used + strlen(text) + 3 > size)
            return;
        used += (size_t)snprintf(out + used, size - used, "%s%s", used > 0 ? ", " : "", text);
    }
}

/* ---- reading ------------------------------------------------------------------------------------- */

/* The whole file must be whole: a chain that ends in the middle is being written. */
static bool parse_chain(const char *pem, mbedtls_x509_crt *first)
{
    bool is_whole = true;
    size_t used = x509_parse(first, pem);
    if (used == 0)
        return false;
    for (const char *at = pem + used; is_whole && strstr(at, "-----BEGIN"); at += used) {
        mbedtls_x509_crt next;
        mbedtls_x509_crt_init(&next);
        used = x509_parse(&next, at);
        is_whole = used > 0;
        mbedtls_x509_crt_free(&next);
    }
    return is_whole;
}

static bool check(struct certificate *certificate, const mbedtls_x509_crt *parsed, const mbedtls_pk_context *key,
                  const char *key_path, char *why, size_t why_size)
{
    if (!x509_is_pair(&parsed->pk, key)) {
        snprintf(why, why_size, "The key in %s does not fit the certificate.", key_path);
        return false;
    }
    size_t bits = mbedtls_pk_get_bitlen(key);
    if (mbedtls_pk_get_type(key) == MBEDTLS_PK_RSA && bits < RSA_BITS_MIN) {
        snprintf(why, why_size, "The key in %s is of %zu bits: too few for browsers, which want %d of RSA.", key_path, bits,
                 RSA_BITS_MIN);
        return false;
    }
    certificate->begins_ms = x509_time_ms(&parsed->valid_from);
    certificate->expires_ms = x509_time_ms(&parsed->valid_to);
    if (take_names(certificate, parsed))
        return true;
    snprintf(why, why_size, "There is no memory left.");
    return false;
}

static bool parse(struct certificate *certificate, const char *chain_path, const char *key_path, char *why,
                  size_t why_size)
{
    mbedtls_x509_crt parsed;
    mbedtls_pk_context key;
    bool is_fine = false;
    mbedtls_x509_crt_init(&parsed);
    mbedtls_pk_init(&key);
    if (x509_is_foreign(certificate->chain))
        snprintf(why, why_size, "%s is of a kind that is not taken: ECDSA (P-256, P-384) and RSA are.", chain_path);
    else if (!parse_chain(certificate->chain, &parsed))
        snprintf(why, why_size, "%s is no whole certificate in PEM.", chain_path);
    else if (!x509_parse_key(&key, certificate->key))
        snprintf(why, why_size, "%s is no whole private key in PEM, or it needs a password.", key_path);
    else
        is_fine = check(certificate, &parsed, &key, key_path, why, why_size);
    mbedtls_pk_free(&key);
    mbedtls_x509_crt_free(&parsed);
    return is_fine;
}

bool certificate_read(struct certificate *certificate, const char *chain_path, const char *key_path, char *why,
                      size_t why_size)
{
    *certificate = (struct certificate){0};
    certificate->chain = certificate_file(chain_path, why, why_size);
    certificate->key = certificate->chain ? certificate_file(key_path, why, why_size) : NULL;
    if (certificate->key && parse(certificate, chain_path, key_path, why, why_size))
        return true;
    certificate_finish(certificate);
    return false;
}

void certificate_finish(struct certificate *certificate)
{
    if (certificate->key)
        mbedtls_platform_zeroize(certificate->key, strlen(certificate->key));
    free(certificate->key);
    free(certificate->chain);
    free(certificate->names);
    *certificate = (struct certificate){0};
}
