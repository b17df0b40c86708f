/* board.h - what this machine is called on its network: its names and private addresses. Plain data. */
#ifndef HEARTH_TLS_BOARD_H
#define HEARTH_TLS_BOARD_H

#include "daemon/tls/certificate.h"

#define BOARD_NAMES_MAX 48
#define BOARD_HOSTS_BYTES 1024

struct board {
    struct certificate_name names[BOARD_NAMES_MAX];
    size_t count;
    bool is_any; /* http.allowed_hosts has a "*": it may be called anything */
};

/* Endings of names that no authority of the internet gives to anybody. NULL ends the list. */
extern const char *const board_local_endings[];

/* Reads them anew; hosts is http.allowed_hosts. */
void board_read(struct board *board, const char *hosts);

/* Whether people may reach the machine by a name of a certificate, "*.lan" too. */
bool board_is_called(const struct board *board, const struct certificate_name *name);

#endif
