/* refuse.h - what is refused before the core sees it: counted by reason, logged now and then with the
 * address, answered with the one JSON error body. Loop thread. */
#ifndef HEARTH_NET_REFUSE_H
#define HEARTH_NET_REFUSE_H

#include "daemon/core/gateway.h"
#include "daemon/log.h"
#include "daemon/net/head.h"
#include "protocol/buffer.h"

enum refusal_reason {
#define REFUSAL(reason, sentence) REFUSED_##reason,
#include "daemon/net/refusals.def"
    REFUSED_COUNT
};

/* All zero when nothing has been refused. */
struct refusals {
    int64_t counts[REFUSED_COUNT];
    struct log_pace paces[REFUSED_COUNT];
};

struct server;
struct peer;

/* Counts it. peer may be NULL. */
void refuse_note(struct server *server, enum refusal_reason reason, const struct peer *peer);

/* The counts with their labels, REFUSED_COUNT of them. */
void refuse_figures(const struct server *server, struct refusal_figure *figures);

/* Appends a whole response: head and body. False when out takes no more. */
bool refusal_write(const struct head_refusal *refusal, struct buffer *out);

/* Sends it to a socket that has been sent nothing yet, as far as it goes at once. */
void refusal_send(const struct head_refusal *refusal, int fd);

#endif
