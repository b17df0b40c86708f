/* api.h - what is under /api/v1, and /healthz and /metrics. Each takes an HTTP request whose
 * request is whole, and answers it or asks the core. */
#ifndef HEARTH_NET_API_H
#define HEARTH_NET_API_H

#include "daemon/net/http_request.h"

void api_health(struct http_request *http);
void api_server(struct http_request *http);
void api_metrics(struct http_request *http);
void api_rooms(struct http_request *http);
void api_users(struct http_request *http); /* on the admin socket */
void api_history(struct http_request *http);
void api_send(struct http_request *http);
void api_stream(struct http_request *http);

/* The same of the rooms in ?room=a&room=b. */
void api_rooms_stream(struct http_request *http);

/* How far a bridge or bot has got: the request cursor as the body. */
void api_cursor(struct http_request *http);

/* The first ?name=value of the request. False: there is none, or it does not fit. */
bool api_argument(struct http_request *http, const char *name, char *value, size_t size);

/* Any one request of hearth.v1 as the body; its reply, as it is. */
void api_do(struct http_request *http);

/* Says {"type":TYPE,"room":ROOM, and the fields of the body}, and answers with the reply. */
void api_say_with_body(struct http_request *http, const char *type, bool with_room);

/* Says {"type":TYPE} or, with a room, {"type":TYPE,"room":ROOM}. */
void api_say(struct http_request *http, const char *type, bool with_room);

#endif
