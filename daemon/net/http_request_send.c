/* The way out of an HTTP request: its answer piece by piece, then the stream if it is one. */
#include "daemon/net/body.h"
#include "daemon/net/download_stream.h"
#include "daemon/net/file_budget.h"
#include "daemon/net/http_request.h"
#include "daemon/net/transfer_stream.h"

#define PIECE_BYTES 16384

static void begin_stream(struct http_request *http)
{
    http->phase = HTTP_REQUEST_STREAMING;
    buffer_finish(&http->answer);
    http_request_count(http);
    lws_set_timeout(http->connection.wsi, NO_PENDING_TIMEOUT, 0);
    connection_enlist_stream(http->server, &http->connection);
}

/* Nothing waits for the socket: lws need not read, and the core may go on. */
static void go_on(struct http_request *http)
{
    lws_rx_flow_control(http->connection.wsi, 0);
    if (http->connection.session)
        session_writeable(http->connection.session);
}

/* The next piece of what is to be sent. NULL when it is not to be had; of a backup, none when it is
 * not there yet. */
static const unsigned char *piece_of(struct http_request *http, size_t *length)
{
    size_t head = http->answer.length;
    size_t at = http->sent < head ? http->sent : http->sent - head;
    if (http->sent >= head && http->shared)
        return body_read(http->shared, at, length);
    if (http->sent >= head && http->stream)
        return transfer_stream_piece(http, length);
    if (http->sent >= head && http->download)
        return download_stream_piece(http, length);
    *length = (http->sent < head ? head : http->rest_length) - at;
    if (*length > PIECE_BYTES)
        *length = PIECE_BYTES;
    return (http->sent < head ? http->answer.bytes : http->rest) + at;
}

/* A reader who takes a byte now and then would hold a place for as long as it likes. */
static bool is_too_slow(const struct http_request *http)
{
    return !http->is_admin && server_now_ms(http->server) > http->answer_until_ms;
}

/* What comes of an attempt to send a piece. */
enum sending { SENDING_GOES_ON, SENDING_WAITS, SENDING_FAILED };

static enum sending send_piece(struct http_request *http)
{
    size_t length;
    bool is_streamed = (http->stream || http->download) && http->sent >= http->answer.length;
    const unsigned char *piece = piece_of(http, &length);
    if (is_streamed && length == 0)
        return SENDING_WAITS;
    if (is_streamed && length > PIECE_BYTES)
        length = PIECE_BYTES;
    if (is_streamed && http->download && !file_budget_take(http, length))
        return SENDING_WAITS;
    if (!piece || connection_write(&http->connection, piece, length) == CARRIER_GONE)
        return SENDING_FAILED;
    http->sent += length;
    if (is_streamed && http->stream)
        transfer_stream_sent(http, length);
    else if (is_streamed)
        download_stream_sent(http, length);
    lws_set_timeout(http->connection.wsi, PENDING_TIMEOUT_HTTP_CONTENT, SENDING_SECONDS);
    return SENDING_GOES_ON;
}

static bool is_sent(const struct http_request *http)
{
    return http->sent >= http->answer.length + http->rest_length;
}

static enum sending send_pieces(struct http_request *http)
{
    enum sending sending = SENDING_GOES_ON;
    if (is_too_slow(http)) {
        refuse_note(http->server, REFUSED_slow, lws_get_opaque_user_data(http->connection.wsi));
        return SENDING_FAILED;
    }
    while (sending == SENDING_GOES_ON && !is_sent(http) &&
           !lws_send_pipe_choked(http->connection.wsi))
        sending = send_piece(http);
    return sending;
}

int http_request_writeable(struct http_request *http, bool *is_over)
{
    struct lws *wsi = http->connection.wsi;
    *is_over = false;
    if (http->connection.is_gone)
        return -1;
    if (http->phase == HTTP_REQUEST_ANSWERING) {
        enum sending sending = send_pieces(http);
        if (sending == SENDING_FAILED)
            return -1;
        if (!is_sent(http) || (http->body_left > 0 && lws_partial_buffered(wsi))) {
            if (sending == SENDING_GOES_ON)
                lws_callback_on_writable(wsi);
            return 0;
        }
        if (http->form != ANSWER_STREAM || !http->connection.session) {
            *is_over = true;
            return 0;
        }
        begin_stream(http);
    }
    if (http->phase != HTTP_REQUEST_STREAMING)
        return 0;
    if (lws_partial_buffered(wsi))
        lws_callback_on_writable(wsi);
    else
        go_on(http);
    return 0;
}

void http_request_beat(struct server *server, struct connection *connection)
{
    static const unsigned char comment[] = ":\n\n"; /* no event: proxies and pages see life */
    const struct http_request *http = (const struct http_request *)(const void *)connection;
    connection->heard_ms = server_now_ms(server);
    if (http->kind == SESSION_EVENTS && !lws_partial_buffered(connection->wsi))
        (void)http_request_take((struct http_request *)(void *)connection, comment,
                                sizeof comment - 1);
}
