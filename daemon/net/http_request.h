/* http_request.h - one HTTP request and its answer. What needs the core is asked in a session that
 * is opened for it, so that every operation exists once; its one reply becomes status and body.
 *
 *   READING --> DUE --> ASKING --> REPLIED --> ANSWERING --> over
 *      |         |                    ^            |
 *      +---------+--------------------+            +-------> STREAMING, until the client goes
 *        answered without the core
 */
#ifndef HEARTH_NET_HTTP_REQUEST_H
#define HEARTH_NET_HTTP_REQUEST_H

#include "daemon/net/connection.h"
#include "protocol/buffer.h"
#include "protocol/message.h"

#define SENDING_SECONDS 30 /* on a reader that takes nothing for so long; a long answer may take longer */

enum method {
    METHOD_GET,
    METHOD_POST,
    METHOD_OPTIONS,
    METHOD_PUT,
    METHOD_PATCH,
    METHOD_DELETE,
    METHOD_HEAD,
    METHOD_OTHER
};

enum http_request_phase {
    HTTP_REQUEST_READING, /* the request's body */
    HTTP_REQUEST_PAUSING, /* the same, and not before storage is through with what came of it */
    HTTP_REQUEST_DUE,     /* the body is there: act is called at the end of the turn */
    HTTP_REQUEST_AGAIN,     /* the core has replied, and is asked something else at the end of the turn */
    HTTP_REQUEST_ASKING,  /* the core; lws does not read meanwhile */
    HTTP_REQUEST_REPLIED, /* the core has; its session ends, or the stream begins, at the end of the
                             turn */
    HTTP_REQUEST_ANSWERING, /* head and body are there, and go out piece by piece */
    HTTP_REQUEST_STREAMING  /* the core writes, for as long as the client stays */
};

/* What the core's reply becomes. */
enum answer_form {
    ANSWER_FIELDS, /* its fields, without its type */
    ANSWER_WHOLE,  /* itself */
    ANSWER_STREAM, /* the first message of a body that stays open */
    ANSWER_HOOK,   /* what hook.h makes of it */
    ANSWER_UPLOAD, /* what upload_stream.h makes of it */
    ANSWER_FILE    /* the file that it tells of: see download_stream.h */
};

struct http_request {
    struct connection connection; /* first: what the core knows */
    struct server *server;
    enum http_request_phase phase;
    enum method method;
    enum answer_form form;
    enum session_kind kind; /* SESSION_LINES or SESSION_EVENTS */
    bool is_admin;          /* came through the admin socket */
    bool is_exempt;
    enum refusal_reason reason; /* what it is counted as when it is refused here */
    bool is_discarded;      /* the body: it is too long */
    int success_status;
    int replies_due;         /* before the answer begins: one, of a stream one a room */
    int64_t began_ms;
    int64_t answer_until_ms; /* a slower reader is cut off */
    size_t body_due; /* of Content-Length */
    int64_t body_left; /* of it, still to come */
    size_t bytes;    /* of body and answer, as counted in server->http_bytes */
    char path[512];
    char room[ROOM_NAME_BYTES_MAX + 1];       /* from the path */
    char key[129];                            /* from Authorization */
    char *cursors;                            /* owned; from Last-Event-ID, or NULL */
    char origin[256];                         /* that gets CORS headers; empty if none */
    struct hook_delivery *hook; /* owned; of what is posted to a hook, see hook.h */
    void (*act)(struct http_request *http);   /* once the body is there */
    struct buffer body;                       /* of the request */
    struct buffer answer;                     /* head, and the body if it is ours */
    size_t sent;                              /* of answer, then of rest or shared */
    const unsigned char *rest;                /* the body if it lies in the program */
    size_t rest_length;                       /* of rest or shared */
    struct body *shared;                      /* the body if others are sent it too */
    struct transfer_stream *stream;           /* owned; of a backup or a restore, else NULL */
    struct upload_stream *upload;             /* owned; of a file that comes, else NULL */
    struct download_stream *download;         /* owned; of a file that goes out, else NULL */
    struct http_request *prev, *next;         /* server->requests */
    struct http_request *due_prev, *due_next; /* server->due; on it in PAUSING, DUE and REPLIED */
    struct http_request *resting_prev, *resting_next; /* server->file_budget.resting */
    bool is_resting;
};

