#include "daemon/net/connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "daemon/net/accept.h"
#include "daemon/net/http_request.h"

#define CLOSE_MS         3000 /* for what was written to go out before the close */
#define CLOSE_STEP_US    50000
#define PROBE_MS         240000 /* Linux probes a closed window ever more rarely, at last every 2 minutes */
#define REASON_BYTES_MAX 123   /* RFC 6455, 5.5: 125 with the code */

/* With a payload, which comes back: of an empty pong lws tells nobody. */
static const unsigned char ping_frame[] = {0x89, 0x02, 'h', 'i'};

/* The list of WebSockets is in the order in which they were last heard of: watching costs nothing
 * for those that talk, and nothing that grows with their number. */
static void enlist_newest(struct server *server, struct connection *connection)
{
    connection->before = server->newest;
    connection->after = NULL;
    if (server->newest)
        server->newest->after = connection;
    else
        server->quietest = connection;
    server->newest = connection;
    connection->is_listed = true;
}

static void delist_websocket(struct server *server, struct connection *connection)
{
    if (connection->before)
        connection->before->after = connection->after;
    else
        server->quietest = connection->after;
    if (connection->after)
        connection->after->before = connection->before;
    else
        server->newest = connection->before;
}

static void delist_stream(struct server *server, struct connection *connection)
{
    if (connection->before)
        connection->before->after = connection->after;
    else
        server->streams = connection->after;
    if (connection->after)
        connection->after->before = connection->before;
}

void connection_delist(struct server *server, struct connection *connection)
{
    if (!connection->is_listed)
        return;
    if (connection->kind == CONNECTION_WEBSOCKET)
        delist_websocket(server, connection);
    else
        delist_stream(server, connection);
    connection->is_listed = false;
}

void connection_enlist(struct server *server, struct connection *connection)
{
    connection->heard_ms = server_now_ms(server);
    enlist_newest(server, connection);
}

void connection_heard(struct server *server, struct connection *connection)
{
    connection->heard_ms = server_now_ms(server);
    connection->is_pinged = false;
    if (!connection->is_listed || server->newest == connection)
        return;
    delist_websocket(server, connection);
    enlist_newest(server, connection);
}

void connection_enlist_stream(struct server *server, struct connection *connection)
{
    connection->heard_ms = server_now_ms(server);
    connection->before = NULL;
    connection->after = server->streams;
    if (server->streams)
        server->streams->before = connection;
    server->streams = connection;
    connection->is_listed = true;
}

