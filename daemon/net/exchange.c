#include "daemon/net/exchange.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "daemon/core/frame.h"
#include "daemon/net/body.h"
#include "daemon/net/headers.h"

#define PENDING_SECONDS 30 /* lws gives up on an answer that takes longer */
#define CLOSE_TRY_LATER    1013
#define CLOSE_UNAUTHORIZED 4001
#define CLOSE_BANNED       4003
#define CLOSE_RATE_LIMITED 4008
#define ERROR_BYTES_MAX    2048
#define ANSWER_LEAST 1024 /* bytes of a body that is sent whatever else is under way */

struct exchange *exchange_create(struct server *server, struct lws *wsi)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (!exchange)
        return NULL;
    exchange->server = server;
    exchange->connection.wsi = wsi;
    exchange->connection.kind = CONNECTION_EXCHANGE;
    exchange->success_status = 200;
    exchange->kind = SESSION_LINES;
    return exchange;
}

void exchange_count(struct exchange *exchange)
{
    size_t bytes = exchange->body_due + exchange->answer.capacity;
    exchange->server->http_bytes += bytes - exchange->bytes;
    exchange->bytes = bytes;
}

static bool has_place(const struct exchange *exchange, size_t length)
{
    const struct server *server = exchange->server;
    return exchange->is_admin ||
           server->http_bytes + length <= (size_t)server->config->limits.http_bytes;
}

bool exchange_expect(struct exchange *exchange, size_t length)
{
    if (length > 0 && !has_place(exchange, length))
        return false;
    exchange->body_due = length;
    exchange_count(exchange);
    return true;
}

static void free_body(struct exchange *exchange)
{
    buffer_finish(&exchange->body);
    exchange->body_due = 0;
    exchange_count(exchange);
}

/* --- what is due at the end of the turn ---- */

static void set_due(struct exchange *exchange, enum exchange_phase phase)
{
    exchange->phase = phase;
    DL_APPEND2(exchange->server->due, exchange, due_prev, due_next);
}

static void unset_due(struct exchange *exchange)
{
    if (exchange->phase == EXCHANGE_DUE || exchange->phase == EXCHANGE_REPLIED)
        DL_DELETE2(exchange->server->due, exchange, due_prev, due_next);
}

void exchange_destroy(struct exchange *exchange)
{
    if (!exchange)
        return;
    unset_due(exchange);
    connection_finish(exchange->server, &exchange->connection);
    buffer_finish(&exchange->answer);
    body_release(exchange->server, exchange->shared);
    free_body(exchange);
    free(exchange);
}

/* --- answering ---- */

/* From here on lws does not read: while an answer is awaited it would spin over a client that hangs
 * up, and take what follows for a body. */
static void hold(struct exchange *exchange)
{
    exchange->phase = EXCHANGE_ASKING;
    lws_rx_flow_control(exchange->connection.wsi, 0);
    lws_set_timeout(exchange->connection.wsi, PENDING_TIMEOUT_HTTP_CONTENT, PENDING_SECONDS);
}

static void refuse_crowded(struct exchange *exchange)
{
    exchange_refuse(exchange, ERROR_server_full, NULL,
                    "Too much is under way for other requests; try again.");
}

static void send_soon(struct exchange *exchange)
{
    /* first: or it is never writeable */
    if (exchange->phase == EXCHANGE_ASKING || exchange->phase == EXCHANGE_REPLIED)
        lws_rx_flow_control(exchange->connection.wsi, 1);
    exchange->phase = EXCHANGE_ANSWERING;
    lws_set_timeout(exchange->connection.wsi, PENDING_TIMEOUT_HTTP_CONTENT, SENDING_SECONDS);
    lws_callback_on_writable(exchange->connection.wsi);
}

/* The answer is whole: to a core that has just replied nothing may be said before the turn ends. */
static void finish_answer(struct exchange *exchange)
{
    exchange_count(exchange);
    if (exchange->phase == EXCHANGE_ASKING)
        set_due(exchange, EXCHANGE_REPLIED);
    else
        send_soon(exchange);
}

static bool append_cors(struct exchange *exchange)
{
    struct buffer *out = &exchange->answer;
    if (exchange->origin[0] == '\0')
        return true;
    return buffer_append_text(out, "Access-Control-Allow-Origin: ") &&
           buffer_append_text(out, exchange->origin) &&
           buffer_append_text(out, "\r\nAccess-Control-Expose-Headers: Retry-After\r\n"
                                   "Vary: Origin\r\n");
}