/* NULL without memory. */
struct http_request *http_request_create(struct server *server, struct lws *wsi);

/* False when limits.http_bytes would be exceeded; else a body of length is reserved. The
 * administrator's are always taken. */
bool http_request_expect(struct http_request *http, size_t length);

/* After body_due or answer has changed. */
void http_request_count(struct http_request *http);

/* Ends its session, if it has one. NULL is fine. */
void http_request_destroy(struct http_request *http);

/* LWS_CALLBACK_HTTP_WRITEABLE: what lws shall do; *is_over when the answer is out. */
int http_request_writeable(struct http_request *http, bool *is_over);

/* The core's side: see daemon/core/carrier.h. */
const struct carrier *http_request_carrier(void);
void http_request_reply(struct http_request *http, const struct reply *reply);
enum carrier_result http_request_take(struct http_request *http, const unsigned char *bytes,
                                      size_t length);
void http_request_want_writeable(struct http_request *http);
void http_request_leave(struct http_request *http, uint16_t code, const char *reason);

/* The reply is taken: act is called at the end of the turn, to ask the same session once more. */
void http_request_ask_later(struct http_request *http);

/* The body is there: acts at the end of the turn. Not before: lws may be reading what it has kept
 * of this connection, and never comes out of that when it is told to stop in the middle. */
void http_request_act_later(struct http_request *http);

/* At the end of the turn no more is read of the body, for the same reason; and then it is again. */
void http_request_pause_later(struct http_request *http);
void http_request_read_on(struct http_request *http);

/* Of a request whose reply was taken by http_request_ask_later: its session has done its part, and its body is
 * read on. */
void http_request_read_body(struct http_request *http);

/* An answer is awaited from now on: nothing is read. */
void http_request_hold(struct http_request *http);

/* At the end of a turn: those whose body or reply has come go on. True if there were any. */
bool http_requests_go_on(struct server *server);

/* Nothing has been told on this stream for a while. */
void http_request_beat(struct server *server, struct connection *connection);

/* Asks the core one request, in JSON: its reply becomes the answer. A key signs in; without one the
 * session is anonymous, where that is allowed and enough. */
enum sign_in { SIGN_IN_REQUIRED, SIGN_IN_OPTIONAL };
void http_request_ask(struct http_request *http, enum sign_in sign_in, const void *request,
                      size_t length);

/* One more request of the same session, whose reply is one of replies_due. Nothing once the request
 * has its answer. */
void http_request_ask_more(struct http_request *http, const void *request, size_t length);

/* Answers now. body is copied. headers are whole lines, or "". */
void http_request_answer(struct http_request *http, int status, const char *headers,
                         const void *body, size_t length);

/* The same with a body that is not copied and stays for as long as the program. */
void http_request_answer_with(struct http_request *http, int status, const char *headers,
                              const unsigned char *rest, size_t length);

/* The same with a body that is shared: taken over. */
void http_request_answer_body(struct http_request *http, int status, const char *headers,
                              struct body *body);

/* {"error_code","message"} with the code's status. sentence may be NULL. */
void http_request_refuse(struct http_request *http, enum error_code code, const char *field,
                         const char *sentence);

/* 503: bodies and answers of others take what memory there is for them. */
void http_request_refuse_crowded(struct http_request *http);

/* As the core said it, which has counted it. headers are whole lines, with a Content-Type. */
void http_request_refuse_as(struct http_request *http, int status, const char *headers,
                            const struct refusal *refusal);

/* The same with a status of HTTP's own: 404 of a path, 405, 411. headers as above. */
void http_request_refuse_with(struct http_request *http, int status, const char *headers,
                              const char *code, const char *sentence);

#endif
