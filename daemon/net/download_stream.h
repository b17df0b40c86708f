/* download_stream.h - GET /files/{id}/{name}: a file as the body of an answer, whole or a range (RFC 9110, 14),
 * read piece by piece as the connection takes it: see daemon/core/download.h. Loop thread. */
#ifndef HEARTH_NET_DOWNLOAD_STREAM_H
#define HEARTH_NET_DOWNLOAD_STREAM_H

#include "daemon/net/http_request.h"

/* The handler of routes.def, and the core's reply to what it asked. */
void download_get(struct http_request *http);
void download_stream_replied(struct http_request *http);

/* What can be sent now, and how much that is; 0: a piece has been asked for, and the connection is writeable
 * again when it is there. Then what of it was sent. */
const unsigned char *download_stream_piece(struct http_request *http, size_t *length);
void download_stream_sent(struct http_request *http, size_t length);

/* Bytes that are read, and not sent yet. */
size_t download_stream_ready(const struct http_request *http);

/* Over, or broken off. */
void download_stream_end(struct http_request *http);

#endif
