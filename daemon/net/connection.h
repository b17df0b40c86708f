/* connection.h - what the core writes to: one end of a session, a WebSocket or an HTTP answer. */
#ifndef HEARTH_NET_CONNECTION_H
#define HEARTH_NET_CONNECTION_H

#include "daemon/net/net.h"
#include "protocol/text.h"

enum connection_kind { CONNECTION_WEBSOCKET, CONNECTION_HTTP };

/* Lies in lws's per-session data (WebSocket) or at the start of an HTTP request (HTTP). */
struct connection {
    struct lws *wsi;
    struct session *session;           /* NULL when refused or ended, and of an echo */
    struct connection *before, *after; /* link of server->quietest.., or of server->streams */
    int64_t heard_ms;
    struct echo *echo; /* owned; of /test/echo */
    char *close_reason; /* owned: the reason of the close */
    int64_t close_until_ms;
    uint32_t read_turn, read_bytes; /* of payloads in that turn; see read_on.h */
    uint16_t close_code;
    uint8_t kind;
    struct utf8 utf8; /* of the message under way */
    bool is_set_up; /* lws may say CLOSED of what was never ESTABLISHED */
    bool is_listed;
    bool is_pinged;
    bool is_paused;
    bool is_gone;
    bool is_echo;
};

/* Among the WebSockets: watched for silence from now on. */
void connection_enlist(struct server *server, struct connection *connection);
void connection_heard(struct server *server, struct connection *connection);

/* Among the open streams. */
void connection_enlist_stream(struct server *server, struct connection *connection);
void connection_delist(struct server *server, struct connection *connection);

/* Once a second: pings the silent, drops the dead. False when so many are silent that this turn cannot bear
 * them all. */
bool connections_sweep(struct server *server);

/* Writes bytes to the socket, or as much as it takes. */
enum carrier_result connection_write(struct connection *connection, const unsigned char *bytes,
                                     size_t length);

/* How the core writes to a WebSocket. */
const struct carrier *websocket_carrier(void);

/* Cuts it as soon as lws comes round to it; safe everywhere. */
void connection_kill(struct connection *connection);

/* Closes with code once what was written is out. */
void connection_close_soon(struct connection *connection, uint16_t code, const char *reason);

/* LWS_CALLBACK_TIMER: non-zero closes now. */
int connection_timer(struct connection *connection);

/* The connected socket, which over TLS is not the one that lws has. */
int connection_socket(const struct connection *connection);

/* Ends its session, if it has one, and frees what it holds. */
void connection_finish(struct server *server, struct connection *connection);

#endif
