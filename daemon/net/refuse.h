/* refuse.h - the answer to a request that is refused before there is an HTTP request of lws's: a whole
 * response with the one JSON error body, after which the connection ends. */
#ifndef HEARTH_NET_REFUSE_H
#define HEARTH_NET_REFUSE_H

#include "daemon/net/head.h"
#include "protocol/buffer.h"

/* Appends head and body. False when out takes no more. */
bool refusal_write(const struct head_refusal *refusal, struct buffer *out);

/* Sends it to a socket that has been sent nothing yet, as far as it goes at once. */
void refusal_send(const struct head_refusal *refusal, int fd);

#endif
