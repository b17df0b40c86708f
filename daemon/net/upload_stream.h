/* upload_stream.h - the body of a request as a file: POST /api/v1/rooms/{room}/files with the bytes, or with
 * ?size=N and then PATCH, HEAD and DELETE of /api/v1/uploads/{id}. No more of it lies in memory than one piece:
 * see daemon/core/upload.h. Loop thread. */
#ifndef HEARTH_NET_UPLOAD_STREAM_H
#define HEARTH_NET_UPLOAD_STREAM_H

#include "daemon/net/http_request.h"

/* Whether the body of such a request is a file's; then it need not fit into memory. */
bool upload_stream_is_for(const struct http_request *http);

/* With the head of such a request: its body is taken as it comes, first of all kept. False without memory. */
bool upload_stream_expect(struct http_request *http, int64_t length);

/* The body as it comes, and its end. False: the connection is to be closed. */
bool upload_stream_receive(struct http_request *http, const void *bytes, size_t length);
void upload_stream_complete(struct http_request *http);

/* At the end of a turn: whether no more is to be read before a piece is written. */
bool upload_stream_is_full(const struct http_request *http);

/* Whether its bytes go to an upload. */
bool upload_stream_is_fed(const struct http_request *http);

/* The handlers of routes.def. */
void upload_post(struct http_request *http);
void upload_patch(struct http_request *http);
void upload_show(struct http_request *http);
void upload_forget(struct http_request *http);

/* The core's reply to the request that one of them asked. */
void upload_stream_replied(struct http_request *http, const struct refusal *refusal);

/* Over, or broken off. */
void upload_stream_end(struct http_request *http);

#endif
