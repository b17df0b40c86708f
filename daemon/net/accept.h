/* accept.h - from a listening socket to a connection that lws owns: the bounds that hold before a
 * byte is read. front.h lies between. Loop thread. */
#ifndef HEARTH_NET_ACCEPT_H
#define HEARTH_NET_ACCEPT_H

#include <uthash.h>

#include "daemon/net/head.h"
#include "daemon/net/net.h"

enum peer_stage {
    PEER_WAITING,   /* for the head of its request: with front.c, not with lws */
    PEER_CONNECTED, /* counted in server->connection_count */
    PEER_LEAVING    /* has given its place to another, and is counted in server->leaving_count */
};

/* What an address has open, in server->addresses while it has any. */
struct address_count {
    uint64_t key; /* see link.h */
    int count;
    int waiting;       /* of them, those whose head has not come: front.c counts */
    size_t http_bytes; /* of its share of limits.http_bytes */
    UT_hash_handle hh;
};

/* An accepted connection, from accept4 to its close: lws's opaque pointer once lws has it. */
struct peer {
    struct address address; /* whose it is; of a proxy, the proxy's until it has said for whom it comes */
    uint64_t address_key; /* what it is counted by, see link.h; 0 while it is not, and of the admin socket */
    struct address_count *counted; /* there; NULL while it is not */
    struct marks marks;   /* what a ban of its device means; zero for administrators and limits.exempt */
    bool is_network;      /* that is a network beyond the link: several people */
    bool is_admin;
    bool is_exempt;
    bool is_proxy;        /* of http.trusted_proxies, and not counted yet */
    bool owes_preamble;   /* of the PROXY protocol */
    bool is_secure;       /* came over TLS, here or to a trusted proxy */
    enum peer_stage stage;
    struct tls_socket *tls; /* held; of a connection that speaks TLS, whose plain end is here. Else NULL */
};

/* Hands the listening sockets to lws. */
bool accept_begin(struct server *server);

/* Closes lws's side of them: nobody gets in until accept_begin. */
void accept_end(struct server *server);

/* Is there a place for one more? */
bool accept_has_place(const struct server *server, const struct peer *peer);

/* What is answered when there is none. */
extern const struct head_refusal accept_is_full;

/* Counts the peer for this address; scope is the interface of a link-local one, or 0. False when it has
 * as many connections as it may, or without memory: then it is not counted. */
bool accept_count(struct server *server, struct peer *peer, const struct address *address,
                  unsigned scope);

/* What is answered then. */
extern const struct head_refusal accept_is_crowded;

/* Gives lws the socket, with the head of its request, or as much of it as is not in the socket. Takes the
 * peer and the socket, whatever comes of it: the request may have been answered when this returns. */
void accept_hand_over(struct server *server, struct peer *peer, int fd, const void *head, size_t length);

/* LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED: the peer becomes the connection's. */
void accept_arrived(struct lws *wsi);

/* Takes the peer and a descriptor of its socket back from lws, which is closing its own. False without a
 * descriptor: all stays as it is. */
bool accept_take_back(struct lws *wsi, struct peer **peer, int *fd);

/* Says to the core whose session this is. */
void peer_introduce(const struct peer *peer, struct arrival *arrival);

/* The connection has been closed. */
void peer_gone(struct server *server, struct peer *peer);

/* For LISTENER_PROTOCOL. */
int listener_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                      size_t length);

#endif
