/* The core's way out: see daemon/core/carrier.h. */
#include "daemon/net/connection.h"
#include "daemon/net/exchange.h"
#include "daemon/net/server.h"

static enum carrier_result carry_write(void *connection, const unsigned char *bytes, size_t length)
{
    struct connection *to = connection;
    if (to->kind == CONNECTION_EXCHANGE)
        return exchange_take(connection, bytes, length);
    return connection_write(to, bytes, length);
}

static void carry_want_writeable(void *connection)
{
    struct connection *to = connection;
    if (to->is_gone)
        return;
    if (to->kind == CONNECTION_EXCHANGE)
        exchange_want_writeable(connection);
    else
        lws_callback_on_writable(to->wsi);
}

static void carry_pause(void *connection)
{
    struct connection *to = connection;
    if (to->is_gone || to->is_paused || to->kind == CONNECTION_EXCHANGE)
        return; /* of HTTP nothing is read while it is answered */
    to->is_paused = true;
    lws_rx_flow_control(to->wsi, 0);
}

static void carry_resume(void *connection)
{
    struct connection *to = connection;
    if (to->is_gone || !to->is_paused)
        return;
    to->is_paused = false;
    lws_rx_flow_control(to->wsi, 1);
}

static void carry_close(void *connection, uint16_t code, const char *reason)
{
    struct connection *to = connection;
    if (to->kind == CONNECTION_EXCHANGE)
        exchange_leave(connection, code, reason);
    else
        connection_bid_farewell(to, code, reason);
}

const struct carrier *server_carrier(void)
{
    static const struct carrier carrier = {
        .write = carry_write,
        .want_writeable = carry_want_writeable,
        .pause = carry_pause,
        .resume = carry_resume,
        .close = carry_close,
    };
    return &carrier;
}
