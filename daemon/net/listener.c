#include "daemon/net/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/net/listener_private.h"

#define HANDED_OVER_FIRST 3 /* sd_listen_fds(3): descriptors from 3 on */
#define BACKLOG 4096        /* the kernel cuts it to net.core.somaxconn */
#define USER_TIMEOUT_MS 900000 /* unread by a living peer is fine for long; the loop finds the dead */

static void set_int(int fd, int level, int option, int value)
{
    /* Comfort, not need: a kernel that refuses one of these still serves. */
    (void)setsockopt(fd, level, option, &value, sizeof value);
}

/* Accepted sockets inherit all of this, so it costs nothing for each of them. */
static void set_tcp_options(int fd, const struct config_limits *limits)
{
    set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_int(fd, SOL_SOCKET, SO_SNDBUF, (int)limits->socket_bytes);
    set_int(fd, SOL_SOCKET, SO_RCVBUF, (int)limits->socket_bytes);
    set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS);
    set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, (int)limits->ping_seconds);
    set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, 10);
    set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

static bool listeners_add(struct listeners *listeners, int fd, bool is_admin, bool is_tls)
{
    if (listeners->count == LISTENING_MAX)
        return false;
    listeners->items[listeners->count++] = (struct listening){.fd = fd, .is_admin = is_admin, .is_tls = is_tls};
    return true;
}

