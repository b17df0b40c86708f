#include "daemon/net/websocket.h"

#include <string.h>

#include "daemon/log.h"
#include "daemon/net/accept.h"
#include "daemon/net/echo.h"
#include "daemon/net/upgrade.h"

#define PATH_BYTES_MAX 128
#define CLOSE_TRY_AGAIN_LATER 1013 /* IANA's registry of close codes */
#define CLOSE_RATE_LIMITED 4008
#define CLOSE_BANNED 4003

static uint16_t code_of(enum error_code refused)
{
    switch (refused) {
    case ERROR_shutting_down:
        return LWS_CLOSE_STATUS_GOINGAWAY;
    case ERROR_rate_limited:
        return CLOSE_RATE_LIMITED;
    case ERROR_banned:
        return CLOSE_BANNED;
    default:
        return CLOSE_TRY_AGAIN_LATER;
    }
}

static void open_session(struct server *server, struct connection *connection, enum door door,
                         int64_t client_id)
{
    const struct peer *peer = lws_get_opaque_user_data(connection->wsi);
    struct refusal refusal = {0};
    struct arrival arrival = {.kind = door == DOOR_PLAIN ? SESSION_PLAIN : SESSION_WEBSOCKET,
                              .client_id = client_id};
    peer_introduce(peer, &arrival);
    connection->session = session_open(server->gateway, websocket_carrier(), connection, &arrival,
                                       &refusal);
    if (!connection->session)
        connection_close_soon(connection, code_of(refusal.code), refusal.message);
}

/* Until now lws had the headers; from here on only what is kept here is known. */
static int established(struct lws *wsi, struct connection *connection)
{
    struct server *server = server_of(wsi);
    char path[PATH_BYTES_MAX];
    int64_t client_id = 0;
    enum door door = request_path(wsi, path, sizeof path) ? door_find(path, &client_id) : DOOR_NONE;
    if (door == DOOR_NONE)
        return -1;
    connection->wsi = wsi;
    connection->kind = CONNECTION_WEBSOCKET;
    connection->is_set_up = true;
    connection->is_echo = door == DOOR_ECHO;
    connection_enlist(server, connection);
    if (!connection->is_echo)
        open_session(server, connection, door, client_id);
    return 0;
}

static int refuse_frame(struct lws *wsi, enum lws_close_status code, const char *reason)
{
    lws_close_reason(wsi, code, (unsigned char *)(uintptr_t)reason, strlen(reason));
    return -1;
}

/* Text must be UTF-8, also where a character is cut in two by frames or reads. */
static bool is_text(struct lws *wsi, struct connection *connection, const void *in, size_t length)
{
    if (!utf8_take(&connection->utf8, in, length))
        return false;
    bool whole = utf8_is_whole(&connection->utf8);
    return whole || !lws_is_final_fragment(wsi);
}

/* The first that is heard of a frame is a byte of its payload; until then lws waits, which hello and
 * pings bound. To a head that may not be (a length of 64 bits, a control frame of over 125 bytes) lws
 * hangs up, without a close frame and without asking. */
static int receive(struct lws *wsi, struct connection *connection, void *in, size_t length)
{
    if (connection->close_code != 0 || connection->is_gone)
        return 0; /* what is said after the good-bye is not heard */
    connection_heard(server_of(wsi), connection);
    read_on_note(server_of(wsi), connection, length);
    if (!lws_frame_is_binary(wsi) && !is_text(wsi, connection, in, length))
        return refuse_frame(wsi, LWS_CLOSE_STATUS_INVALID_PAYLOAD, "Text must be UTF-8.");
    if (connection->is_echo)
        return echo_receive(connection, in, length);
    if (lws_frame_is_binary(wsi))
        return refuse_frame(wsi, LWS_CLOSE_STATUS_UNACCEPTABLE_OPCODE,
                            "Frames are text: one JSON object each.");
    if (connection->session)
        session_receive(connection->session, in, length, lws_remaining_packet_payload(wsi),
                        lws_is_final_fragment(wsi) != 0);
    return 0;
}

static void writeable(struct connection *connection)
{
    if (connection->is_gone)
        return;
    if (lws_partial_buffered(connection->wsi)) {
        lws_callback_on_writable(connection->wsi);
        return;
    }
    if (connection->is_echo)
        echo_writeable(connection);
    else if (connection->session && connection->close_code == 0)
        session_writeable(connection->session);
}

static void heard(struct lws *wsi, struct connection *connection)
{
    connection_heard(server_of(wsi), connection);
    if (connection->session)
        session_heard(connection->session);
}

/* in is the peer's code and its reason, which must be text as well. */
static int answer_close(struct lws *wsi, const void *in, size_t length)
{
    if (length <= 2 || text_is_utf8((const char *)in + 2, length - 2))
        return 0; /* lws answers with the same */
    return refuse_frame(wsi, LWS_CLOSE_STATUS_INVALID_PAYLOAD, "Text must be UTF-8.");
}

/* The turn is cut when it is off our lists: it is off lws's already, and a write that fails would put it on
 * them again. */
static int closed(struct lws *wsi, struct connection *connection)
{
    struct server *server = server_of(wsi);
    connection->is_set_up = false;
    if (connection->is_echo)
        echo_finish(connection);
    connection_finish(server, connection);
    server_turn_cut(server);
    return 0;
}

/* lws's events that mean something once a connection is set up. */
static int when_set_up(struct lws *wsi, enum lws_callback_reasons reason,
                       struct connection *connection, void *in, size_t length)
{
    server_turn_begin(server_of(wsi));
    if (reason == LWS_CALLBACK_CLOSED)
        return closed(wsi, connection);
    server_turn_cut(server_of(wsi));
    switch (reason) {
    case LWS_CALLBACK_RECEIVE:
        return receive(wsi, connection, in, length);
    case LWS_CALLBACK_SERVER_WRITEABLE:
        writeable(connection);
        return 0;
    case LWS_CALLBACK_RECEIVE_PONG:
        heard(wsi, connection);
        return 0;
    case LWS_CALLBACK_TIMER:
        return connection_timer(connection);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        return answer_close(wsi, in, length);
    default:
        return 0;
    }
}

int websocket_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                       size_t length)
{
    struct connection *connection = user;
    switch (reason) {
    case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED: /* this is the protocol by default */
        accept_arrived(wsi);
        return 0;
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return upgrade_confirm(wsi);
    case LWS_CALLBACK_RAW_ADOPT: /* protocols[0] has those */
    case LWS_CALLBACK_RAW_RX:
        return -1;
    case LWS_CALLBACK_ESTABLISHED:
        server_turn_begin(server_of(wsi));
        server_turn_cut(server_of(wsi));
        return established(wsi, connection);
    case LWS_CALLBACK_RECEIVE:
    case LWS_CALLBACK_SERVER_WRITEABLE:
    case LWS_CALLBACK_RECEIVE_PONG:
    case LWS_CALLBACK_TIMER:
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
    case LWS_CALLBACK_CLOSED:
        return connection && connection->is_set_up ? when_set_up(wsi, reason, connection, in, length) : 0;
    default:
        return 0;
    }
}
