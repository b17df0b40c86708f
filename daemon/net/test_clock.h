/* test_clock.h - POST /test/clock/MS: so many milliseconds pass at once, so that a test of what lapses
 * need not wait for it. Durations only; the wall clock stays, and so do the timeouts of
 * libwebsockets. Not there unless built with HEARTH_TEST_ENDPOINTS. */
#ifndef HEARTH_NET_TEST_CLOCK_H
#define HEARTH_NET_TEST_CLOCK_H

#include "daemon/net/http_request.h"

void test_clock_advance(struct http_request *http);

#endif
