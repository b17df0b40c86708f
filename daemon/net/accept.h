/* accept.h - from a listening socket to a connection that lws owns: the bounds that hold before a
 * byte is read. Loop thread. */
#ifndef HEARTH_NET_ACCEPT_H
#define HEARTH_NET_ACCEPT_H

#include "daemon/net/net.h"

/* An accepted connection, from accept4 to WSI_DESTROY: lws's opaque pointer. */
struct peer {
    uint64_t address_key; /* 0 of the admin socket */
    bool is_admin;
    bool is_exempt;
};

/* Hands the listening sockets to lws. */
bool accept_begin(struct server *server);

/* Closes lws's side of them: nobody gets in until accept_begin. */
void accept_end(struct server *server);

/* lws has freed the connection. */
void peer_gone(struct server *server, struct peer *peer);

/* For LISTENER_PROTOCOL. */
int listener_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                      size_t length);

#endif
