/* secure.h - TLS as the server has it: daemon/tls told what the configuration says, and what there is to say
 * about it told to whoever asks. Loop thread. */
#ifndef HEARTH_NET_SECURE_H
#define HEARTH_NET_SECURE_H

#include "daemon/net/http_request.h"
#include "daemon/net/net.h"

/* Nothing to do when tls.mode is off. False without memory or a thread. */
bool secure_open(struct server *server);

/* The configuration has been read again. */
void secure_configure(struct server *server);

/* Once a second: what has changed is logged. */
void secure_sweep(struct server *server);

/* struct host's describe_tls. */
void secure_describe(void *of, struct host_tls *tls);

/* GET /ca.crt: the board's own authority. */
void secure_authority(struct http_request *request);

/* With tls.mode files: whether both can be shown; else why says which and what is wrong. Where they can, why says
 * what makes them doubtful, or nothing. */
bool secure_check_files(const struct config *config, char *why, size_t why_size);

/* "libwebsockets 4.1.6, OpenSSL 3.0.19": what speaks on the network. */
void secure_libraries(char *out, size_t size);

#endif
