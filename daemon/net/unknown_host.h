/* unknown_host.h - what a person is shown who comes by a name that the gateway does not answer to: in
 * their language, with the setting that would change it. Loop thread. */
#ifndef HEARTH_NET_UNKNOWN_HOST_H
#define HEARTH_NET_UNKNOWN_HOST_H

#include "daemon/net/http_request.h"

/* Answers 403: a page to browsers that ask for one, JSON to everybody else. host is as it came. */
void unknown_host_answer(struct http_request *http, const char *host);

#endif
