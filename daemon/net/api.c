#include "daemon/net/api.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "daemon/core/cursors.h"
#include "daemon/core/token.h"
#include "daemon/net/field.h"
#include "daemon/net/headers.h"
#include "daemon/net/secure.h"
#include "protocol/text.h"
#include "storage/crypto.h"
#include "storage/store.h"

#define NONCE_BYTES 12
#define TYPE_BYTES_MAX 128
#define TEXT_BYTES_MAX ROOM_NAME_BYTES_MAX /* of a text in the query */
#define PAIR_BYTES_MAX (TEXT_BYTES_MAX + 64)
#define STREAM_ROOMS_MAX 8

/* {"type":TYPE and, if there is one, ,"room":ROOM; the object stays open. */
static bool append_start(struct buffer *out, const char *type, const char *room)
{
    return buffer_append_text(out, "{\"type\":\"") && buffer_append_text(out, type) &&
           buffer_append_text(out, "\"") &&
           (!room || (buffer_append_text(out, ",\"room\":") && json_append_string(out, room)));
}

static void ask_and_forget(struct http_request *http, enum sign_in sign_in, struct buffer *request)
{
    if (request->failed)
        http_request_refuse(http, ERROR_internal, NULL, NULL);
    else
        http_request_ask(http, sign_in, request->bytes, request->length);
    buffer_finish(request);
}

void api_say(struct http_request *http, const char *type, bool with_room)
{
    struct buffer request = {0};
    (void)append_start(&request, type, with_room ? http->room : NULL); /* failed tells */
    (void)buffer_append_text(&request, "}");
    ask_and_forget(http, SIGN_IN_OPTIONAL, &request);
}

/* Puts the fields of an object, as they are, behind ours. The core's decoder refuses a key that is
 * there twice, so that nothing said before can be said again. */
static bool append_fields(struct buffer *out, const struct buffer *object)
{
    size_t at = 0;
    const char *text = (const char *)object->bytes;
    while (at < object->length && strchr(" \t\r\n", text[at]) && text[at] != '\0')
        at++;
    if (at == object->length || text[at] != '{')
        return false;
    at++;
    while (at < object->length && strchr(" \t\r\n", text[at]) && text[at] != '\0')
        at++;
    bool is_empty = at < object->length && text[at] == '}';
    return (is_empty || buffer_append_text(out, ",")) &&
           buffer_append(out, text + at, object->length - at);
}

void api_say_with_body(struct http_request *http, const char *type, bool with_room)
{
    struct buffer request = {0};
    if (!append_start(&request, type, with_room ? http->room : NULL) ||
        !append_fields(&request, &http->body)) {
        buffer_finish(&request);
        http_request_refuse(http, ERROR_bad_json, NULL, "The body must be one JSON object.");
        return;
    }
    ask_and_forget(http, SIGN_IN_REQUIRED, &request);
}

void api_health(struct http_request *http)
{
    char why[256];
    if (gateway_is_healthy(http->server->gateway, why, sizeof why)) {
        static const char fine[] = "{\"status\":\"ok\"}\n";
        http_request_answer(http, 200, headers_json, fine, sizeof fine - 1);
        return;
    }
    struct buffer body = {0};
    bool whole = error_encode(&body, error_code_name(ERROR_storage_unavailable), why, NULL) &&
                 buffer_append_text(&body, "\n");
    http_request_answer(http, 503, headers_json, body.bytes, whole ? body.length : 0);
    buffer_finish(&body);
}

/* Where the same page is to be had with TLS. */
static bool append_tls(struct server *server, struct buffer *out)
{
    struct host_tls tls;
    char port[96];
    secure_describe(server, &tls);
    if (tls.port == 0)
        return true;
    snprintf(port, sizeof port, ",\"tls\":{\"mode\":\"%s\",\"port\":%d,\"redirect\":%s", tls.mode, tls.port,
             server->config->tls.redirect ? "true" : "false");
    return buffer_append_text(out, port) && buffer_append_text(out, ",\"warning\":") &&
           json_append_string(out, tls.warning) && buffer_append_text(out, "}");
}

/* For the page's first screen, before anybody has said who they are. */
void api_server(struct http_request *http)
{
    const struct config *config = http->server->config;
    struct buffer body = {0};
    bool whole = buffer_append_text(&body, "{\"name\":") &&
                 json_append_string(&body, config->server.name) &&
                 buffer_append_text(&body, ",\"version\":\"" HEARTH_VERSION "\",\"first_room\":") &&
                 json_append_string(&body, gateway_first_room(http->server->gateway)) &&
                 buffer_append_text(&body, ",\"address\":") &&
                 json_append_string(&body, http->server->address) &&
                 append_tls(http->server, &body) && buffer_append_text(&body, "}\n");
    http_request_answer(http, 200, headers_json, body.bytes, whole ? body.length : 0);
    buffer_finish(&body);
}

