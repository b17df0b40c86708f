/* hook_post.h - a post to a hook as it has arrived: its headers, who signed it, whose token it names. On the
 * loop, like the request that it is read from. */
#ifndef HEARTH_NET_HOOK_POST_H
#define HEARTH_NET_HOOK_POST_H

#include "daemon/net/http_request.h"
#include "protocol/hooks/hooks.h"

#define HOOK_HEADER_BYTES_MAX 512 /* of a value, its NUL included; a longer one counts as absent */

/* The headers that hooks look at; "" is absent. */
struct hook_post_headers {
    char content_type[HOOK_HEADER_BYTES_MAX], event[HOOK_HEADER_BYTES_MAX], delivery[HOOK_HEADER_BYTES_MAX];
    char title[HOOK_HEADER_BYTES_MAX], priority[HOOK_HEADER_BYTES_MAX], tags[HOOK_HEADER_BYTES_MAX];
    char click[HOOK_HEADER_BYTES_MAX], attach[HOOK_HEADER_BYTES_MAX], filename[HOOK_HEADER_BYTES_MAX];
    char message[HOOK_HEADER_BYTES_MAX];
};

/* Borrows from headers and from the body, behind which it sets a NUL. False: there is no memory for that. */
bool hook_post_read(struct http_request *http, struct hook_post_headers *headers, struct hook_post *post);

/* From a page elsewhere in a browser. */
bool hook_post_is_cross_site(struct http_request *http);

/* By X-Hub-Signature-256, with secret. */
bool hook_post_is_signed(struct http_request *http, const char *secret);

/* Puts the token that it names into http->key: of Authorization, Bearer or Basic, or of ?auth=, which is what that
 * header would be, in base64, or the token as it is. False: it names none. */
bool hook_post_take_credentials(struct http_request *http);

#endif
