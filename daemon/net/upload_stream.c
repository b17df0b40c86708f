#include "daemon/net/upload_stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/file.h"
#include "daemon/core/upload.h"
#include "daemon/net/api.h"
#include "daemon/net/field.h"
#include "daemon/net/file_name.h"
#include "daemon/net/headers.h"
#include "daemon/net/route.h"

#define IDLE_SECONDS        30      /* on a client that sends nothing for so long */
#define DISCARDED_BYTES_MAX 16777216 /* of a file that is refused: who is still sending would not read why */

enum upload_state {
    STATE_ASKING,     /* the core, whether it may be; what comes meanwhile is kept */
    STATE_FEEDING,    /* pieces to the upload */
    STATE_DISCARDING, /* the rest, until the refusal can be read */
    STATE_ANSWERED
};

struct upload_stream {
    enum upload_state state;
    enum { ASKS_WHOLE, ASKS_PLACE, ASKS_PATCH, ASKS_SHOW, ASKS_FORGET } asks;
    bool expects_invitation;     /* Expect: 100-continue: it sends no body before */
    int64_t length, received;    /* of the body */
    int64_t offset;              /* of ASKS_PATCH: where it says that it goes on */
    struct upload *upload;       /* borrowed, while it is fed */
    struct buffer bytes;         /* received, and not handed on */
    struct buffer lent;          /* handed on: storage copies it from here */
    struct refusal refusal;      /* of STATE_DISCARDING */
    int refused_status;          /* of it; 0: that of its code */
};

static struct gateway *gateway_of(const struct http_request *http)
{
    return http->server->gateway;
}

static void act_on(struct http_request *http);

bool upload_stream_is_for(const struct http_request *http)
{
    char name[ROOM_NAME_BYTES_MAX + 1];
    const char *pattern = http->method == METHOD_PATCH ? "/api/v1/uploads/{id}"
                          : http->is_admin             ? "/admin/v1/rooms/{room}/files"
                                                       : "/api/v1/rooms/{room}/files";
    return (http->method == METHOD_PATCH || http->method == METHOD_POST) &&
           route_matches(pattern, http->path, name, sizeof name);
}

static bool create(struct http_request *http)
{
    if (!http->upload)
        http->upload = calloc(1, sizeof *http->upload);
    if (!http->upload)
        http_request_refuse(http, ERROR_internal, NULL, NULL);
    else
        http->upload->bytes.max = UPLOAD_PIECE_BYTES;
    return http->upload;
}

bool upload_stream_expect(struct http_request *http, int64_t length)
{
    if (!create(http))
        return false;
    http->upload->length = length;
    http->upload->expects_invitation =
        lws_hdr_total_length(http->connection.wsi, WSI_TOKEN_HTTP_EXPECT) > 0;
    return true;
}

void upload_stream_end(struct http_request *http)
{
    if (!http->upload)
        return;
    upload_let_go(gateway_of(http), http);
    buffer_finish(&http->upload->bytes);
    buffer_finish(&http->upload->lent);
    free(http->upload);
    http->upload = NULL;
}

/* --- answers ------------------------------------------------------------------------------------ */

static void answer_file(struct http_request *http, const struct file_row *file)
{
    struct record_file_line line;
    struct buffer body = {0};
    file_line_fill(file, &line);
    bool is_whole = buffer_append_text(&body, "{\"file\":") &&
                    message_encode(&body, RECORD_file_line, NULL, &line) &&
                    buffer_append_text(&body, "}\n");
    http->upload->state = STATE_ANSWERED;
    http_request_read_on(http);
    http_request_answer(http, is_whole ? 201 : 500, headers_json, body.bytes, is_whole ? body.length : 0);
    buffer_finish(&body);
}

static void answer_now(struct http_request *http, const struct refusal *refusal)
{
    char headers[384];
    size_t used = (size_t)snprintf(headers, sizeof headers, "%s", headers_json);
    if (refusal->retry_after_ms != NUMBER_ABSENT)
        snprintf(headers + used, sizeof headers - used, "Retry-After: %" PRId64 "\r\n",
                 refusal->retry_after_ms / 1000 + 1);
    else if (refusal->code == ERROR_unauthorized)
        snprintf(headers + used, sizeof headers - used, "WWW-Authenticate: Bearer\r\n");
    http->upload->state = STATE_ANSWERED;
    http_request_read_on(http);
    int status = http->upload->refused_status;
    http_request_refuse_as(http, status ? status : error_code_status(refusal->code), headers, refusal);
}

