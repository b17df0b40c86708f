#include "daemon/net/hook_post.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "daemon/net/api.h"
#include "daemon/net/field.h"
#include "protocol/text.h"
#include "storage/crypto.h"

/* A header under the name that head.c has given it. */
static void read_header(struct http_request *http, const char *name, char value[HOOK_HEADER_BYTES_MAX])
{
    struct lws *wsi = http->connection.wsi;
    int length = (int)strlen(name);
    value[0] = '\0';
    if (lws_hdr_custom_length(wsi, name, length) <= 0 ||
        lws_hdr_custom_copy(wsi, value, HOOK_HEADER_BYTES_MAX, name, length) < 0 ||
        !text_is_utf8(value, strlen(value)))
        value[0] = '\0';
}

bool hook_post_is_cross_site(struct http_request *http)
{
    char site[HOOK_HEADER_BYTES_MAX];
    read_header(http, "sec-fetch-site:", site);
    bool has_origin = lws_hdr_total_length(http->connection.wsi, WSI_TOKEN_ORIGIN) > 0;
    if (site[0])
        return strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0;
    return has_origin && http->origin[0] == '\0';
}

bool hook_post_is_signed(struct http_request *http, const char *secret)
{
    static const char method[] = "sha256=";
    char signature[HOOK_HEADER_BYTES_MAX];
    read_header(http, "z-signature:", signature);
    return strncmp(signature, method, sizeof method - 1) == 0 &&
           hash_is_signed(secret, http->body.bytes, http->body.length, signature + sizeof method - 1);
}

/* A header, or the query's word for it. */
static void read_either(struct http_request *http, const char *name, const char *word,
                        char value[HOOK_HEADER_BYTES_MAX])
{
    read_header(http, name, value);
    if (!value[0] && !api_argument(http, word, value, HOOK_HEADER_BYTES_MAX))
        value[0] = '\0';
}

bool hook_post_read(struct http_request *http, struct hook_post_headers *headers, struct hook_post *post)
{
    struct lws *wsi = http->connection.wsi;
    headers->content_type[0] = '\0';
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE) > 0 &&
        lws_hdr_copy(wsi, headers->content_type, HOOK_HEADER_BYTES_MAX, WSI_TOKEN_HTTP_CONTENT_TYPE) < 0)
        headers->content_type[0] = '\0';
    read_header(http, "z-event:", headers->event);
    read_header(http, "z-delivery:", headers->delivery);
    read_either(http, "z-title:", "title", headers->title);
    read_either(http, "z-priority:", "priority", headers->priority);
    read_either(http, "z-tags:", "tags", headers->tags);
    read_either(http, "z-click:", "click", headers->click);
    read_either(http, "z-attach:", "attach", headers->attach);
    read_header(http, "z-filename:", headers->filename);
    read_either(http, "z-message:", "message", headers->message);
    size_t length = http->body.length;
    if (!buffer_append(&http->body, "", 1)) /* a NUL behind it */
        return false;
    http->body.length = length;
    *post = (struct hook_post){.content_type = headers->content_type, .event = headers->event,
                               .delivery = headers->delivery, .title = headers->title,
                               .priority = headers->priority, .tags = headers->tags,
                               .click = headers->click, .attach = headers->attach,
                               .filename = headers->filename, .message = headers->message,
                               .body = (const char *)http->body.bytes, .length = length};
    return true;
}

/* --- ntfy's credentials --------------------------------------------------------------------------- */

static bool take_key(struct http_request *http, const char *key)
{
    if (strlen(key) >= sizeof http->key)
        return false;
    memcpy(http->key, key, strlen(key) + 1);
    return true;
}

/* "Bearer TOKEN", or Basic with the token as its password. False: it is neither. */
static bool take_credentials(struct http_request *http, const char *value)
{
    char pair[256];
    const char *key = field_bearer(value);
    if (!key && strncasecmp(value, "Basic ", 6) == 0 && field_base64(value + 6, pair, sizeof pair)) {
        const char *colon = strchr(pair, ':');
        key = colon ? colon + 1 : pair;
    }
    return key && take_key(http, key);
}

bool hook_post_take_credentials(struct http_request *http)
{
    char value[HOOK_HEADER_BYTES_MAX], coded[HOOK_HEADER_BYTES_MAX];
    struct lws *wsi = http->connection.wsi;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_AUTHORIZATION) > 0)
        return lws_hdr_copy(wsi, value, sizeof value, WSI_TOKEN_HTTP_AUTHORIZATION) > 0 &&
               take_credentials(http, value);
    if (!api_argument(http, "auth", coded, sizeof coded))
        return false;
    return (field_base64(coded, value, sizeof value) && take_credentials(http, value)) ||
           take_key(http, coded);
}
