/* connection.h - one client of the load generator, over WebSocket or in lines: non-blocking, no library, so that what
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

/* FRAMING_LINES: no WebSocket, lines that end in CR LF. */
enum framing { FRAMING_TEXT, FRAMING_BINARY, FRAMING_LINES };

struct connection {
    int fd;
    enum framing framing;
    enum connection_state state;
    uint32_t id;
    unsigned char *rest; /* the beginning of a frame whose end has not come; owned */
    size_t rest_length;
    unsigned char *out; /* what the kernel did not take; owned */
    size_t out_length;
};

/* Told about every frame or line (without its end); payload is borrowed. NULL: it is open. */
typedef void connection_text(struct connection *connection, const char *payload, size_t length,
                             void *context);

/* Begins to connect to 127.0.0.1:port and asks for an upgrade at path, to subprotocol unless that is NULL.
 * False: errno says why. */
bool connection_connect(struct connection *connection, enum framing framing, int port, const char *path,
                        const char *subprotocol);

/* The kernel has connected it. */
void connection_is_there(struct connection *connection, connection_text *text, void *context);

/* Sends a frame, or keeps what the kernel does not take. False when the connection is gone. */
bool connection_send(struct connection *connection, const char *payload, size_t length);

/* Adds a frame to a batch of bytes; returns its end. For connection_send_batch. */
unsigned char *connection_frame(const struct connection *connection, unsigned char *at,
                                const char *payload, size_t length);
bool connection_send_batch(struct connection *connection, const unsigned char *bytes,
                           size_t length);

/* Call when epoll says so. False when the connection is gone. */
bool connection_readable(struct connection *connection, connection_text *text, void *context);
bool connection_writeable(struct connection *connection);
bool connection_wants_write(const struct connection *connection);

void connection_close(struct connection *connection);

#endif
