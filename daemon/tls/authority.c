#include "daemon/tls/authority.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mbedtls/asn1.h>
#include <mbedtls/oid.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/version.h>

#include "daemon/tls/der.h"
#include "daemon/tls/x509.h"
#include "storage/clock.h"

#define PATH_BYTES 288
#define PEM_BYTES 12288
#define SERIAL_BYTES 16
#define CA_DAYS 7300
#define BOARD_DAYS 397 /* Apple takes no more from authorities of the internet; of ours it would */

#define TAG_SEQUENCE 0x30
#define TAG_DNS 0x82
#define TAG_IP 0x87
#define TAG_PERMITTED 0xa0

/* RFC 5280, 4.2.1.10 and 4.2.1.12 */
static const char oid_name_constraints[] = "\x55\x1d\x1e";
static const char oid_extended_key_usage[] = "\x55\x1d\x25";
static const char oid_alternative_name[] = "\x55\x1d\x11";
static const char oid_server[] = "\x2b\x06\x01\x05\x05\x07\x03\x01";

static const struct network {
    uint8_t length;
    uint8_t bytes[32]; /* the address, then its mask */
} private_networks[] = {
    {8, {10, 0, 0, 0, 255, 0, 0, 0}},
    {8, {172, 16, 0, 0, 255, 240, 0, 0}},
    {8, {192, 168, 0, 0, 255, 255, 0, 0}},
    {8, {169, 254, 0, 0, 255, 255, 0, 0}},
    {8, {100, 64, 0, 0, 255, 192, 0, 0}},
    {8, {127, 0, 0, 0, 255, 0, 0, 0}},
    {32, {[0] = 0xfc, [16] = 0xfe}},
    {32, {[0] = 0xfe, [1] = 0x80, [16] = 0xff, [17] = 0xc0}},
    {32, {[15] = 1, [16] = 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}},
};

static void path_of(const struct authority *authority, const char *file, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "%s/%s", authority->folder, file);
}

/* ---- files --------------------------------------------------------------------------------------- */

static bool write_bytes(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        length -= (size_t)written;
    }
    return fsync(fd) == 0;
}

/* Whole or not at all. */
static bool write_file(const struct authority *authority, const char *file, const char *text, mode_t mode, char *why,
                       size_t why_size)
{
    char path[PATH_BYTES], fresh[PATH_BYTES + 8];
    path_of(authority, file, path);
    snprintf(fresh, sizeof fresh, "%s.new", path);
    (void)unlink(fresh);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    bool is_written = fd >= 0 && fchmod(fd, mode) == 0 && write_bytes(fd, text, strlen(text));
    int error = errno;
    if (fd >= 0)
        close(fd);
    if (is_written && rename(fresh, path) == 0)
        return true;
    snprintf(why, why_size, "%s cannot be written: %s.", path, strerror(is_written ? errno : error));
    (void)unlink(fresh);
    return false;
}

static bool is_there(const struct authority *authority, const char *file)
{
    char path[PATH_BYTES];
    struct stat status;
    path_of(authority, file, path);
    return lstat(path, &status) == 0;
}

/* ---- keys ---------------------------------------------------------------------------------------- */

static bool make_key(mbedtls_pk_context *key)
{
    return mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)) == 0 &&
           mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key), x509_random, NULL) == 0;
}

static bool write_key(const struct authority *authority, const char *file, mbedtls_pk_context *key, char *why,
                      size_t why_size)
{
    unsigned char pem[2048];
    snprintf(why, why_size, "A key could not be made.");
    bool is_written = mbedtls_pk_write_key_pem(key, pem, sizeof pem) == 0 &&
                      write_file(authority, file, (const char *)pem, 0600, why, why_size);
    mbedtls_platform_zeroize(pem, sizeof pem);
    return is_written;
}

