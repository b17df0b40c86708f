#include "daemon/tls/board.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAMES_SHARE 32 /* of BOARD_NAMES_MAX; the rest is for addresses */

const char *const board_local_endings[] = {"local", "lan",         "home.arpa", "internal",  "home",
                                           "mesh",  "localdomain", "fritz.box", "localhost", NULL};

/* ---- names --------------------------------------------------------------------------------------- */

static bool is_host_name(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i]) && text[i] != '-' && text[i] != '.' && text[i] != '_')
            return false;
    return length > 0 && text[0] != '.' && text[length - 1] != '.';
}

static void add(struct board *board, const struct certificate_name *name, size_t most)
{
    for (size_t i = 0; i < board->count; i++)
        if (board->names[i].length == name->length && board->names[i].is_address == name->is_address &&
            memcmp(board->names[i].bytes, name->bytes, name->length) == 0)
            return;
    if (board->count < most)
        board->names[board->count++] = *name;
}

static void add_host(struct board *board, const char *text, size_t length)
{
    struct certificate_name name = {.length = (uint8_t)length};
    if (length > sizeof name.bytes || !is_host_name(text, length))
        return;
    for (size_t i = 0; i < length; i++)
        name.bytes[i] = (char)tolower((unsigned char)text[i]);
    add(board, &name, NAMES_SHARE);
}

static void add_address(struct board *board, const void *bytes, size_t length)
{
    struct certificate_name name = {.is_address = true, .length = (uint8_t)length};
    memcpy(name.bytes, bytes, length);
    add(board, &name, BOARD_NAMES_MAX);
}

/* "board" and, under each ending, "board.lan"; and its long name, if it has one. */
static void add_own_names(struct board *board)
{
    char own[256] = "", name[320];
    if (gethostname(own, sizeof own - 1) != 0)
        own[0] = '\0';
    size_t label = strcspn(own, ".");
    add_host(board, "localhost", 9);
    add_host(board, own, label);
    add_host(board, own, strlen(own));
    for (const char *const *ending = board_local_endings; *ending && label > 0; ending++) {
        int length = snprintf(name, sizeof name, "%.*s.%s", (int)label, own, *ending);
        add_host(board, name, (size_t)length);
    }
}

/* Words of http.allowed_hosts: a name, an address, either with a port, or "*". */
static void add_allowed_hosts(struct board *board, const char *hosts)
{
    for (;;) {
        char word[256];
        unsigned char bytes[16];
        hosts += strspn(hosts, " \t,");
        size_t whole = strcspn(hosts, " \t,");
        size_t length = whole > 0 && hosts[0] != '[' ? strcspn(hosts, " \t,:") : whole;
        if (whole == 0)
            return;
        snprintf(word, sizeof word, "%.*s", (int)length, hosts);
        if (strcmp(word, "*") == 0)
            board->is_any = true;
        else if (inet_pton(AF_INET, word, bytes) == 1)
            add_address(board, bytes, 4);
        else
            add_host(board, word, length);
        hosts += whole;
    }
}

/* ---- addresses ----------------------------------------------------------------------------------- */

/* Of the network at home: others change hands, and a certificate for them is not the board's to make. */
static bool is_private4(const uint8_t *bytes)
{
    return bytes[0] == 10 || (bytes[0] == 172 && (bytes[1] & 0xf0) == 16) || (bytes[0] == 192 && bytes[1] == 168) ||
           (bytes[0] == 169 && bytes[1] == 254) || (bytes[0] == 100 && (bytes[1] & 0xc0) == 64) || bytes[0] == 127;
}

static bool is_private6(const uint8_t *bytes)
{
    static const uint8_t loopback[16] = {[15] = 1};
    return (bytes[0] & 0xfe) == 0xfc || memcmp(bytes, loopback, sizeof loopback) == 0;
}

static void add_interface(struct board *board, const struct ifaddrs *each)
{
    if (!each->ifa_addr || !(each->ifa_flags & IFF_UP))
        return;
    if (each->ifa_addr->sa_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)each->ifa_addr;
        const uint8_t *bytes = (const uint8_t *)&four->sin_addr;
        if (is_private4(bytes))
            add_address(board, bytes, 4);
    } else if (each->ifa_addr->sa_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)each->ifa_addr;
        if (is_private6(six->sin6_addr.s6_addr))
            add_address(board, six->sin6_addr.s6_addr, 16);
    }
}

void board_read(struct board *board, const char *hosts)
{
    struct ifaddrs *all = NULL;
    *board = (struct board){0};
    add_own_names(board);
    add_allowed_hosts(board, hosts);
    if (getifaddrs(&all) != 0)
        return;
    for (const struct ifaddrs *each = all; each; each = each->ifa_next)
        add_interface(board, each);
    freeifaddrs(all);
}

/* ---- matching ------------------------------------------------------------------------------------ */

static bool ends_with(const struct certificate_name *name, const char *ending)
{
    size_t length = strlen(ending);
    return name->length > length + 1 && name->bytes[name->length - length - 1] == '.' &&
           memcmp(name->bytes + name->length - length, ending, length) == 0;
}

/* "*.lan" is for "board.lan" and not for "a.board.lan" (RFC 6125, 6.4.3). */
static bool covers(const struct certificate_name *pattern, const struct certificate_name *name)
{
    if (pattern->length < 3 || pattern->bytes[0] != '*')
        return pattern->length == name->length && memcmp(pattern->bytes, name->bytes, name->length) == 0;
    const char *dot = memchr(name->bytes, '.', name->length);
    size_t rest = dot ? (size_t)(name->bytes + name->length - dot) : 0;
    return rest == (size_t)pattern->length - 1 && memcmp(dot, pattern->bytes + 1, rest) == 0;
}

bool board_is_called(const struct board *board, const struct certificate_name *name)
{
    if (board->is_any || name->is_address)
        return true;
    for (const char *const *ending = board_local_endings; *ending; ending++)
        if (ends_with(name, *ending))
            return true;
    for (size_t i = 0; i < board->count; i++)
        if (!board->names[i].is_address && covers(name, &board->names[i]))
            return true;
    return false;
}
