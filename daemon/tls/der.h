/* der.h - the few structures of ASN.1 that mbedTLS does not write: built from the end, as DER wants to know
 * every length beforehand. Plain data. */
#ifndef HEARTH_TLS_DER_H
#define HEARTH_TLS_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define DER_BYTES_MAX 6144

struct der {
    unsigned char bytes[DER_BYTES_MAX];
    size_t at; /* where it begins; DER_BYTES_MAX when empty */
    bool failed;
};

static inline void der_init(struct der *der)
{
    der->at = DER_BYTES_MAX;
    der->failed = false;
}

static inline size_t der_length(const struct der *der)
{
    return DER_BYTES_MAX - der->at;
}

static inline void der_put(struct der *der, const void *bytes, size_t length)
{
    der->failed = der->failed || length > der->at;
    if (der->failed)
        return;
    der->at -= length;
    memcpy(der->bytes + der->at, bytes, length);
}

/* Tag and length of what has been put since the structure was before bytes long. */
static inline void der_wrap(struct der *der, uint8_t tag, size_t before)
{
    size_t length = der_length(der) - before;
    uint8_t head[4] = {tag, (uint8_t)length};
    size_t head_length = 2;
    if (length > 0xff) {
        head[1] = 0x82;
        head[2] = (uint8_t)(length >> 8);
        head[3] = (uint8_t)length;
        head_length = 4;
    } else if (length > 0x7f) {
        head[1] = 0x81;
        head[2] = (uint8_t)length;
        head_length = 3;
    }
    der_put(der, head, head_length);
}

#endif
