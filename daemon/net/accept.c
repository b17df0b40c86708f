#include "daemon/net/accept.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <uthash.h>

#include "daemon/log.h"
#include "daemon/net/front.h"
#include "daemon/net/listener_private.h"

#define BATCH 64          /* accepted in one go, so that those who are here get their turn */
#define ADMIN_RESERVE 8   /* places that the administrator has when all others are taken */
#define PAUSE_US 100000   /* without a descriptor to be had */

static struct address_count *address_find(const struct server *server, uint64_t key)
{
    struct address_count *found;
    HASH_FIND(hh, server->addresses, &key, sizeof key, found);
    return found;
}

/* NULL without memory. */
static struct address_count *address_enter(struct server *server, uint64_t key)
{
    struct address_count *address = address_find(server, key);
    if (!address) {
        address = calloc(1, sizeof *address);
        if (!address)
            return NULL;
        address->key = key;
        HASH_ADD(hh, server->addresses, key, sizeof address->key, address);
    }
    address->count++;
    return address;
}

static void address_leave(struct server *server, struct address_count *address)
{
    if (!address || --address->count > 0)
        return;
    HASH_DEL(server->addresses, address);
    free(address);
}

void peer_introduce(const struct peer *peer, struct arrival *arrival)
{
    arrival->administrator = peer->is_admin;
    arrival->exempt = peer->is_exempt || peer->is_admin;
    arrival->is_secure = peer->is_secure;
    arrival->address_key = peer->address_key;
    arrival->marks = peer->marks;
    if (!peer->is_admin)
        address_write(&peer->address, arrival->address);
}

static void give_place_back(struct server *server, struct peer *peer)
{
    if (peer->stage == PEER_CONNECTED)
        server->connection_count--;
    else if (peer->stage == PEER_LEAVING)
        server->leaving_count--;
    peer->stage = PEER_WAITING;
}

void peer_gone(struct server *server, struct peer *peer)
{
    give_place_back(server, peer);
    address_leave(server, peer->counted);
    tls_socket_release(peer->tls);
    free(peer);
}

const struct head_refusal accept_is_crowded = {
    429, ERROR_rate_limited, "Retry-After: 5\r\n", "There are too many connections from this address."};

static bool may_come(const struct server *server, const struct peer *peer)
{
    const struct address_count *address = address_find(server, peer->address_key);
    int64_t most = peer->is_network ? server->config->limits.connections_per_network
                                    : server->config->limits.connections_per_address;
    return peer->is_admin || peer->is_exempt || !address || address->count < most;
}

static struct marks marks_of(struct server *server, const struct address *address, unsigned scope)
{
    struct link_peer peer;
    links_peer(&server->links, address, scope, server_now_ms(server), &peer);
    struct marks marks = {
        .address = gateway_mark(server->gateway, false, peer.address, peer.address_length)};
    if (peer.device_length)
        marks.device = gateway_mark(server->gateway, true, peer.device, peer.device_length);
    return marks;
}

bool accept_count(struct server *server, struct peer *peer, const struct address *address,
                  unsigned scope)
{
    struct peer as = *peer;
    struct count_key count = links_key(&server->links, address, scope, server_now_ms(server));
    as.address = *address;
    as.address_key = count.key;
    as.is_network = count.is_network;
    as.is_exempt = networks_contain(&server->exempt, address);
    as.is_proxy = false;
    if (!as.is_exempt)
        as.marks = marks_of(server, address, scope);
    as.counted = may_come(server, &as) ? address_enter(server, as.address_key) : NULL;
    *peer = as; /* whose it is stays known also when it may not come */
    return as.counted != NULL;
}

/* To front.c goes what is said in plain, or will be. */
static void pass_to_front(struct server *server, struct peer *peer, bool is_tls, int fd)
{
    peer->is_secure = is_tls;
    int plain = is_tls ? tls_take(server->tls, fd, &peer->tls) : fd;
    if (is_tls)
        peer->owes_preamble = false; /* it would stand before TLS, where nobody reads it */
    if (plain >= 0)
        front_take(server->front, peer, plain);
    else
        peer_gone(server, peer);
}

static unsigned scope_of(const struct sockaddr *name)
{
    return name->sa_family == AF_INET6
               ? ((const struct sockaddr_in6 *)(const void *)name)->sin6_scope_id
               : 0;
}

/* False when the peer may not come. A proxy's is counted once it has said for whom it comes. */
static bool identify(struct server *server, struct peer *peer, const struct sockaddr *name)
{
    struct address address;
    if (peer->is_admin || !address_from_socket(name, &address))
        return true;
    if (!networks_contain(&server->proxies, &address))
        return accept_count(server, peer, &address, scope_of(name));
    peer->address = address;
    peer->is_proxy = true;
    peer->owes_preamble = server->config->listen.proxy_protocol;
    return true;
}

/* To say so in TLS would cost a handshake. */
static void turn_away(struct server *server, struct peer *peer, const struct listening *listening, int fd)
{
    enum refusal_reason reason = peer->is_network ? REFUSED_network : REFUSED_address;
    if (!listening->is_tls) {
        front_refuse(server->front, peer, fd, reason, &accept_is_crowded);
        return;
    }
    refuse_note(server, reason, peer);
    close(fd);
    peer_gone(server, peer);
}

static void welcome(struct server *server, const struct listening *listening, int fd,
                    const struct sockaddr *name)
{
    struct peer *peer = calloc(1, sizeof *peer);
    if (!peer) {
        close(fd);
        return;
    }
    peer->is_admin = listening->is_admin;
    if (identify(server, peer, name))
        pass_to_front(server, peer, listening->is_tls, fd);
    else
        turn_away(server, peer, listening, fd);
}

