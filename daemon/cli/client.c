#include "daemon/cli/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define LINE_BYTES_MAX  4096
#define CHUNK_BYTES_MAX INT64_C(0x7fffffffffff)

/* Connecting, sending and receiving each take so long at most; 0: without end. */
static bool set_timeout(int fd, int timeout_ms)
{
    struct timeval time = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time) == 0;
}

bool client_open(struct client *client, const char *socket_path, int timeout_ms)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(socket_path);
    *client = (struct client){.fd = -1, .reader = -1};
    if (length >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(address.sun_path, socket_path, length + 1);
    client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd < 0)
        return false;
    if (set_timeout(client->fd, timeout_ms) &&
        connect(client->fd, (struct sockaddr *)&address, sizeof address) == 0)
        return true;
    int why = errno;
    client_close(client);
    errno = why;
    return false;
}

bool client_open_port(struct client *client, int port, int timeout_ms)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    *client = (struct client){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .reader = -1};
    if (client->fd < 0)
        return false;
    if (set_timeout(client->fd, timeout_ms) &&
        connect(client->fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return true;
    int why = errno;
    client_close(client);
    errno = why;
    return false;
}

static bool send_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

void client_follow(struct client *client, int reader)
{
    client->reader = reader;
    (void)set_timeout(client->fd, 0);
}

/* Waits until there is something to receive. False when nobody reads what is made of it. */
static bool wait_for_more(struct client *client)
{
    struct pollfd fds[] = {{.fd = client->fd, .events = POLLIN}, {.fd = client->reader}};
    while (poll(fds, 2, -1) < 0 && errno == EINTR)
        ;
    client->has_lost_reader = fds[0].revents == 0 && fds[1].revents != 0;
    return !client->has_lost_reader;
}

/* Receives more behind what is there. 0 at the end of the connection. */
static ssize_t receive_more(struct client *client)
{
    if (client->start == client->end)
        client->start = client->end = 0;
    ssize_t got;
    if (client->reader >= 0 && !wait_for_more(client))
        return -1;
    do
        got = recv(client->fd, client->bytes + client->end, sizeof client->bytes - client->end, 0);
    while (got < 0 && errno == EINTR);
    client->has_timed_out = got < 0 && errno == EAGAIN;
    if (got > 0)
        client->end += (size_t)got;
    return got;
}

static int next_byte(struct client *client)
{
    if (client->start == client->end && receive_more(client) <= 0)
        return -1;
    return (unsigned char)client->bytes[client->start++];
}

/* One line without its end. False when the connection ends or the line is too long. */
static bool read_line(struct client *client, char line[LINE_BYTES_MAX])
{
    size_t length = 0;
    for (int byte; (byte = next_byte(client)) != '\n';) {
        if (byte < 0 || length + 1 == LINE_BYTES_MAX)
            return false;
        line[length++] = (char)byte;
    }
    if (length > 0 && line[length - 1] == '\r')
        length--;
    line[length] = '\0';
    return true;
}

static const char *header_value(const char *line, const char *name)
{
    size_t length = strlen(name);
    if (strncasecmp(line, name, length) != 0 || line[length] != ':')
        return NULL;
    return line + length + 1 + strspn(line + length + 1, " \t");
}

static bool read_head(struct client *client)
{
    char line[LINE_BYTES_MAX];
    if (!read_line(client, line) || sscanf(line, "HTTP/1.%*d %d", &client->status) != 1)
        return false;
    client->left = -1;
    while (read_line(client, line)) {
        const char *value;
        if (line[0] == '\0') {
            if (client->chunked)
                client->left = 0;
            return true;
        }
        if ((value = header_value(line, "content-length")))
            client->left = strtoll(value, NULL, 10);
        else if ((value = header_value(line, "transfer-encoding")))
            client->chunked = strcasecmp(value, "chunked") == 0;
    }
    return false;
}

static bool send_head(struct client *client, const char *method, const char *path,
                      const char *headers, int64_t length)
{
    char head[2048];
    int bytes = snprintf(head, sizeof head,
                         "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                         "%s%s%s%sContent-Length: %" PRId64 "\r\n\r\n",
                         method, path, headers, client->key ? "Authorization: Bearer " : "",
                         client->key ? client->key : "", client->key ? "\r\n" : "", length);
    return bytes > 0 && (size_t)bytes < sizeof head && send_all(client->fd, head, (size_t)bytes);
}

bool client_request(struct client *client, const char *method, const char *path, const char *body)
{
    size_t length = body ? strlen(body) : 0;
    /* A daemon that refuses may answer before it has read everything: so read in any case. */
    if (send_head(client, method, path, "Content-Type: application/json\r\n", (int64_t)length) &&
        length > 0)
        (void)send_all(client->fd, body, length);
    return read_head(client);
}

bool client_offer(struct client *client, const char *path, int64_t length)
{
    (void)send_head(client, "POST", path,
                    "Content-Type: application/octet-stream\r\nExpect: 100-continue\r\n", length);
    return read_head(client);
}

bool client_send(struct client *client, const char *bytes, size_t length)
{
    return send_all(client->fd, bytes, length);
}

bool client_finish(struct client *client)
{
    return read_head(client);
}

/* The next chunk's size. False at the last one, or when the answer is broken (then left is -2). */
static bool next_chunk(struct client *client)
{
    char line[LINE_BYTES_MAX];
    client->left = -2;
    if (!read_line(client, line) || (line[0] == '\0' && !read_line(client, line)))
        return false;
    char *end;
    errno = 0;
    long long size = strtoll(line, &end, 16);
    if (end == line || errno || size < 0 || size > CHUNK_BYTES_MAX)
        return false;
    client->left = size;
    return size > 0;
}

ssize_t client_read(struct client *client, char *out, size_t size)
{
    if (client->chunked && client->left == 0 && !next_chunk(client))
        return client->left == 0 ? 0 : -1;
    if (client->left == 0)
        return 0;
    if (client->start == client->end) {
        ssize_t got = receive_more(client);
        if (got <= 0)
            return got == 0 && client->left == -1 ? 0 : -1;
    }
    size_t taken = client->end - client->start;
    if (taken > size)
        taken = size;
    if (client->left > 0 && (int64_t)taken > client->left)
        taken = (size_t)client->left;
    memcpy(out, client->bytes + client->start, taken);
    client->start += taken;
    if (client->left > 0)
        client->left -= (int64_t)taken;
    return (ssize_t)taken;
}

void client_close(struct client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
}
