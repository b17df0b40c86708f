#include "daemon/net/file_budget.h"

#include <utlist.h>

#include "daemon/net/download_stream.h"
#include "daemon/net/http_request.h"

bool file_budget_take(struct http_request *http, size_t length)
{
    struct file_budget *budget = &http->server->file_budget;
    if (http->is_resting) /* another callback of the same turn, or of an earlier round: it waits its turn */
        return false;
    if (budget->spent + length <= FILE_BUDGET_BYTES) {
        budget->spent += length;
        if (budget->spent > budget->most)
            budget->most = budget->spent;
        return true;
    }
    DL_APPEND2(budget->resting, http, resting_prev, resting_next);
    http->is_resting = true;
    return false;
}

void file_budget_forget(struct http_request *http)
{
    if (http->is_resting)
        DL_DELETE2(http->server->file_budget.resting, http, resting_prev, resting_next);
    http->is_resting = false;
}

void file_budget_renew(struct server *server)
{
    struct file_budget *budget = &server->file_budget;
    budget->spent = 0;
    for (size_t bytes = 0; budget->resting && bytes < FILE_BUDGET_BYTES;) {
        struct http_request *http = budget->resting;
        file_budget_forget(http);
        bytes += download_stream_ready(http);
        lws_callback_on_writable(http->connection.wsi);
    }
}