void connection_kill(struct connection *connection)
{
    connection->is_gone = true;
    lws_set_timeout(connection->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

enum carrier_result connection_write(struct connection *connection, const unsigned char *bytes,
                                     size_t length)
{
    if (connection->is_gone)
        return CARRIER_GONE;
    if (length == 0) /* lws aborts on it while output is buffered */
        return CARRIER_SENT;
    /* lws wants to be able to write, but of raw bytes it only reads. */
    if (lws_write(connection->wsi, (unsigned char *)(uintptr_t)bytes, length, LWS_WRITE_RAW) < 0) {
        connection_kill(connection);
        return CARRIER_GONE;
    }
    return lws_partial_buffered(connection->wsi) ? CARRIER_BEHIND : CARRIER_SENT;
}

void connection_close_soon(struct connection *connection, uint16_t code, const char *reason)
{
    if (connection->is_gone || connection->close_code != 0)
        return;
    connection->close_code = code;
    connection->close_reason = strndup(reason, REASON_BYTES_MAX);
    connection->close_until_ms = clock_monotonic_us() / 1000 + CLOSE_MS;
    if (connection->is_paused) /* or the peer's answer would never be read */
        lws_rx_flow_control(connection->wsi, 1);
    lws_set_timer_usecs(connection->wsi, 1);
}

int connection_timer(struct connection *connection)
{
    if (connection->close_code == 0 || connection->is_gone)
        return 0;
    if (lws_partial_buffered(connection->wsi)) {
        if (clock_monotonic_us() / 1000 > connection->close_until_ms)
            connection_kill(connection);
        else
            lws_set_timer_usecs(connection->wsi, CLOSE_STEP_US);
        return 0;
    }
    const char *reason = connection->close_reason ? connection->close_reason : "";
    if (connection->kind == CONNECTION_WEBSOCKET)
        lws_close_reason(connection->wsi, (enum lws_close_status)connection->close_code,
                         (unsigned char *)(uintptr_t)reason, strlen(reason));
    return -1;
}

void connection_finish(struct server *server, struct connection *connection)
{
    connection_delist(server, connection);
    read_on_forget(server, connection);
    connection->is_gone = true;
    if (connection->session)
        session_closed(connection->session);
    connection->session = NULL;
    free(connection->close_reason);
    connection->close_reason = NULL;
}

static bool has_unsent(int fd)
{
    int unsent = 0;
    return ioctl(fd, TIOCOUTQ, &unsent) == 0 && unsent > 0;
}

int connection_socket(const struct connection *connection)
{
    const struct peer *peer = lws_get_opaque_user_data(connection->wsi);
    return peer && peer->tls ? tls_socket_fd(peer->tls) : lws_get_socket_fd(connection->wsi);
}

/* The peer's kernel answers although its program does not read: slow, not dead. */
static bool is_merely_slow(const struct connection *connection)
{
    struct tcp_info info;
    socklen_t size = sizeof info;
    int plain = lws_get_socket_fd(connection->wsi), fd = connection_socket(connection);
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
        info.tcpi_state != TCP_ESTABLISHED)
        return false;
    bool waits = connection->is_paused || lws_partial_buffered(connection->wsi) ||
                 has_unsent(fd) || (plain != fd && has_unsent(plain));
    return waits && (int64_t)info.tcpi_last_ack_recv < PROBE_MS;
}

static void ping(struct connection *connection)
{
    connection->is_pinged = true;
    if (connection->is_paused || lws_partial_buffered(connection->wsi))
        return; /* whoever does not read gets no ping either; the kernel's probes tell */
    if (connection_write(connection, ping_frame, sizeof ping_frame) == CARRIER_BEHIND)
        lws_callback_on_writable(connection->wsi);
}

static bool sweep_websockets(struct server *server, int64_t now_ms)
{
    int64_t ping_ms = server->config->limits.ping_seconds * 1000;
    struct connection *next;
    for (struct connection *each = server->quietest; each; each = next) {
        next = each->after;
        int64_t silent_ms = now_ms - each->heard_ms;
        if (silent_ms < ping_ms)
            return true;
        if (server_turn_is_long(server))
            return false;
        if (each->is_gone || each->close_code != 0)
            continue;
        if (!each->is_pinged)
            ping(each);
        else if (silent_ms >= 2 * ping_ms) {
            if (is_merely_slow(each))
                connection_heard(server, each);
            else
                connection_kill(each);
        }
    }
    return true;
}

/* An HTTP connection whose answer stays open is not read by lws (it would spin): so look. */
static bool stream_has_ended(const struct connection *connection)
{
    char byte;
    ssize_t got = recv(lws_get_socket_fd(connection->wsi), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got == 0)
        return true;
    if (got > 0) /* while behind, lws reads for us, and would spin over it */
        return lws_partial_buffered(connection->wsi);
    return errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
}

bool connections_sweep(struct server *server)
{
    int64_t now_ms = server_now_ms(server);
    struct connection *next;
    bool is_whole = sweep_websockets(server, now_ms);
    for (struct connection *each = server->streams; each; each = next) {
        next = each->after;
        if (each->is_gone)
            continue;
        if (stream_has_ended(each))
            connection_kill(each);
        else if (now_ms - each->heard_ms >= server->config->limits.ping_seconds * 1000)
            http_request_beat(server, each);
    }
    return is_whole;
}
