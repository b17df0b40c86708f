/* captive.h - what phones and computers ask to learn whether there is internet where they are, under
 * names of their makers: answered where http.captive says so, for a network whose name server gives
 * this machine's address for every name. Loop thread. */
#ifndef HEARTH_NET_CAPTIVE_H
#define HEARTH_NET_CAPTIVE_H

#include "daemon/net/http_request.h"

/* True when it was such a question, and is answered. Before the Host is looked at, which is theirs. */
bool captive_answer(struct http_request *http);

#endif