static bool read_key(const struct authority *authority, const char *file, mbedtls_pk_context *key, char *why,
                     size_t why_size)
{
    char path[PATH_BYTES];
    path_of(authority, file, path);
    char *pem = certificate_file(path, why, why_size);
    bool is_read = pem && x509_parse_key(key, pem);
    if (pem) {
        if (!is_read)
            snprintf(why, why_size, "%s is no private key.", path);
        mbedtls_platform_zeroize(pem, strlen(pem));
    }
    free(pem);
    return is_read;
}

/* ---- extensions ---------------------------------------------------------------------------------- */

static void put_subtree(struct der *der, uint8_t tag, const void *bytes, size_t length)
{
    size_t before = der_length(der);
    der_put(der, bytes, length);
    der_wrap(der, tag, before);
    der_wrap(der, TAG_SEQUENCE, before);
}

static void put_constraints(const struct authority *authority, struct der *der)
{
    der_init(der);
    for (size_t i = sizeof private_networks / sizeof *private_networks; i-- > 0;)
        put_subtree(der, TAG_IP, private_networks[i].bytes, private_networks[i].length);
    for (size_t i = authority->permitted_count; i-- > 0;)
        put_subtree(der, TAG_DNS, authority->permitted[i], strlen(authority->permitted[i]));
    der_wrap(der, TAG_PERMITTED, 0);
    der_wrap(der, TAG_SEQUENCE, 0);
}

static void put_names(const struct authority *authority, const struct board *board, struct der *der)
{
    der_init(der);
    for (size_t i = board->count; i-- > 0;) {
        const struct certificate_name *name = &board->names[i];
        size_t before = der_length(der);
        if (!authority_may_vouch(authority, name))
            continue;
        der_put(der, name->bytes, name->length);
        der_wrap(der, name->is_address ? TAG_IP : TAG_DNS, before);
    }
    der_wrap(der, TAG_SEQUENCE, 0);
}

static void put_purpose(struct der *der)
{
    der_init(der);
    der_put(der, oid_server, sizeof oid_server - 1);
    der_wrap(der, 0x06, 0);
    der_wrap(der, TAG_SEQUENCE, 0);
}

static bool set_extension(mbedtls_x509write_cert *writer, const char *oid, bool is_critical, const struct der *der)
{
    return !der->failed && mbedtls_x509write_crt_set_extension(writer, oid, strlen(oid), is_critical,
                                                               der->bytes + der->at, der_length(der)) == 0;
}

/* ---- writing certificates ------------------------------------------------------------------------ */

static bool set_serial(mbedtls_x509write_cert *writer)
{
    unsigned char serial[SERIAL_BYTES];
    if (x509_random(NULL, serial, sizeof serial) != 0)
        return false;
    serial[0] = (serial[0] & 0x7f) | 0x40; /* positive, and always as long */
#if MBEDTLS_VERSION_NUMBER >= 0x03040000
    return mbedtls_x509write_crt_set_serial_raw(writer, serial, sizeof serial) == 0;
#else
    mbedtls_mpi number;
    mbedtls_mpi_init(&number);
    bool is_set = mbedtls_mpi_read_binary(&number, serial, sizeof serial) == 0 &&
                  mbedtls_x509write_crt_set_serial(writer, &number) == 0;
    mbedtls_mpi_free(&number);
    return is_set;
#endif
}

static bool set_validity(mbedtls_x509write_cert *writer, int64_t begins_ms, int64_t days)
{
    char begins[X509_DATE_BYTES], ends[X509_DATE_BYTES];
    x509_date(begins_ms, begins);
    x509_date(begins_ms + days * AUTHORITY_DAY_MS - 1000, ends);
    return mbedtls_x509write_crt_set_validity(writer, begins, ends) == 0;
}

