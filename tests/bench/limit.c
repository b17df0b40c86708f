/* limit.c - the least that a broadcaster can do, for comparison: WebSocket frames passed on as they
 * are, no JSON, no storage. Everybody who connected to the same path is in the same room.
 *   limit message|turn     one send() a connection for every message, or for every turn of the loop
 * Prints the port. Ends with its standard input. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mbedtls/base64.h>
#include <mbedtls/sha1.h>

#include <mbedtls/version.h>
#if MBEDTLS_VERSION_MAJOR < 3
#define mbedtls_sha1 mbedtls_sha1_ret
#endif

enum { ROOMS_MAX = 8192, MEMBERS_MAX = 16384, FDS_MAX = 65536, GATHER_BYTES = 1 << 20 };

struct client {
    int fd, room;
    bool open;
    unsigned char rest[4096];
    size_t rest_length;
    unsigned char *late; /* what the kernel did not take */
    size_t late_length;
};

struct room {
    int *members;
    size_t count;
    unsigned char *gathered; /* frames of this turn */
    size_t gathered_length;
    bool changed;
};

static struct client *clients[FDS_MAX];
static struct room rooms[ROOMS_MAX];
static int changed[ROOMS_MAX];
static size_t changed_count;
static bool per_turn;
static int loop;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void watch(int fd, uint32_t events, int operation)
{
    struct epoll_event event = {.events = events, .data.fd = fd};
    if (epoll_ctl(loop, operation, fd, &event) < 0)
        die("epoll_ctl");
}

static void keep_late(struct client *client, const unsigned char *bytes, size_t length)
{
    client->late = realloc(client->late, client->late_length + length);
    if (!client->late)
        die("realloc");
    memcpy(client->late + client->late_length, bytes, length);
    client->late_length += length;
    watch(client->fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
}

static void give(struct client *client, const unsigned char *bytes, size_t length)
{
    ssize_t sent = client->late_length > 0 ? 0 : send(client->fd, bytes, length, MSG_NOSIGNAL);
    size_t taken = sent < 0 ? 0 : (size_t)sent;
    if (taken < length)
        keep_late(client, bytes + taken, length - taken);
}

static void tell(struct room *room, const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < room->count; i++)
        give(clients[room->members[i]], bytes, length);
}

static void gather(int number, const unsigned char *frame, size_t length)
{
    struct room *room = &rooms[number];
    if (!room->gathered && !(room->gathered = malloc(GATHER_BYTES)))
        die("malloc");
    if (room->gathered_length + length > GATHER_BYTES) {
        tell(room, room->gathered, room->gathered_length);
        room->gathered_length = 0;
    }
    memcpy(room->gathered + room->gathered_length, frame, length);
    room->gathered_length += length;
    if (!room->changed)
        changed[changed_count++] = number;
    room->changed = true;
}

static void end_turn(void)
{
    for (size_t i = 0; i < changed_count; i++) {
        struct room *room = &rooms[changed[i]];
        tell(room, room->gathered, room->gathered_length);
        room->gathered_length = 0;
        room->changed = false;
    }
    changed_count = 0;
}

/* Passes one client frame on without its mask (the load generator's key is zero). */
static void pass_on(int number, const unsigned char *payload, size_t length)
{
    unsigned char frame[4096 + 4];
    size_t header = length < 126 ? 2 : 4;
    frame[0] = 0x81;
    frame[1] = (unsigned char)(length < 126 ? length : 126);
    if (header == 4) {
        frame[2] = (unsigned char)(length >> 8);
        frame[3] = (unsigned char)length;
    }
    memcpy(frame + header, payload, length);
    if (per_turn)
        gather(number, frame, header + length);
    else
        tell(&rooms[number], frame, header + length);
}

static size_t take_frames(struct client *client, const unsigned char *bytes, size_t length)
{
    size_t at = 0;
    while (length - at >= 8) {
        size_t header = (bytes[at + 1] & 0x7f) < 126 ? 6 : 8;
        size_t payload = header == 6 ? bytes[at + 1] & 0x7fu
                                     : (size_t)(bytes[at + 2] << 8 | bytes[at + 3]);
        if (length - at < header + payload)
            break;
        pass_on(client->room, bytes + at + header, payload);
        at += header + payload;
    }
    return at;
}

