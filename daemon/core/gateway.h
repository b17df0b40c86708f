/* gateway.h - everything the loop owns: rooms, sessions, users who are here, jobs under way. The
 * door of daemon/core. It knows no socket, no file and no clock: it is told what arrived and what
 * time it is. Loop thread. */
#ifndef HEARTH_CORE_GATEWAY_H
#define HEARTH_CORE_GATEWAY_H

#include "config/config.h"
#include "daemon/core/session.h"
#include "storage/store.h"

struct gateway;

/* config and store are borrowed and outlive the gateway; config may change between turns, limits
 * apply at once. Takes over the rooms that the store found (store_forget_start is
 * called), and makes the first room. NULL without memory. */
struct gateway *gateway_create(const struct config *config, struct store *store,
                               const struct moment *now);

/* What the gateway asks of whoever runs it, since it knows no file. Both may read a small local file
 * at once. False: why is one sentence, and nothing has changed. */
struct host_tls;
struct host {
    const char *address; /* "http://127.0.0.1:8080": how others reach it, as far as it knows */
    /* The configuration as it would be if it were read again. */
    bool (*read)(void *of, struct config *fresh, char *why, size_t why_size);
    /* Reads it again: what may change while running counts from now on. */
    bool (*reload)(void *of, struct config_changes *changes, char *why, size_t why_size);
    /* How TLS is doing, now. */
    void (*describe_tls)(void *of, struct host_tls *tls);
    void *of;
};

/* Plain data. */
struct host_tls {
    const char *mode;   /* tls.mode */
    int port;           /* 0 when off */
    int64_t expires_ms; /* Unix time; 0 without a certificate */
    int64_t handshakes, failures;
    char names[512];    /* that the certificate is for; may be empty */
    char warning[512];  /* a sentence for whoever looks after it; empty when all is well */
};

/* host is borrowed and outlives the gateway. Without one, nothing can be read again. */
void gateway_set_host(struct gateway *gateway, const struct host *host);

/* A keyed hash of a link-layer address (is_device) or an IP address, for struct arrival: the same over
 * restarts, and nobody reads from it what it was. Never 0. */
uint64_t gateway_mark(const struct gateway *gateway, bool is_device, const void *bytes,
                      size_t length);

/* The configuration has changed: rooms that it names now are made. */
void gateway_reconfigured(struct gateway *gateway);

/* Told at the start of every turn of the loop, before anything else that turn. */
void gateway_set_now(struct gateway *gateway, const struct moment *now);

/* Collects finished jobs from the store, as many as a turn may bear. Called when store_fd is
 * readable. */
void gateway_collect(struct gateway *gateway);

/* End of a turn: what gathered goes out, one write a connection. Gives the ms until more is due:
 * INT64_MAX nothing, 0 when the turn would have become too long: the rest goes out in the next one, which
 * should come at once. */
int64_t gateway_flush(struct gateway *gateway);

/* Things due by time: presence and typing turns, overdue hellos, retries. Returns the ms until it
 * wants to be called again; INT64_MAX when nothing is due (it is then called after the next event). */
int64_t gateway_tick(struct gateway *gateway);

/* Refuses newcomers and closes every session with 1001. True once none is left and no job is under
 * way; call it again after each turn until then. */
bool gateway_drain(struct gateway *gateway);

/* Of the last gateway_drain: everybody has had every answer and the 1001. What is left is theirs. */
bool gateway_has_told_all(const struct gateway *gateway);

/* True once a restore has put another database in place, or the one that is served was found damaged:
 * drain, then build everything again. */
bool gateway_wants_restart(const struct gateway *gateway);

/* Where newcomers go: the room of rooms.first, by the name it has now. Good until the turn ends. */
const char *gateway_first_room(struct gateway *gateway);

/* Health for /healthz: false while storage fails, or is being recovered; why holds a sentence. */
bool gateway_is_healthy(struct gateway *gateway, char *why, size_t why_size);

/* Told by net after each turn: how long it took. For the histogram in /metrics, and for how much the
 * next turns take upon themselves. */
void gateway_turn_took(struct gateway *gateway, int64_t microseconds);

/* What the floor above has refused, by reason. */
struct refusal_figure {
    const char *reason;
    int64_t count;
};

/* What the floor above counts. Borrowed. */
struct connection_figures {
    int64_t open, max, accepted;
    const struct host_tls *tls;
    const struct refusal_figure *refusals;
    size_t refusal_count;
    int64_t hooks_taken, hooks_unreadable, hooks_unsigned, hooks_unknown, hooks_refused, hooks_late;
    int64_t turn_file_bytes;
};

/* Appends the Prometheus text (exposition format 0.0.4). False without memory. */
struct buffer;
bool gateway_metrics(struct gateway *gateway, const struct connection_figures *connections,
                     struct buffer *out);

/* Frees everything; sessions must be closed and jobs collected (see gateway_drain). NULL is fine. */
void gateway_destroy(struct gateway *gateway);

#endif