/* The head of the answer. length below zero: the body ends with the connection. */
static bool append_head(struct exchange *exchange, int status, const char *headers, int64_t length)
{
    struct buffer *out = &exchange->answer;
    char line[64] = "";
    if (length >= 0 && status != 204 && status != 304)
        snprintf(line, sizeof line, "Content-Length: %" PRId64 "\r\n", length);
    return buffer_append_text(out, "HTTP/1.1 ") &&
           buffer_append_text(out, headers_status(status)) && buffer_append_text(out, "\r\n") &&
           headers_date(out) && buffer_append_text(out, headers) &&
           buffer_append_text(out, headers_everywhere) && append_cors(exchange) &&
           buffer_append_text(out, "Connection: close\r\n") && buffer_append_text(out, line) &&
           buffer_append_text(out, "\r\n");
}

void exchange_answer_with(struct exchange *exchange, int status, const char *headers,
                          const unsigned char *rest, size_t length)
{
    buffer_finish(&exchange->answer);
    if (!append_head(exchange, status, headers, (int64_t)length)) {
        buffer_finish(&exchange->answer);
    } else if (exchange->method != METHOD_HEAD) {
        exchange->rest = rest;
        exchange->rest_length = length;
    }
    finish_answer(exchange);
}

void exchange_answer_body(struct exchange *exchange, int status, const char *headers,
                          struct body *body)
{
    exchange->shared = body;
    exchange_answer_with(exchange, status, headers, NULL, body_length(body));
}

/* A body of any size counts; every request may have the few bytes of a refusal. */
void exchange_answer(struct exchange *exchange, int status, const char *headers, const void *body,
                     size_t length)
{
    if (length > ANSWER_LEAST && !has_place(exchange, length)) {
        refuse_crowded(exchange);
        return;
    }
    buffer_finish(&exchange->answer);
    if (!append_head(exchange, status, headers, (int64_t)length) ||
        (length > 0 && exchange->method != METHOD_HEAD &&
         !buffer_append(&exchange->answer, body, length)))
        buffer_finish(&exchange->answer); /* no memory: it ends without a word */
    finish_answer(exchange);
}

static void answer_error(struct exchange *exchange, int status, const char *headers,
                         const char *code, const char *sentence, const char *field)
{
    struct buffer body = {.max = ERROR_BYTES_MAX};
    bool is_whole =
        error_encode(&body, code, sentence, field) && buffer_append(&body, "\n", 1);
    exchange_answer(exchange, status, headers, body.bytes, is_whole ? body.length : 0);
    buffer_finish(&body);
}

void exchange_refuse_with(struct exchange *exchange, int status, const char *headers,
                          const char *code, const char *sentence)
{
    char all[512];
    snprintf(all, sizeof all, "%s%s", headers, headers_json);
    answer_error(exchange, status, all, code, sentence, NULL);
}

void exchange_refuse(struct exchange *exchange, enum error_code code, const char *field,
                     const char *sentence)
{
    answer_error(exchange, error_code_status(code), headers_json, error_code_name(code),
                 sentence ? sentence : error_code_sentence(code), field);
}

/* {"type":"rooms","rooms":[...]} without its type. */
static void answer_reply(struct exchange *exchange, enum message_type type,
                         const char *headers, const unsigned char *json, size_t length)
{
    size_t opening = exchange->form == ANSWER_WHOLE ? 0 : message_describe(type)->opening_length;
    struct buffer body = {0};
    if (json[opening] == ',')
        opening++;
    bool is_whole = (opening == 0 || buffer_append(&body, "{", 1)) &&
                    buffer_append(&body, json + opening, length - opening) &&
                    buffer_append(&body, "\n", 1);
    exchange_answer(exchange, is_whole ? exchange->success_status : 500, headers, body.bytes,
                    is_whole ? body.length : 0);
    buffer_finish(&body);
}

/* As the core said it, for those who asked for the whole; and what HTTP has to say about it. */
static void answer_refusal(struct exchange *exchange, const struct refusal *refusal,
                           const unsigned char *json, size_t length)
{
    char headers[256];
    size_t used = (size_t)snprintf(headers, sizeof headers, "%s", headers_json);
    exchange->form = exchange->form == ANSWER_STREAM ? ANSWER_FIELDS : exchange->form;
    if (refusal->code == ERROR_unauthorized)
        used += (size_t)snprintf(headers + used, sizeof headers - used,
                                 "WWW-Authenticate: Bearer\r\n");
    if (refusal->retry_after_ms != NUMBER_ABSENT && json)
        snprintf(headers + used, sizeof headers - used, "Retry-After: %" PRId64 "\r\n",
                 refusal->retry_after_ms / 1000 + 1);
    exchange->success_status = error_code_status(refusal->code);
    if (json)
        answer_reply(exchange, REPLY_error, headers, json, length);
    else
        answer_error(exchange, exchange->success_status, headers, error_code_name(refusal->code),
                     refusal->message, refusal->field);
}

/* --- asking the core ---- */