enum argument { ARGUMENT_ABSENT, ARGUMENT_THERE, ARGUMENT_BAD };

/* ?name=value of the request, the next of that name from *at on. */
static enum argument next_argument(struct http_request *http, int *at, const char *name, char *value,
                                   size_t size)
{
    char pair[PAIR_BYTES_MAX];
    size_t name_length = strlen(name);
    for (;;) {
        int length = lws_hdr_copy_fragment(http->connection.wsi, pair, sizeof pair,
                                           WSI_TOKEN_HTTP_URI_ARGS, (*at)++);
        if (length < 0)
            return ARGUMENT_ABSENT;
        if (strncmp(pair, name, name_length) != 0 || pair[name_length] != '=')
            continue;
        const char *given = pair + name_length + 1;
        size_t length_given = strlen(given);
        if (length_given >= size || !text_is_utf8(given, length_given))
            return ARGUMENT_BAD;
        memcpy(value, given, length_given + 1);
        return ARGUMENT_THERE;
    }
}

/* The first of that name. */
static enum argument argument(struct http_request *http, const char *name, char *value, size_t size)
{
    int at = 0;
    return next_argument(http, &at, name, value, size);
}

bool api_argument(struct http_request *http, const char *name, char *value, size_t size)
{
    return argument(http, name, value, size) == ARGUMENT_THERE;
}

/* Appends ,"name":NUMBER if the request has it. False: answered already. */
static bool pass_number(struct http_request *http, struct buffer *out, const char *name)
{
    char value[24], text[64];
    int64_t number;
    enum argument found = argument(http, name, value, sizeof value);
    if (found == ARGUMENT_ABSENT)
        return true;
    if (found == ARGUMENT_BAD || !field_number(value, SEQ_MAX, &number)) {
        http_request_refuse(http, ERROR_bad_request, name, "This must be a whole number.");
        return false;
    }
    snprintf(text, sizeof text, ",\"%s\":%" PRId64, name, number);
    (void)buffer_append_text(out, text); /* out->failed tells */
    return true;
}

/* The same of ?log=, a string. */
static bool pass_log(struct http_request *http, struct buffer *out)
{
    char log[65]; /* as messages.def has it */
    enum argument found = argument(http, "log", log, sizeof log);
    if (found == ARGUMENT_BAD) {
        http_request_refuse(http, ERROR_bad_request, "log", "This is no log's id.");
        return false;
    }
    if (found == ARGUMENT_THERE && log[0] != '\0') {
        (void)buffer_append_text(out, ",\"log\":"); /* out->failed tells */
        (void)json_append_string(out, log);
    }
    return true;
}

/* The same of ?name=, a text of up to TEXT_BYTES_MAX; what it may be the core knows. */
static bool pass_text(struct http_request *http, struct buffer *out, const char *name)
{
    char text[TEXT_BYTES_MAX + 1];
    enum argument found = argument(http, name, text, sizeof text);
    if (found == ARGUMENT_BAD) {
        http_request_refuse(http, ERROR_bad_request, name, "This is too long, or not UTF-8.");
        return false;
    }
    if (found == ARGUMENT_THERE) {
        (void)buffer_append_text(out, ",\""); /* out->failed tells */
        (void)buffer_append_text(out, name);
        (void)buffer_append_text(out, "\":");
        (void)json_append_string(out, text);
    }
    return true;
}

/* Asks what has been put together. */
static void ask(struct http_request *http, struct buffer *request)
{
    (void)buffer_append_text(request, "}");
    if (request->failed)
        http_request_refuse(http, ERROR_internal, NULL, NULL);
    else
        http_request_ask(http, SIGN_IN_OPTIONAL, request->bytes, request->length);
}

void api_users(struct http_request *http)
{
    struct buffer request = {0};
    (void)append_start(&request, "users", NULL);
    if (pass_text(http, &request, "query") && pass_text(http, &request, "after") &&
        pass_number(http, &request, "limit"))
        ask(http, &request);
    buffer_finish(&request);
}

void api_rooms(struct http_request *http)
{
    struct buffer request = {0};
    (void)append_start(&request, "rooms", NULL);
    if (pass_text(http, &request, "query") && pass_text(http, &request, "after"))
        ask(http, &request);
    buffer_finish(&request);
}

void api_history(struct http_request *http)
{
    struct buffer request = {0};
    (void)append_start(&request, "history", http->room);
    if (pass_number(http, &request, "before") && pass_number(http, &request, "after") &&
        pass_number(http, &request, "limit"))
        ask(http, &request);
    buffer_finish(&request);
}

