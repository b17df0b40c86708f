/* A head that is taken is taken again, the same, in the form that lws is given; and any beginning of it is
 * waited for, never refused. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/net/head.h"
#include "daemon/net/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void demand(bool truth)
{
    if (!truth)
        abort();
}

static void demand_stable(const struct head *head)
{
    struct buffer once = {0}, twice = {0};
    struct head again;
    demand(head_write(head, &once) && buffer_append_text(&once, "\r\n"));
    if (once.length <= HEAD_BYTES_MAX) {
        demand(head_read((const char *)once.bytes, once.length, &again) == HEAD_WHOLE);
        demand(again.length == once.length && again.body_bytes == head->body_bytes);
        demand(again.is_websocket == head->is_websocket);
        demand(head_write(&again, &twice) && buffer_append_text(&twice, "\r\n"));
        demand(twice.length == once.length && memcmp(twice.bytes, once.bytes, once.length) == 0);
    }
    buffer_finish(&once);
    buffer_finish(&twice);
}

/* Whatever a head names, and whatever a connection begins with, is read within its bytes. */
static void read_as_proxy(const char *text, size_t length, const struct head *head)
{
    static const struct networks trusted = {{{{true, {10}}, 8}}, 1};
    struct address client = {true, {10, 0, 0, 1}};
    size_t taken;
    if (head)
        (void)proxy_find_client(head, &trusted, &client);
    if (proxy_read_preamble(text, length, &client, &taken) == PROXY_WHOLE)
        demand(taken <= length);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct head head, part;
    char *text = malloc(length ? length : 1); /* of just this size: reading beyond it is seen */
    if (!text)
        return 0;
    memcpy(text, bytes, length);
    if (head_read(text, length, &head) == HEAD_WHOLE) {
        demand(head.length <= length && head.length <= HEAD_BYTES_MAX);
        demand(head_read(text, head.length / 2, &part) == HEAD_PARTIAL);
        demand(head_read(text, head.length - 1, &part) == HEAD_PARTIAL);
        demand_stable(&head);
        read_as_proxy(text, length, &head);
    } else {
        read_as_proxy(text, length, NULL);
    }
    free(text);
    return 0;
}