/* An answer is read by whoever has sent all; of a body that is not too long the rest is waited for. */
static bool is_worth_waiting(const struct upload_stream *stream)
{
    int64_t left = stream->length - stream->received;
    return left > 0 && left <= DISCARDED_BYTES_MAX && !(stream->expects_invitation && stream->received == 0);
}

static void answer_refused(struct http_request *http, const struct refusal *refusal)
{
    struct upload_stream *stream = http->upload;
    stream->upload = NULL;
    buffer_finish(&stream->bytes);
    buffer_finish(&stream->lent);
    stream->bytes.max = UPLOAD_PIECE_BYTES;
    if (!is_worth_waiting(stream)) {
        answer_now(http, refusal);
        return;
    }
    stream->state = STATE_DISCARDING;
    stream->refusal = *refusal;
    http_request_read_on(http);
}

/* What is wrong is seen here, and so counted here. */
static void refuse_request(struct http_request *http, const char *field, const char *sentence)
{
    struct refusal refusal;
    refuse(&refusal, ERROR_bad_request, field, "%s", sentence);
    refuse_note(http->server, http->reason, lws_get_opaque_user_data(http->connection.wsi));
    answer_refused(http, &refusal);
}

/* Somebody goes on with the same upload by another request. */
static void answer_taken(struct http_request *http)
{
    struct refusal refusal;
    refuse(&refusal, ERROR_bad_request, NULL, "Another request goes on with this upload.");
    http->upload->refused_status = 409;
    answer_refused(http, &refusal);
}

static void append_state(const struct upload *upload, const char *more, char *out, size_t size)
{
    snprintf(out, size, "Upload-Offset: %" PRId64 "\r\nUpload-Length: %" PRId64 "\r\n%sCache-Control: no-store\r\n",
             upload->offset, upload->size, more);
}

static void answer_state(struct http_request *http, int status, const struct upload *upload)
{
    char headers[384], location[96], body[160];
    int length = snprintf(body, sizeof body, "{\"upload\":{\"id\":\"%s\",\"size\":%" PRId64 ",\"offset\":%" PRId64 "}}\n",
                          upload->file.id, upload->size, upload->offset);
    snprintf(location, sizeof location, "Content-Type: application/json\r\nLocation: /api/v1/uploads/%s\r\n",
             upload->file.id);
    append_state(upload, status == 204 ? "" : location, headers, sizeof headers);
    if (http->upload)
        http->upload->state = STATE_ANSWERED;
    http_request_read_on(http);
    http_request_answer(http, status, headers, body, status == 204 ? 0 : (size_t)length);
}

/* --- pieces ------------------------------------------------------------------------------------- */

/* All of the body is with the upload, and there is more to come by another. */
static bool is_through(const struct upload_stream *stream)
{
    return stream->received == stream->length && stream->bytes.length == 0 && stream->lent.length == 0;
}

static void hand_on(struct http_request *http)
{
    struct upload_stream *stream = http->upload;
    if (stream->state != STATE_FEEDING || stream->lent.length > 0)
        return;
    if (stream->bytes.length > 0) {
        struct buffer empty = stream->lent;
        stream->lent = stream->bytes;
        stream->bytes = empty;
        stream->bytes.max = UPLOAD_PIECE_BYTES;
        upload_write(gateway_of(http), stream->upload, stream->lent.bytes, stream->lent.length);
    } else if (is_through(stream) && stream->upload->offset < stream->upload->size) {
        answer_state(http, 204, stream->upload);
    }
}

static void on_written(struct http_request *http)
{
    struct upload_stream *stream = http->upload;
    buffer_finish(&stream->lent); /* what waits for the next piece takes nothing */
    hand_on(http);
    if (!http->upload || stream->state != STATE_FEEDING || upload_stream_is_full(http))
        return;
    http_request_read_on(http);
    lws_set_timeout(http->connection.wsi, PENDING_TIMEOUT_HTTP_CONTENT, IDLE_SECONDS);
}

