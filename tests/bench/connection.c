#include "connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    RECEIVE_BYTES = 1 << 18,
    OPCODE_TEXT = 1,
    OPCODE_BINARY = 2,
    OPCODE_CLOSE = 8,
    OPCODE_PING = 9,
    OPCODE_PONG = 10
};

/* One thread, one buffer: every connection receives into it, a partial frame is carried over in
 * rest. */
static unsigned char received[RECEIVE_BYTES * 2];

/* The origin is the server's own; InspIRCd wants to hear one. */
static int write_upgrade(char *request, size_t size, int port, const char *path, const char *subprotocol)
{
    return snprintf(request, size,
                    "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n"
                    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    "Origin: http://127.0.0.1:%d\r\n%s%s%s"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                    path, port, port, subprotocol ? "Sec-WebSocket-Protocol: " : "",
                    subprotocol ? subprotocol : "", subprotocol ? "\r\n" : "");
}

bool connection_connect(struct connection *connection, enum framing framing, int port, const char *path,
                        const char *subprotocol)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connection->fd < 0)
        return false;
    int one = 1;
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(connection->fd, (struct sockaddr *)&address, sizeof address) < 0 &&
        errno != EINPROGRESS)
        return false;
    connection->state = CONNECTION_CONNECTING;
    connection->framing = framing;
    if (framing == FRAMING_LINES)
        return true;
    char request[512];
    int length = write_upgrade(request, sizeof request, port, path, subprotocol);
    return connection_send_batch(connection, (unsigned char *)request, (size_t)length);
}

void connection_is_there(struct connection *connection, connection_text *text, void *context)
{
    bool is_open = connection->framing == FRAMING_LINES;
    connection->state = is_open ? CONNECTION_OPEN : CONNECTION_UPGRADING;
    if (is_open)
        text(connection, NULL, 0, context);
}

static bool keep_for_later(struct connection *connection, const unsigned char *bytes, size_t length)
{
    unsigned char *grown = realloc(connection->out, connection->out_length + length);
    if (!grown)
        return false;
    memcpy(grown + connection->out_length, bytes, length);
    connection->out = grown;
    connection->out_length += length;
    return true;
}

bool connection_send_batch(struct connection *connection, const unsigned char *bytes, size_t length)
{
    if (connection->out_length > 0)
        return keep_for_later(connection, bytes, length);
    ssize_t sent = send(connection->fd, bytes, length, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != ENOTCONN)
        return false;
    size_t taken = sent < 0 ? 0 : (size_t)sent;
    return taken == length || keep_for_later(connection, bytes + taken, length - taken);
}

unsigned char *connection_frame(const struct connection *connection, unsigned char *at,
                                const char *payload, size_t length)
{
    if (connection->framing == FRAMING_LINES) {
        memcpy(at, payload, length);
        memcpy(at + length, "\r\n", 2);
        return at + length + 2;
    }
    *at++ = 0x80 | (connection->framing == FRAMING_TEXT ? OPCODE_TEXT : OPCODE_BINARY);
    if (length < 126) {
        *at++ = (unsigned char)(0x80 | length);
    } else {
        *at++ = 0x80 | 126;
        *at++ = (unsigned char)(length >> 8);
        *at++ = (unsigned char)length;
    }
    memset(at, 0, 4);
    memcpy(at + 4, payload, length);
    return at + 4 + length;
}

bool connection_send(struct connection *connection, const char *payload, size_t length)
{
    unsigned char frame[1024];
    if (length + 8 > sizeof frame)
        return false;
    return connection_send_batch(connection, frame,
                                 (size_t)(connection_frame(connection, frame, payload, length) - frame));
}

static bool answer_ping(struct connection *connection, const unsigned char *payload, size_t length)
{
    unsigned char frame[6 + 125] = {0x80 | OPCODE_PONG, (unsigned char)(0x80 | length)};
    memcpy(frame + 6, payload, length);
    return connection_send_batch(connection, frame, 6 + length);
}

/* The size of the header at bytes, and the payload's; 0 when more must come first. */
static size_t frame_header(const unsigned char *bytes, size_t length, size_t *payload)
{
    if (length < 2)
        return 0;
    size_t small = bytes[1] & 0x7f, header = small < 126 ? 2 : small == 126 ? 4 : 10;
    if (length < header)
        return 0;
    *payload = small < 126 ? small : 0;
    for (size_t i = 2; i < header; i++)
        *payload = *payload << 8 | bytes[i];
    return header;
}

