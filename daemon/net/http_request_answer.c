/* What an HTTP request is answered: the head, and the body where it is ours. */
#include "daemon/net/http_request_private.h"

#include <inttypes.h>
#include <stdio.h>

#include "daemon/net/accept.h"
#include "daemon/net/body.h"
#include "daemon/net/headers.h"

#define ERROR_BYTES_MAX     2048
#define SENDING_BYTES_LEAST 2048 /* a second, of a reader who gets its answer whole */
#define ANSWER_LEAST        1024 /* bytes of a body that is sent whatever else is under way */

void http_request_refuse_crowded(struct http_request *http)
{
    http->reason = REFUSED_http_bytes;
    http_request_refuse_with(http, error_code_status(ERROR_server_full), "Retry-After: 1\r\n",
                             error_code_name(ERROR_server_full),
                             "Too much is under way for other requests; try again.");
}

void http_request_send_soon(struct http_request *http)
{
    size_t length = http->answer.length + http->rest_length;
    http->answer_until_ms = server_now_ms(http->server) + SENDING_SECONDS * INT64_C(1000) +
                            (int64_t)(length / SENDING_BYTES_LEAST) * 1000;
    /* first: or it is never writeable */
    if (http->phase == HTTP_REQUEST_ASKING || http->phase == HTTP_REQUEST_REPLIED)
        lws_rx_flow_control(http->connection.wsi, 1);
    http->phase = HTTP_REQUEST_ANSWERING;
    lws_set_timeout(http->connection.wsi, PENDING_TIMEOUT_HTTP_CONTENT, SENDING_SECONDS);
    lws_callback_on_writable(http->connection.wsi);
}

/* The answer is whole: to a core that has just replied nothing may be said before the turn ends. */
void http_request_finish_answer(struct http_request *http)
{
    http_request_count(http);
    if (http->phase == HTTP_REQUEST_ASKING || http->phase == HTTP_REQUEST_AGAIN)
        http_request_set_due(http, HTTP_REQUEST_REPLIED);
    else
        http_request_send_soon(http);
}

static bool append_cors(struct http_request *http)
{
    struct buffer *out = &http->answer;
    if (http->origin[0] == '\0')
        return true;
    return buffer_append_text(out, "Access-Control-Allow-Origin: ") &&
           buffer_append_text(out, http->origin) &&
           buffer_append_text(out, "\r\nAccess-Control-Expose-Headers: Retry-After, "
                                   "Location, Upload-Offset, Upload-Length, ETag, Content-Range\r\n"
                                   "Vary: Origin\r\n");
}

/* The head of the answer. length below zero: the body ends with the connection. */
bool http_request_append_head(struct http_request *http, int status, const char *headers, int64_t length)
{
    struct buffer *out = &http->answer;
    char line[64] = "";
    if (length >= 0 && status != 204 && status != 304)
        snprintf(line, sizeof line, "Content-Length: %" PRId64 "\r\n", length);
    return buffer_append_text(out, "HTTP/1.1 ") &&
           buffer_append_text(out, headers_status(status)) && buffer_append_text(out, "\r\n") &&
           headers_date(out) && buffer_append_text(out, headers) &&
           buffer_append_text(out, headers_everywhere) && append_cors(http) &&
           buffer_append_text(out, "Connection: close\r\n") && buffer_append_text(out, line) &&
           buffer_append_text(out, "\r\n");
}

void http_request_answer_with(struct http_request *http, int status, const char *headers,
                              const unsigned char *rest, size_t length)
{
    buffer_finish(&http->answer);
    if (!http_request_append_head(http, status, headers, (int64_t)length)) {
        buffer_finish(&http->answer);
    } else if (http->method != METHOD_HEAD) {
        http->rest = rest;
        http->rest_length = length;
    }
    http_request_finish_answer(http);
}

void http_request_answer_body(struct http_request *http, int status, const char *headers,
                              struct body *body)
{
    http->shared = body;
    http_request_answer_with(http, status, headers, NULL, body_length(body));
}

