/* read_on.h - WebSockets that have more to say in this turn. lws reads each once a turn, and no more than its
 * buffer holds: of a burst only a few messages at a time would share a transaction and a telling. Whoever
 * has filled the buffer is read again before the turn ends, within bounds. Loop thread. */
#ifndef HEARTH_NET_READ_ON_H
#define HEARTH_NET_READ_ON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define READ_ON_MAX 64 /* connections a turn; the others go on in the next one */

struct connection;
struct server;

struct read_on {
    struct connection *connections[READ_ON_MAX]; /* NULL where it has gone meanwhile */
    size_t count;
    uint32_t turn;   /* counted, so that nothing is left over from the one before */
    bool is_reading; /* nobody joins the list meanwhile */
};

/* A connection has been heard: so many bytes of a payload. */
void read_on_note(struct server *server, struct connection *connection, size_t bytes);

/* It has gone. */
void read_on_forget(struct server *server, const struct connection *connection);

/* Ends with whoever says no more for now. May close connections. */
void read_on_rest(struct server *server);

#endif
