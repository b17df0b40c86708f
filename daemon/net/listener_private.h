/* listener_private.h - what listener.c and accept.c know of the sockets. */
#ifndef HEARTH_NET_LISTENER_PRIVATE_H
#define HEARTH_NET_LISTENER_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <libwebsockets.h>

#include "daemon/net/listener.h"

#define LISTENING_MAX 8

struct listening {
    int fd;          /* owned */
    bool is_admin;   /* a Unix socket */
    bool is_tls;
    struct lws *wsi; /* lws's dup of it, while accepting */
};

struct listeners {
    struct listening items[LISTENING_MAX];
    size_t count;
    int reserve_fd;    /* given up for a moment when descriptors run out */
    int lock_fd;       /* of the admin socket's lock file; -1 if systemd made the socket */
    dev_t device;      /* of the admin socket's path as we made it */
    ino_t inode;
    char path[128];    /* empty if it is not ours to remove */
    char address[96];  /* for the ready line */
    char tls_address[96]; /* empty without TLS */
    int port, tls_port; /* as they are; 0 is none */
};

#endif
