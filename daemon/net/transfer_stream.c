#include "daemon/net/transfer_stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/transfer.h"
#include "daemon/net/headers.h"

#define IDLE_SECONDS       30 /* on a client that sends nothing for so long */
#define PAIR_BYTES_MAX     64
#define RECEIVED_BYTES_MAX (2 * TRANSFER_PIECE_BYTES) /* a piece, and what lws reads in a turn */

struct transfer_stream {
    struct buffer bytes; /* out: read and not sent yet; in: received and not handed on yet */
    bool is_asked;       /* storage is at work for it */
    bool is_whole;       /* in: the body has ended */
    bool expects_invitation; /* in: Expect: 100-continue */
};

static struct gateway *gateway_of(const struct http_request *http)
{
    return http->server->gateway;
}

static bool create(struct http_request *http)
{
    http->stream = calloc(1, sizeof *http->stream);
    if (!http->stream) {
        http_request_refuse(http, ERROR_internal, NULL, NULL);
        return false;
    }
    http->stream->bytes.max = RECEIVED_BYTES_MAX;
    http->stream->is_asked = true;
    return true;
}

void transfer_stream_end(struct http_request *http)
{
    if (!http->stream)
        return;
    transfer_end(gateway_of(http), http);
    buffer_finish(&http->stream->bytes);
    free(http->stream);
    http->stream = NULL;
}

static void refuse_transfer(struct http_request *http, const struct refusal *refusal)
{
    transfer_stream_end(http);
    http_request_read_on(http);
    http_request_refuse(http, refusal->code, refusal->field, refusal->message);
}

/* --- out ---------------------------------------------------------------------------------------- */

static void begin_answer(struct http_request *http, int64_t bytes)
{
    static const char headers[] =
        "Content-Type: application/vnd.sqlite3\r\nCache-Control: no-store\r\n";
    const struct refusal too_large = {.code = ERROR_internal,
                                      .message = "The database is too large for this machine."};
    http->stream->is_asked = false;
    if ((uint64_t)bytes > SIZE_MAX / 2)
        refuse_transfer(http, &too_large);
    else
        http_request_answer_with(http, 200, headers, NULL, (size_t)bytes);
}

static void take_piece(struct http_request *http, const struct transfer_news *news)
{
    http->stream->is_asked = false;
    if (buffer_append(&http->stream->bytes, news->piece, news->length))
        lws_callback_on_writable(http->connection.wsi);
    else
        connection_kill(&http->connection);
}

/* Where the copy can no longer be read the answer breaks off: its length tells whoever reads it. */
static void on_copy(void *owner, const struct transfer_news *news)
{
    struct http_request *http = owner;
    if (news->kind == TRANSFER_BEGUN)
        begin_answer(http, news->bytes);
    else if (news->kind == TRANSFER_PIECE)
        take_piece(http, news);
    else if (http->phase == HTTP_REQUEST_ASKING)
        refuse_transfer(http, &news->refusal);
    else
        connection_kill(&http->connection);
}

void transfer_stream_send(struct http_request *http)
{
    struct refusal refusal = {0};
    if (http->method == METHOD_HEAD) {
        http_request_refuse_with(http, 405, "Allow: GET\r\n", "bad_request",
                                 "A backup is made when it is read.");
        return;
    }
    if (!create(http))
        return;
    if (!transfer_begin_backup(gateway_of(http), on_copy, http, &refusal)) {
        refuse_transfer(http, &refusal);
        return;
    }
    http_request_hold(http);
    lws_set_timeout(http->connection.wsi, NO_PENDING_TIMEOUT, 0); /* a copy takes its time */
}

const unsigned char *transfer_stream_piece(struct http_request *http, size_t *length)
{
    struct transfer_stream *stream = http->stream;
    *length = stream->bytes.length;
    if (*length == 0 && !stream->is_asked) {
        stream->is_asked = true;
        transfer_read(gateway_of(http));
    }
    return stream->bytes.bytes;
}

void transfer_stream_sent(struct http_request *http, size_t length)
{
    buffer_consume(&http->stream->bytes, length);
}