const struct head_refusal accept_is_full = {
    503, ERROR_server_full, "Retry-After: 5\r\n", "The gateway has as many connections as it may have."};

bool accept_has_place(const struct server *server, const struct peer *peer)
{
    return server->connection_count < server->connections_max + (peer->is_admin ? ADMIN_RESERVE : 0);
}

/* lws says at the level of errors that it goes on to read what it was given. */
static void adopt_quietly(struct server *server, int fd, const void *head, size_t length)
{
    lws_set_log_level(LLL_WARN, NULL);
    lws_adopt_socket_vhost_readbuf(server->vhost, fd, head, length);
    lws_set_log_level(LLL_ERR | LLL_WARN, NULL);
}

void accept_hand_over(struct server *server, struct peer *peer, int fd, const void *head, size_t length)
{
    server->arriving = peer;
    adopt_quietly(server, fd, head, length);
    if (server->arriving) /* it failed before there was anything to destroy */
        peer_gone(server, peer);
    server->arriving = NULL;
}

void accept_arrived(struct lws *wsi)
{
    struct server *server = server_of(wsi);
    struct peer *peer = server->arriving;
    if (!peer)
        return;
    server->arriving = NULL;
    peer->stage = PEER_CONNECTED;
    server->connection_count++;
    server->accepted_count++;
    lws_set_opaque_user_data(wsi, peer);
}

bool accept_take_back(struct lws *wsi, struct peer **peer, int *fd)
{
    *peer = lws_get_opaque_user_data(wsi);
    *fd = *peer ? fcntl(lws_get_socket_fd(wsi), F_DUPFD_CLOEXEC, 0) : -1;
    if (*fd < 0)
        return false;
    lws_set_opaque_user_data(wsi, NULL);
    give_place_back(server_of(wsi), *peer);
    return true;
}

static void listen_again(lws_sorted_usec_list_t *timer)
{
    struct server *server = lws_container_of(timer, struct server, listen_timer);
    for (size_t i = 0; i < server->listeners->count; i++)
        if (server->listeners->items[i].wsi)
            lws_rx_flow_control(server->listeners->items[i].wsi, 1);
}

/* Out of descriptors: lets one caller know by hanging up, and rests. */
static void rest(struct server *server, struct listening *listening)
{
    struct listeners *listeners = server->listeners;
    if (listeners->reserve_fd >= 0) {
        close(listeners->reserve_fd);
        int fd = accept4(listening->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            close(fd);
        listeners->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    for (size_t i = 0; i < listeners->count; i++)
        if (listeners->items[i].wsi)
            lws_rx_flow_control(listeners->items[i].wsi, 0);
    lws_sul_schedule(server->context, 0, &server->listen_timer, listen_again, PAUSE_US);
    log_warn("listener: out of descriptors connections=%d", server->connection_count);
}

/* They wait in the kernel's queue. */
static void pause_listening(struct server *server, const struct listening *listening)
{
    lws_rx_flow_control(listening->wsi, 0);
    lws_sul_schedule(server->context, 0, &server->listen_timer, listen_again, PAUSE_US);
}

static void accept_batch(struct server *server, struct listening *listening)
{
    for (int i = 0; i < BATCH; i++) {
        if (listening->is_tls && !tls_has_room(server->tls)) {
            pause_listening(server, listening);
            return;
        }
        struct sockaddr_storage name = {0};
        socklen_t length = sizeof name;
        int fd = accept4(listening->fd, (struct sockaddr *)&name, &length,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            welcome(server, listening, fd, (const struct sockaddr *)&name);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            rest(server, listening);
        if (errno != EINTR && errno != ECONNABORTED)
            return;
    }
}

bool accept_begin(struct server *server)
{
    for (size_t i = 0; i < server->listeners->count; i++) {
        struct listening *listening = &server->listeners->items[i];
        int fd = fcntl(listening->fd, F_DUPFD_CLOEXEC, 0);
        if (fd < 0)
            return false;
        lws_adopt_desc_t adoption = {
            .vh = server->vhost,
            .type = LWS_ADOPT_RAW_FILE_DESC,
            .fd = {.filefd = fd},
            .vh_prot_name = LISTENER_PROTOCOL, /* no opaque pointer: that is a peer */
        };
        listening->wsi = lws_adopt_descriptor_vhost_via_info(&adoption);
        if (!listening->wsi)
            return false;
    }
    return true;
}

void accept_end(struct server *server)
{
    lws_sul_cancel(&server->listen_timer);
    for (size_t i = 0; i < server->listeners->count; i++) {
        struct listening *listening = &server->listeners->items[i];
        if (listening->wsi)
            lws_set_timeout(listening->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
        listening->wsi = NULL;
    }
}

static struct listening *listening_of(struct lws *wsi)
{
    struct listeners *listeners = server_of(wsi)->listeners;
    for (size_t i = 0; i < listeners->count; i++)
        if (listeners->items[i].wsi == wsi)
            return &listeners->items[i];
    return NULL;
}

int listener_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                      size_t length)
{
    struct listening *listening;
    (void)user;
    (void)in;
    (void)length;
    switch (reason) {
    case LWS_CALLBACK_RAW_RX_FILE:
        listening = listening_of(wsi);
        if (listening)
            accept_batch(server_of(wsi), listening);
        return 0;
    case LWS_CALLBACK_RAW_CLOSE_FILE:
        listening = listening_of(wsi);
        if (listening)
            listening->wsi = NULL;
        return 0;
    case LWS_CALLBACK_RAW_ADOPT:
    case LWS_CALLBACK_RAW_RX:
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION: /* its name is no subprotocol */
        return -1;
    default:
        return 0;
    }
}
