/* api.h - what is under /api/v1, and /healthz and /metrics. Each takes an exchange whose request is
 * whole, and answers it or asks the core. */
#ifndef HEARTH_NET_API_H
#define HEARTH_NET_API_H

#include "daemon/net/exchange.h"

void api_health(struct exchange *exchange);
void api_server(struct exchange *exchange);
void api_metrics(struct exchange *exchange);
void api_rooms(struct exchange *exchange);
void api_history(struct exchange *exchange);
void api_send(struct exchange *exchange);
void api_stream(struct exchange *exchange);

/* Any one request of hearth.v1 as the body; its reply, as it is. */
void api_do(struct exchange *exchange);

/* Says {"type":TYPE,"room":ROOM, and the fields of the body}, and answers with the reply. */
void api_say_with_body(struct exchange *exchange, const char *type, bool with_room);

/* Says {"type":TYPE} or, with a room, {"type":TYPE,"room":ROOM}. */
void api_say(struct exchange *exchange, const char *type, bool with_room);

#endif