static bool wants_events(struct http_request *http)
{
    char accept[256];
    struct lws *wsi = http->connection.wsi;
    return lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_ACCEPT) > 0 &&
           lws_hdr_copy(wsi, accept, sizeof accept, WSI_TOKEN_HTTP_ACCEPT) > 0 &&
           field_accepts(accept, "text/event-stream");
}

/* Last-Event-ID, by which a browser says where its stream broke off. False: answered already. */
static bool read_cursors(struct http_request *http)
{
    static const char name[] = "last-event-id:";
    struct lws *wsi = http->connection.wsi;
    int length = lws_hdr_custom_length(wsi, name, sizeof name - 1);
    if (length <= 0)
        return true;
    free(http->cursors); /* of a cursor with a name: whose stream broke off knows better */
    http->cursors = calloc(1, (size_t)length + 1);
    if (http->cursors && lws_hdr_custom_copy(wsi, http->cursors, length + 1, name, sizeof name - 1) >= 0 &&
        cursors_are_valid(http->cursors))
        return true;
    http_request_refuse(http, ERROR_bad_request, "Last-Event-ID", "This is no id that an event had here.");
    return false;
}

/* False: answered already. */
static bool begin_stream(struct http_request *http)
{
    if (http->method == METHOD_HEAD) {
        http_request_refuse_with(http, 405, "Allow: GET, OPTIONS\r\n", "bad_request",
                                 "A stream can only be read.");
        return false;
    }
    if (!read_cursors(http))
        return false;
    http->form = ANSWER_STREAM;
    if (wants_events(http))
        http->kind = SESSION_EVENTS;
    return true;
}

void api_stream(struct http_request *http)
{
    struct buffer request = {0};
    if (!begin_stream(http))
        return;
    (void)append_start(&request, "join", http->room);
    if (pass_log(http, &request) && pass_number(http, &request, "after") &&
        pass_number(http, &request, "history"))
        ask(http, &request);
    buffer_finish(&request);
}

/* The rooms of a stream, copied. */
struct stream_rooms {
    char names[STREAM_ROOMS_MAX][ROOM_NAME_BYTES_MAX + 1];
    size_t count;
};

/* What ?room=a&room=b names. False: answered already. */
static bool name_rooms(struct http_request *http, struct stream_rooms *rooms)
{
    char room[ROOM_NAME_BYTES_MAX + 1];
    int at = 0;
    enum argument found;
    while ((found = next_argument(http, &at, "room", room, sizeof room)) == ARGUMENT_THERE) {
        if (rooms->count < STREAM_ROOMS_MAX)
            memcpy(rooms->names[rooms->count], room, sizeof room);
        rooms->count++;
    }
    if (found == ARGUMENT_ABSENT && rooms->count <= STREAM_ROOMS_MAX)
        return true;
    http_request_refuse(http, ERROR_bad_request, "room",
                        found == ARGUMENT_BAD ? "A room's name is UTF-8, and shorter than this."
                                              : "A stream is of one to eight rooms: ?room=a&room=b.");
    return false;
}

/* ?cursor=NAME goes on where that name of the token stood, in all its rooms unless some are named. */
static bool go_on(struct http_request *http, const char *name, struct stream_rooms *rooms)
{
    const char *names[STREAM_ROOMS_MAX];
    struct gateway *gateway = http->server->gateway;
    struct buffer cursors = {.max = CURSORS_BYTES_MAX};
    if (rooms->count == 0) {
        rooms->count = token_room_names(gateway, http->key, names, STREAM_ROOMS_MAX);
        for (size_t i = 0; i < rooms->count; i++)
            snprintf(rooms->names[i], sizeof rooms->names[i], "%s", names[i]);
    }
    bool is_whole = token_append_cursors(gateway, http->key, name, &cursors) &&
                    (cursors.length == 0 || buffer_append(&cursors, "", 1));
    if (is_whole && cursors.length > 0)
        http->cursors = strdup((const char *)cursors.bytes);
    buffer_finish(&cursors);
    if (!is_whole)
        http_request_refuse(http, ERROR_bad_request, "cursor", "Name the rooms: at most eight.");
    return is_whole;
}

/* False: answered already. */
static bool find_rooms(struct http_request *http, struct stream_rooms *rooms)
{
    char name[CURSOR_NAME_BYTES_MAX + 1];
    enum argument found = argument(http, "cursor", name, sizeof name);
    if (found == ARGUMENT_BAD) {
        http_request_refuse(http, ERROR_bad_request, "cursor", "No cursor has such a name.");
        return false;
    }
    if (!name_rooms(http, rooms) || (found == ARGUMENT_THERE && !go_on(http, name, rooms)))
        return false;
    if (rooms->count > 0)
        return true;
    http_request_refuse(http, ERROR_bad_request, "room",
                        "A stream is of one to eight rooms: ?room=a&room=b.");
    return false;
}

