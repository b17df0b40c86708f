/* admin_socket.h - what is under /admin/v1 besides what it shares with /api/v1. Only connections of
 * the admin socket get here; the core knows them as the keeper's. */
#ifndef HEARTH_NET_ADMIN_SOCKET_H
#define HEARTH_NET_ADMIN_SOCKET_H

#include "daemon/net/exchange.h"

void admin_status(struct exchange *exchange);
void admin_settings(struct exchange *exchange);
void admin_reload(struct exchange *exchange);
void admin_log_level(struct exchange *exchange);
void admin_log_level_set(struct exchange *exchange);
void admin_room_create(struct exchange *exchange);
void admin_room_show(struct exchange *exchange);
void admin_room_set(struct exchange *exchange);
void admin_room_remove(struct exchange *exchange);

#endif
