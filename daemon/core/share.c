#include "daemon/core/share.h"

#include "daemon/core/gateway_private.h"
#include "daemon/core/session_private.h"

#define RETRY_MS 1000
#define SHARES   16 /* of what is left: so many can be as large before they shrink */

/* What all replies together may still take. */
static size_t rest_bytes(const struct gateway *gateway)
{
    size_t most = (size_t)gateway->config->limits.replies_bytes;
    return gateway->sessions.replies_bytes < most ? most - gateway->sessions.replies_bytes : 0;
}

size_t share_bytes(const struct session *session)
{
    const struct gateway *gateway = session->gateway;
    size_t most = (size_t)gateway->config->limits.reply_bytes / 4;
    size_t share = rest_bytes(gateway) / SHARES;
    if (session->arrival.administrator || share > most)
        return most;
    return share > SHARE_LEAST ? share : SHARE_LEAST;
}

bool share_cut(const struct session *session, enum message_type record, enum share_end end,
               struct message_list *list, bool *more, struct refusal *refusal)
{
    const char *items = list->items;
    size_t size = message_describe(record)->size;
    size_t share = share_bytes(session), bytes = 0, kept = 0;
    for (; kept < list->count; kept++) {
        size_t place = end == SHARE_FIRST ? kept : list->count - 1 - kept;
        bytes += 1 + message_bytes(record, items + place * size);
        if (bytes > share && (kept > 0 || bytes > rest_bytes(session->gateway)))
            break;
    }
    if (kept == list->count)
        return true;
    *more = true;
    if (end == SHARE_LAST)
        list->items = items + (list->count - kept) * size;
    list->count = kept;
    if (kept > 0)
        return true;
    refuse(refusal, ERROR_rate_limited, NULL, "Too much is waiting to be sent just now.");
    refusal->retry_after_ms = RETRY_MS;
    return false;
}
