/* address.h - peers' addresses: what they are counted by, and which networks they belong to. */
#ifndef HEARTH_NET_ADDRESS_H
#define HEARTH_NET_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* An IP address, IPv4 also where it came mapped into IPv6. */
struct address {
    bool is_ipv4;
    uint8_t bytes[16]; /* the first 4 of IPv4 */
};

struct network {
    struct address address;
    int prefix_bits;
};

#define NETWORKS_MAX 64

struct networks {
    struct network items[NETWORKS_MAX];
    size_t count;
};

/* "10.1.2.3" or "fe80::1". */
bool address_parse(const char *text, struct address *address);

/* As text, without a zone: for the log and for those who are asked who comes. */
#define ADDRESS_TEXT_BYTES 46
void address_write(const struct address *address, char out[ADDRESS_TEXT_BYTES]);

/* False for anything but AF_INET and AF_INET6. */
bool address_from_socket(const struct sockaddr *from, struct address *address);

/* The address as a number, of IPv6 its /64; what peers are counted by is link.h's. Never 0. */
uint64_t address_key(const struct address *address);

/* Comma-separated addresses and networks: "10.0.0.0/8, ::1". False if one of them is neither, or if
 * there are more than NETWORKS_MAX; then networks holds those before it. */
bool networks_parse(const char *text, struct networks *networks);
bool network_contains(const struct network *network, const struct address *address);
bool networks_contain(const struct networks *networks, const struct address *address);

#endif