/* --- in ----------------------------------------------------------------------------------------- */

/* To storage, as far as it goes: a piece, the rest, or that this was all. */
static void hand_on(struct http_request *http)
{
    struct transfer_stream *stream = http->stream;
    size_t length = stream->bytes.length;
    if (stream->is_asked || (length < TRANSFER_PIECE_BYTES && !stream->is_whole))
        return;
    stream->is_asked = true;
    if (length == 0) {
        transfer_take(gateway_of(http));
        return;
    }
    if (length > TRANSFER_PIECE_BYTES)
        length = TRANSFER_PIECE_BYTES;
    transfer_write(gateway_of(http), stream->bytes.bytes, length);
    if (http->stream) /* a refusal ends it */
        buffer_consume(&http->stream->bytes, length);
}

static bool invite(struct http_request *http)
{
    static const unsigned char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    return !http->stream->expects_invitation ||
           connection_write(&http->connection, go_on, sizeof go_on - 1) != CARRIER_GONE;
}

static void read_on(struct http_request *http)
{
    http->stream->is_asked = false;
    hand_on(http);
    if (!http->stream || transfer_stream_is_full(http))
        return;
    http_request_read_on(http);
    lws_set_timeout(http->connection.wsi, PENDING_TIMEOUT_HTTP_CONTENT, IDLE_SECONDS);
}

static void answer_taken(struct http_request *http, int64_t bytes)
{
    char body[64];
    int length = snprintf(body, sizeof body, "{\"type\":\"done\",\"bytes\":%" PRId64 "}\n", bytes);
    http_request_read_on(http);
    http_request_answer(http, 200, headers_json, body, (size_t)length);
}

static void on_upload(void *owner, const struct transfer_news *news)
{
    struct http_request *http = owner;
    if (news->kind == TRANSFER_REFUSED)
        refuse_transfer(http, &news->refusal);
    else if (news->kind == TRANSFER_TAKEN)
        answer_taken(http, news->bytes);
    else if (news->kind == TRANSFER_BEGUN && !invite(http))
        connection_kill(&http->connection);
    else
        read_on(http);
}

static bool may_overwrite(struct http_request *http)
{
    char pair[PAIR_BYTES_MAX];
    for (int i = 0;; i++) {
        int length = lws_hdr_copy_fragment(http->connection.wsi, pair, sizeof pair,
                                           WSI_TOKEN_HTTP_URI_ARGS, i);
        if (length < 0)
            return false;
        if (strcmp(pair, "overwrite=true") == 0)
            return true;
    }
}

void transfer_stream_begin(struct http_request *http, int64_t length)
{
    struct refusal refusal = {0};
    if (length == 0) {
        http_request_refuse(http, ERROR_bad_request, NULL, "The body is the backup; it is empty.");
        return;
    }
    if (!create(http))
        return;
    http->stream->expects_invitation =
        lws_hdr_total_length(http->connection.wsi, WSI_TOKEN_HTTP_EXPECT) > 0;
    if (!transfer_begin_restore(gateway_of(http), on_upload, http, length, may_overwrite(http),
                                &refusal))
        refuse_transfer(http, &refusal);
}

bool transfer_stream_receive(struct http_request *http, const void *bytes, size_t length)
{
    if (!buffer_append(&http->stream->bytes, bytes, length))
        return false;
    lws_set_timeout(http->connection.wsi, PENDING_TIMEOUT_HTTP_CONTENT, IDLE_SECONDS);
    hand_on(http);
    if (http->stream && transfer_stream_is_full(http))
        http_request_pause_later(http);
    return true;
}

void transfer_stream_complete(struct http_request *http)
{
    if (http->stream->is_whole)
        return;
    http->stream->is_whole = true;
    hand_on(http);
    if (http->stream)
        http_request_pause_later(http);
}

bool transfer_stream_is_full(const struct http_request *http)
{
    const struct transfer_stream *stream = http->stream;
    return stream->is_whole || (stream->is_asked && stream->bytes.length >= TRANSFER_PIECE_BYTES);
}
