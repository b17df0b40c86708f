/* The core's way out: see daemon/core/carrier.h. */
#include "daemon/net/connection.h"
#include "daemon/net/http_request.h"

/* --- WebSockets ---- */

static enum carrier_result write_websocket(void *connection, const unsigned char *bytes,
                                           size_t length)
{
    return connection_write(connection, bytes, length);
}

static void want_writeable(void *connection)
{
    struct connection *to = connection;
    if (!to->is_gone)
        lws_callback_on_writable(to->wsi);
}

static void pause_reading(void *connection)
{
    struct connection *to = connection;
    if (to->is_gone || to->is_paused)
        return;
    to->is_paused = true;
    lws_rx_flow_control(to->wsi, 0);
}

static void resume_reading(void *connection)
{
    struct connection *to = connection;
    if (to->is_gone || !to->is_paused)
        return;
    to->is_paused = false;
    lws_rx_flow_control(to->wsi, 1);
}

static void close_websocket(void *connection, uint16_t code, const char *reason)
{
    connection_close_soon(connection, code, reason);
}

const struct carrier *websocket_carrier(void)
{
    static const struct carrier carrier = {
        .write = write_websocket,
        .want_writeable = want_writeable,
        .pause = pause_reading,
        .resume = resume_reading,
        .close = close_websocket,
    };
    return &carrier;
}

/* --- HTTP: nothing is read while a request is answered ---- */

static void take_reply(void *http, const struct reply *reply)
{
    http_request_reply(http, reply);
}

static enum carrier_result write_http_request(void *http, const unsigned char *bytes, size_t length)
{
    return http_request_take(http, bytes, length);
}

static void want_http_writeable(void *connection)
{
    struct http_request *http = connection;
    if (!http->connection.is_gone)
        http_request_want_writeable(http);
}

static void nothing_to_pause(void *http)
{
    (void)http;
}

static void close_http_request(void *http, uint16_t code, const char *reason)
{
    http_request_leave(http, code, reason);
}

const struct carrier *http_request_carrier(void)
{
    static const struct carrier carrier = {
        .reply = take_reply,
        .write = write_http_request,
        .want_writeable = want_http_writeable,
        .pause = nothing_to_pause,
        .resume = nothing_to_pause,
        .close = close_http_request,
    };
    return &carrier;
}
