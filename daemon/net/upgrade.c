#include "daemon/net/upgrade.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "daemon/net/accept.h"
#include "daemon/net/field.h"
#include "daemon/net/origin.h"
#include "daemon/net/plain.h"
#include "daemon/net/refuse.h"
#include "protocol/message.h"

#define PATH_BYTES_MAX 128 /* of a path that can be a door */

bool request_path(struct lws *wsi, char *path, size_t size)
{
    char *uri;
    int length = 0;
    if (lws_http_get_uri_and_method(wsi, &uri, &length) < 0 || length <= 0 ||
        (size_t)length >= size)
        return false;
    memcpy(path, uri, (size_t)length);
    path[length] = '\0';
    return true;
}

enum door door_find(const char *path, int64_t *client_id)
{
    if (strcmp(path, "/ws") == 0)
        return DOOR_HEARTH;
    if (plain_client_id(path, client_id))
        return DOOR_PLAIN;
#ifdef HEARTH_TEST_ENDPOINTS
    if (strcmp(path, "/test/echo") == 0)
        return DOOR_ECHO;
#endif
    return DOOR_NONE;
}

/* Always closes: a refused upgrade has nothing more to say on this connection. */
static int reject(struct lws *wsi, enum refusal_reason reason, int status, enum error_code code,
                  const char *headers, const char *sentence)
{
    const struct head_refusal refusal = {status, code, headers, sentence};
    refuse_note(server_of(wsi), reason, lws_get_opaque_user_data(wsi));
    struct buffer answer = {0};
    if (refusal_write(&refusal, &answer)) {
        int sent = lws_write(wsi, answer.bytes, answer.length, LWS_WRITE_RAW);
        (void)sent; /* it ends either way */
    }
    buffer_finish(&answer);
    return -1;
}

static int reject_request(struct lws *wsi, int status, const char *headers, const char *sentence)
{
    return reject(wsi, REFUSED_upgrade, status, ERROR_bad_request, headers, sentence);
}

/* No subprotocol at all, or the door's own among those offered. */
static bool offers(struct lws *wsi, const char *wanted)
{
    char offered[128];
    if (lws_hdr_total_length(wsi, WSI_TOKEN_PROTOCOL) == 0)
        return true;
    return lws_hdr_copy(wsi, offered, sizeof offered, WSI_TOKEN_PROTOCOL) > 0 &&
           field_has_token(offered, wanted);
}

static int forbid(struct lws *wsi, enum refusal_reason reason, const char *sentence)
{
    return reject(wsi, reason, 403, ERROR_forbidden, "", sentence);
}

/* The guard against other people's pages. 0 when all is well. */
static int check_page(struct lws *wsi)
{
    const struct server *server = server_of(wsi);
    const struct peer *peer = lws_get_opaque_user_data(wsi);
    char host[300], origin[300];
    if (peer && peer->is_admin)
        return 0; /* no browser can speak to a Unix socket */
    if (lws_hdr_copy(wsi, host, sizeof host, WSI_TOKEN_HOST) <= 0 ||
        !host_is_allowed(server->config, server->own_name, host))
        return forbid(wsi, REFUSED_host,
                      "This gateway is not known by that name; see http.allowed_hosts.");
    if (lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) == 0)
        return 0; /* no browser */
    if (lws_hdr_copy(wsi, origin, sizeof origin, WSI_TOKEN_ORIGIN) <= 0 ||
        !origin_is_allowed(server->config, origin, host))
        return forbid(wsi, REFUSED_origin,
                      "Pages of that origin may not use this gateway; see http.allowed_origins.");
    return 0;
}

static bool header_is(struct lws *wsi, enum lws_token_indexes token, const char *wanted)
{
    char value[32];
    return lws_hdr_copy(wsi, value, sizeof value, token) > 0 && strcasecmp(value, wanted) == 0;
}

int upgrade_confirm(struct lws *wsi)
{
    char path[PATH_BYTES_MAX];
    int64_t client_id;
    if (header_is(wsi, WSI_TOKEN_UPGRADE, "h2c")) /* lws lets nobody leave it out of account */
        return reject_request(wsi, 400, "",
                         "HTTP/2 is not spoken here; ask without Upgrade.");
    /* Of what else a client can think of lws asks too, having refused it and freed the headers
     * (NN-2025-0102): a copy that fails tells. */
    if (!header_is(wsi, WSI_TOKEN_UPGRADE, "websocket"))
        return -1;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) == 0 ||
        !header_is(wsi, WSI_TOKEN_HTTP, "HTTP/1.1"))
        return reject_request(wsi, 400, "",
                         "A WebSocket is opened by GET and HTTP/1.1.");
    if (!header_is(wsi, WSI_TOKEN_VERSION, "13"))
        return reject_request(wsi, 426, "Sec-WebSocket-Version: 13\r\n", "Only version 13 of the WebSocket protocol is spoken.");
    if (check_page(wsi) != 0)
        return -1;
    enum door door = request_path(wsi, path, sizeof path) ? door_find(path, &client_id) : DOOR_NONE;
    if (door == DOOR_NONE || (door == DOOR_PLAIN && !server_of(wsi)->config->plain.enabled))
        return reject_request(wsi, 404, "", "There is no WebSocket here.");
    if (!offers(wsi, door == DOOR_ECHO ? "hearth.echo" : "hearth.v1"))
        return reject_request(wsi, 400, "",
                         "Offer the subprotocol hearth.v1, or none.");
    return 0;
}

int upgrade_refuse_tunnel(struct lws *wsi)
{
    return reject_request(wsi, 405, "Allow: GET, HEAD, POST, OPTIONS\r\n", "This is no proxy.");
}
