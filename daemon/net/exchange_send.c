/* The way out of an exchange: its answer piece by piece, then the stream if it is one. */
#include "daemon/net/body.h"
#include "daemon/net/exchange.h"

#define PIECE_BYTES 16384

static void begin_stream(struct exchange *exchange)
{
    exchange->phase = EXCHANGE_STREAMING;
    buffer_finish(&exchange->answer);
    exchange_count(exchange);
    lws_set_timeout(exchange->connection.wsi, NO_PENDING_TIMEOUT, 0);
    connection_enlist_stream(exchange->server, &exchange->connection);
}

/* Nothing waits for the socket: lws need not read, and the core may go on. */
static void go_on(struct exchange *exchange)
{
    lws_rx_flow_control(exchange->connection.wsi, 0);
    if (exchange->connection.session)
        session_writeable(exchange->connection.session);
}

/* The next piece of what is to be sent. NULL when it is not to be had. */
static const unsigned char *piece_of(const struct exchange *exchange, size_t *length)
{
    size_t head = exchange->answer.length;
    size_t at = exchange->sent < head ? exchange->sent : exchange->sent - head;
    if (exchange->sent >= head && exchange->shared)
        return body_read(exchange->shared, at, length);
    *length = (exchange->sent < head ? head : exchange->rest_length) - at;
    if (*length > PIECE_BYTES)
        *length = PIECE_BYTES;
    return (exchange->sent < head ? exchange->answer.bytes : exchange->rest) + at;
}

/* False when the connection is dying. */
static bool send_pieces(struct exchange *exchange)
{
    size_t total = exchange->answer.length + exchange->rest_length;
    struct lws *wsi = exchange->connection.wsi;
    while (exchange->sent < total && !lws_send_pipe_choked(wsi)) {
        size_t length;
        const unsigned char *piece = piece_of(exchange, &length);
        if (!piece || connection_write(&exchange->connection, piece, length) == CARRIER_GONE)
            return false;
        exchange->sent += length;
        lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, SENDING_SECONDS);
    }
    return true;
}

int exchange_writeable(struct exchange *exchange, bool *is_over)
{
    struct lws *wsi = exchange->connection.wsi;
    *is_over = false;
    if (exchange->connection.is_gone)
        return -1;
    if (exchange->phase == EXCHANGE_ANSWERING) {
        if (!send_pieces(exchange))
            return -1;
        if (exchange->sent < exchange->answer.length + exchange->rest_length) {
            lws_callback_on_writable(wsi);
            return 0;
        }
        if (exchange->form != ANSWER_STREAM || !exchange->connection.session) {
            *is_over = true;
            return 0;
        }
        begin_stream(exchange);
    }
    if (exchange->phase != EXCHANGE_STREAMING)
        return 0;
    if (lws_partial_buffered(wsi))
        lws_callback_on_writable(wsi);
    else
        go_on(exchange);
    return 0;
}

void exchange_beat(struct server *server, struct connection *connection)
{
    static const unsigned char comment[] = ":\n\n"; /* no event: proxies and pages see life */
    const struct exchange *exchange = (const struct exchange *)(const void *)connection;
    connection->heard_ms = server_now_ms(server);
    if (exchange->kind == SESSION_EVENTS && !lws_partial_buffered(connection->wsi))
        (void)exchange_take((struct exchange *)(void *)connection, comment, sizeof comment - 1);
}