/* Takes whole frames; returns how many bytes they were, or -1 when the connection has closed. */
static ssize_t take_frames(struct connection *connection, const unsigned char *bytes, size_t length,
                           connection_text *text, void *context)
{
    size_t at = 0, payload, header;
    while ((header = frame_header(bytes + at, length - at, &payload)) > 0 &&
           length - at >= header + payload) {
        unsigned opcode = bytes[at] & 0x0f;
        if (opcode == OPCODE_CLOSE)
            return -1;
        if (opcode == OPCODE_PING && payload <= 125 &&
            !answer_ping(connection, bytes + at + header, payload))
            return -1;
        if (opcode == OPCODE_TEXT || opcode == OPCODE_BINARY)
            text(connection, (const char *)bytes + at + header, payload, context);
        at += header + payload;
    }
    return (ssize_t)at;
}

/* The same of lines. */
static ssize_t take_lines(struct connection *connection, const unsigned char *bytes, size_t length,
                          connection_text *text, void *context)
{
    const unsigned char *at = bytes, *end;
    while ((end = memchr(at, '\n', length - (size_t)(at - bytes)))) {
        size_t size = (size_t)(end - at);
        text(connection, (const char *)at, size - (size > 0 && end[-1] == '\r'), context);
        at = end + 1;
    }
    return at - bytes;
}

/* The end of the answer to the upgrade; 0 while it has not come, -1 when it is not 101. */
static ssize_t take_upgrade(struct connection *connection, const unsigned char *bytes,
                            size_t length)
{
    const unsigned char *end = memmem(bytes, length, "\r\n\r\n", 4);
    if (!end)
        return 0;
    if (memcmp(bytes, "HTTP/1.1 101", 12) != 0)
        return -1;
    connection->state = CONNECTION_OPEN;
    return end + 4 - bytes;
}

static bool keep_rest(struct connection *connection, const unsigned char *bytes, size_t length)
{
    free(connection->rest);
    connection->rest = NULL;
    connection->rest_length = length;
    if (length == 0)
        return true;
    connection->rest = malloc(length);
    if (connection->rest)
        memcpy(connection->rest, bytes, length);
    return connection->rest;
}

bool connection_readable(struct connection *connection, connection_text *text, void *context)
{
    if (connection->rest_length > RECEIVE_BYTES)
        return false;
    if (connection->rest_length > 0)
        memcpy(received, connection->rest, connection->rest_length);
    ssize_t got = recv(connection->fd, received + connection->rest_length, RECEIVE_BYTES, 0);
    if (got <= 0)
        return got < 0 && errno == EAGAIN;
    size_t length = connection->rest_length + (size_t)got, at = 0;
    if (connection->state != CONNECTION_OPEN) {
        ssize_t upgraded = take_upgrade(connection, received, length);
        if (upgraded < 0)
            return false;
        at = (size_t)upgraded;
        if (connection->state == CONNECTION_OPEN)
            text(connection, NULL, 0, context);
    }
    if (connection->state == CONNECTION_OPEN) {
        ssize_t taken = connection->framing == FRAMING_LINES
                            ? take_lines(connection, received + at, length - at, text, context)
                            : take_frames(connection, received + at, length - at, text, context);
        if (taken < 0)
            return false;
        at += (size_t)taken;
    }
    return keep_rest(connection, received + at, length - at);
}

bool connection_writeable(struct connection *connection)
{
    if (connection->out_length == 0)
        return true;
    ssize_t sent = send(connection->fd, connection->out, connection->out_length, MSG_NOSIGNAL);
    if (sent < 0)
        return errno == EAGAIN;
    connection->out_length -= (size_t)sent;
    memmove(connection->out, connection->out + sent, connection->out_length);
    if (connection->out_length == 0) {
        free(connection->out);
        connection->out = NULL;
    }
    return true;
}

bool connection_wants_write(const struct connection *connection)
{
    return connection->out_length > 0;
}

void connection_close(struct connection *connection)
{
    if (connection->fd >= 0)
        close(connection->fd);
    free(connection->rest);
    free(connection->out);
    *connection = (struct connection){.fd = -1, .state = CONNECTION_CLOSED};
}