/* A body of any size counts; every request may have the few bytes of a refusal. */
void http_request_answer(struct http_request *http, int status, const char *headers,
                         const void *body, size_t length)
{
    if (length > ANSWER_LEAST && !http_request_has_place(http, length)) {
        http_request_refuse_crowded(http);
        return;
    }
    buffer_finish(&http->answer);
    if (!http_request_append_head(http, status, headers, (int64_t)length) ||
        (length > 0 && http->method != METHOD_HEAD && !buffer_append(&http->answer, body, length)))
        buffer_finish(&http->answer); /* no memory: it ends without a word */
    http_request_finish_answer(http);
}

static void send_error(struct http_request *http, int status, const char *headers,
                       const char *code, const char *sentence, const char *field)
{
    struct buffer body = {.max = ERROR_BYTES_MAX};
    bool is_whole = error_encode(&body, code, sentence, field) && buffer_append(&body, "\n", 1);
    http_request_answer(http, status, headers, body.bytes, is_whole ? body.length : 0);
    buffer_finish(&body);
}

/* What is refused here; what the core refuses it has counted. */
static void answer_error(struct http_request *http, int status, const char *headers,
                         const char *code, const char *sentence, const char *field)
{
    refuse_note(http->server, http->reason, lws_get_opaque_user_data(http->connection.wsi));
    send_error(http, status, headers, code, sentence, field);
}

void http_request_refuse_with(struct http_request *http, int status, const char *headers,
                              const char *code, const char *sentence)
{
    char all[512];
    snprintf(all, sizeof all, "%s%s", headers, headers_json);
    answer_error(http, status, all, code, sentence, NULL);
}

void http_request_refuse(struct http_request *http, enum error_code code, const char *field,
                         const char *sentence)
{
    answer_error(http, error_code_status(code), headers_json, error_code_name(code),
                 sentence ? sentence : error_code_sentence(code), field);
}

void http_request_refuse_as(struct http_request *http, int status, const char *headers,
                            const struct refusal *refusal)
{
    const struct reply_error error = {.error_code = error_code_name(refusal->code),
                                      .message = refusal->message,
                                      .field = refusal->field,
                                      .retry_after_ms = refusal->retry_after_ms};
    struct buffer json = {.max = ERROR_BYTES_MAX};
    bool is_whole = message_encode(&json, REPLY_error, NULL, &error);
    http->success_status = status;
    http->form = ANSWER_FIELDS;
    if (is_whole)
        http_request_answer_reply(http, REPLY_error, headers, json.bytes, json.length);
    else
        http_request_answer(http, status, headers, NULL, 0);
    buffer_finish(&json);
}

/* {"type":"rooms","rooms":[...]} without its type. */
void http_request_answer_reply(struct http_request *http, enum message_type type, const char *headers,
                         const unsigned char *json, size_t length)
{
    size_t opening = http->form == ANSWER_WHOLE ? 0 : message_describe(type)->opening_length;
    struct buffer body = {0};
    if (json[opening] == ',')
        opening++;
    bool is_whole = (opening == 0 || buffer_append(&body, "{", 1)) &&
                    buffer_append(&body, json + opening, length - opening) &&
                    buffer_append(&body, "\n", 1);
    http_request_answer(http, is_whole ? http->success_status : 500, headers, body.bytes,
                        is_whole ? body.length : 0);
    buffer_finish(&body);
}

/* As the core said it, for those who asked for the whole; and what HTTP has to say about it. */
void http_request_answer_refusal(struct http_request *http, const struct refusal *refusal,
                           const unsigned char *json, size_t length)
{
    char headers[256];
    size_t used = (size_t)snprintf(headers, sizeof headers, "%s", headers_json);
    http->form = http->form == ANSWER_STREAM ? ANSWER_FIELDS : http->form;
    if (refusal->code == ERROR_unauthorized)
        used +=
            (size_t)snprintf(headers + used, sizeof headers - used, "WWW-Authenticate: Bearer\r\n");
    if (refusal->retry_after_ms != NUMBER_ABSENT && json)
        snprintf(headers + used, sizeof headers - used, "Retry-After: %" PRId64 "\r\n",
                 refusal->retry_after_ms / 1000 + 1);
    http->success_status = error_code_status(refusal->code);
    if (json)
        http_request_answer_reply(http, REPLY_error, headers, json, length);
    else
        send_error(http, http->success_status, headers, error_code_name(refusal->code),
                   refusal->message, refusal->field);
}
