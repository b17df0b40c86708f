#include "daemon/net/link.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define READ_AGAIN_MS 10000 /* an address that comes to an interface is on the link so much later */
#define ANSWER_BYTES 1024
#define SKIPPED_MAX 4 /* answers to earlier questions that came too late */

static const struct network link_local = {{.bytes = {0xfe, 0x80}}, 10};

void links_open(struct links *links)
{
    const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    memset(links, 0, sizeof *links);
    if (getrandom(&links->seed, sizeof links->seed, GRND_NONBLOCK) != (ssize_t)sizeof links->seed)
        links->seed = (uint64_t)(uintptr_t)links;
    links->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (links->fd >= 0 && connect(links->fd, (const struct sockaddr *)&kernel, sizeof kernel) != 0)
        links_close(links);
}

void links_close(struct links *links)
{
    if (links->fd >= 0)
        close(links->fd);
    links->fd = -1;
}

/* ---- which interface ---- */

static int prefix_bits(const struct sockaddr *netmask)
{
    const struct sockaddr_in6 *mask = (const struct sockaddr_in6 *)(const void *)netmask;
    int bits = 0;
    if (netmask->sa_family == AF_INET)
        return __builtin_popcount(
            ((const struct sockaddr_in *)(const void *)netmask)->sin_addr.s_addr);
    for (int i = 0; i < 16; i++)
        bits += __builtin_popcount(mask->sin6_addr.s6_addr[i]);
    return bits;
}

static void add_link(struct links *links, const struct ifaddrs *each)
{
    struct link *link = &links->items[links->count];
    if (links->count == LINKS_MAX || !address_from_socket(each->ifa_addr, &link->network.address))
        return;
    link->network.prefix_bits = prefix_bits(each->ifa_netmask);
    link->interface = if_nametoindex(each->ifa_name);
    links->count++;
}

static void read_links(struct links *links, int64_t now_ms)
{
    struct ifaddrs *all = NULL;
    if (links->is_read && now_ms - links->read_ms < READ_AGAIN_MS)
        return;
    links->is_read = true;
    links->read_ms = now_ms;
    if (getifaddrs(&all) != 0)
        return;
    links->count = 0;
    for (const struct ifaddrs *each = all; each; each = each->ifa_next)
        if (each->ifa_addr && each->ifa_netmask &&
            (each->ifa_addr->sa_family == AF_INET6 || each->ifa_addr->sa_family == AF_INET))
            add_link(links, each);
    freeifaddrs(all);
}

/* True when the address is on the link; *interface is 0 when it is not known through which. */
static bool is_on_link(struct links *links, const struct address *address, unsigned scope,
                       int64_t now_ms, unsigned *interface)
{
    *interface = scope;
    if (network_contains(&link_local, address))
        return true;
    read_links(links, now_ms);
    for (size_t i = 0; i < links->count; i++)
        if (network_contains(&links->items[i].network, address)) {
            *interface = links->items[i].interface;
            return true;
        }
    return false;
}

/* ---- which device ---- */

struct question {
    struct nlmsghdr head;
    struct ndmsg neighbour;
    struct rtattr attribute;
    uint8_t address[16];
};

static size_t link_layer_of(const struct nlmsghdr *head, uint8_t *out)
{
    const struct rtattr *attribute =
        (const struct rtattr *)(const void *)((const char *)NLMSG_DATA(head) +
                                              NLMSG_ALIGN(sizeof(struct ndmsg)));
    size_t left = head->nlmsg_len - NLMSG_SPACE(sizeof(struct ndmsg));
    for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
        size_t length = RTA_PAYLOAD(attribute);
        if (attribute->rta_type != NDA_LLADDR || length > LINK_LAYER_BYTES_MAX)
            continue;
        memcpy(out, RTA_DATA(attribute), length);
        return length;
    }
    return 0;
}

/* The kernel answers while it is asked. 0: no such neighbour, or no link-layer address. */
static size_t read_answer(int fd, uint32_t number, uint8_t *out)
{
    union {
        struct nlmsghdr head;
        char bytes[ANSWER_BYTES];
    } answer;
    for (int i = 0; i < SKIPPED_MAX; i++) {
        ssize_t got = recv(fd, &answer, sizeof answer, MSG_DONTWAIT);
        if (got < (ssize_t)NLMSG_SPACE(sizeof(struct ndmsg)) || answer.head.nlmsg_len > (size_t)got)
            return 0;
        if (answer.head.nlmsg_seq == number)
            return answer.head.nlmsg_type == RTM_NEWNEIGH ? link_layer_of(&answer.head, out) : 0;
    }
    return 0;
}

static size_t find_device(const struct links *links, const struct address *address,
                          unsigned interface, uint8_t *out)
{
    static uint32_t number;
    struct question question = {
        .head = {.nlmsg_type = RTM_GETNEIGH,
                 .nlmsg_flags = NLM_F_REQUEST,
                 .nlmsg_seq = ++number},
        .neighbour = {.ndm_family = address->is_ipv4 ? AF_INET : AF_INET6,
                      .ndm_ifindex = (int)interface},
    };
    size_t size = address->is_ipv4 ? 4 : sizeof question.address;
    size_t length = offsetof(struct question, address) + size;
    question.head.nlmsg_len = (uint32_t)length;
    question.attribute =
        (struct rtattr){.rta_len = (uint16_t)RTA_LENGTH(size), .rta_type = NDA_DST};
    memcpy(question.address, address->bytes, size);
    if (links->fd < 0 || interface == 0 ||
        send(links->fd, &question, length, MSG_DONTWAIT) != (ssize_t)length)
        return 0;
    return read_answer(links->fd, number, out);
}

/* ---- the key ---- */

static uint64_t hash_bytes(uint64_t seed, const uint8_t *bytes, size_t length)
{
    uint64_t hash = seed;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
        hash ^= hash >> 29;
    }
    hash = (hash ^ seed) * UINT64_C(0x94d049bb133111eb);
    hash ^= hash >> 31;
    return hash ? hash : 1;
}

struct count_key links_key(struct links *links, const struct address *address, unsigned scope,
                           int64_t now_ms)
{
    uint8_t device[LINK_LAYER_BYTES_MAX];
    unsigned interface;
    if (address->is_ipv4)
        return (struct count_key){address_key(address), false};
    if (!is_on_link(links, address, scope, now_ms, &interface))
        return (struct count_key){address_key(address), true};
    size_t length = find_device(links, address, interface, device);
    if (length > 0)
        return (struct count_key){hash_bytes(links->seed, device, length), false};
    return (struct count_key){hash_bytes(links->seed, address->bytes, 16), false};
}

void links_peer(struct links *links, const struct address *address, unsigned scope,
                  int64_t now_ms, struct link_peer *peer)
{
    unsigned interface;
    bool is_near = is_on_link(links, address, scope, now_ms, &interface);
    peer->device_length = is_near ? find_device(links, address, interface, peer->device) : 0;
    peer->address_length = address->is_ipv4 ? 4 : is_near ? 16 : 8;
    memcpy(peer->address, address->bytes, peer->address_length);
}
