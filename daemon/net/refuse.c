#include "daemon/net/refuse.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>

#include "daemon/net/accept.h"
#include "daemon/net/headers.h"

#define BODY_BYTES_MAX 1024

static const char *const reasons[] = {
#define REFUSAL(reason, sentence) #reason,
#include "daemon/net/refusals.def"
};

void refuse_note(struct server *server, enum refusal_reason reason, const struct peer *peer)
{
    char address[ADDRESS_TEXT_BYTES] = "";
    int64_t times;
    server->refusals.counts[reason]++;
    if (!log_is_due(&server->refusals.paces[reason], server_now_ms(server), &times))
        return;
    if (peer && !peer->is_admin)
        address_write(&peer->address, address);
    log_info("server: refused reason=%s address=%s times=%" PRId64 " connections=%d", reasons[reason],
             address, times, server->connection_count);
}

void refuse_figures(const struct server *server, struct refusal_figure *figures)
{
    for (size_t i = 0; i < REFUSED_COUNT; i++)
        figures[i] = (struct refusal_figure){reasons[i], server->refusals.counts[i]};
}

bool refusal_write(const struct head_refusal *refusal, struct buffer *out)
{
    struct buffer body = {.max = BODY_BYTES_MAX};
    char length[64];
    bool is_whole = error_encode(&body, error_code_name(refusal->code), refusal->sentence, NULL) &&
                    buffer_append_text(&body, "\n");
    snprintf(length, sizeof length, "Content-Length: %zu\r\nConnection: close\r\n\r\n", body.length);
    is_whole = is_whole && buffer_append_text(out, "HTTP/1.1 ") &&
               buffer_append_text(out, headers_status(refusal->status)) &&
               buffer_append_text(out, "\r\n") && buffer_append_text(out, refusal->headers) &&
               buffer_append_text(out, headers_json) && buffer_append_text(out, headers_everywhere) &&
               buffer_append_text(out, length) && buffer_append(out, body.bytes, body.length);
    buffer_finish(&body);
    return is_whole;
}

void refusal_send(const struct head_refusal *refusal, int fd)
{
    struct buffer bytes = {0};
    if (refusal_write(refusal, &bytes)) {
        ssize_t sent = send(fd, bytes.bytes, bytes.length, MSG_NOSIGNAL | MSG_DONTWAIT);
        (void)sent; /* an empty socket takes it all, or the client has gone */
    }
    buffer_finish(&bytes);
}
