/* proxy.h - who speaks through a proxy: the PROXY protocol, version 2, in front of a connection, and
 * Forwarded (RFC 7239) or X-Forwarded-For in the head of its request. What a proxy has not said itself
 * anybody can have said, so only the rightmost address that is no trusted proxy's counts. Pure. */
#ifndef HEARTH_NET_PROXY_H
#define HEARTH_NET_PROXY_H

#include <stddef.h>

#include "daemon/net/address.h"
#include "daemon/net/head.h"

#define PROXY_PREAMBLE_BYTES_MAX 512 /* of which 232 are for addresses, the rest for extensions */

enum proxy_verdict {
    PROXY_PARTIAL, /* nothing is wrong so far */
    PROXY_WHOLE,
    PROXY_WRONG    /* no PROXY protocol, or longer than PROXY_PREAMBLE_BYTES_MAX */
};

/* The preamble of a connection. client keeps its value where the proxy speaks for itself or for
 * something that has no IP address; length is what the preamble takes, once it is whole. */
enum proxy_verdict proxy_read_preamble(const char *bytes, size_t size, struct address *client,
                                       size_t *length);

/* Whose request it is: client is the trusted peer's address, and becomes that of whom it speaks for.
 * False where the head names two, which the proxy cannot have meant. */
bool proxy_find_client(const struct head *head, const struct networks *trusted,
                       struct address *client);

/* The proxy was spoken to over TLS: X-Forwarded-Proto, or proto in Forwarded. */
bool proxy_says_secure(const struct head *head);

#endif
