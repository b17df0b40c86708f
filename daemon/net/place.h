/* place.h - who gives way when all places of limits.connections are taken and somebody comes: first
 * those who have not said who they are, then those of an address that has more than its share. Never the
 * administrator, nor the exempt who have said hello. Loop thread. */
#ifndef HEARTH_NET_PLACE_H
#define HEARTH_NET_PLACE_H

#include <stdbool.h>

#include "daemon/net/accept.h"

#define LEAVING_MAX 32 /* that have given way and are not gone yet */

/* Takes the place of one who has less claim to it than the newcomer, who has been counted. False when
 * nobody has: the gateway is full. */
bool place_take(struct server *server, const struct peer *newcomer);

#endif
