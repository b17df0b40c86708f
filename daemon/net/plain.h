/* plain.h - the plain endpoint /ws/{client_id}: which paths are it. */
#ifndef HEARTH_NET_PLAIN_H
#define HEARTH_NET_PLAIN_H

#include <stdbool.h>
#include <stdint.h>

/* True for /ws/ and an integer that 53 bits hold. */
bool plain_client_id(const char *path, int64_t *client_id);

#endif
