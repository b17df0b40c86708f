/* websocket.h - hearth.v1 and the plain endpoint: lws's events become calls of the session. */
#ifndef HEARTH_NET_WEBSOCKET_H
#define HEARTH_NET_WEBSOCKET_H

#include "daemon/net/connection.h"

int websocket_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                       size_t length);

#endif
