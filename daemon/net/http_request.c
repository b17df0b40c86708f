#include "daemon/net/http_request.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "daemon/core/frame.h"
#include "daemon/net/accept.h"
#include "daemon/net/body.h"
#include "daemon/net/download_stream.h"
#include "daemon/net/file_budget.h"
#include "daemon/net/headers.h"
#include "daemon/net/hook.h"
#include "daemon/net/http_request_private.h"
#include "daemon/net/transfer_stream.h"
#include "daemon/net/upload_stream.h"

#define PENDING_SECONDS    30 /* lws gives up on an answer that takes longer */
#define CLOSE_TRY_LATER    1013
#define CLOSE_UNAUTHORIZED 4001
#define CLOSE_BANNED       4003
#define CLOSE_RATE_LIMITED 4008
#define ADDRESS_SHARE      4    /* one address may have one in so many of limits.http_bytes */

struct http_request *http_request_create(struct server *server, struct lws *wsi)
{
    struct http_request *http = calloc(1, sizeof *http);
    if (!http)
        return NULL;
    http->server = server;
    http->connection.wsi = wsi;
    http->connection.kind = CONNECTION_HTTP;
    http->success_status = 200;
    http->replies_due = 1;
    http->reason = REFUSED_request;
    http->kind = SESSION_LINES;
    http->began_ms = server_now_ms(server);
    DL_APPEND(server->requests, http);
    return http;
}

static struct address_count *counted_of(const struct http_request *http)
{
    const struct peer *peer = lws_get_opaque_user_data(http->connection.wsi);
    return peer ? peer->counted : NULL;
}

void http_request_count(struct http_request *http)
{
    size_t bytes = http->body_due + http->answer.capacity + hook_bytes(http->hook);
    struct address_count *address = counted_of(http);
    http->server->http_bytes += bytes - http->bytes;
    if (address)
        address->http_bytes += bytes - http->bytes;
    http->bytes = bytes;
}

/* One address has no more than its share, or one request. */
static bool has_share(const struct http_request *http, size_t length)
{
    const struct address_count *address = counted_of(http);
    size_t share = (size_t)http->server->config->limits.http_bytes / ADDRESS_SHARE;
    return http->is_exempt || !address || address->http_bytes == http->bytes ||
           address->http_bytes + length <= share;
}

bool http_request_has_place(const struct http_request *http, size_t length)
{
    const struct server *server = http->server;
    return http->is_admin ||
           (server->http_bytes + length <= (size_t)server->config->limits.http_bytes &&
            has_share(http, length));
}

bool http_request_expect(struct http_request *http, size_t length)
{
    if (length > 0 && !http_request_has_place(http, length))
        return false;
    http->body_due = length;
    http_request_count(http);
    return true;
}

static void free_body(struct http_request *http)
{
    buffer_finish(&http->body);
    http->body_due = 0;
    http_request_count(http);
}

/* --- what is due at the end of the turn ---- */

static void unset_due(struct http_request *http)
{
    if (http->phase == HTTP_REQUEST_PAUSING || http->phase == HTTP_REQUEST_DUE ||
        http->phase == HTTP_REQUEST_AGAIN ||
        http->phase == HTTP_REQUEST_REPLIED)
        DL_DELETE2(http->server->due, http, due_prev, due_next);
}

void http_request_set_due(struct http_request *http, enum http_request_phase phase)
{
    unset_due(http); /* of what was due before it */
    http->phase = phase;
    DL_APPEND2(http->server->due, http, due_prev, due_next);
}

void http_request_destroy(struct http_request *http)
{
    if (!http)
        return;
    unset_due(http);
    DL_DELETE(http->server->requests, http);
    transfer_stream_end(http);
    upload_stream_end(http);
    download_stream_end(http);
    file_budget_forget(http);
    connection_finish(http->server, &http->connection);
    buffer_finish(&http->answer);
    body_release(http->server, http->shared);
    hook_destroy(http->hook);
    http->hook = NULL;
    free_body(http); /* counts what is left, which is nothing */
    free(http->cursors);
    free(http);
}