static void begin_writing(mbedtls_x509write_cert *writer, mbedtls_pk_context *subject, mbedtls_pk_context *issuer)
{
    mbedtls_x509write_crt_init(writer);
    mbedtls_x509write_crt_set_version(writer, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(writer, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(writer, subject);
    mbedtls_x509write_crt_set_issuer_key(writer, issuer);
}

static bool set_key_identifiers(mbedtls_x509write_cert *writer)
{
    return mbedtls_x509write_crt_set_subject_key_identifier(writer) == 0 &&
           mbedtls_x509write_crt_set_authority_key_identifier(writer) == 0;
}

static bool finish_writing(const struct authority *authority, const char *file, mbedtls_x509write_cert *writer,
                           mbedtls_pk_context *issuer, bool is_fine, char *why, size_t why_size)
{
    char *pem = malloc(PEM_BYTES);
    snprintf(why, why_size, "A certificate could not be made.");
    is_fine = is_fine && pem && x509_write(writer, issuer, pem, PEM_BYTES) &&
              write_file(authority, file, pem, 0644, why, why_size);
    mbedtls_x509write_crt_free(writer);
    free(pem);
    return is_fine;
}

/* ---- the authority itself ------------------------------------------------------------------------ */

static void permit(struct authority *authority, const char *name, size_t length)
{
    if (authority->permitted_count == AUTHORITY_PERMITTED_MAX || length >= sizeof authority->permitted[0])
        return;
    char *slot = authority->permitted[authority->permitted_count++];
    memcpy(slot, name, length);
    slot[length] = '\0';
}

static bool is_permitted(const struct authority *authority, const char *name, size_t length)
{
    for (size_t i = 0; i < authority->permitted_count; i++) {
        const char *root = authority->permitted[i];
        size_t rest = strlen(root);
        if (length >= rest && memcmp(name + length - rest, root, rest) == 0 &&
            (length == rest || name[length - rest - 1] == '.'))
            return true;
    }
    return false;
}

static void permit_board(struct authority *authority, const struct board *board)
{
    authority->permitted_count = 0;
    for (const char *const *ending = board_local_endings; *ending; ending++)
        permit(authority, *ending, strlen(*ending));
    for (size_t i = 0; i < board->count; i++)
        if (!board->names[i].is_address && !is_permitted(authority, board->names[i].bytes, board->names[i].length))
            permit(authority, board->names[i].bytes, board->names[i].length);
}

bool authority_may_vouch(const struct authority *authority, const struct certificate_name *name)
{
    if (!name->is_address)
        return is_permitted(authority, name->bytes, name->length);
    for (size_t i = 0; i < sizeof private_networks / sizeof *private_networks; i++) {
        const struct network *network = &private_networks[i];
        bool is_in = network->length == 2 * name->length;
        for (size_t at = 0; is_in && at < name->length; at++)
            is_in = ((uint8_t)name->bytes[at] & network->bytes[name->length + at]) == network->bytes[at];
        if (is_in)
            return true;
    }
    return false;
}

/* "hearth of board 3f2a9c": two boards' authorities are told apart in a phone's list. */
static bool name_authority(char *out, size_t size)
{
    char own[64] = "";
    unsigned char mark[3];
    if (gethostname(own, sizeof own - 1) != 0 || own[0] == '\0')
        snprintf(own, sizeof own, "board");
    for (char *at = own; *at; at++)
        if (!isalnum((unsigned char)*at) && *at != '-')
            *at = at == own ? 'x' : '\0'; /* the first label, free of what a distinguished name means */
    own[32] = '\0';
    if (x509_random(NULL, mark, sizeof mark) != 0)
        return false;
    snprintf(out, size, "CN=hearth of %s %02x%02x%02x", own, mark[0], mark[1], mark[2]);
    return true;
}

/* Valid from the day that this program was built: what a board without a clock believes is no later. */
static bool make_authority(struct authority *authority, int64_t now_ms, char *why, size_t why_size)
{
    char name[128];
    struct der constraints;
    mbedtls_pk_context key;
    mbedtls_x509write_cert writer;
    int64_t begins_ms = (now_ms < clock_built_ms() ? now_ms : clock_built_ms()) - AUTHORITY_DAY_MS;
    snprintf(why, why_size, "A key could not be made.");
    mbedtls_pk_init(&key);
    put_constraints(authority, &constraints);
    if (!name_authority(name, sizeof name) || !make_key(&key) ||
        !write_key(authority, "ca.key", &key, why, why_size)) {
        mbedtls_pk_free(&key);
        return false;
    }
    begin_writing(&writer, &key, &key);
    bool is_fine = mbedtls_x509write_crt_set_subject_name(&writer, name) == 0 &&
                   mbedtls_x509write_crt_set_issuer_name(&writer, name) == 0 && set_serial(&writer) &&
                   set_validity(&writer, begins_ms, CA_DAYS) &&
                   mbedtls_x509write_crt_set_basic_constraints(&writer, 1, 0) == 0 &&
                   mbedtls_x509write_crt_set_key_usage(&writer, MBEDTLS_X509_KU_KEY_CERT_SIGN |
                                                                    MBEDTLS_X509_KU_CRL_SIGN) == 0 &&
                   set_key_identifiers(&writer) && set_extension(&writer, oid_name_constraints, true, &constraints);
    is_fine = finish_writing(authority, "ca.crt", &writer, &key, is_fine, why, why_size);
    mbedtls_pk_free(&key);
    return is_fine;
}

/* What it may vouch for stands in itself. */
static int read_constraints(void *of, const mbedtls_x509_crt *certificate, const mbedtls_x509_buf *oid,
                            int is_critical, const unsigned char *at, const unsigned char *end)
{
    struct authority *authority = of;
    unsigned char *here = (unsigned char *)(uintptr_t)at; /* mbedTLS's readers only read */
    size_t length;
    (void)certificate;
    (void)is_critical;
    if (oid->len != sizeof oid_name_constraints - 1 || memcmp(oid->p, oid_name_constraints, oid->len) != 0)
        return 0;
    if (mbedtls_asn1_get_tag(&here, end, &length, TAG_SEQUENCE) != 0 ||
        mbedtls_asn1_get_tag(&here, end, &length, TAG_PERMITTED) != 0)
        return MBEDTLS_ERR_X509_INVALID_EXTENSIONS;
    while (here < end && mbedtls_asn1_get_tag(&here, end, &length, TAG_SEQUENCE) == 0) {
        unsigned char *name = here;
        here += length;
        if (mbedtls_asn1_get_tag(&name, here, &length, TAG_DNS) == 0)
            permit(authority, (const char *)name, length);
    }
    return 0;
}

static bool parse_authority(struct authority *authority, mbedtls_x509_crt *out)
{
    authority->permitted_count = 0;
    return x509_parse_with(out, authority->pem, read_constraints, authority) > 0;
}

static bool read_authority(struct authority *authority, char *why, size_t why_size)
{
    char path[PATH_BYTES];
    mbedtls_x509_crt parsed;
    path_of(authority, "ca.crt", path);
    authority->pem = certificate_file(path, why, why_size);
    if (!authority->pem)
        return false;
    mbedtls_x509_crt_init(&parsed);
    bool is_fine = parse_authority(authority, &parsed);
    mbedtls_x509_crt_free(&parsed);
    if (!is_fine)
        snprintf(why, why_size, "%s is no certificate; with both ca.crt and ca.key gone, new ones are made.", path);
    return is_fine;
}

bool authority_open(struct authority *authority, const char *folder, const struct board *board, int64_t now_ms,
                    char *why, size_t why_size)
{
    *authority = (struct authority){0};
    snprintf(authority->folder, sizeof authority->folder, "%s", folder);
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        snprintf(why, why_size, "The folder %s cannot be made: %s.", folder, strerror(errno));
        return false;
    }
    permit_board(authority, board);
    if ((is_there(authority, "ca.crt") || make_authority(authority, now_ms, why, why_size)) &&
        read_authority(authority, why, why_size))
        return true;
    authority_close(authority);
    return false;
}

void authority_close(struct authority *authority)
{
    free(authority->pem);
    *authority = (struct authority){0};
}

/* ---- the board's certificate --------------------------------------------------------------------- */

static bool is_signed_by(const struct authority *authority, const struct certificate *certificate)
{
    struct authority scratch = *authority;
    mbedtls_x509_crt ca, board;
    uint32_t flags = 0;
    mbedtls_x509_crt_init(&ca);
    mbedtls_x509_crt_init(&board);
    bool is_signed = parse_authority(&scratch, &ca) && x509_parse(&board, certificate->chain) > 0;
    if (is_signed && mbedtls_x509_crt_verify(&board, &ca, NULL, NULL, &flags, NULL, NULL) != 0)
        is_signed = (flags & (uint32_t)~(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE)) == 0;
    mbedtls_x509_crt_free(&board);
    mbedtls_x509_crt_free(&ca);
    return is_signed;
}

bool authority_read_board(const struct authority *authority, struct certificate *certificate)
{
    char chain[PATH_BYTES], key[PATH_BYTES], why[TLS_WHY_BYTES];
    path_of(authority, "board.crt", chain);
    path_of(authority, "board.key", key);
    if (!certificate_read(certificate, chain, key, why, sizeof why))
        return false;
    if (is_signed_by(authority, certificate))
        return true;
    certificate_finish(certificate);
    return false;
}

/* Kept while it can be read: only the certificate has an end. */
static bool board_key(const struct authority *authority, mbedtls_pk_context *key, char *why, size_t why_size)
{
    if (read_key(authority, "board.key", key, why, why_size))
        return true;
    mbedtls_pk_free(key);
    mbedtls_pk_init(key);
    return make_key(key) && write_key(authority, "board.key", key, why, why_size);
}

static bool write_board(const struct authority *authority, const struct board *board, int64_t now_ms,
                        mbedtls_pk_context *key, mbedtls_pk_context *ca_key, const char *issuer, char *why,
                        size_t why_size)
{
    struct der names, purpose;
    mbedtls_x509write_cert writer;
    put_names(authority, board, &names);
    put_purpose(&purpose);
    begin_writing(&writer, key, ca_key);
    bool is_fine = mbedtls_x509write_crt_set_subject_name(&writer, "CN=hearth") == 0 &&
                   mbedtls_x509write_crt_set_issuer_name(&writer, issuer) == 0 && set_serial(&writer) &&
                   set_validity(&writer, now_ms - AUTHORITY_DAY_MS, BOARD_DAYS) &&
                   mbedtls_x509write_crt_set_basic_constraints(&writer, 0, -1) == 0 &&
                   mbedtls_x509write_crt_set_key_usage(&writer, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) == 0 &&
                   set_key_identifiers(&writer) &&
                   set_extension(&writer, oid_extended_key_usage, false, &purpose) &&
                   set_extension(&writer, oid_alternative_name, false, &names);
    return finish_writing(authority, "board.crt", &writer, ca_key, is_fine, why, why_size);
}

bool authority_make_board(const struct authority *authority, const struct board *board, int64_t now_ms, char *why,
                          size_t why_size)
{
    char issuer[256];
    struct authority scratch = *authority;
    mbedtls_x509_crt ca;
    mbedtls_pk_context key, ca_key;
    mbedtls_x509_crt_init(&ca);
    mbedtls_pk_init(&key);
    mbedtls_pk_init(&ca_key);
    bool is_fine = parse_authority(&scratch, &ca) && mbedtls_x509_dn_gets(issuer, sizeof issuer, &ca.subject) > 0 &&
                   read_key(authority, "ca.key", &ca_key, why, why_size);
    if (is_fine && !x509_is_pair(&ca.pk, &ca_key)) {
        snprintf(why, why_size, "ca.key in %s does not fit ca.crt; with both gone, new ones are made.",
                 authority->folder);
        is_fine = false;
    }
    is_fine = is_fine && board_key(authority, &key, why, why_size) &&
              write_board(authority, board, now_ms, &key, &ca_key, issuer, why, why_size);
    mbedtls_pk_free(&ca_key);
    mbedtls_pk_free(&key);
    mbedtls_x509_crt_free(&ca);
    return is_fine;
}
