/* client.h - one HTTP/1.1 request to the daemon's admin socket. Blocking; a connection a request.
 */
#ifndef HEARTH_CLI_CLIENT_H
#define HEARTH_CLI_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct client {
    int fd;
    const char *key;      /* borrowed: sent as Authorization; or NULL */
    int reader;           /* see client_follow; -1: none */
    bool has_timed_out;   /* the gateway said nothing for too long */
    bool has_lost_reader; /* reader is a pipe that nobody reads from any more */
    int status; /* of the answer, once client_request is true */
    bool chunked;
    int64_t left; /* bytes of the body or chunk still to come; -1: until the connection ends */
    size_t start, end;
    char bytes[16384]; /* received, not yet read */
};

/* Connects. timeout_ms bounds this and each wait that follows; 0 is no bound. False: errno says why. */
bool client_open(struct client *client, const char *socket_path, int timeout_ms);

/* The same to a port of this machine, as any browser would. */
bool client_open_port(struct client *client, int port, int timeout_ms);

/* From now on client_read waits without end, but only as long as reader, a descriptor, is read. */
void client_follow(struct client *client, int reader);

/* Sends a request and reads the head of the answer. body may be NULL. */
bool client_request(struct client *client, const char *method, const char *path, const char *body);

/* Sends the head of a POST with a body of length bytes, and reads the head of the answer: with status 100
 * the body may be sent, by client_send, and client_finish reads the head of what is said to it. */
bool client_offer(struct client *client, const char *path, int64_t length);
bool client_send(struct client *client, const char *bytes, size_t length);
bool client_finish(struct client *client);

/* Reads some of the answer's body: 0 at its end, -1 when it broke off. */
ssize_t client_read(struct client *client, char *out, size_t size);

void client_close(struct client *client);

#endif
