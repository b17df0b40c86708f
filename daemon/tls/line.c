#include "daemon/tls/line.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROUNDS_MAX 8     /* of records, before others get their turn */
#define ENDING_MS 5000   /* for a client that sends nothing more to hang up */
#define ENDING_MOST_MS 30000 /* and for one that is still sending */
#define STUCK_MS 30000   /* for a client to take what the gateway said before it hung up */
#define FIRST_OF_TLS 0x16 /* the first byte of a handshake: RFC 8446, 5.1 */

struct tls_socket {
    _Atomic int holders;
    int fd;
};

int tls_socket_fd(const struct tls_socket *socket)
{
    return socket->fd;
}

void tls_socket_release(struct tls_socket *socket)
{
    if (!socket || atomic_fetch_sub(&socket->holders, 1) > 1)
        return;
    close(socket->fd);
    free(socket);
}

struct line *line_create(int fd, int plain_fd, struct tls_socket **socket)
{
    struct line *line = calloc(1, sizeof *line);
    struct tls_socket *made = malloc(sizeof *made);
    if (!line || !made) {
        close(fd);
        close(plain_fd);
        free(line);
        free(made);
        return NULL;
    }
    made->fd = fd;
    atomic_init(&made->holders, 2);
    line->socket = *socket = made;
    line->plain_fd = plain_fd;
    return line;
}

void line_destroy(struct line *line)
{
    channel_destroy(line->channel);
    shutdown(line->socket->fd, SHUT_RDWR); /* others may hold it */
    tls_socket_release(line->socket);
    close(line->plain_fd);
    free(line);
}

/* ---- the end ------------------------------------------------------------------------------------- */

static bool end(struct line *line)
{
    line->stage = LINE_GONE;
    return false;
}

/* Closed at once, a socket with unread bytes would be reset, and what was said last with it. */
static bool say_end(struct line *line, int64_t now_ms)
{
    if (line->channel)
        channel_say_end(line->channel);
    shutdown(line->socket->fd, SHUT_WR);
    line->stage = LINE_ENDING;
    line->moved_ms = line->ended_ms = now_ms;
    return true;
}

