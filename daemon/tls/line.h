/* line.h - one connection that speaks TLS with a client and in plain with the gateway. It keeps nothing of
 * what passes but the record that a slow client has not taken yet: the rest waits in the sockets, as it would
 * without TLS. The TLS thread's alone, but for the first and the last. */
#ifndef HEARTH_TLS_LINE_H
#define HEARTH_TLS_LINE_H

#include "daemon/tls/channel.h"
#include "daemon/tls/tls.h"

enum line_stage {
    LINE_NEW,     /* nothing has come */
    LINE_SHAKING, /* hands */
    LINE_OPEN,
    LINE_EMPTYING, /* the gateway has hung up, and the client has not taken all that it said */
    LINE_ENDING,  /* the gateway has said all, and the client knows: it may hang up */
    LINE_GONE
};

struct line {
    struct line *prev, *next; /* of those that live, or of those that end, the oldest first */
    struct line *next_due;
    struct tls_socket *socket; /* held */
    struct channel *channel;
    int plain_fd; /* owned */
    enum line_stage stage;
    bool is_due;         /* in the list of those that have something to do */
    bool has_client_ended; /* nothing more comes from it */
    bool is_held_up;     /* the gateway takes nothing more for now */
    bool is_watched;     /* by epoll */
    int64_t moved_ms;    /* monotonic: when anything last passed */
    int64_t ended_ms;    /* LINE_ENDING: since when */
};

/* Any thread. Takes the socket and the plain end, whatever comes of it; *socket is for the caller. NULL
 * without memory. */
struct line *line_create(int fd, int plain_fd, struct tls_socket **socket);

/* Goes on as far as it can without waiting, but not for long. True when there may be more to do at once.
 * bytes has room for CHANNEL_RECORD_BYTES. identity may be NULL: then TLS is refused. */
bool line_go_on(struct line *line, struct identity *identity, unsigned char *bytes, int64_t now_ms);

/* True when it waits for something that will not come. */
bool line_is_overdue(const struct line *line, int64_t now_ms);

/* Closes everything. */
void line_destroy(struct line *line);

#endif
