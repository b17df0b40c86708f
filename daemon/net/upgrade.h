/* upgrade.h - who may open a WebSocket, decided before the 101 is sent. */
#ifndef HEARTH_NET_UPGRADE_H
#define HEARTH_NET_UPGRADE_H

#include "daemon/net/net.h"

/* Where a WebSocket leads. */
enum door { DOOR_NONE, DOOR_HEARTH, DOOR_PLAIN, DOOR_ECHO };

/* client_id is filled for DOOR_PLAIN. */
enum door door_find(const char *path, int64_t *client_id);

/* LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: 0 lets it happen; otherwise the refusal has been sent. */
int upgrade_confirm(struct lws *wsi);

/* LWS_CALLBACK_RAW_ADOPT: what lws makes of CONNECT and would keep open for ever. It is refused. */
int upgrade_refuse_tunnel(struct lws *wsi);

/* The path of this request, in the caller's memory. */
bool request_path(struct lws *wsi, char *path, size_t size);

#endif