/* --- what the core replies ---- */

static bool append_stream_head(struct http_request *http)
{
    static const char events[] = "Content-Type: text/event-stream\r\n";
    static const char lines[] = "Content-Type: application/x-ndjson\r\n";
    char headers[256];
    snprintf(headers, sizeof headers, "%sCache-Control: no-store\r\nX-Accel-Buffering: no\r\n",
             http->kind == SESSION_EVENTS ? events : lines);
    return http_request_append_head(http, 200, headers, -1);
}

/* The head of a stream, and the replies as its first messages; then the core goes on. */
static void begin_stream(struct http_request *http, const unsigned char *json, size_t length)
{
    bool is_whole = (http->answer.length > 0 || append_stream_head(http)) &&
                    frame_append(&http->answer, http->kind, (const char *)json, length);
    if (!is_whole)
        connection_kill(&http->connection);
    else if (--http->replies_due == 0)
        http_request_finish_answer(http);
}

static void give_reply(struct http_request *http, const struct reply *reply)
{
    if (http->form == ANSWER_HOOK)
        hook_replied(http, reply);
    else if (http->form == ANSWER_UPLOAD)
        upload_stream_replied(http, reply->refusal);
    else if (reply->refusal)
        http_request_answer_refusal(http, reply->refusal, reply->json, reply->length);
    else if (http->form == ANSWER_STREAM)
        begin_stream(http, reply->json, reply->length);
    else if (http->form == ANSWER_FILE)
        download_stream_replied(http);
    else
        http_request_answer_reply(http, reply->type, headers_json, reply->json, reply->length);
}

void http_request_reply(struct http_request *http, const struct reply *reply)
{
    if (http->phase == HTTP_REQUEST_ASKING)
        give_reply(http, reply);
}

/* --- asking the core ---- */

/* From here on lws does not read: while an answer is awaited it would spin over a client that hangs
 * up, and take what follows for a body. */
void http_request_hold(struct http_request *http)
{
    http->phase = HTTP_REQUEST_ASKING;
    lws_rx_flow_control(http->connection.wsi, 0);
    lws_set_timeout(http->connection.wsi, PENDING_TIMEOUT_HTTP_CONTENT, PENDING_SECONDS);
}

static bool open_session(struct http_request *http, enum sign_in sign_in)
{
    struct refusal refusal = {0};
    bool has_key = http->key[0] != '\0' && !http->is_admin;
    const struct peer *peer = lws_get_opaque_user_data(http->connection.wsi);
    struct arrival arrival = {
        .kind = http->kind,
        .anonymous = sign_in == SIGN_IN_OPTIONAL && !has_key && !http->is_admin &&
                     http->server->config->http.anonymous_read,
        .key = has_key ? http->key : NULL,
        .cursors = http->cursors,
    };
    peer_introduce(peer, &arrival);
    http->connection.session =
        session_open(http->server->gateway, http_request_carrier(), http, &arrival, &refusal);
    if (http->connection.session)
        return true;
    give_reply(http, &(struct reply){.type = REPLY_error, .refusal = &refusal});
    return false;
}

void http_request_ask(struct http_request *http, enum sign_in sign_in, const void *request,
                      size_t length)
{
    if (!open_session(http, sign_in))
        return;
    http_request_hold(http);
    session_receive(http->connection.session, request, length, 0, true);
}

void http_request_ask_more(struct http_request *http, const void *request, size_t length)
{
    if (http->phase == HTTP_REQUEST_ASKING)
        session_receive(http->connection.session, request, length, 0, true);
}

void http_request_ask_later(struct http_request *http)
{
    if (http->phase == HTTP_REQUEST_ASKING)
        http_request_set_due(http, HTTP_REQUEST_AGAIN);
}

void http_request_pause_later(struct http_request *http)
{
    if (http->phase == HTTP_REQUEST_READING)
        http_request_set_due(http, HTTP_REQUEST_PAUSING);
}

