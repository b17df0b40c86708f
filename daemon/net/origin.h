/* origin.h - which Host and Origin headers are answered: the guard against other web pages and DNS
 * rebinding. No state; texts as they came, never trusted. */
#ifndef HEARTH_NET_ORIGIN_H
#define HEARTH_NET_ORIGIN_H

#include "config/config.h"

/* Host: an IP address, localhost, this machine's name (own, or its first label), *.local, *.lan,
 * *.home.arpa, or one of http.allowed_hosts; any port. */
bool host_is_allowed(const struct config *config, const char *own, const char *host);

/* Origin: the host itself as named by an allowed Host header, or one of http.allowed_origins. */
bool origin_is_allowed(const struct config *config, const char *origin, const char *host);

/* Only the latter: other web origins, which get CORS headers. */
bool origin_is_listed(const struct config *config, const char *origin);

/* True when origin is this gateway itself at its other port: host, as the client called it, and one of the two
 * ports, as they are or by default. Such a page may read what anybody may. */
bool origin_is_sibling(const char *origin, const char *host, int port, int tls_port);

#endif