static void on_news(void *owner, const struct upload_news *news)
{
    struct http_request *http = owner;
    switch (news->kind) {
    case UPLOAD_WRITTEN:
        on_written(http);
        break;
    case UPLOAD_ADDED:
        http->upload->lent.length = 0;
        answer_file(http, news->file);
        break;
    case UPLOAD_REFUSED:
        answer_refused(http, &news->refusal);
        break;
    case UPLOAD_TAKEN:
        answer_taken(http);
        break;
    }
}

bool upload_stream_receive(struct http_request *http, const void *bytes, size_t length)
{
    struct upload_stream *stream = http->upload;
    stream->received += (int64_t)length;
    lws_set_timeout(http->connection.wsi, PENDING_TIMEOUT_HTTP_CONTENT, IDLE_SECONDS);
    if (stream->state == STATE_DISCARDING || stream->state == STATE_ANSWERED)
        return true;
    if (!buffer_append(&stream->bytes, bytes, length))
        return false;
    hand_on(http);
    if (http->upload && upload_stream_is_full(http))
        http_request_pause_later(http);
    return true;
}

void upload_stream_complete(struct http_request *http)
{
    struct upload_stream *stream = http->upload;
    if (stream->state == STATE_DISCARDING)
        answer_now(http, &stream->refusal);
    else if (stream->state == STATE_FEEDING)
        http_request_pause_later(http);
}

bool upload_stream_is_fed(const struct http_request *http)
{
    return http->upload->state == STATE_FEEDING;
}

bool upload_stream_is_full(const struct http_request *http)
{
    const struct upload_stream *stream = http->upload;
    return stream->state == STATE_FEEDING && (stream->lent.length > 0 || stream->received == stream->length);
}

/* --- asking the core ---------------------------------------------------------------------------- */

static void ask(struct http_request *http, struct buffer *request)
{
    (void)buffer_append_text(request, "}");
    http->form = ANSWER_UPLOAD;
    if (request->failed)
        http_request_refuse(http, ERROR_internal, NULL, NULL);
    else
        http_request_ask(http, SIGN_IN_REQUIRED, request->bytes, request->length);
    buffer_finish(request);
}

static void ask_for_place(struct http_request *http, int64_t size)
{
    char name[FILE_NAME_BYTES_MAX + 1], given[FILE_NAME_BYTES_MAX + 1], number[64];
    struct buffer request = {0};
    if (!api_argument(http, "name", given, sizeof given))
        file_name_read(http->connection.wsi, name);
    else
        file_name_clean(given, strlen(given), name);
    snprintf(number, sizeof number, ",\"size\":%" PRId64 ",\"name\":", size);
    (void)buffer_append_text(&request, "{\"type\":\"upload\",\"room\":"); /* failed tells */
    (void)json_append_string(&request, http->room);
    (void)buffer_append_text(&request, number);
    (void)json_append_string(&request, name);
    ask(http, &request);
}

static void ask_for_state(struct http_request *http, const char *more)
{
    struct buffer request = {0};
    (void)buffer_append_text(&request, "{\"type\":\"upload_state\",\"id\":"); /* failed tells */
    (void)json_append_string(&request, http->room);
    (void)buffer_append_text(&request, more);
    ask(http, &request);
}

void upload_post(struct http_request *http)
{
    char value[24];
    int64_t size;
    if (!create(http))
        return;
    bool is_announced = api_argument(http, "size", value, sizeof value);
    http->upload->asks = is_announced ? ASKS_PLACE : ASKS_WHOLE;
    if (!is_announced && http->upload->length == 0)
        refuse_request(http, "body", "The body is the file; it is empty.");
    else if (!is_announced)
        ask_for_place(http, http->upload->length);
    else if (!field_number(value, SEQ_MAX, &size) || size == 0)
        refuse_request(http, "size", "This must be a whole number above 0.");
    else if (http->upload->length > 0)
        refuse_request(http, "body", "With size this begins an upload without bytes; they come by PATCH.");
    else
        ask_for_place(http, size);
}