static void ask_for_room(struct http_request *http, int nth, const char *room)
{
    struct buffer request = {0};
    (void)append_start(&request, "join", room);
    if (!pass_number(http, &request, "history"))
        http->replies_due = 0;
    else if (nth == 0)
        ask(http, &request);
    else if (buffer_append_text(&request, "}"))
        http_request_ask_more(http, request.bytes, request.length);
    else
        http_request_refuse(http, ERROR_internal, NULL, NULL);
    buffer_finish(&request);
}

/* Each room is a join; the answer begins when all are answered. */
void api_rooms_stream(struct http_request *http)
{
    struct stream_rooms rooms = {.count = 0};
    if (!find_rooms(http, &rooms) || !begin_stream(http))
        return;
    http->replies_due = (int)rooms.count;
    for (size_t i = 0; i < rooms.count && http->replies_due > 0; i++)
        ask_for_room(http, (int)i, rooms.names[i]);
}

void api_cursor(struct http_request *http)
{
    api_say_with_body(http, "cursor", false);
}

static bool is_json(struct http_request *http)
{
    char type[TYPE_BYTES_MAX] = "";
    struct lws *wsi = http->connection.wsi;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE) > 0 &&
        lws_hdr_copy(wsi, type, sizeof type, WSI_TOKEN_HTTP_CONTENT_TYPE) < 0)
        return false;
    if (strncasecmp(type, "application/json", 16) == 0)
        return true;
    /* curl -d without a type sends a form's: an object is meant as one */
    return strncasecmp(type, "text/plain", 10) != 0 && http->body.length > 0 &&
           http->body.bytes[0] == '{';
}

static bool append_nonce(struct buffer *out)
{
    char nonce[2 * NONCE_BYTES + 1];
    return random_hex(nonce, NONCE_BYTES) && buffer_append_text(out, ",\"nonce\":\"") &&
           buffer_append_text(out, nonce) && buffer_append_text(out, "\"");
}

/* The body is the text. */
static bool append_text_body(struct buffer *out, struct buffer *body)
{
    const void *text = body->bytes ? (const void *)body->bytes : "";
    if (memchr(text, '\0', body->length) || !text_is_utf8(text, body->length))
        return false;
    return buffer_append(body, "", 1) && buffer_append_text(out, ",\"text\":") &&
           json_append_string(out, (const char *)body->bytes) && buffer_append_text(out, "}");
}

static bool lacks_nonce(const struct buffer *request)
{
    struct request decoded;
    struct refusal refusal = {0};
    if (request_decode((const char *)request->bytes, request->length, &decoded, &refusal)) {
        request_finish(&decoded);
        return false;
    }
    return refusal.code == ERROR_bad_request && refusal.field &&
           strcmp(refusal.field, "nonce") == 0;
}

static bool append_json_body(struct http_request *http, struct buffer *out)
{
    size_t start = out->length;
    if (!append_fields(out, &http->body))
        return false;
    if (!lacks_nonce(out))
        return true;
    out->length = start;
    return append_nonce(out) && append_fields(out, &http->body);
}

void api_send(struct http_request *http)
{
    struct buffer request = {0};
    bool is_object = is_json(http);
    http->success_status = 201;
    bool whole = append_start(&request, "send", http->room);
    if (is_object)
        whole = whole && append_json_body(http, &request);
    else
        whole = whole && append_nonce(&request) && append_text_body(&request, &http->body);
    if (!whole) {
        http_request_refuse(http, is_object ? ERROR_bad_json : ERROR_bad_request,
                            is_object ? NULL : "text",
                            is_object ? "The body must be one JSON object."
                                      : "The body must be UTF-8 text without U+0000.");
    } else {
        http_request_ask(http, SIGN_IN_REQUIRED, request.bytes, request.length);
    }
    buffer_finish(&request);
}

void api_do(struct http_request *http)
{
    struct request request;
    struct refusal refusal = {0};
    const struct buffer *body = &http->body;
    if (!request_decode((const char *)body->bytes, body->length, &request, &refusal)) {
        http_request_refuse(http, refusal.code, refusal.field, refusal.message);
        return;
    }
    http->form = ANSWER_WHOLE;
    if (request.type == REQUEST_hello)
        http->key[0] = '\0'; /* the request itself says who it is */
    http_request_ask(http, request.type == REQUEST_hello ? SIGN_IN_REQUIRED : SIGN_IN_OPTIONAL,
                     body->bytes, body->length);
    request_finish(&request);
}
