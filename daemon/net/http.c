#include "daemon/net/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "daemon/net/accept.h"
#include "daemon/net/admin_socket.h"
#include "daemon/net/api.h"
#include "daemon/net/captive.h"
#include "daemon/net/field.h"
#include "daemon/net/front.h"
#include "daemon/net/headers.h"
#include "daemon/net/hook.h"
#include "daemon/net/listener_private.h"
#include "daemon/net/origin.h"
#include "daemon/net/page.h"
#include "daemon/net/route.h"
#include "daemon/net/secure.h"
#include "daemon/net/test_clock.h"
#include "daemon/net/unknown_host.h"
#include "daemon/net/transfer_stream.h"
#include "daemon/net/upgrade.h"
#include "daemon/net/download_stream.h"
#include "daemon/net/upload_stream.h"
#include "protocol/text.h"

#define ADMIN_BODY_BYTES_MAX 4194304
#define LENGTH_DIGITS_MAX 18
#define DISCARDED_BYTES_MAX 4194304 /* of a body that is too long */
#define BODY_MS 30000

/* Its body is a stream: it is acted on as it comes, see begin. */
static const char restore_path[] = "/admin/v1/restore";

enum { IS_ANYBODY = false, IS_ADMIN = true };

static const struct route {
    enum method method;
    bool is_admin; /* only through the admin socket; elsewhere it does not exist */
    const char *pattern;
    void (*act)(struct http_request *http);
} routes[] = {
#define ROUTE(method, who, pattern, handler, arguments, request, reply, content, status, sentence)   \
    {METHOD_##method, IS_##who, pattern, handler},
#include "protocol/routes.def"
#ifdef HEARTH_TEST_ENDPOINTS
    {METHOD_POST, true, "/test/clock/{ms}", test_clock_advance},
#endif
};

#define ROUTE_COUNT (sizeof routes / sizeof *routes)

static const char *const method_names[] = {"GET", "POST", "OPTIONS", "PUT", "PATCH", "DELETE", "HEAD"};

static bool route_is_for(const struct route *route, struct http_request *http)
{
    return (!route->is_admin || http->is_admin) &&
           route_matches(route->pattern, http->path, http->room, sizeof http->room);
}

/* "GET, HEAD, POST" of the paths that match; empty if none does. */
static void allowed_methods(struct http_request *http, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (const struct route *route = routes; route < routes + ROUTE_COUNT; route++) {
        if (!route_is_for(route, http) || used >= size)
            continue;
        int written = snprintf(out + used, size - used, "%s%s%s", used > 0 ? ", " : "",
                               method_names[route->method],
                               route->method == METHOD_GET ? ", HEAD" : "");
        used += written > 0 ? (size_t)written : 0;
    }
}

static void preflight(struct http_request *http, const char *allowed)
{
    char headers[384];
    snprintf(headers, sizeof headers,
             "Allow: %s, OPTIONS\r\nAccess-Control-Allow-Methods: %s\r\n"
             "Access-Control-Allow-Headers: Authorization, Content-Type, Content-Disposition, Range, "
             "Upload-Offset\r\n"
             "Access-Control-Max-Age: 600\r\n", allowed, allowed);
    http_request_answer(http, 204, headers, NULL, 0);
}

static void not_found(struct http_request *http)
{
    http_request_refuse_with(http, 404, "", "bad_request", "There is nothing at this path.");
}

static bool is_under(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* No route matches: the page has it, or nobody. "OPTIONS *" comes from front.c as a path. */
static void act_elsewhere(struct http_request *http)
{
    if (http->method == METHOD_OPTIONS && strcmp(http->path, "/*") == 0)
        preflight(http, "GET, HEAD, POST, PUT, PATCH, DELETE");
    else if (is_under(http->path, "/api") || is_under(http->path, "/admin") ||
             is_under(http->path, "/ws") || is_under(http->path, "/hooks") ||
             is_under(http->path, "/ntfy") || is_under(http->path, "/files") || is_under(http->path, "/test"))
        not_found(http);
    else if (http->method == METHOD_GET || http->method == METHOD_HEAD)
        page_serve(http);
    else
        http_request_refuse_with(http, 405, "Allow: GET, HEAD\r\n", "bad_request",
                                 "This path can only be read.");
}

static void act(const struct route *route, struct http_request *http)
{
    if (text_is_utf8(http->room, strlen(http->room)))
        route->act(http);
    else
        http_request_refuse(http, ERROR_bad_request, "room", "A room's name is UTF-8.");
}

static void dispatch(struct http_request *http)
{
    char allowed[96], headers[128];
    enum method method = http->method == METHOD_HEAD ? METHOD_GET : http->method;
    for (const struct route *route = routes; route < routes + ROUTE_COUNT; route++) {
        if (route->method == method && route_is_for(route, http)) {
            act(route, http);
            return;
        }
    }
    allowed_methods(http, allowed, sizeof allowed);
    if (allowed[0] == '\0') {
        act_elsewhere(http);
    } else if (method == METHOD_OPTIONS) {
        preflight(http, allowed);
    } else {
        snprintf(headers, sizeof headers, "Allow: %s, OPTIONS\r\n", allowed);
        http_request_refuse_with(http, 405, headers, "bad_request",
                                 "This path does not take this method.");
    }
}

/* Copies a header. False if it is too long for value; empty if there is none. */
static bool header(struct lws *wsi, enum lws_token_indexes token, char *value, int size)
{
    value[0] = '\0';
    return lws_hdr_total_length(wsi, token) == 0 || lws_hdr_copy(wsi, value, size, token) >= 0;
}

static bool takes_body(enum method method)
{
    return method == METHOD_POST || method == METHOD_PUT || method == METHOD_PATCH;
}

/* Where one server sees one request and another two, requests are smuggled: what is not plain is
 * refused, and the connection with it. */
static bool read_length(struct http_request *http, struct lws *wsi, int64_t *length)
{
    char value[32];
    *length = 0;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0) {
        http_request_refuse_with(http, 411, "", "bad_request",
                                 "Send a Content-Length instead of a Transfer-Encoding.");
        return false;
    }
    bool has_length = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0;
    if (!has_length && takes_body(http->method)) {
        http_request_refuse_with(http, 411, "", "bad_request", "A Content-Length is missing.");
        return false;
    }
    if (has_length && (!header(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, value, sizeof value) ||
                       strlen(value) > LENGTH_DIGITS_MAX ||
                       !field_number(value, INT64_MAX, length))) {
        http_request_refuse_with(http, 400, "", "bad_request", "The Content-Length is no number.");
        return false;
    }
    http->body_left = *length;
    return true;
}

/* Not before it has come: who is still sending when the connection ends would not read the answer. */
static void refuse_long(struct http_request *http)
{
    http_request_refuse_with(http, 413, "", "too_long", "The body is longer than allowed.");
}

/* True when the length is fine, and the body's place is made. */
static bool check_length(struct http_request *http, int64_t length)
{
    const struct config_limits *limits = &http->server->config->limits;
    int64_t max = http->is_admin               ? ADMIN_BODY_BYTES_MAX
                  : hook_is_path(http->path) ? limits->hook_bytes
                                             : limits->frame_bytes;
    if (length > 0 && !takes_body(http->method)) {
        http_request_refuse_with(http, 400, "", "bad_request", "This method takes no body.");
        return false;
    }
    if (length > max && length <= DISCARDED_BYTES_MAX &&
        lws_hdr_total_length(http->connection.wsi, WSI_TOKEN_HTTP_EXPECT) == 0) {
        http->is_discarded = true;
        http->act = refuse_long;
        return true;
    }
    if (length > max) {
        http_request_refuse_with(http, 413, "", "too_long", "The body is longer than allowed.");
        return false;
    }
    if (!http_request_expect(http, (size_t)length)) {
        http_request_refuse_crowded(http);
        return false;
    }
    http->body.max = (size_t)(length > 0 ? length : max) + 1; /* and a NUL */
    if (length > 0)
        http->act = dispatch;
    return true;
}

static bool changes_something(enum method method)
{
    return method != METHOD_GET && method != METHOD_HEAD && method != METHOD_OPTIONS;
}

/* The guard against other people's pages: see origin.h. */
static bool check_origin(struct http_request *http, struct lws *wsi)
{
    const struct server *server = http->server;
    char host[300], origin[300];
    if (http->is_admin)
        return true; /* no browser can speak to a Unix socket */
    http->reason = REFUSED_host;
    bool is_known = hook_is_path(http->path) ||
                    lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_AUTHORIZATION) > 0;
    bool has_host = header(wsi, WSI_TOKEN_HOST, host, sizeof host);
    if (!is_known && (!has_host || !host_is_allowed(server->config, server->own_name, host))) {
        unknown_host_answer(http, host);
        return false;
    }
    http->reason = REFUSED_origin;
    bool fits = header(wsi, WSI_TOKEN_ORIGIN, origin, sizeof origin);
    if (fits && origin[0] == '\0')
        return true;
    if (fits && (origin_is_listed(server->config, origin) ||
                 origin_is_sibling(origin, host, server->listeners->port, server->listeners->tls_port)) && strlen(origin) < sizeof http->origin)
        memcpy(http->origin, origin, strlen(origin) + 1);
    if (!changes_something(http->method) || hook_is_path(http->path) || /* which looks itself */
        (fits && origin_is_allowed(server->config, origin, host)))
        return true; /* what only reads gives other pages nothing: the browser keeps it from them */
    http_request_refuse_with(
        http, 403, "", "forbidden",
        "Pages of that origin may not use this gateway; see http.allowed_origins.");
    return false;
}

