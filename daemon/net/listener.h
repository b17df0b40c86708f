/* listener.h - our own listening sockets: TCP, the admin socket, and those that systemd hands over.
 * They are there before the database is touched and stay through a restart in place. */
#ifndef HEARTH_NET_LISTENER_H
#define HEARTH_NET_LISTENER_H

#include "config/config.h"

struct listeners;

/* Binds and listens. NULL on failure: why holds one sentence. */
struct listeners *listeners_open(const struct config *config, char *why, size_t why_size);

/* "[::]:8080", of the first TCP socket. */
const char *listeners_address(const struct listeners *listeners);

/* "http://board:8080", of the same: where every address is listened on, own_name is as good as any. */
void listeners_write_url(const struct listeners *listeners, const char *own_name, char *out, size_t size);

/* The same of the port that speaks TLS; empty if there is none. */
const char *listeners_tls_address(const struct listeners *listeners);

/* Stops listening and removes the admin socket's path, if it is still ours. NULL is fine. */
void listeners_close(struct listeners *listeners);

#endif
