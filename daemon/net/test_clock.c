#ifdef HEARTH_TEST_ENDPOINTS

#include "daemon/net/test_clock.h"

#include <stdlib.h>

#include "daemon/net/headers.h"

enum { ADVANCE_MS_MAX = 1000 * 1000 * 1000 };

void test_clock_advance(struct http_request *http)
{
    char *end;
    long long ms = strtoll(http->room, &end, 10);
    if (*end != '\0' || ms < 0 || ms > ADVANCE_MS_MAX) {
        http_request_refuse(http, ERROR_bad_request, NULL, "The path ends with milliseconds.");
        return;
    }
    server_advance_clock(server_of(http->connection.wsi), ms);
    http_request_answer(http, 204, "", NULL, 0);
}

#else

typedef int test_clock_is_not_built; /* a source is not empty */

#endif
