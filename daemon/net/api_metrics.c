#include "daemon/net/api.h"

#include "daemon/net/headers.h"
#include "daemon/net/refuse.h"
#include "daemon/net/secure.h"

void api_metrics(struct http_request *http)
{
    struct server *server = http->server;
    struct host_tls tls;
    struct refusal_figure refusals[REFUSED_COUNT];
    secure_describe(server, &tls);
    const struct connection_figures connections = {.open = server->connection_count,
                                                   .max = server->connections_max,
                                                   .accepted = server->accepted_count,
                                                   .hooks_taken = server->hooks.taken,
                                                   .hooks_unreadable = server->hooks.unreadable,
                                                   .hooks_unsigned = server->hooks.unsigned_count,
                                                   .hooks_unknown = server->hooks.unknown,
                                                   .hooks_refused = server->hooks.refused,
                                                   .hooks_late = server->hooks.late,
                                                   .turn_file_bytes = (int64_t)server->file_budget.most,
                                                   .tls = &tls,
                                                   .refusals = refusals,
                                                   .refusal_count = REFUSED_COUNT};
    refuse_figures(server, refusals);
    struct buffer body = {0};
    if (gateway_metrics(server->gateway, &connections, &body))
        http_request_answer(http, 200,
                            "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
                            "Cache-Control: no-store\r\n",
                            body.bytes, body.length);
    else
        http_request_refuse(http, ERROR_internal, NULL, NULL);
    buffer_finish(&body);
}
