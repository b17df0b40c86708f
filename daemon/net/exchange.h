/* exchange.h - one HTTP request and its answer. What needs the core is asked in a short hearth.v1
 * conversation, so that every operation exists once; the one reply becomes status and body. */
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
    EXCHANGE_ASKING,    /* the core */
    EXCHANGE_ANSWERING, /* head and body are there, and go out piece by piece */
    EXCHANGE_STREAMING  /* the core writes, for as long as the client stays */
};

struct exchange;

struct exchange {
    struct connection connection; /* first: what the core knows */
    struct server *server;
    enum exchange_phase phase;
    enum method method;
    bool is_admin;       /* came through the admin socket */
    bool is_exempt;
    bool is_pending;     /* lws does not read meanwhile */
    bool is_whole;       /* its body is there; in server->answered until it acts */
    bool is_stream;      /* the answer stays open */
    bool wants_events;   /* as text/event-stream */
    bool is_whole_reply; /* the answer is the reply as it is, type and all */
    bool has_reply;      /* incoming holds it; in server->answered */
    bool hello_is_due;   /* the next reply is of hello */
    uint16_t left_code;  /* the core hung up before it replied */
    int replies_due;     /* until the one that counts */
    int success_status;
    uint64_t address_key;
    int64_t began_ms;
    size_t body_due;         /* of Content-Length */
    size_t bytes;            /* of body, incoming and answer, as counted in server->http_bytes */
    char path[512];
    char room[ROOM_NAME_BYTES_MAX + 1]; /* from the path */
    char key[129];           /* from Authorization */
    char origin[256];        /* that gets CORS headers; empty if none */
    void (*act)(struct exchange *exchange); /* once the body is there */
    struct buffer body;      /* of the request */
    struct buffer incoming;  /* from the core */
    struct buffer answer;    /* head, and the body if it is ours */
    size_t sent;             /* of answer, then of rest or shared */
    const unsigned char *rest; /* the body if it lies in the program */
    size_t rest_length;        /* of rest or shared */
    struct body *shared;       /* the body if others are sent it too */
    struct exchange *next_answered;
};

/* NULL without memory. */
struct exchange *exchange_create(struct server *server, struct lws *wsi);

/* False when limits.http_bytes would be exceeded; else a body of length is reserved. The keeper's are
 * always taken. */
bool exchange_expect(struct exchange *exchange, size_t length);

/* After body_due, incoming or answer has changed. */
void exchange_count(struct exchange *exchange);

/* Ends its session, if it has one. NULL is fine. */
void exchange_destroy(struct exchange *exchange);

/* LWS_CALLBACK_HTTP_WRITEABLE: what lws shall do; *is_over when the answer is out. */
int exchange_writeable(struct exchange *exchange, bool *is_over);

/* The core's side: see carrier.h. */
enum carrier_result exchange_take(struct exchange *exchange, const unsigned char *bytes,
                                  size_t length);
void exchange_want_writeable(struct exchange *exchange);
void exchange_leave(struct exchange *exchange, uint16_t code, const char *reason);

/* The body is there: acts at the end of the turn. Not before: lws may be reading what it has kept of
 * this connection, and never comes out of that when it is told to stop in the middle. */
void exchange_act_later(struct exchange *exchange);

/* At the end of a turn: those whose reply has come answer now. True if there were any. */
bool exchanges_answer(struct server *server);

/* Nothing has been told on this stream for a while. */
void exchange_beat(struct server *server, struct connection *connection);

/* Opens the session of the conversation, saying hello if there is a key. False: answered already. */
bool exchange_open(struct exchange *exchange, bool may_be_anonymous);

/* Says one request. The reply to the last one becomes the answer, as does any error before it. */
void exchange_say(struct exchange *exchange, const void *request, size_t length);

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