void http_request_read_on(struct http_request *http)
{
    if (http->phase == HTTP_REQUEST_PAUSING) {
        unset_due(http);
        http->phase = HTTP_REQUEST_READING;
    }
    if (http->phase == HTTP_REQUEST_READING)
        lws_rx_flow_control(http->connection.wsi, 1);
}

void http_request_act_later(struct http_request *http)
{
    if (http->phase == HTTP_REQUEST_READING)
        http_request_set_due(http, HTTP_REQUEST_DUE);
}

/* --- what the core writes ---- */

/* Only a stream is written to, and only once its head is out: the core waits for session_writeable. */
enum carrier_result http_request_take(struct http_request *http, const unsigned char *bytes,
                                      size_t length)
{
    if (http->connection.is_gone)
        return CARRIER_GONE;
    if (http->phase != HTTP_REQUEST_STREAMING)
        return CARRIER_SENT; /* it is closing: the client goes on from its cursor elsewhere */
    enum carrier_result result = connection_write(&http->connection, bytes, length);
    if (result == CARRIER_BEHIND) /* lws drains what it holds only while it reads, too */
        lws_rx_flow_control(http->connection.wsi, 1);
    http->connection.heard_ms = server_now_ms(http->server);
    return result;
}

void http_request_want_writeable(struct http_request *http)
{
    if (http->phase != HTTP_REQUEST_STREAMING)
        return; /* it is told when the head is out */
    lws_rx_flow_control(http->connection.wsi, 1);
    lws_callback_on_writable(http->connection.wsi);
}

/* What a session is closed for instead of a reply. */
static enum error_code error_of(uint16_t code)
{
    switch (code) {
    case LWS_CLOSE_STATUS_GOINGAWAY:
        return ERROR_shutting_down;
    case CLOSE_TRY_LATER:
        return ERROR_server_full;
    case LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE:
        return ERROR_too_long;
    case CLOSE_UNAUTHORIZED:
        return ERROR_unauthorized;
    case CLOSE_BANNED:
        return ERROR_banned;
    case CLOSE_RATE_LIMITED:
        return ERROR_rate_limited;
    default:
        return ERROR_internal;
    }
}

void http_request_leave(struct http_request *http, uint16_t code, const char *reason)
{
    if (http->phase == HTTP_REQUEST_ASKING)
        http_request_refuse(http, error_of(code), NULL, NULL);
    else if (http->phase == HTTP_REQUEST_STREAMING)
        connection_close_soon(&http->connection, code, reason);
    else if (http->form == ANSWER_STREAM)
        connection_kill(&http->connection); /* between the head and the first entry */
}

/* --- the end of a turn ---- */

static void end_session(struct http_request *http)
{
    if (http->connection.session)
        session_closed(http->connection.session);
    http->connection.session = NULL;
}

void http_request_read_body(struct http_request *http)
{
    end_session(http);
    http->phase = HTTP_REQUEST_READING;
    lws_rx_flow_control(http->connection.wsi, 1);
}

/* Whether storage has to be through with what came before more is read. */
static bool is_full(const struct http_request *http)
{
    return (http->stream && transfer_stream_is_full(http)) || (http->upload && upload_stream_is_full(http));
}

static void go_on(struct http_request *http)
{
    unset_due(http);
    if (http->phase == HTTP_REQUEST_PAUSING) {
        http->phase = HTTP_REQUEST_READING;
        if (is_full(http))
            lws_rx_flow_control(http->connection.wsi, 0);
        return;
    }
    if (http->phase == HTTP_REQUEST_DUE) {
        http->phase = HTTP_REQUEST_READING;
        http->act(http);
        free_body(http);
        return;
    }
    if (http->phase == HTTP_REQUEST_AGAIN) {
        http->phase = HTTP_REQUEST_ASKING;
        http->act(http);
        return;
    }
    if (http->form != ANSWER_STREAM) /* of a stream the session stays */
        end_session(http);
    http_request_send_soon(http);
}

bool http_requests_go_on(struct server *server)
{
    bool any = server->due != NULL;
    while (server->due)
        go_on(server->due);
    return any;
}
