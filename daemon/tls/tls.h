/* tls.h - the door of daemon/tls: TLS for connections that others have accepted, on a thread of its own. A
 * connected socket goes in, and the end of a socket pair comes out, on which the same is said in plain: who
 * reads it needs to know nothing of TLS. Handshakes, certificates and their files are that thread's, so the
 * loop never waits for any of them. */
#ifndef HEARTH_TLS_TLS_H
#define HEARTH_TLS_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/tls/certificate.h"

struct tls_options {
    bool is_local_ca;       /* the board is its own authority; else files */
    char certificate[256], key[256];
    char folder[256];       /* of the board's own authority */
    char hosts[1024];       /* http.allowed_hosts */
    int lines_max;          /* connections, beyond which the oldest that only wait for their end give way */
    int socket_bytes;       /* what the kernel keeps of each direction of a pair; it takes twice as much */
    int64_t (*now_ms)(void *of); /* Unix time as it is believed; called by the thread */
    void *of;
};

/* What there is to say about it. Plain data. */
struct tls_state {
    bool is_serving;     /* there is a certificate to show */
    bool is_expired;
    bool is_doubtful;    /* the trouble is of the one that is shown */
    int64_t expires_ms;  /* Unix time; 0 without a certificate */
    char names[CERTIFICATE_NAMES_BYTES];
    char trouble[TLS_WHY_BYTES]; /* a sentence, or empty */
    unsigned changes;            /* rises when the certificate or the trouble changes */
    int64_t handshakes, failures;
};

struct tls;

/* Certificates that cannot be shown are no reason to fail: state tells. NULL without memory or thread. */
struct tls *tls_open(const struct tls_options *options);

/* Says good-bye to those who are connected, for a second, and ends. NULL is fine. */
void tls_close(struct tls *tls);

/* Other files or names from now on; the mode stays. Any thread. */
void tls_configure(struct tls *tls, const struct tls_options *options);

/* Any thread. */
void tls_get_state(struct tls *tls, struct tls_state *state);

/* The board's own authority in PEM; NULL if it is none. Stays for as long as tls. */
const char *tls_authority(struct tls *tls);

/* Whether the two files of a certificate and its key can be shown: they are read and belong together. Else why says
 * which and what is wrong; and where they can, what makes them doubtful, or nothing. */
bool tls_check_files(const struct tls_options *options, char *why, size_t why_size);

/* "OpenSSL 3.0.19". */
#define TLS_LIBRARY_BYTES 64
void tls_library(char *out, size_t size);

/* A connected TCP socket, shared by the thread and whoever wants to ask the kernel about it. */
struct tls_socket;
int tls_socket_fd(const struct tls_socket *socket);
void tls_socket_release(struct tls_socket *socket); /* NULL is fine */

/* False while the thread has not come round to those that have gone: wait before accepting more. */
bool tls_has_room(const struct tls *tls);

/* Takes the socket, whatever comes of it. The plain end of the connection, or -1; *socket is to be released.
 * Closing the plain end ends the connection. */
int tls_take(struct tls *tls, int fd, struct tls_socket **socket);

#endif
