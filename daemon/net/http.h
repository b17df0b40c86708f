/* http.h - HTTP requests: what is refused before anybody looks at it, and who answers the rest. */
#ifndef HEARTH_NET_HTTP_H
#define HEARTH_NET_HTTP_H

#include "daemon/net/http_request.h"

/* What lws keeps for each request. */
struct http_slot {
    struct http_request *http; /* owned */
};

int http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t length);

#endif