static void enter(struct client *client, int number)
{
    struct room *room = &rooms[number];
    if (!room->members && !(room->members = calloc(MEMBERS_MAX, sizeof *room->members)))
        die("calloc");
    if (room->count == MEMBERS_MAX)
        exit(1);
    client->room = number;
    client->open = true;
    room->members[room->count++] = client->fd;
}

/* GET /raw/NUMBER: the number is the room. */
static size_t take_upgrade(struct client *client, const unsigned char *bytes, size_t length)
{
    const char *end = memmem(bytes, length, "\r\n\r\n", 4);
    const char *key = memmem(bytes, length, "Sec-WebSocket-Key: ", 19);
    if (!end || !key)
        return 0;
    char text[24 + 36 + 1], answer[256];
    unsigned char hash[20], accept[32];
    size_t size;
    snprintf(text, sizeof text, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key + 19);
    mbedtls_sha1((unsigned char *)text, strlen(text), hash);
    mbedtls_base64_encode(accept, sizeof accept, &size, hash, sizeof hash);
    int written = snprintf(answer, sizeof answer,
                           "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                           "Connection: Upgrade\r\nSec-WebSocket-Accept: %.*s\r\n\r\n",
                           (int)size, accept);
    give(client, (unsigned char *)answer, (size_t)written);
    enter(client, (int)(strtoul((const char *)bytes + 9, NULL, 10) % ROOMS_MAX));
    return (size_t)(end + 4 - (const char *)bytes);
}

static void leave(struct client *client)
{
    struct room *room = &rooms[client->room];
    for (size_t i = 0; client->open && i < room->count; i++)
        if (room->members[i] == client->fd) {
            room->members[i] = room->members[--room->count];
            break;
        }
    clients[client->fd] = NULL;
    close(client->fd);
    free(client->late);
    free(client);
}

static void readable(struct client *client)
{
    static unsigned char bytes[65536 + 4096];
    memcpy(bytes, client->rest, client->rest_length);
    ssize_t got = recv(client->fd, bytes + client->rest_length, 65536, 0);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN)
            leave(client);
        return;
    }
    size_t length = client->rest_length + (size_t)got;
    size_t at = client->open ? 0 : take_upgrade(client, bytes, length);
    if (client->open)
        at += take_frames(client, bytes + at, length - at);
    client->rest_length = length - at < sizeof client->rest ? length - at : 0;
    memcpy(client->rest, bytes + at, client->rest_length);
}

static void writeable(struct client *client)
{
    ssize_t sent = send(client->fd, client->late, client->late_length, MSG_NOSIGNAL);
    if (sent <= 0)
        return;
    client->late_length -= (size_t)sent;
    memmove(client->late, client->late + sent, client->late_length);
    if (client->late_length == 0)
        watch(client->fd, EPOLLIN, EPOLL_CTL_MOD);
}

static void accept_all(int listener)
{
    int fd, one = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct client *client = fd < FDS_MAX ? calloc(1, sizeof *client) : NULL;
        if (!client)
            die("accept");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        client->fd = fd;
        clients[fd] = client;
        watch(fd, EPOLLIN, EPOLL_CTL_ADD);
    }
}

static int listen_anywhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 4096) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        die("listen");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max < FDS_MAX ? limit.rlim_max : FDS_MAX;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int count, char **words)
{
    if (count != 2 || (strcmp(words[1], "message") != 0 && strcmp(words[1], "turn") != 0)) {
        fprintf(stderr, "usage: limit message|turn\n");
        return 2;
    }
    per_turn = strcmp(words[1], "turn") == 0;
    raise_descriptor_limit();
    loop = epoll_create1(0);
    int listener = listen_anywhere();
    watch(listener, EPOLLIN, EPOLL_CTL_ADD);
    watch(STDIN_FILENO, EPOLLIN | EPOLLHUP, EPOLL_CTL_ADD);
    struct epoll_event events[512];
    for (;;) {
        int ready = epoll_wait(loop, events, 512, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == STDIN_FILENO)
                return 0;
            if (fd == listener)
                accept_all(listener);
            else if (clients[fd] && events[i].events & EPOLLOUT)
                writeable(clients[fd]);
            if (fd != listener && clients[fd] && events[i].events & ~(uint32_t)EPOLLOUT)
                readable(clients[fd]);
        }
        end_turn();
    }
}
