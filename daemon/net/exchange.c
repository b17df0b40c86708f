#include "daemon/net/exchange.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/net/body.h"
#include "daemon/net/headers.h"
#include "daemon/net/reply.h"

#define PENDING_SECONDS 30 /* lws gives up on an answer that takes longer */
#define CLOSE_TRY_LATER 1013
#define ANSWER_LEAST 1024 /* bytes of a body that is sent whatever else is under way */
#define EVENT_PREFIX "data: "

struct exchange *exchange_create(struct server *server, struct lws *wsi)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (!exchange)
        return NULL;
    exchange->server = server;
    exchange->connection.wsi = wsi;
    exchange->connection.kind = CONNECTION_EXCHANGE;
    exchange->success_status = 200;
    exchange->incoming.max = (size_t)(server->config->limits.reply_bytes * 2 +
                                      server->config->limits.write_bytes * 2);
    return exchange;
}

void exchange_count(struct exchange *exchange)
{
    size_t bytes = exchange->body_due + exchange->incoming.capacity + exchange->answer.capacity;
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

/* What was said and heard is no longer needed once the answer is there. */
static void free_conversation(struct exchange *exchange)
{
    buffer_finish(&exchange->body);
    buffer_finish(&exchange->incoming);
    exchange->body_due = 0;
    exchange_count(exchange);
}

static void take_from_answered(struct exchange *exchange)
{
    struct exchange **link = &exchange->server->answered;
    while (*link && *link != exchange)
        link = &(*link)->next_answered;
    if (*link)
        *link = exchange->next_answered;
}

void exchange_destroy(struct exchange *exchange)
{
    if (!exchange)
        return;
    take_from_answered(exchange);
    connection_finish(exchange->server, &exchange->connection);
    buffer_finish(&exchange->answer);
    body_release(exchange->server, exchange->shared);
    free_conversation(exchange);
    free(exchange);
}

/* From here on lws does not read: while an answer is awaited it would spin over a client that hangs
 * up, and take what follows for a body. */
static void hold(struct exchange *exchange)
{
    exchange->phase = EXCHANGE_ASKING;
    exchange->is_pending = true;
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
    exchange->phase = EXCHANGE_ANSWERING;
    if (exchange->is_pending)
        lws_rx_flow_control(exchange->connection.wsi, 1); /* first: or it is never writeable */
    exchange->is_pending = false;
    lws_set_timeout(exchange->connection.wsi, PENDING_TIMEOUT_HTTP_CONTENT, SENDING_SECONDS);
    lws_callback_on_writable(exchange->connection.wsi);
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
    send_soon(exchange);
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
    send_soon(exchange);
}

void exchange_refuse_with(struct exchange *exchange, int status, const char *headers,
                          const char *code, const char *sentence)
{
    char all[512];
    struct buffer body = {.max = 1024};
    snprintf(all, sizeof all, "%s%s", headers, headers_json);
    bool whole = buffer_append_text(&body, "{\"error_code\":") && json_append_string(&body, code) &&
                 buffer_append_text(&body, ",\"message\":") &&
                 json_append_string(&body, sentence) && buffer_append_text(&body, "}\n");
    exchange_answer(exchange, status, all, body.bytes, whole ? body.length : 0);
    buffer_finish(&body);
}

void exchange_refuse(struct exchange *exchange, enum error_code code, const char *field,
                     const char *sentence)
{
    struct buffer body = {.max = 2048};
    bool whole = buffer_append_text(&body, "{\"error_code\":\"") &&
                 buffer_append_text(&body, error_code_name(code)) &&
                 buffer_append_text(&body, "\",\"message\":") &&
                 json_append_string(&body, sentence ? sentence : error_code_sentence(code)) &&
                 (!field || (buffer_append_text(&body, ",\"field\":") &&
                             json_append_string(&body, field))) &&
                 buffer_append_text(&body, "}\n");
    exchange_answer(exchange, error_code_status(code), headers_json, body.bytes,
                    whole ? body.length : 0);
    buffer_finish(&body);
}

bool exchange_open(struct exchange *exchange, bool may_be_anonymous)
{
    struct refusal refusal = {0};
    const struct config *config = exchange->server->config;
    struct arrival arrival = {
        .kind = exchange->wants_events ? SESSION_EVENTS : SESSION_LINES,
        .administrator = exchange->is_admin,
        .anonymous = may_be_anonymous && !exchange->is_admin && exchange->key[0] == '\0' &&
                     config->http.anonymous_read,
        .exempt = exchange->is_exempt || exchange->is_admin,
        .address_key = exchange->address_key,
    };
    struct connection *connection = &exchange->connection;
    connection->session =
        session_open(exchange->server->gateway, connection, &arrival, &refusal);
    if (!connection->session) {
        exchange_refuse(exchange, refusal.code, NULL, refusal.message);
        return false;
    }
    hold(exchange);
    if (exchange->key[0] == '\0' || exchange->is_admin)
        return true;
    struct buffer hello = {.max = 1024};
    if (buffer_append_text(&hello, "{\"type\":\"hello\",\"session\":") &&
        json_append_string(&hello, exchange->key) && buffer_append_text(&hello, "}")) {
        exchange->hello_is_due = true;
        exchange_say(exchange, hello.bytes, hello.length);
    }
    buffer_finish(&hello);
    return true;
}

void exchange_say(struct exchange *exchange, const void *request, size_t length)
{
    exchange->replies_due++;
    if (exchange->connection.session)
        session_receive(exchange->connection.session, request, length, 0, true);
}

static bool is_enlisted(const struct exchange *exchange)
{
    const struct exchange *other = exchange->server->answered;
    while (other && other != exchange)
        other = other->next_answered;
    return other != NULL;
}

static void enlist(struct exchange *exchange)
{
    if (is_enlisted(exchange))
        return;
    exchange->next_answered = exchange->server->answered;
    exchange->server->answered = exchange;
}

void exchange_act_later(struct exchange *exchange)
{
    if (exchange->is_whole)
        return;
    exchange->is_whole = true;
    enlist(exchange);
}

/* Into the list of those that are answered at the end of the turn: not now, the core is calling. */
static void answer_later(struct exchange *exchange)
{
    if (exchange->has_reply)
        return;
    exchange->has_reply = true;
    enlist(exchange);
}

/* The JSON within one line of incoming. */
static const char *json_of(const struct exchange *exchange, const unsigned char *line, size_t *length)
{
    const char *text = (const char *)line;
    if (exchange->wants_events && *length >= strlen(EVENT_PREFIX) &&
        memcmp(text, EVENT_PREFIX, strlen(EVENT_PREFIX)) == 0) {
        *length -= strlen(EVENT_PREFIX);
        return text + strlen(EVENT_PREFIX);
    }
    return text;
}

/* True when this line is the reply that counts. */
static bool counts(struct exchange *exchange, const unsigned char *line, size_t length)
{
    const char *json = json_of(exchange, line, &length);
    enum message_type type = reply_type(json, length);
    if (type == MESSAGE_none)
        return false;
    if (type == REPLY_error || exchange->replies_due <= 1)
        return true;
    exchange->replies_due--;
    exchange->hello_is_due = false;
    return false;
}

/* Drops whole lines until one counts. */
static void scan(struct exchange *exchange)
{
    struct buffer *in = &exchange->incoming;
    for (;;) {
        const unsigned char *end = in->length > 0 ? memchr(in->bytes, '\n', in->length) : NULL;
        if (!end)
            return;
        size_t length = (size_t)(end - in->bytes);
        if (counts(exchange, in->bytes, length)) {
            answer_later(exchange);
            return;
        }
        buffer_consume(in, length + 1);
    }
}

enum carrier_result exchange_take(struct exchange *exchange, const unsigned char *bytes,
                                  size_t length)
{
    if (exchange->connection.is_gone)
        return CARRIER_GONE;
    if (exchange->phase == EXCHANGE_STREAMING) {
        enum carrier_result result = connection_write(&exchange->connection, bytes, length);
        if (result == CARRIER_BEHIND) /* lws drains what it holds only while it reads, too */
            lws_rx_flow_control(exchange->connection.wsi, 1);
        exchange->connection.heard_ms = server_now_ms(exchange->server);
        return result;
    }
    if (exchange->has_reply && !exchange->is_stream)
        return CARRIER_SENT; /* nobody asked */
    if (!has_place(exchange, length)) {
        exchange->left_code = CLOSE_TRY_LATER;
        answer_later(exchange);
        return CARRIER_GONE;
    }
    if (!buffer_append(&exchange->incoming, bytes, length)) {
        exchange->left_code = LWS_CLOSE_STATUS_UNEXPECTED_CONDITION;
        answer_later(exchange);
        return CARRIER_GONE;
    }
    if (!exchange->has_reply)
        scan(exchange);
    exchange_count(exchange);
    return exchange->has_reply && exchange->is_stream ? CARRIER_BEHIND : CARRIER_SENT;
}

void exchange_want_writeable(struct exchange *exchange)
{
    if (exchange->phase == EXCHANGE_ASKING && !exchange->has_reply)
        enlist(exchange); /* a long reply: the rest of it is taken at the end of the turn */
    if (exchange->phase != EXCHANGE_STREAMING)
        return; /* it is told when the head is out */
    lws_rx_flow_control(exchange->connection.wsi, 1);
    lws_callback_on_writable(exchange->connection.wsi);
}

void exchange_leave(struct exchange *exchange, uint16_t code, const char *reason)
{
    if (exchange->phase == EXCHANGE_STREAMING) {
        connection_bid_farewell(&exchange->connection, code, reason);
        return;
    }
    if (exchange->has_reply && exchange->is_stream) {
        connection_kill(&exchange->connection); /* between the head and the first entry */
        return;
    }
    if (!exchange->has_reply)
        exchange->left_code = code;
    answer_later(exchange);
}

static void refuse_left(struct exchange *exchange)
{
    switch (exchange->left_code) {
    case LWS_CLOSE_STATUS_GOINGAWAY:
        exchange_refuse(exchange, ERROR_shutting_down, NULL, NULL);
        return;
    case CLOSE_TRY_LATER:
        refuse_crowded(exchange);
        return;
    case LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE:
        exchange_refuse(exchange, ERROR_too_long, NULL, NULL);
        return;
    case 4001:
        exchange_refuse(exchange, ERROR_unauthorized, NULL, NULL);
        return;
    case 4003:
        exchange_refuse(exchange, ERROR_banned, NULL, NULL);
        return;
    case 4008:
        exchange_refuse(exchange, ERROR_rate_limited, NULL, NULL);
        return;
    default:
        exchange_refuse(exchange, ERROR_internal, NULL, NULL);
    }
}

/* What the core said, without its type where that was not asked for. */
static void answer_object(struct exchange *exchange, int status, const char *headers,
                          const char *json, size_t length)
{
    struct buffer body = {0};
    size_t at = exchange->is_whole_reply ? 0 : reply_fields(json, length);
    bool whole = (at == 0 || buffer_append_text(&body, "{")) &&
                 buffer_append(&body, json + at, length - at) && buffer_append_text(&body, "\n");
    exchange_answer(exchange, whole ? status : 500, headers, body.bytes, whole ? body.length : 0);
    buffer_finish(&body);
}

static void answer_error(struct exchange *exchange, const char *json, size_t length)
{
    char headers[256];
    enum error_code code = reply_error(json, length);
    if (exchange->hello_is_due && (code == ERROR_bad_request || code == ERROR_name_invalid)) {
        exchange_refuse_with(exchange, 401, "WWW-Authenticate: Bearer\r\n", "unauthorized",
                             "This key is not known here.");
        return;
    }
    int64_t retry_ms = reply_retry_after_ms(json, length);
    size_t used = (size_t)snprintf(headers, sizeof headers, "%s", headers_json);
    if (retry_ms != NUMBER_ABSENT)
        snprintf(headers + used, sizeof headers - used, "Retry-After: %" PRId64 "\r\n",
                 retry_ms / 1000 + 1);
    answer_object(exchange, error_code_status(code), headers, json, length);
}

/* The session stays: what it says from now on goes straight to the client. */
static void answer_stream(struct exchange *exchange)
{
    static const char events[] = "Content-Type: text/event-stream\r\n";
    static const char lines[] = "Content-Type: application/x-ndjson\r\n";
    char headers[256];
    snprintf(headers, sizeof headers, "%sCache-Control: no-store\r\nX-Accel-Buffering: no\r\n",
             exchange->wants_events ? events : lines);
    buffer_finish(&exchange->answer);
    if (!append_head(exchange, 200, headers, -1) ||
        !buffer_append(&exchange->answer, exchange->incoming.bytes, exchange->incoming.length)) {
        connection_kill(&exchange->connection);
        return;
    }
    buffer_finish(&exchange->incoming);
    send_soon(exchange);
}

static void end_conversation(struct exchange *exchange)
{
    if (exchange->connection.session)
        session_closed(exchange->connection.session);
    exchange->connection.session = NULL;
}

static void answer(struct exchange *exchange)
{
    const unsigned char *line = exchange->incoming.bytes;
    const unsigned char *end = line ? memchr(line, '\n', exchange->incoming.length) : NULL;
    if (exchange->left_code != 0 || !end) {
        end_conversation(exchange);
        refuse_left(exchange);
        return;
    }
    size_t length = (size_t)(end - line);
    const char *json = json_of(exchange, line, &length);
    bool is_error = reply_type(json, length) == REPLY_error;
    if (exchange->is_stream && !is_error) {
        answer_stream(exchange);
        return;
    }
    end_conversation(exchange);
    if (is_error)
        answer_error(exchange, json, length);
    else
        answer_object(exchange, exchange->success_status, headers_json, json, length);
}

static void go_on(struct exchange *exchange)
{
    if (exchange->phase == EXCHANGE_ASKING && !exchange->has_reply) {
        session_writeable(exchange->connection.session);
        return;
    }
    if (exchange->phase == EXCHANGE_READING)
        exchange->act(exchange);
    else
        answer(exchange);
    free_conversation(exchange);
}

bool exchanges_answer(struct server *server)
{
    bool any = server->answered != NULL;
    while (server->answered) {
        struct exchange *exchange = server->answered;
        server->answered = exchange->next_answered;
        exchange->next_answered = NULL;
        go_on(exchange);
    }
    return any;
}
