/* peer.h - one WebSocket client of the load generator: non-blocking, no library, so that what is
 * measured is the server. RFC 6455; the masking key is zero, which masks nothing and is allowed. */
#ifndef HEARTH_BENCH_PEER_H
#define HEARTH_BENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum peer_state { PEER_CONNECTING, PEER_UPGRADING, PEER_OPEN, PEER_CLOSED };

struct peer {
    int fd;
    enum peer_state state;
    uint32_t id;
    unsigned char *rest; /* the beginning of a frame whose end has not come; owned */
    size_t rest_length;
    unsigned char *out; /* what the kernel did not take; owned */
    size_t out_length;
};

/* Told about every text frame; payload is borrowed. */
typedef void peer_text(struct peer *peer, const char *payload, size_t length, void *context);

/* Begins to connect to 127.0.0.1:port and asks for an upgrade at path. False: errno says why. */
bool peer_connect(struct peer *peer, int port, const char *path);

/* Sends a text frame, or keeps what the kernel does not take. False when the connection is gone. */
bool peer_send(struct peer *peer, const char *payload, size_t length);

/* Adds a text frame to a batch of bytes; returns its end. For peer_send_batch. */
unsigned char *peer_frame(unsigned char *at, const char *payload, size_t length);
bool peer_send_batch(struct peer *peer, const unsigned char *bytes, size_t length);

/* Call when epoll says so. False when the connection is gone. */
bool peer_readable(struct peer *peer, peer_text *text, void *context);
bool peer_writeable(struct peer *peer);
bool peer_wants_write(const struct peer *peer);

void peer_close(struct peer *peer);

#endif
