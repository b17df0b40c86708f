/* connection.h - one WebSocket client of the load generator: non-blocking, no library, so that what
 * is measured is the server. RFC 6455; the masking key is zero, which masks nothing and is allowed.
 */
#ifndef HEARTH_BENCH_CONNECTION_H
#define HEARTH_BENCH_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum connection_state {
    CONNECTION_CONNECTING,
    CONNECTION_UPGRADING,
    CONNECTION_OPEN,
    CONNECTION_CLOSED
};

struct connection {
    int fd;
    enum connection_state state;
    uint32_t id;
    unsigned char *rest; /* the beginning of a frame whose end has not come; owned */
    size_t rest_length;
    unsigned char *out; /* what the kernel did not take; owned */
    size_t out_length;
};

/* Told about every text frame; payload is borrowed. */
typedef void connection_text(struct connection *connection, const char *payload, size_t length,
                             void *context);

/* Begins to connect to 127.0.0.1:port and asks for an upgrade at path. False: errno says why. */
bool connection_connect(struct connection *connection, int port, const char *path);

/* Sends a text frame, or keeps what the kernel does not take. False when the connection is gone. */
bool connection_send(struct connection *connection, const char *payload, size_t length);

/* Adds a text frame to a batch of bytes; returns its end. For connection_send_batch. */
unsigned char *connection_frame(unsigned char *at, const char *payload, size_t length);
bool connection_send_batch(struct connection *connection, const unsigned char *bytes,
                           size_t length);

/* Call when epoll says so. False when the connection is gone. */
bool connection_readable(struct connection *connection, connection_text *text, void *context);
bool connection_writeable(struct connection *connection);
bool connection_wants_write(const struct connection *connection);

void connection_close(struct connection *connection);

#endif
