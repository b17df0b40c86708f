/* front.h - what a new connection passes before libwebsockets sees it: the head of its request is waited
 * for, judged, and either answered here in words or handed on in a canonical form. Reads by peeking, so a
 * waiting connection costs no buffer. Loop thread. */
#ifndef HEARTH_NET_FRONT_H
#define HEARTH_NET_FRONT_H

#include "daemon/net/accept.h"

struct front;

/* NULL when there is no memory or descriptor for it. */
struct front *front_open(struct server *server);

/* Takes the connected socket and the peer, both, whatever comes of it. When as many wait as may, the one
 * that has waited longest is sent away. */
void front_take(struct front *front, struct peer *peer, int fd);

/* Takes both as well, and answers at once. */
void front_refuse(struct front *front, struct peer *peer, int fd, enum refusal_reason reason,
                  const struct head_refusal *refusal);

/* Takes both as well, of a client that has its answer and is still sending the body: what comes of it is thrown
 * away, so that the connection is not reset before the answer is read. */
void front_linger(struct front *front, struct peer *peer, int fd);

/* Once a second: answers 408 to those whose head does not come, and hangs up on those that were refused
 * and do not. */
void front_sweep(struct front *front);

/* Hangs up on all that wait. Before lws_context_destroy. NULL is fine. */
void front_close(struct front *front);

/* For FRONT_PROTOCOL: something has come on a socket that waits. */
int front_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length);

#endif