static bool wait_for_end(struct line *line, unsigned char *bytes, int64_t now_ms)
{
    for (int i = 0; i < ROUNDS_MAX; i++) {
        ssize_t got = recv(line->socket->fd, bytes, CHANNEL_RECORD_BYTES, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
            return end(line);
        if (got < 0)
            return false;
        line->moved_ms = now_ms;
    }
    return true;
}

static bool has_gateway_hung_up(const struct line *line)
{
    struct pollfd plain = {.fd = line->plain_fd, .events = POLLRDHUP};
    return poll(&plain, 1, 0) > 0 && (plain.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

bool line_is_overdue(const struct line *line, int64_t now_ms)
{
    if (line->stage == LINE_ENDING)
        return now_ms - line->moved_ms >= ENDING_MS || now_ms - line->ended_ms >= ENDING_MOST_MS;
    return line->stage == LINE_EMPTYING && now_ms - line->moved_ms >= STUCK_MS;
}

/* ---- the beginning ------------------------------------------------------------------------------- */

/* Somebody typed http:// and this port. */
static bool refuse_plain(struct line *line, int64_t now_ms)
{
    static const char body[] = "{\"error_code\":\"bad_request\",\"message\":\"This port speaks TLS: write https://.\"}\n";
    char answer[320];
    int length = snprintf(answer, sizeof answer,
                          "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                          "Connection: close\r\n\r\n%s", sizeof body - 1, body);
    ssize_t sent = send(line->socket->fd, answer, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)sent; /* an empty socket takes it all, or the client has gone */
    return say_end(line, now_ms);
}

static bool begin(struct line *line, struct identity *identity, int64_t now_ms)
{
    unsigned char first;
    ssize_t got = recv(line->socket->fd, &first, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return has_gateway_hung_up(line) ? end(line) : false;
    if (got <= 0)
        return end(line);
    if (first != FIRST_OF_TLS)
        return refuse_plain(line, now_ms);
    line->channel = identity ? channel_create(identity, line->socket->fd) : NULL;
    if (!line->channel)
        return end(line);
    line->stage = LINE_SHAKING;
    return true;
}

static bool shake_hands(struct line *line)
{
    switch (channel_shake_hands(line->channel)) {
    case CHANNEL_DONE:
        line->stage = LINE_OPEN;
        return true;
    case CHANNEL_WAITS:
        return has_gateway_hung_up(line) ? end(line) : false;
    default:
        return end(line);
    }
}

/* ---- from the client ----------------------------------------------------------------------------- */

/* As long as a socket says that it can be written to, at least a record fits. */
static bool can_pass_on(struct line *line)
{
    struct pollfd plain = {.fd = line->plain_fd, .events = POLLOUT};
    line->is_held_up = poll(&plain, 1, 0) <= 0;
    return !line->is_held_up;
}

static bool pass_on(struct line *line, const unsigned char *bytes, size_t length)
{
    ssize_t sent = send(line->plain_fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent == (ssize_t)length)
        return true;
    if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
        return true; /* the gateway listens no more, but may have said something last */
    return end(line);
}

static bool read_client(struct line *line, unsigned char *bytes, int64_t now_ms)
{
    size_t got;
    if (line->has_client_ended || !can_pass_on(line))
        return false;
    switch (channel_read(line->channel, bytes, CHANNEL_RECORD_BYTES, &got)) {
    case CHANNEL_DONE:
        line->moved_ms = now_ms;
        return pass_on(line, bytes, got);
    case CHANNEL_WAITS:
        return false;
    case CHANNEL_ENDED:
        line->has_client_ended = true;
        shutdown(line->plain_fd, SHUT_WR);
        return false;
    default:
        return end(line);
    }
}

/* ---- from the gateway ---------------------------------------------------------------------------- */

/* What the gateway writes at once goes out as one record. */
static bool encipher(struct line *line, const unsigned char *bytes, size_t length, int64_t now_ms)
{
    line->moved_ms = now_ms;
    switch (channel_write(line->channel, bytes, length)) {
    case CHANNEL_DONE:
        return true;
    case CHANNEL_WAITS:
        return false;
    default:
        return end(line);
    }
}

static bool read_gateway(struct line *line, unsigned char *bytes, int64_t now_ms)
{
    enum channel_result flushed = channel_flush(line->channel);
    if (flushed == CHANNEL_WAITS) {
        if (has_gateway_hung_up(line))
            line->stage = LINE_EMPTYING;
        return false;
    }
    if (flushed != CHANNEL_DONE)
        return end(line);
    ssize_t got = recv(line->plain_fd, bytes, channel_takes(line->channel), MSG_DONTWAIT);
    if (got > 0)
        return encipher(line, bytes, (size_t)got, now_ms);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    return say_end(line, now_ms); /* ECONNRESET too: it hung up on what it had not read */
}

/* ---- going on ------------------------------------------------------------------------------------ */

static bool pump(struct line *line, unsigned char *bytes, int64_t now_ms)
{
    bool was_read = read_client(line, bytes, now_ms);
    bool was_written = line->stage == LINE_OPEN && read_gateway(line, bytes, now_ms);
    return was_read || was_written;
}

bool line_go_on(struct line *line, struct identity *identity, unsigned char *bytes, int64_t now_ms)
{
    bool has_more = true;
    if (line->moved_ms == 0)
        line->moved_ms = now_ms;
    for (int i = 0; i < ROUNDS_MAX && has_more; i++) {
        switch (line->stage) {
        case LINE_NEW:
            has_more = begin(line, identity, now_ms);
            break;
        case LINE_SHAKING:
            return shake_hands(line); /* costs most: one at a time */
        case LINE_OPEN:
            has_more = pump(line, bytes, now_ms);
            break;
        case LINE_EMPTYING:
            has_more = read_gateway(line, bytes, now_ms);
            break;
        case LINE_ENDING:
            return wait_for_end(line, bytes, now_ms);
        case LINE_GONE:
            return false;
        }
    }
    return has_more && line->stage != LINE_GONE;
}
