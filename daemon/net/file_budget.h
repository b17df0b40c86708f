/* file_budget.h - how much of files may be written in one turn of the loop, so that what people say waits for no
 * more than that, however many open a picture at once. Loop thread. */
#ifndef HEARTH_NET_FILE_BUDGET_H
#define HEARTH_NET_FILE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>

#define FILE_BUDGET_BYTES 65536 /* a turn */

struct http_request;
struct server;

/* In the server; all zero. */
struct file_budget {
    size_t spent, most;           /* in this turn; in any */
    struct http_request *resting; /* have a piece that found no place in a turn, who waits longest first */
};

/* True: length bytes of a file may be written now. Else its WRITEABLE comes again in a later turn. */
bool file_budget_take(struct http_request *http, size_t length);

/* Its connection has gone. */
void file_budget_forget(struct http_request *http);

/* At the end of a turn, when all has been told that was to be told. */
void file_budget_renew(struct server *server);

#endif
