/* exchange.h - one HTTP request and its answer. What needs the core is asked in a session that is opened
 * for it, so that every operation exists once; its one reply becomes status and body.
 *
 *   READING --> DUE --> ASKING --> REPLIED --> ANSWERING --> over
 *      |         |                    ^            |
 *      +---------+--------------------+            +-------> STREAMING, until the client goes
 *        answered without the core
 */
#ifndef HEARTH_NET_EXCHANGE_H
#define HEARTH_NET_EXCHANGE_H

#include "daemon/net/connection.h"
#include "protocol/buffer.h"
#include "protocol/message.h"

#define SENDING_SECONDS 30 /* on a reader that takes nothing for so long */

enum method { METHOD_GET, METHOD_POST, METHOD_OPTIONS, METHOD_PUT, METHOD_PATCH, METHOD_DELETE,
              METHOD_HEAD, METHOD_OTHER };

enum exchange_phase {
    EXCHANGE_READING,   /* the request's body */
    EXCHANGE_DUE,       /* the body is there: act is called at the end of the turn */
    EXCHANGE_ASKING,    /* the core; lws does not read meanwhile */
    EXCHANGE_REPLIED,   /* the core has; its session ends, or the stream begins, at the end of the turn */
    EXCHANGE_ANSWERING, /* head and body are there, and go out piece by piece */
    EXCHANGE_STREAMING  /* the core writes, for as long as the client stays */
};

/* What the core's reply becomes. */
enum answer_form {
    ANSWER_FIELDS, /* its fields, without its type */
    ANSWER_WHOLE,  /* itself */
    ANSWER_STREAM  /* the first message of a body that stays open */
};

struct exchange {
    struct connection connection; /* first: what the core knows */
    struct server *server;
    enum exchange_phase phase;
    enum method method;
    enum answer_form form;
    enum session_kind kind; /* SESSION_LINES or SESSION_EVENTS */
    bool is_admin;          /* came through the admin socket */
    bool is_exempt;
    int success_status;
    uint64_t address_key;
    int64_t began_ms;
    size_t body_due;         /* of Content-Length */
    size_t bytes;            /* of body and answer, as counted in server->http_bytes */
    char path[512];
    char room[ROOM_NAME_BYTES_MAX + 1]; /* from the path */
    char key[129];           /* from Authorization */
    char origin[256];        /* that gets CORS headers; empty if none */
    void (*act)(struct exchange *exchange); /* once the body is there */
    struct buffer body;      /* of the request */
    struct buffer answer;    /* head, and the body if it is ours */
    size_t sent;             /* of answer, then of rest or shared */
    const unsigned char *rest; /* the body if it lies in the program */
    size_t rest_length;        /* of rest or shared */
    struct body *shared;       /* the body if others are sent it too */
    struct exchange *due_prev, *due_next; /* server->due; on it in DUE and REPLIED */
};

/* NULL without memory. */
struct exchange *exchange_create(struct server *server, struct lws *wsi);

/* False when limits.http_bytes would be exceeded; else a body of length is reserved. The keeper's are
 * always taken. */
bool exchange_expect(struct exchange *exchange, size_t length);

/* After body_due or answer has changed. */
void exchange_count(struct exchange *exchange);

/* Ends its session, if it has one. NULL is fine. */
void exchange_destroy(struct exchange *exchange);

/* LWS_CALLBACK_HTTP_WRITEABLE: what lws shall do; *is_over when the answer is out. */
int exchange_writeable(struct exchange *exchange, bool *is_over);

/* The core's side: see daemon/core/carrier.h. */
const struct carrier *exchange_carrier(void);
void exchange_reply(struct exchange *exchange, enum message_type type,
                    const struct refusal *refusal, const unsigned char *json, size_t length);
enum carrier_result exchange_take(struct exchange *exchange, const unsigned char *bytes,
                                  size_t length);
void exchange_want_writeable(struct exchange *exchange);
void exchange_leave(struct exchange *exchange, uint16_t code, const char *reason);

/* The body is there: acts at the end of the turn. Not before: lws may be reading what it has kept of
 * this connection, and never comes out of that when it is told to stop in the middle. */
void exchange_act_later(struct exchange *exchange);

/* At the end of a turn: those whose body or reply has come go on. True if there were any. */
bool exchanges_go_on(struct server *server);

/* Nothing has been told on this stream for a while. */
void exchange_beat(struct server *server, struct connection *connection);

/* Asks the core one request, in JSON: its reply becomes the answer. A key signs in; without one the
 * session is anonymous, where that is allowed and enough. */
enum asker { ASKER_KNOWN, ASKER_ANYBODY };
void exchange_ask(struct exchange *exchange, enum asker asker, const void *request, size_t length);

/* Answers now. body is copied. headers are whole lines, or "". */
void exchange_answer(struct exchange *exchange, int status, const char *headers, const void *body,
                     size_t length);

/* The same with a body that is not copied and stays for as long as the program. */
void exchange_answer_with(struct exchange *exchange, int status, const char *headers,
                          const unsigned char *rest, size_t length);

/* The same with a body that is shared: taken over. */
void exchange_answer_body(struct exchange *exchange, int status, const char *headers,
                          struct body *body);

/* {"error_code","message"} with the code's status. sentence may be NULL. */
void exchange_refuse(struct exchange *exchange, enum error_code code, const char *field,
                     const char *sentence);

/* The same with a status of HTTP's own: 404 of a path, 405, 411. headers as above. */
void exchange_refuse_with(struct exchange *exchange, int status, const char *headers,
                          const char *code, const char *sentence);

#endif
