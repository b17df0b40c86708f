/* transfer_stream.h - /admin/v1/backup and /admin/v1/restore: a backup as the body of an answer, and as
 * the body of a request. Neither ever lies in memory as a whole: see daemon/core/transfer.h. Loop
 * thread. */
#ifndef HEARTH_NET_TRANSFER_STREAM_H
#define HEARTH_NET_TRANSFER_STREAM_H

#include "daemon/net/http_request.h"

/* GET: a copy is made, then sent. */
void transfer_stream_send(struct http_request *http);

/* What can be sent of it now, and how much that is; 0: storage has been asked, and the connection is
 * writeable again when more is there. */
const unsigned char *transfer_stream_piece(struct http_request *http, size_t *length);
void transfer_stream_sent(struct http_request *http, size_t length);

/* POST or PUT, ?overwrite=true: called with the head. Then the body as it comes, and its end. False: the
 * connection is to be closed. */
void transfer_stream_begin(struct http_request *http, int64_t length);
bool transfer_stream_receive(struct http_request *http, const void *bytes, size_t length);
void transfer_stream_complete(struct http_request *http);

/* At the end of a turn: whether the connection is to be read from again only when storage is through. */
bool transfer_stream_is_full(const struct http_request *http);

/* Over, or broken off. */
void transfer_stream_end(struct http_request *http);

#endif
