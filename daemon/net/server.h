/* server.h - the door of daemon/net: the loop, and everything that comes in through sockets. Loop
 * thread, which is the one that calls server_run. */
#ifndef HEARTH_NET_SERVER_H
#define HEARTH_NET_SERVER_H

#include "config/config.h"
#include "daemon/core/gateway.h"
#include "daemon/net/listener.h"

struct server;

/* How SIGHUP reads the configuration again: it fills config, or says why not and leaves it. */
struct reload {
    bool (*read)(void *of, struct config *config, char *why, size_t why_size);
    void (*done)(void *of); /* config has been replaced */
    void *of;
};

enum server_end { SERVER_STOPPED, SERVER_RESTART };

/* Everything is borrowed and outlives the server; config may be written by a reload. NULL on failure:
 * why holds one sentence. */
struct server *server_open(struct config *config, struct gateway *gateway, struct store *store,
                           struct listeners *listeners, char *why, size_t why_size);

/* Serves until SIGTERM or SIGINT, or until the core asks for a restart; then every client has been
 * told to go and what was said is committed, as far as that took a few seconds. */
enum server_end server_run(struct server *server, const struct reload *reload);

/* Closes what is left. NULL is fine. */
void server_close(struct server *server);

#endif
