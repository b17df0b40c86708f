/* dispatch.h - the two ways in of a request: as the bytes of a whole message, and filled in C. Loop
 * thread. */
#ifndef HEARTH_CORE_DISPATCH_H
#define HEARTH_CORE_DISPATCH_H

#include "daemon/core/ask.h"

/* Both count the request, answer what may not be asked or too often, and run the rest: see ask.h.
 * False: storage has no room, and it is to be brought again later. */
bool dispatch(struct session *session, const char *bytes, size_t length);
bool dispatch_request(struct session *session, const struct request *request);

const struct row *dispatch_row(enum message_type request); /* for the test of the table */

#endif