static bool read_credentials(struct http_request *http, struct lws *wsi)
{
    char value[256];
    const char *key = NULL;
    http->reason = REFUSED_credentials;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_AUTHORIZATION) == 0 || hook_is_path(http->path))
        return true;
    if (header(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, value, sizeof value))
        key = field_bearer(value);
    if (key && strlen(key) < sizeof http->key) {
        memcpy(http->key, key, strlen(key) + 1);
        return true;
    }
    http_request_refuse_with(http, 401, "WWW-Authenticate: Bearer\r\n", "unauthorized",
                             "Authorization must be Bearer and a key.");
    return false;
}

/* A client that asks whether it may send its body is told so now that nothing speaks against it (RFC 9110,
 * 10.1.1). */
static bool invite_body(struct http_request *http, struct lws *wsi)
{
    static const unsigned char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (http->body_due == 0 || lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_EXPECT) == 0)
        return true;
    return connection_write(&http->connection, go_on, sizeof go_on - 1) != CARRIER_GONE;
}

static enum method method_of(int lws_method)
{
    switch (lws_method) {
    case LWSHUMETH_GET: return METHOD_GET;
    case LWSHUMETH_POST: return METHOD_POST;
    case LWSHUMETH_OPTIONS: return METHOD_OPTIONS;
    case LWSHUMETH_PUT: return METHOD_PUT;
    case LWSHUMETH_PATCH: return METHOD_PATCH;
    case LWSHUMETH_DELETE: return METHOD_DELETE;
    case LWSHUMETH_HEAD: return METHOD_HEAD;
    default: return METHOD_OTHER;
    }
}

