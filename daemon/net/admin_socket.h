/* admin_socket.h - what is under /admin/v1 besides what it shares with /api/v1. Only connections of
 * the admin socket get here; the core knows them as the administrator's. */
#ifndef HEARTH_NET_ADMIN_SOCKET_H
#define HEARTH_NET_ADMIN_SOCKET_H

#include "daemon/net/http_request.h"

/* /admin/v1/TYPE: any request by its name, its fields as the body; GET of those that only tell. */
void admin_look(struct http_request *http);
void admin_request(struct http_request *http);

void admin_room_create(struct http_request *http);
void admin_room_show(struct http_request *http);
void admin_room_set(struct http_request *http);
void admin_room_remove(struct http_request *http);

#endif
