/* http_request_private.h - what the files of an HTTP request know of each other. */
#ifndef HEARTH_NET_HTTP_REQUEST_PRIVATE_H
#define HEARTH_NET_HTTP_REQUEST_PRIVATE_H

#include "daemon/net/http_request.h"

/* --- http_request.c ---- */

/* Whether so many bytes of a body fit under limits.http_bytes. */
bool http_request_has_place(const struct http_request *http, size_t length);

/* At the end of the turn it goes on, in this phase. */
void http_request_set_due(struct http_request *http, enum http_request_phase phase);

/* --- http_request_answer.c ---- */

/* Head and body are there: they go out from the next time that the connection takes something. */
void http_request_send_soon(struct http_request *http);

/* The same, at the end of the turn where the core has just replied: nothing may be said to it before. */
void http_request_finish_answer(struct http_request *http);

/* The head of the answer. length below zero: the body ends with the connection. False without memory. */
bool http_request_append_head(struct http_request *http, int status, const char *headers, int64_t length);

/* {"type":"rooms","rooms":[...]} without its type; and a refusal as the core said it. json NULL: it has said
 * nothing. */
void http_request_answer_reply(struct http_request *http, enum message_type type, const char *headers,
                               const unsigned char *json, size_t length);
void http_request_answer_refusal(struct http_request *http, const struct refusal *refusal,
                                 const unsigned char *json, size_t length);

#endif
