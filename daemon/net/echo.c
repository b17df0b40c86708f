#include "daemon/net/echo.h"

#ifdef HEARTH_TEST_ENDPOINTS

#include <stdlib.h>
#include <string.h>

#include "protocol/buffer.h"

#define MESSAGE_BYTES_MAX (16 * 1024 * 1024)
#define WAITING_BYTES_MAX (4 * MESSAGE_BYTES_MAX)

struct echo {
    struct buffer message; /* being received */
    struct buffer waiting; /* framed, to be sent */
    size_t sent;           /* of waiting */
};

static struct echo *echo_of(struct connection *connection)
{
    if (!connection->echo)
        connection->echo = calloc(1, sizeof *connection->echo);
    return connection->echo;
}

static bool frame(struct buffer *out, const struct buffer *message, bool is_binary)
{
    unsigned char head[10] = {(unsigned char)(0x80 | (is_binary ? 2 : 1))};
    size_t head_length = message->length < 126 ? 2 : message->length < 65536 ? 4 : 10;
    head[1] = (unsigned char)(head_length == 2 ? message->length : head_length == 4 ? 126 : 127);
    for (size_t i = 2; i < head_length; i++)
        head[i] = (unsigned char)((uint64_t)message->length >> (8 * (head_length - 1 - i)));
    return buffer_append(out, head, head_length) &&
           (message->length == 0 || buffer_append(out, message->bytes, message->length));
}

int echo_receive(struct connection *connection, const void *bytes, size_t length)
{
    struct echo *echo = echo_of(connection);
    size_t rest = lws_remaining_packet_payload(connection->wsi);
    if (!echo)
        return -1;
    echo->message.max = MESSAGE_BYTES_MAX;
    echo->waiting.max = WAITING_BYTES_MAX;
    if (rest > MESSAGE_BYTES_MAX || echo->message.length + length + rest > MESSAGE_BYTES_MAX) {
        static const char reason[] = "The message is longer than 16 MiB.";
        lws_close_reason(connection->wsi, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE,
                         (unsigned char *)(uintptr_t)reason, sizeof reason - 1);
        return -1;
    }
    if (length > 0 && !buffer_append(&echo->message, bytes, length))
        return -1;
    if (!lws_is_final_fragment(connection->wsi))
        return 0;
    if (!frame(&echo->waiting, &echo->message, lws_frame_is_binary(connection->wsi) != 0))
        return -1;
    buffer_finish(&echo->message);
    lws_callback_on_writable(connection->wsi);
    return 0;
}

void echo_writeable(struct connection *connection)
{
    struct echo *echo = connection->echo;
    if (!echo || echo->waiting.length == 0)
        return;
    size_t piece = echo->waiting.length - echo->sent;
    if (piece > TX_PACKET_BYTES)
        piece = TX_PACKET_BYTES;
    if (connection_write(connection, echo->waiting.bytes + echo->sent, piece) == CARRIER_GONE)
        return;
    echo->sent += piece;
    if (echo->sent < echo->waiting.length) {
        lws_callback_on_writable(connection->wsi);
        return;
    }
    buffer_finish(&echo->waiting);
    echo->sent = 0;
}

void echo_finish(struct connection *connection)
{
    if (!connection->echo)
        return;
    buffer_finish(&connection->echo->message);
    buffer_finish(&connection->echo->waiting);
    free(connection->echo);
    connection->echo = NULL;
}

#else

int echo_receive(struct connection *connection, const void *bytes, size_t length)
{
    (void)connection;
    (void)bytes;
    (void)length;
    return -1;
}

void echo_writeable(struct connection *connection)
{
    (void)connection;
}

void echo_finish(struct connection *connection)
{
    (void)connection;
}

#endif