/* "192.0.2.1:80" or "[::]:8080". */
static void address_write(int fd, char *out, size_t size)
{
    struct sockaddr_storage name = {0};
    socklen_t length = sizeof name;
    char host[INET6_ADDRSTRLEN] = "?", port[8] = "?";
    if (getsockname(fd, (struct sockaddr *)&name, &length) == 0)
        (void)getnameinfo((const struct sockaddr *)&name, length, host, sizeof host, port,
                          sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
    snprintf(out, size, name.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

/* The address of listen.address and listen.port; its size, or 0 if it is none. */
static socklen_t tcp_address(const char *text, int port, struct sockaddr_storage *out)
{
    struct sockaddr_in *four = (struct sockaddr_in *)(void *)out;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)out;
    memset(out, 0, sizeof *out);
    if (strcmp(text, "localhost") == 0)
        text = "127.0.0.1";
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons((uint16_t)port);
        return sizeof *four;
    }
    if (inet_pton(AF_INET6, text, &six->sin6_addr) != 1)
        return 0;
    six->sin6_family = AF_INET6;
    six->sin6_port = htons((uint16_t)port);
    return sizeof *six;
}

/* A listening socket, or -1 with errno. */
static int tcp_listen(const struct sockaddr_storage *address, socklen_t size, const struct config_limits *limits)
{
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (address->ss_family == AF_INET6)
        set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    set_tcp_options(fd, limits);
    if (bind(fd, (const struct sockaddr *)address, size) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static bool open_tcp(struct listeners *listeners, const struct config *config, int port, bool is_tls,
                     char *why, size_t why_size)
{
    struct sockaddr_storage address;
    const char *text = config->listen.address;
    socklen_t size = tcp_address(text, port, &address);
    if (size == 0) {
        snprintf(why, why_size, "listen.address is \"%s\"; it must be an IP address such as ::, "
                 "0.0.0.0 or 127.0.0.1.", text);
        return false;
    }
    int fd = tcp_listen(&address, size, &config->limits);
    if (fd < 0 && strcmp(text, "::") == 0 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) {
        size = tcp_address("0.0.0.0", port, &address); /* a machine without IPv6 */
        fd = tcp_listen(&address, size, &config->limits);
    }
    if (fd < 0) {
        if (errno == EADDRINUSE)
            snprintf(why, why_size, "Port %d on %s is in use by another program.", port, text);
        else
            snprintf(why, why_size, "Cannot listen on %s port %d: %s.", text, port,
                     strerror(errno));
        return false;
    }
    return listeners_add(listeners, fd, false, is_tls);
}

/* Whoever holds the lock owns the path; a path without a lock is what a crash has left. */
static bool lock_path(struct listeners *listeners, const char *path, char *why, size_t why_size)
{
    char lock[160];
    snprintf(lock, sizeof lock, "%s.lock", path);
    listeners->lock_fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (listeners->lock_fd < 0) {
        snprintf(why, why_size, "Cannot make the admin socket's lock file %s: %s.", lock,
                 strerror(errno));
        return false;
    }
    /* Where there are no locks, clear_path finds out whether somebody listens. */
    if (flock(listeners->lock_fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        snprintf(why, why_size, "Another hearthd is running with the admin socket %s.", path);
        return false;
    }
    return true;
}

static bool somebody_listens(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    bool answered = connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 ||
                    errno == EAGAIN; /* its backlog is full */
    close(fd);
    return answered;
}

static bool clear_path(const struct sockaddr_un *address, char *why, size_t why_size)
{
    struct stat status;
    const char *path = address->sun_path;
    if (lstat(path, &status) != 0)
        return true; /* bind will say what is wrong, if anything */
    if (!S_ISSOCK(status.st_mode)) {
        snprintf(why, why_size, "%s is there and is no socket; admin.socket must name another path.",
                 path);
        return false;
    }
    if (somebody_listens(address)) {
        snprintf(why, why_size, "Another program is listening on the admin socket %s.", path);
        return false;
    }
    return unlink(path) == 0 || errno == ENOENT;
}

static int unix_listen(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    mode_t mask = umask(0117); /* from its first moment nobody else may connect */
    int bound = bind(fd, (const struct sockaddr *)address, sizeof *address);
    umask(mask);
    if (bound == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static bool open_admin(struct listeners *listeners, const struct config *config, char *why,
                       size_t why_size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat status;
    config_admin_socket(config, address.sun_path, sizeof address.sun_path);
    if (!lock_path(listeners, address.sun_path, why, why_size) ||
        !clear_path(&address, why, why_size))
        return false;
    int fd = unix_listen(&address);
    if (fd < 0) {
        snprintf(why, why_size, "Cannot listen on the admin socket %s: %s.", address.sun_path,
                 strerror(errno));
        return false;
    }
    snprintf(listeners->path, sizeof listeners->path, "%s", address.sun_path);
    if (lstat(listeners->path, &status) == 0) {
        listeners->device = status.st_dev;
        listeners->inode = status.st_ino;
    }
    return listeners_add(listeners, fd, true, false);
}

static int number_of(const char *name)
{
    const char *text = getenv(name);
    return text ? atoi(text) : 0; /* what is no number is 0: nothing was handed over */
}

static int port_of(const struct sockaddr_storage *name)
{
    if (name->ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)(const void *)name)->sin_port);
    return name->ss_family == AF_INET6 ? ntohs(((const struct sockaddr_in6 *)(const void *)name)->sin6_port) : 0;
}

/* What there is to listen on. */
struct kinds {
    bool has_plain, has_tls, has_admin;
};

/* Sockets made by systemd; the one on tls.port speaks TLS. */
static void take_handed_over(struct listeners *listeners, const struct config *config, struct kinds *kinds)
{
    int count = number_of("LISTEN_PID") == (int)getpid() ? number_of("LISTEN_FDS") : 0;
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    for (int fd = HANDED_OVER_FIRST; fd < HANDED_OVER_FIRST + count; fd++) {
        struct sockaddr_storage name = {0};
        socklen_t length = sizeof name;
        if (getsockname(fd, (struct sockaddr *)&name, &length) != 0 ||
            fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
            continue;
        bool is_admin = name.ss_family == AF_UNIX;
        if (!is_admin)
            set_tcp_options(fd, &config->limits);
        bool is_tls = !is_admin && config->tls.mode != TLS_OFF && port_of(&name) == config->tls.port;
        if (listeners_add(listeners, fd, is_admin, is_tls))
            *(is_admin ? &kinds->has_admin : is_tls ? &kinds->has_tls : &kinds->has_plain) = true;
    }
}

static void note_address(struct listeners *listeners, const struct listening *listening)
{
    struct sockaddr_storage name = {0};
    socklen_t length = sizeof name;
    if (listening->is_admin)
        return;
    if (getsockname(listening->fd, (struct sockaddr *)&name, &length) == 0)
        *(listening->is_tls ? &listeners->tls_port : &listeners->port) = port_of(&name);
    if (listening->is_tls)
        address_write(listening->fd, listeners->tls_address, sizeof listeners->tls_address);
    else
        address_write(listening->fd, listeners->address, sizeof listeners->address);
}

static bool open_missing(struct listeners *listeners, const struct config *config, const struct kinds *kinds,
                         char *why, size_t why_size)
{
    bool wants_tls = config->tls.mode != TLS_OFF && !kinds->has_tls;
    return (kinds->has_plain || open_tcp(listeners, config, (int)config->listen.port, false, why, why_size)) &&
           (!wants_tls || open_tcp(listeners, config, (int)config->tls.port, true, why, why_size)) &&
           (kinds->has_admin || open_admin(listeners, config, why, why_size));
}

struct listeners *listeners_open(const struct config *config, char *why, size_t why_size)
{
    struct kinds kinds = {0};
    struct listeners *listeners = calloc(1, sizeof *listeners);
    if (!listeners) {
        snprintf(why, why_size, "There is no memory left.");
        return NULL;
    }
    listeners->lock_fd = -1;
    listeners->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    take_handed_over(listeners, config, &kinds);
    if (!open_missing(listeners, config, &kinds, why, why_size)) {
        listeners_close(listeners);
        return NULL;
    }
    for (size_t i = listeners->count; i-- > 0;)
        note_address(listeners, &listeners->items[i]);
    return listeners;
}

const char *listeners_address(const struct listeners *listeners)
{
    return listeners->address;
}

const char *listeners_tls_address(const struct listeners *listeners)
{
    return listeners->tls_address;
}

void listeners_write_url(const struct listeners *listeners, const char *own_name, char *out, size_t size)
{
    const char *address = listeners->address, *colon = strrchr(address, ':');
    bool is_any = strncmp(address, "[::]", 4) == 0 || strncmp(address, "0.0.0.0:", 8) == 0;
    if (is_any && colon && own_name[0])
        snprintf(out, size, "http://%s%s", own_name, colon);
    else
        snprintf(out, size, "http://%s", address);
}

static void remove_path(const struct listeners *listeners)
{
    struct stat status;
    if (listeners->path[0] == '\0' || lstat(listeners->path, &status) != 0)
        return;
    if (status.st_dev == listeners->device && status.st_ino == listeners->inode)
        unlink(listeners->path);
}

void listeners_close(struct listeners *listeners)
{
    if (!listeners)
        return;
    remove_path(listeners);
    for (size_t i = 0; i < listeners->count; i++)
        close(listeners->items[i].fd);
    if (listeners->reserve_fd >= 0)
        close(listeners->reserve_fd);
    if (listeners->lock_fd >= 0)
        close(listeners->lock_fd);
    free(listeners);
}
