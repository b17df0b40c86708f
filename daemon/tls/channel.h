/* channel.h - what a TLS library does for one connection: OpenSSL's in channel_openssl.c, mbedTLS's in
 * channel_mbedtls.c; one of them is built. TLS 1.2 and newer, ECDHE and AEAD only, http/1.1 only, no
 * renegotiation. Nothing here waits. */
#ifndef HEARTH_TLS_CHANNEL_H
#define HEARTH_TLS_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/tls/certificate.h"

#define CHANNEL_RECORD_BYTES 16384 /* most that one read gives or one write takes: RFC 8446, 5.1 */
#define CHANNEL_LIBRARY_BYTES 64

/* "OpenSSL 3.0.19" or "mbedTLS 2.28.3". */
void channel_library(char *out, size_t size);

/* A certificate as it is shown. Held by whoever made it and by each channel, so that connections go on with
 * the one that they began with. */
struct identity;

/* NULL: why says what the library does not like. */
struct identity *identity_create(const struct certificate *certificate, char *why, size_t why_size);
void identity_release(struct identity *identity); /* NULL is fine */

enum channel_result {
    CHANNEL_DONE,
    CHANNEL_WAITS, /* for the socket, to be read from or written to: call again when it can be */
    CHANNEL_ENDED, /* the other side has said all */
    CHANNEL_BROKEN
};

struct channel;

/* On a connected socket, borrowed. NULL without memory. */
struct channel *channel_create(struct identity *identity, int fd);

enum channel_result channel_shake_hands(struct channel *channel);

/* DONE: *got bytes, at least one. */
enum channel_result channel_read(struct channel *channel, void *bytes, size_t size, size_t *got);

/* Most that one write takes: what the other side has asked for, or what the library has room for. */
size_t channel_takes(const struct channel *channel);

/* Takes all of it, at most channel_takes. WAITS: it is taken, but not sent; channel_flush until DONE before
 * the next write. */
enum channel_result channel_write(struct channel *channel, const void *bytes, size_t length);
enum channel_result channel_flush(struct channel *channel);

/* Says that nothing more will be written. After that nothing is. */
void channel_say_end(struct channel *channel);

/* Forgets it without a word. NULL is fine. */
void channel_destroy(struct channel *channel);

#endif
