/* descriptors.h - how many file descriptors the process may have, and how many sockets that leaves for
 * clients. */
#ifndef HEARTH_NET_DESCRIPTORS_H
#define HEARTH_NET_DESCRIPTORS_H

#include <stdint.h>

#include "config/config.h"

/* Sets RLIMIT_NOFILE to as many as may be needed, and no more: lws's tables grow with it. */
void descriptors_limit(const struct config *config);

/* Sockets of clients that there are descriptors for, connection_count of which are open now. At least a
 * few, however short descriptors are. */
int64_t descriptors_for_clients(const struct config *config, int connection_count);

#endif