void upload_patch(struct http_request *http)
{
    static const char name[] = "upload-offset:";
    struct lws *wsi = http->connection.wsi;
    char value[24] = "";
    if (!create(http))
        return;
    http->upload->asks = ASKS_PATCH;
    int length = lws_hdr_custom_length(wsi, name, sizeof name - 1);
    if (length > 0 && length < (int)sizeof value)
        (void)lws_hdr_custom_copy(wsi, value, sizeof value, name, sizeof name - 1);
    if (field_number(value, SEQ_MAX, &http->upload->offset)) {
        char resume[40];
        snprintf(resume, sizeof resume, ",\"resume\":%" PRId64, http->upload->offset);
        ask_for_state(http, resume);
    } else {
        refuse_request(http, "Upload-Offset", "Say in Upload-Offset where these bytes belong.");
    }
}

void upload_show(struct http_request *http)
{
    if (!create(http))
        return;
    http->upload->asks = ASKS_SHOW;
    ask_for_state(http, "");
}

void upload_forget(struct http_request *http)
{
    if (!create(http))
        return;
    http->upload->asks = ASKS_FORGET;
    ask_for_state(http, ",\"forget\":true");
}

/* --- what the core says ------------------------------------------------------------------------- */

/* The body's bytes belong where the upload stands. */
static bool check_offset(struct http_request *http)
{
    const struct upload_stream *stream = http->upload;
    const struct upload *upload = stream->upload;
    char headers[384];
    struct refusal refusal;
    if (stream->offset == upload->offset && stream->length <= upload->size - upload->offset)
        return true;
    refuse(&refusal, ERROR_bad_request, "Upload-Offset", "The upload stands elsewhere: go on at its Upload-Offset.");
    append_state(upload, "Content-Type: application/json\r\n", headers, sizeof headers);
    http->upload->upload = NULL;
    http->upload->state = STATE_ANSWERED;
    http_request_refuse_as(http, 409, headers, &refusal);
    return false;
}

static void feed(struct http_request *http, struct upload *upload)
{
    struct upload_stream *stream = http->upload;
    stream->upload = upload;
    if (stream->asks == ASKS_PATCH && !check_offset(http))
        return;
    if (upload->phase == UPLOAD_FILE) {
        answer_file(http, &upload->file);
        return;
    }
    stream->state = STATE_FEEDING;
    upload->is_brief = stream->asks == ASKS_WHOLE;
    upload_feed(gateway_of(http), upload, on_news, http);
    http->act = act_on;
    http_request_ask_later(http);
}

/* At the end of the turn: the session has done its part, and the body is read on. */
static void act_on(struct http_request *http)
{
    static const unsigned char invitation[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct upload_stream *stream = http->upload;
    http_request_read_body(http);
    if (stream->state == STATE_FEEDING && stream->expects_invitation && stream->length > 0 &&
        connection_write(&http->connection, invitation, sizeof invitation - 1) == CARRIER_GONE)
        return;
    if (stream->state == STATE_DISCARDING) {
        if (stream->received == stream->length)
            answer_now(http, &stream->refusal);
        return;
    }
    hand_on(http);
    if (http->upload->state == STATE_FEEDING && upload_stream_is_full(http))
        http_request_pause_later(http);
}

/* The refusal may have to wait for the end of the body. */
static void reply_refused(struct http_request *http, const struct refusal *refusal)
{
    struct upload_stream *stream = http->upload;
    if (!is_worth_waiting(stream)) {
        answer_now(http, refusal);
        return;
    }
    buffer_finish(&stream->bytes);
    stream->state = STATE_DISCARDING;
    stream->refusal = *refusal;
    http->act = act_on;
    http_request_ask_later(http);
}

void upload_stream_replied(struct http_request *http, const struct refusal *refusal)
{
    struct upload *upload = upload_told(gateway_of(http));
    if (refusal)
        reply_refused(http, refusal);
    else if (http->upload->asks == ASKS_WHOLE || http->upload->asks == ASKS_PATCH)
        feed(http, upload);
    else
        answer_state(http, http->upload->asks == ASKS_PLACE  ? 201
                           : http->upload->asks == ASKS_SHOW ? 200
                                                             : 204,
                     upload);
}
