/* head.h - the head of an HTTP/1.1 request, read by the grammar of RFC 9112 and nothing laxer: what two
 * servers could understand differently is refused, so nothing is smuggled past a proxy. Pure: bytes in,
 * a verdict out. Nothing is copied: every span points into the bytes that were read. */
#ifndef HEARTH_NET_HEAD_H
#define HEARTH_NET_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/buffer.h"
#include "protocol/message.h"

#define HEAD_BYTES_MAX 16384          /* of a head with its empty line; more is answered 431 */
#define HEAD_CANONICAL_BYTES_MAX 4000 /* of what head_write makes: lws 4.1.6 keeps 4096 for it */

struct head_span {
    const char *bytes;
    size_t length;
};

/* Why a head is refused, as the answer says it. */
struct head_refusal {
    int status;           /* of HTTP */
    enum error_code code; /* of the body */
    const char *headers;  /* whole lines, or "" */
    const char *sentence; /* in words */
};

enum head_verdict {
    HEAD_PARTIAL, /* nothing is wrong so far, and the empty line has not come */
    HEAD_WHOLE,
    HEAD_REFUSED
};

struct head {
    struct head_span method;
    struct head_span target; /* path and query; may lack its first slash ("http://board", "*") */
    struct head_span host;   /* of an absolute target, else of Host; empty if there is none */
    struct head_span fields; /* the lines behind the first, each with its end */
    size_t length;           /* of all, with the empty line */
    int64_t body_bytes;      /* of Content-Length; 0 without one */
    bool is_http_1_0;
    bool is_websocket;       /* asks to go on as a WebSocket */
    struct head_refusal refusal; /* when HEAD_REFUSED */
};

/* Reads length bytes from the start of a connection; what lies behind the head is not looked at. */
enum head_verdict head_read(const char *bytes, size_t length, struct head *head);

/* The next field of a head that is whole, from *at on, which begins as head->fields.bytes. False at the
 * end. */
bool head_next_field(const struct head *head, const char **at, struct head_span *name,
                     struct head_span *value);
bool head_name_is(struct head_span name, const char *word);

/* Appends a whole head as lws is to see it, without the empty line: an origin-form target, one Host, and
 * of the other fields only those that are used here. False when out takes no more. */
bool head_write(const struct head *head, struct buffer *out);

#endif
