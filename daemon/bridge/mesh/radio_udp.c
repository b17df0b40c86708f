/* radio_udp.c - radios on the same network, without a broker: each packet is a datagram to a group that all of
 * them listen to, and is always sealed, be it with no key. Nothing acknowledges it. */
#include "daemon/bridge/mesh/radio.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/bridge/bridge.h"
#include "daemon/bridge/setting.h"
#include "daemon/log.h"

#define GROUP "224.0.0.69"
#define PORT 4403
#define JOIN_MS 30000 /* so often it makes sure that it is in the group: interfaces come and go */
#define JOIN_SOON_MS 2000

struct radio_group {
    struct radio_plan plan;
    struct sockaddr_in address;
    char interface[IF_NAMESIZE];
    int fd, end; /* end: an eventfd that ends the thread */
    pthread_t thread;
    bool has_thread;
    atomic_bool is_joined;
};

/* --- the group -------------------------------------------------------------------------------------- */

static bool is_in_group(const struct radio_group *group)
{
    struct ip_mreqn wish = {.imr_multiaddr = group->address.sin_addr};
    wish.imr_ifindex = group->interface[0] ? (int)if_nametoindex(group->interface) : 0;
    if (group->interface[0] && wish.imr_ifindex == 0)
        return false;
    if (setsockopt(group->fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &wish, sizeof wish) != 0 && errno != EADDRINUSE)
        return false;
    return setsockopt(group->fd, IPPROTO_IP, IP_MULTICAST_IF, &wish, sizeof wish) == 0;
}

static void join(struct radio_group *group)
{
    bool is_joined = is_in_group(group);
    if (is_joined != group->is_joined)
        log_info("mesh: multicast joined=%d interface=%s", is_joined, group->interface[0] ? group->interface : "-");
    group->is_joined = is_joined;
}

/* --- what arrives: on a thread of its own ----------------------------------------------------------- */

static void take(struct radio_group *group)
{
    uint8_t bytes[PACKET_BYTES_MAX + 1];
    ssize_t length = recv(group->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (length < 1 || length > PACKET_BYTES_MAX)
        return;
    mailbox_put(group->plan.mailbox, LETTER_PACKET, "", bytes, (size_t)length, false);
    web_wake(group->plan.web);
}

static void *listen_on(void *of)
{
    struct radio_group *group = of;
    struct pollfd polls[2] = {{.fd = group->fd, .events = POLLIN}, {.fd = group->end, .events = POLLIN}};
    while (!polls[1].revents) {
        int count = poll(polls, 2, group->is_joined ? JOIN_MS : JOIN_SOON_MS);
        if (count == 0)
            join(group);
        else if (count > 0 && polls[0].revents)
            take(group);
    }
    return NULL;
}

/* --- what goes out ---------------------------------------------------------------------------------- */

static bool group_is_ready(void *of)
{
    return ((struct radio_group *)of)->is_joined;
}

static enum radio_outcome group_send(void *of, const struct envelope *envelope, const struct channel *channel)
{
    struct radio_group *group = of;
    struct packet packet = envelope->packet;
    uint8_t bytes[PACKET_BYTES_MAX];
    if (!channel_seal(channel, &packet))
        return RADIO_NOT;
    size_t length = packet_write(&packet, bytes, sizeof bytes);
    ssize_t sent = sendto(group->fd, bytes, length, MSG_DONTWAIT, (const struct sockaddr *)&group->address,
                          sizeof group->address);
    return sent == (ssize_t)length ? RADIO_SENT : RADIO_NOT;
}

static bool group_has_sent(void *of)
{
    (void)of;
    return true;
}

/* --- opening and closing ---------------------------------------------------------------------------- */

static void group_close(void *of)
{
    struct radio_group *group = of;
    uint64_t one = 1;
    if (group->has_thread && write(group->end, &one, sizeof one) == (ssize_t)sizeof one)
        pthread_join(group->thread, NULL);
    if (group->fd >= 0)
        close(group->fd);
    if (group->end >= 0)
        close(group->end);
    free(group);
}

static bool read_settings(struct radio_group *group, const config_setting_t *setting, char *why, size_t why_size)
{
    const char *address = setting_text(setting, "group", GROUP), *interface = setting_text(setting, "interface", "");
    int port = setting_number(setting, "port", PORT);
    group->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    snprintf(group->interface, sizeof group->interface, "%s", interface);
    if (inet_pton(AF_INET, address, &group->address.sin_addr) != 1 ||
        !IN_MULTICAST(ntohl(group->address.sin_addr.s_addr)))
        snprintf(why, why_size, "udp.group must be an IPv4 multicast address: \"" GROUP "\"");
    else if (port < 1 || port > 65535)
        snprintf(why, why_size, "udp.port must be 1 to 65535");
    else if (strlen(interface) >= sizeof group->interface)
        snprintf(why, why_size, "udp.interface must be the name of an interface: \"eth0\"");
    else
        return true;
    return false;
}

static bool begin(struct radio_group *group)
{
    int one = 1;
    group->end = eventfd(0, EFD_CLOEXEC);
    group->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (group->end < 0 || group->fd < 0 ||
        setsockopt(group->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(group->fd, (const struct sockaddr *)&group->address, sizeof group->address) != 0)
        return false;
    join(group);
    group->has_thread = pthread_create(&group->thread, NULL, listen_on, group) == 0;
    return group->has_thread;
}

static void *group_open(const struct radio_plan *plan, const config_setting_t *setting, char *why, size_t why_size)
{
    struct radio_group *group = calloc(1, sizeof *group);
    snprintf(why, why_size, "there is no memory");
    if (!group)
        return NULL;
    group->plan = *plan;
    group->fd = group->end = -1;
    bool is_read = read_settings(group, setting, why, why_size);
    if (is_read && (!plan->web || begin(group)))
        return group;
    if (is_read)
        snprintf(why, why_size, "UDP cannot be set up: %s", strerror(errno));
    group_close(group);
    return NULL;
}

const struct radio_kind radio_udp = {.group = "udp", .open = group_open, .is_ready = group_is_ready,
                                     .send = group_send, .has_sent = group_has_sent, .close = group_close};
