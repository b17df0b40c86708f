/* certificate.h - a certificate with its chain and its key: read from PEM files and found fit to be shown,
 * or a sentence why not. Plain data. Any thread. */
#ifndef HEARTH_TLS_CERTIFICATE_H
#define HEARTH_TLS_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CERTIFICATE_FILE_BYTES_MAX 65536 /* of the chain, and of the key */
#define CERTIFICATE_NAMES_MAX 64         /* that are looked at */
#define CERTIFICATE_NAMES_BYTES 512      /* of them as a text */
#define TLS_WHY_BYTES 384                /* one sentence */

/* A name that a certificate is for. */
struct certificate_name {
    bool is_address;
    uint8_t length;
    char bytes[253]; /* of a host, in lower case; or 4 or 16 of an address */
};

struct certificate {
    char *chain, *key; /* PEM, owned; both end in NUL */
    int64_t begins_ms, expires_ms;
    struct certificate_name *names; /* owned */
    size_t name_count;
};

/* Reads both files and sees that they belong together. False: why says which file and what is wrong, and
 * certificate holds nothing. */
bool certificate_read(struct certificate *certificate, const char *chain_path, const char *key_path, char *why,
                      size_t why_size);

/* The names as "board.local, 192.168.1.5", cut where it is full. */
void certificate_print_names(const struct certificate *certificate, char *out, size_t size);

bool certificate_has_name(const struct certificate *certificate, const struct certificate_name *name);

/* Frees what it holds; the key is wiped. Twice is fine. */
void certificate_finish(struct certificate *certificate);

/* Reads a whole file into memory of its own that ends in NUL. NULL: why. */
char *certificate_file(const char *path, char *why, size_t why_size);

#endif
