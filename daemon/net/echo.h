/* echo.h - /test/echo for conformance suites: says back what it hears, text and binary. Does nothing
 * unless built with HEARTH_TEST_ENDPOINTS. */
#ifndef HEARTH_NET_ECHO_H
#define HEARTH_NET_ECHO_H

#include "daemon/net/connection.h"

int echo_receive(struct connection *connection, const void *bytes, size_t length);
void echo_writeable(struct connection *connection);
void echo_finish(struct connection *connection);

#endif
