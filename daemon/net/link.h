/* link.h - what a peer is counted by. IPv4: its address. IPv6: beyond the link its /64, which is what
 * one household is given; on the link, where all share one /64, its device, by the link-layer address
 * that the kernel knows (rtnetlink(7), RTM_GETNEIGH), else its whole address. So one neighbour with any
 * number of addresses counts once, and not for the others. Loop thread. */
#ifndef HEARTH_NET_LINK_H
#define HEARTH_NET_LINK_H

#include "daemon/net/address.h"

#define LINKS_MAX 64 /* networks of this machine's interfaces; more are beyond the link */

struct link {
    struct network network;
    unsigned interface;
};

struct links {
    struct link items[LINKS_MAX];
    size_t count;
    int64_t read_ms; /* when the interfaces were read; they are read again after a while */
    bool is_read;
    int fd;          /* of netlink, or -1: then whole addresses count */
    uint64_t seed;   /* so that nobody makes an address that counts as another's */
};

struct count_key {
    uint64_t key;    /* never 0 */
    bool is_network; /* a /64 beyond the link: several people */
};

/* Opens what asks the kernel. Failing, it goes on without: see fd. */
void links_open(struct links *links);
void links_close(struct links *links);

/* scope is the interface that a link-local address came through, else 0. A few microseconds. */
struct count_key links_key(struct links *links, const struct address *address, unsigned scope,
                           int64_t now_ms);

#define LINK_LAYER_BYTES_MAX 32

/* What a ban of a device means, before it is hashed: the link-layer address of a neighbour, IPv4 too
 * (length 0: there is none, beyond the link, say), and the address itself, of IPv6 beyond the link its
 * /64. */
struct link_peer {
    uint8_t device[LINK_LAYER_BYTES_MAX];
    size_t device_length;
    uint8_t address[16];
    size_t address_length;
};
void links_peer(struct links *links, const struct address *address, unsigned scope,
                  int64_t now_ms, struct link_peer *peer);

#endif
