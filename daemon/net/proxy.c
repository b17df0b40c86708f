#include "daemon/net/proxy.h"

#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#define ADDRESS_BYTES_MAX 64 /* of an address with its port, in text */

/* --- the PROXY protocol --------------------------------------------------------------------------- */

static const char signature[12] = {'\r', '\n', '\r', '\n', '\0', '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};

/* Behind the signature: version and command, family and transport, length; then the addresses. */
enum { VERSION_AT = 12, FAMILY_AT, LENGTH_AT, ADDRESSES_AT = 16 };
enum { COMMAND_LOCAL = 0x20, COMMAND_PROXY = 0x21, FAMILY_IPV4 = 1, FAMILY_IPV6 = 2 };

static void take_source(const unsigned char *bytes, size_t length, struct address *client)
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    int family = bytes[FAMILY_AT] >> 4;
    if (bytes[VERSION_AT] == COMMAND_LOCAL)
        return;
    if (family == FAMILY_IPV4 && length >= 12) {
        memcpy(&four.sin_addr, bytes + ADDRESSES_AT, sizeof four.sin_addr);
        (void)address_from_socket((const struct sockaddr *)&four, client);
    } else if (family == FAMILY_IPV6 && length >= 36) {
        memcpy(&six.sin6_addr, bytes + ADDRESSES_AT, sizeof six.sin6_addr);
        (void)address_from_socket((const struct sockaddr *)&six, client);
    }
}

enum proxy_verdict proxy_read_preamble(const char *bytes, size_t size, struct address *client,
                                       size_t *length)
{
    const unsigned char *at = (const unsigned char *)bytes;
    size_t compared = size < sizeof signature ? size : sizeof signature;
    if (memcmp(bytes, signature, compared) != 0)
        return PROXY_WRONG;
    if (size > VERSION_AT && at[VERSION_AT] != COMMAND_LOCAL && at[VERSION_AT] != COMMAND_PROXY)
        return PROXY_WRONG;
    if (size < ADDRESSES_AT)
        return PROXY_PARTIAL;
    size_t announced = (size_t)at[LENGTH_AT] << 8 | at[LENGTH_AT + 1];
    if (ADDRESSES_AT + announced > PROXY_PREAMBLE_BYTES_MAX)
        return PROXY_WRONG;
    if (size < ADDRESSES_AT + announced)
        return PROXY_PARTIAL;
    take_source(at, announced, client);
    *length = ADDRESSES_AT + announced;
    return PROXY_WHOLE;
}

/* --- header fields -------------------------------------------------------------------------------- */

/* The rightmost address of a list that is no trusted proxy's, read from the left: each that is trusted
 * stands for what it names on its left. */
struct list {
    bool is_there;
    bool has_client; /* or the last proxy named none, and counts itself */
    struct address client;
};

static void take_element(struct list *list, const struct networks *trusted, bool is_address,
                         const struct address *address)
{
    bool stands_for_other = is_address && list->has_client && networks_contain(trusted, address);
    if (stands_for_other)
        return;
    list->has_client = is_address;
    list->client = *address;
}

static struct head_span trimmed(struct head_span span, const char *what)
{
    while (span.length > 0 && strchr(what, span.bytes[0])) {
        span.bytes++;
        span.length--;
    }
    while (span.length > 0 && strchr(what, span.bytes[span.length - 1]))
        span.length--;
    return span;
}

/* "192.0.2.1", "192.0.2.1:4711", "2001:db8::1", "[2001:db8::1]:4711". */
static bool parse_node(struct head_span node, struct address *address)
{
    char text[ADDRESS_BYTES_MAX];
    node = trimmed(node, " \t\"");
    if (node.length == 0 || node.length >= sizeof text)
        return false;
    memcpy(text, node.bytes, node.length);
    text[node.length] = '\0';
    char *bracket = strchr(text, ']'), *colon = strchr(text, ':');
    if (text[0] == '[' && bracket) {
        *bracket = '\0';
        return address_parse(text + 1, address) && !address->is_ipv4;
    }
    if (colon && strrchr(text, ':') == colon)
        *colon = '\0';
    return address_parse(text, address);
}

/* The next piece of span up to the separator, which is taken away with it. */
static struct head_span take_piece(struct head_span *span, char separator)
{
    const char *end = memchr(span->bytes, separator, span->length);
    struct head_span piece = {span->bytes, end ? (size_t)(end - span->bytes) : span->length};
    size_t taken = piece.length + (end ? 1 : 0);
    span->bytes += taken;
    span->length -= taken;
    return piece;
}

/* name=... among the pairs of an element. Cut at every comma and semicolon, also within quotes: no
 * address has one, and nobody's open quote reaches what the proxy has written behind it. */
static bool find_pair(struct head_span element, const char *name, struct head_span *node)
{
    size_t length = strlen(name);
    while (element.length > 0) {
        struct head_span pair = trimmed(take_piece(&element, ';'), " \t");
        if (pair.length < length || strncasecmp(pair.bytes, name, length) != 0)
            continue;
        *node = (struct head_span){pair.bytes + length, pair.length - length};
        return true;
    }
    return false;
}

static void read_list(struct list *list, const struct networks *trusted, struct head_span value,
                      bool has_pairs)
{
    list->is_there = true;
    while (value.length > 0) {
        struct address address = {0};
        struct head_span node = trimmed(take_piece(&value, ','), " \t");
        if (node.length == 0)
            continue;
        bool is_address = (!has_pairs || find_pair(node, "for=", &node)) && parse_node(node, &address);
        take_element(list, trusted, is_address, &address);
    }
}

static bool is_same(const struct address *one, const struct address *other)
{
    return one->is_ipv4 == other->is_ipv4 && memcmp(one->bytes, other->bytes, sizeof one->bytes) == 0;
}

bool proxy_find_client(const struct head *head, const struct networks *trusted,
                       struct address *client)
{
    struct list forwarded = {0}, x_forwarded = {0};
    struct head_span name, value;
    const char *at = head->fields.bytes;
    while (head_next_field(head, &at, &name, &value)) {
        if (head_name_is(name, "Forwarded"))
            read_list(&forwarded, trusted, value, true);
        else if (head_name_is(name, "X-Forwarded-For"))
            read_list(&x_forwarded, trusted, value, false);
    }
    if (forwarded.is_there && x_forwarded.is_there &&
        (forwarded.has_client != x_forwarded.has_client ||
         !is_same(&forwarded.client, &x_forwarded.client)))
        return false; /* a proxy writes one of them, and passes the other on from anybody */
    const struct list *list = forwarded.is_there ? &forwarded : &x_forwarded;
    if (list->has_client)
        *client = list->client;
    return true;
}

bool proxy_says_secure(const struct head *head)
{
    struct head_span name, value, last = {0};
    const char *at = head->fields.bytes;
    while (head_next_field(head, &at, &name, &value)) {
        bool has_pairs = head_name_is(name, "Forwarded");
        if (!has_pairs && !head_name_is(name, "X-Forwarded-Proto"))
            continue;
        while (value.length > 0)
            last = take_piece(&value, ',');
        if (has_pairs && !find_pair(last, "proto=", &last))
            last.length = 0;
    }
    return head_name_is(trimmed(last, " \t\""), "https");
}
