#include "daemon/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static void unmap(struct address *address)
{
    if (address->is_ipv4 || memcmp(address->bytes, mapped_prefix, sizeof mapped_prefix) != 0)
        return;
    memmove(address->bytes, address->bytes + 12, 4);
    memset(address->bytes + 4, 0, 12);
    address->is_ipv4 = true;
}

bool address_parse(const char *text, struct address *address)
{
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, text, address->bytes) == 1) {
        address->is_ipv4 = true;
        return true;
    }
    if (inet_pton(AF_INET6, text, address->bytes) != 1)
        return false;
    unmap(address);
    return true;
}

void address_write(const struct address *address, char out[ADDRESS_TEXT_BYTES])
{
    if (!inet_ntop(address->is_ipv4 ? AF_INET : AF_INET6, address->bytes, out, ADDRESS_TEXT_BYTES))
        out[0] = '\0';
}

bool address_from_socket(const struct sockaddr *from, struct address *address)
{
    memset(address, 0, sizeof *address);
    if (from->sa_family == AF_INET) {
        memcpy(address->bytes, &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
        address->is_ipv4 = true;
        return true;
    }
    if (from->sa_family != AF_INET6)
        return false;
    memcpy(address->bytes, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, 16);
    unmap(address);
    return true;
}

uint64_t address_key(const struct address *address)
{
    uint64_t key = address->is_ipv4 ? UINT64_C(0xffffffff) : 0; /* no peer's /64 is a multicast one */
    for (size_t i = 0; i < (address->is_ipv4 ? 4u : 8u); i++)
        key = key << 8 | address->bytes[i];
    return key ? key : 1; /* ::1 is in the /64 of all zeros */
}

static bool network_parse(const char *text, struct network *network)
{
    char host[INET6_ADDRSTRLEN];
    const char *slash = strchr(text, '/');
    size_t length = slash ? (size_t)(slash - text) : strlen(text);
    if (length >= sizeof host)
        return false;
    memcpy(host, text, length);
    host[length] = '\0';
    if (!address_parse(host, &network->address))
        return false;
    int most = network->address.is_ipv4 ? 32 : 128;
    network->prefix_bits = most;
    if (!slash)
        return true;
    char *end;
    long bits = strtol(slash + 1, &end, 10);
    if (slash[1] < '0' || slash[1] > '9' || *end != '\0' || bits < 0 || bits > most)
        return false;
    network->prefix_bits = (int)bits;
    return true;
}

bool networks_parse(const char *text, struct networks *networks)
{
    char item[64];
    networks->count = 0;
    for (;;) {
        text += strspn(text, " \t,");
        if (*text == '\0')
            return true;
        size_t length = strcspn(text, " \t,");
        if (length >= sizeof item || networks->count == NETWORKS_MAX)
            return false;
        memcpy(item, text, length);
        item[length] = '\0';
        text += length;
        if (!network_parse(item, &networks->items[networks->count]))
            return false;
        networks->count++;
    }
}

bool network_contains(const struct network *network, const struct address *address)
{
    if (network->address.is_ipv4 != address->is_ipv4)
        return false;
    size_t whole = (size_t)network->prefix_bits / 8;
    int rest = network->prefix_bits % 8;
    if (memcmp(network->address.bytes, address->bytes, whole) != 0)
        return false;
    if (rest == 0)
        return true;
    int difference = network->address.bytes[whole] ^ address->bytes[whole];
    return difference >> (8 - rest) == 0;
}

bool networks_contain(const struct networks *networks, const struct address *address)
{
    for (size_t i = 0; i < networks->count; i++)
        if (network_contains(&networks->items[i], address))
            return true;
    return false;
}