static bool open_session(struct exchange *exchange, enum asker asker)
{
    struct refusal refusal = {0};
    bool has_key = exchange->key[0] != '\0' && !exchange->is_admin;
    const struct arrival arrival = {
        .kind = exchange->kind,
        .administrator = exchange->is_admin,
        .anonymous = asker == ASKER_ANYBODY && !has_key && !exchange->is_admin &&
                     exchange->server->config->http.anonymous_read,
        .exempt = exchange->is_exempt || exchange->is_admin,
        .address_key = exchange->address_key,
        .key = has_key ? exchange->key : NULL,
    };
    exchange->connection.session =
        session_open(exchange->server->gateway, exchange_carrier(), exchange, &arrival, &refusal);
    if (exchange->connection.session)
        return true;
    answer_refusal(exchange, &refusal, NULL, 0);
    return false;
}

void exchange_ask(struct exchange *exchange, enum asker asker, const void *request, size_t length)
{
    if (!open_session(exchange, asker))
        return;
    hold(exchange);
    session_receive(exchange->connection.session, request, length, 0, true);
}

void exchange_act_later(struct exchange *exchange)
{
    if (exchange->phase == EXCHANGE_READING)
        set_due(exchange, EXCHANGE_DUE);
}

/* --- what the core replies ---- */

/* The head of a stream, and the reply as its first message; then the core goes on. */
static void begin_stream(struct exchange *exchange, const unsigned char *json, size_t length)
{
    static const char events[] = "Content-Type: text/event-stream\r\n";
    static const char lines[] = "Content-Type: application/x-ndjson\r\n";
    char headers[256];
    snprintf(headers, sizeof headers, "%sCache-Control: no-store\r\nX-Accel-Buffering: no\r\n",
             exchange->kind == SESSION_EVENTS ? events : lines);
    buffer_finish(&exchange->answer);
    if (append_head(exchange, 200, headers, -1) &&
        frame_append(&exchange->answer, exchange->kind, (const char *)json, length))
        finish_answer(exchange);
    else
        connection_kill(&exchange->connection);
}

void exchange_reply(struct exchange *exchange, enum message_type type,
                    const struct refusal *refusal, const unsigned char *json, size_t length)
{
    if (exchange->phase != EXCHANGE_ASKING)
        return;
    if (refusal)
        answer_refusal(exchange, refusal, json, length);
    else if (exchange->form == ANSWER_STREAM)
        begin_stream(exchange, json, length);
    else
        answer_reply(exchange, type, headers_json, json, length);
}

/* Only a stream is written to, and only once its head is out: the core waits for session_writeable. */
enum carrier_result exchange_take(struct exchange *exchange, const unsigned char *bytes,
                                  size_t length)
{
    if (exchange->connection.is_gone)
        return CARRIER_GONE;
    if (exchange->phase != EXCHANGE_STREAMING)
        return CARRIER_SENT; /* it is closing: the client goes on from its cursor elsewhere */
    enum carrier_result result = connection_write(&exchange->connection, bytes, length);
    if (result == CARRIER_BEHIND) /* lws drains what it holds only while it reads, too */
        lws_rx_flow_control(exchange->connection.wsi, 1);
    exchange->connection.heard_ms = server_now_ms(exchange->server);
    return result;
}

void exchange_want_writeable(struct exchange *exchange)
{
    if (exchange->phase != EXCHANGE_STREAMING)
        return; /* it is told when the head is out */
    lws_rx_flow_control(exchange->connection.wsi, 1);
    lws_callback_on_writable(exchange->connection.wsi);
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

void exchange_leave(struct exchange *exchange, uint16_t code, const char *reason)
{
    if (exchange->phase == EXCHANGE_ASKING)
        exchange_refuse(exchange, error_of(code), NULL, NULL);
    else if (exchange->phase == EXCHANGE_STREAMING)
        connection_bid_farewell(&exchange->connection, code, reason);
    else if (exchange->form == ANSWER_STREAM)
        connection_kill(&exchange->connection); /* between the head and the first entry */
}

/* --- the end of a turn ---- */

static void end_session(struct exchange *exchange)
{
    if (exchange->connection.session)
        session_closed(exchange->connection.session);
    exchange->connection.session = NULL;
}

static void go_on(struct exchange *exchange)
{
    unset_due(exchange);
    if (exchange->phase == EXCHANGE_DUE) {
        exchange->phase = EXCHANGE_READING;
        exchange->act(exchange);
        free_body(exchange);
        return;
    }
    if (exchange->form != ANSWER_STREAM) /* of a stream the session stays */
        end_session(exchange);
    send_soon(exchange);
}

bool exchanges_go_on(struct server *server)
{
    bool any = server->due != NULL;
    while (server->due)
        go_on(server->due);
    return any;
}