/* The first line: method and path. */
static bool read_target(struct http_request *http, struct lws *wsi)
{
    char *uri;
    int length = 0;
    http->method = method_of(lws_http_get_uri_and_method(wsi, &uri, &length));
    if (http->method == METHOD_OTHER || length <= 0 || *uri != '/' ||
        (size_t)length >= sizeof http->path) {
        http_request_refuse_with(http, 400, "", "bad_request", "The request line is not usable.");
        return false;
    }
    memcpy(http->path, uri, (size_t)length);
    return true;
}

static bool is_restore(const struct http_request *http)
{
    return http->is_admin && strcmp(http->path, restore_path) == 0 && takes_body(http->method) &&
           http->method != METHOD_PATCH;
}

/* The body of an upload need not fit into memory: the handler begins before it has come. */
static void begin_upload(struct http_request *http, struct lws *wsi, int64_t length)
{
    if (captive_answer(http) || !check_origin(http, wsi) || !read_credentials(http, wsi) ||
        !upload_stream_expect(http, length))
        return;
    http->reason = REFUSED_request;
    http->act = dispatch;
    http_request_act_later(http);
}

/* A request has come, its body not yet. */
static int begin(struct lws *wsi, struct http_slot *slot)
{
    struct server *server = server_of(wsi);
    const struct peer *peer = lws_get_opaque_user_data(wsi);
    if (!peer || slot->http)
        return -1;
    struct http_request *http = http_request_create(server, wsi);
    if (!http)
        return -1;
    slot->http = http;
    http->is_admin = peer->is_admin;
    http->is_exempt = peer->is_exempt;
    int64_t length;
    http->reason = REFUSED_body;
    if (!read_target(http, wsi) || !read_length(http, wsi, &length))
        return 0;
    if (is_restore(http)) {
        transfer_stream_begin(http, length);
        return 0;
    }
    if (upload_stream_is_for(http)) {
        begin_upload(http, wsi, length);
        return 0;
    }
    if (!check_length(http, length) || captive_answer(http) || !check_origin(http, wsi) ||
        !read_credentials(http, wsi))
        return 0;
    http->reason = REFUSED_request;
    if (!http->act)
        dispatch(http);
    else if (!invite_body(http, wsi))
        return -1;
    return 0;
}

