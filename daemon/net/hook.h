/* hook.h - what other programs post to /hooks/TOKEN and /ntfy/ROOM: read by protocol/hooks, said in the room
 * one message after the other, and answered in the words that each program wants to hear once all of it is
 * durable. */
#ifndef HEARTH_NET_HOOK_H
#define HEARTH_NET_HOOK_H

#include "daemon/net/http_request.h"

void hook_post(struct http_request *http);
void hook_ntfy(struct http_request *http);
void hook_ntfy_json(struct http_request *http); /* the body names the topic */

/* Whether a path is one of these: their senders are known by their token alone, and so they may come by
 * any name of this machine, and never from a page elsewhere. */
bool hook_is_path(const char *path);

/* The core has replied to one of its messages, or taken no session for it. */
void hook_replied(struct http_request *http, const struct reply *reply);

/* LWS_CALLBACK_TIMER of one that has been slowed. */
void hook_timer(struct http_request *http);

/* Bytes that it holds besides its body; 0 of NULL. */
size_t hook_bytes(const struct hook_delivery *hook);

void hook_destroy(struct hook_delivery *hook); /* NULL is fine */

#endif