static int body(struct http_request *http, const void *bytes, size_t length)
{
    http->body_left -= (int64_t)length;
    if (http->stream && length > 0)
        return transfer_stream_receive(http, bytes, length) ? 0 : -1;
    if (http->upload && length > 0)
        return upload_stream_receive(http, bytes, length) ? 0 : -1;
    if (http->phase != HTTP_REQUEST_READING || length == 0)
        return 0; /* of a request that has been refused */
    if (server_now_ms(http->server) - http->began_ms > BODY_MS) { /* lws gives 5 s more for every byte */
        http_request_refuse_with(http, 408, "", "bad_request", "The body did not come in time.");
        return 0;
    }
    if (http->is_discarded)
        return 0;
    return buffer_append(&http->body, bytes, length) ? 0 : -1;
}

/* lws says so again and again while more bytes come: only the first time counts. */
static void body_complete(struct http_request *http)
{
    if (http->stream)
        transfer_stream_complete(http);
    else if (http->upload)
        upload_stream_complete(http);
    else if (http->phase == HTTP_REQUEST_READING && http->act)
        http_request_act_later(http);
}

/* One request a connection: where a POST lies behind another request in what lws 4.1.6 has read
 * already, lws never comes back from reading it. So nothing is read behind the first. */
static void drop(struct http_slot *slot)
{
    http_request_destroy(slot->http);
    slot->http = NULL;
}

/* It has its answer in the middle of its body: lws would close the socket while unread bytes are in it, which
 * resets the connection, and whoever sends all before it reads would never see why. */
static int linger(struct http_slot *slot)
{
    struct server *server = slot->http->server;
    struct lws *wsi = slot->http->connection.wsi;
    struct peer *peer;
    int fd;
    drop(slot);
    if (!accept_take_back(wsi, &peer, &fd))
        return -1;
    front_linger(server->front, peer, fd);
    lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    return 0;
}

static int writeable(struct http_slot *slot)
{
    bool is_over;
    int result = http_request_writeable(slot->http, &is_over);
    if (!is_over)
        return result;
    return slot->http->body_left > 0 ? linger(slot) : -1;
}

/* What concerns a request that is under way. */
static int when_begun(enum lws_callback_reasons reason, struct http_slot *slot, const void *in,
                      size_t length)
{
    switch (reason) {
    case LWS_CALLBACK_HTTP_BODY:
        return body(slot->http, in, length);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        body_complete(slot->http);
        return 0;
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return writeable(slot);
    case LWS_CALLBACK_TIMER:
        if (slot->http->hook)
            hook_timer(slot->http);
        return connection_timer(&slot->http->connection);
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
        drop(slot);
        return 0;
    default:
        return 0;
    }
}

int http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t length)
{
    struct http_slot *slot = user;
    switch (reason) {
    case LWS_CALLBACK_HTTP:
        server_turn_begin(server_of(wsi));
        return begin(wsi, slot);
    case LWS_CALLBACK_HTTP_BODY:
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
    case LWS_CALLBACK_HTTP_WRITEABLE:
    case LWS_CALLBACK_TIMER:
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
        if (!slot || !slot->http)
            return 0;
        server_turn_begin(server_of(wsi));
        return when_begun(reason, slot, in, length);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return upgrade_confirm(wsi);
    case LWS_CALLBACK_RAW_ADOPT:
        return upgrade_refuse_tunnel(wsi);
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION: /* its name is no subprotocol */
    case LWS_CALLBACK_RAW_RX:
        return -1;
    case LWS_CALLBACK_WSI_DESTROY: {
        struct peer *peer = lws_get_opaque_user_data(wsi);
        if (peer)
            peer_gone(server_of(wsi), peer);
        server_turn_cut(server_of(wsi)); /* libuv ends thousands without a turn between */
        return 0;
    }
    default:
        return 0;
    }
}
