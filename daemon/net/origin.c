#include "daemon/net/origin.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "daemon/net/address.h"

#define HOST_BYTES_MAX 255

/* A host and a port, as in "name:8080" or "[::1]:8080"; port 0 is none given. */
struct authority {
    char host[HOST_BYTES_MAX + 1]; /* lower case, no brackets, no final dot */
    int port;
};

static bool is_host_byte(unsigned char byte)
{
    return isalnum(byte) || byte == '-' || byte == '.' || byte == '_';
}

static bool port_parse(const char *text, int *port)
{
    int value = 0;
    if (*text == '\0' || *text == '0')
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        value = value * 10 + (*text - '0');
        if (value > 65535)
            return false;
    }
    *port = value;
    return true;
}

static bool bracketed(const char *text, const char **after, struct authority *authority)
{
    struct address address;
    const char *end = strchr(text, ']');
    if (!end || (size_t)(end - text - 1) > 45)
        return false;
    size_t length = (size_t)(end - text - 1);
    memcpy(authority->host, text + 1, length);
    authority->host[length] = '\0';
    *after = end + 1;
    return strchr(authority->host, ':') && address_parse(authority->host, &address);
}

static bool authority_parse(const char *text, struct authority *authority)
{
    const char *after;
    memset(authority, 0, sizeof *authority);
    if (*text == '[') {
        if (!bracketed(text, &after, authority))
            return false;
    } else {
        size_t length = 0;
        while (is_host_byte((unsigned char)text[length]))
            length++;
        if (length == 0 || length > HOST_BYTES_MAX)
            return false;
        memcpy(authority->host, text, length);
        after = text + length;
        if (length > 1 && authority->host[length - 1] == '.')
            authority->host[length - 1] = '\0';
    }
    for (char *byte = authority->host; *byte; byte++)
        *byte = (char)tolower((unsigned char)*byte);
    return *after == '\0' || (*after == ':' && port_parse(after + 1, &authority->port));
}

/* Calls match for each word of a comma-separated list until one says yes. */
static bool any_word(const char *list, bool (*match)(const char *word, const void *with),
                     const void *with)
{
    char word[HOST_BYTES_MAX + 16];
    for (;;) {
        list += strspn(list, " \t,");
        size_t length = strcspn(list, " \t,");
        if (length == 0)
            return false;
        if (length < sizeof word) {
            memcpy(word, list, length);
            word[length] = '\0';
            if (match(word, with))
                return true;
        }
        list += length;
    }
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length > end_length && strcmp(text + length - end_length, end) == 0;
}

static bool is_own_name(const char *host, const char *own)
{
    size_t label = strcspn(own, ".");
    if (strcasecmp(host, own) == 0)
        return own[0] != '\0';
    return label > 0 && strlen(host) == label && strncasecmp(host, own, label) == 0;
}

static bool host_word_matches(const char *word, const void *with)
{
    const struct authority *authority = with;
    struct authority allowed;
    if (strcmp(word, "*") == 0)
        return true;
    if (!authority_parse(word, &allowed) || strcmp(allowed.host, authority->host) != 0)
        return false;
    return allowed.port == 0 || allowed.port == authority->port;
}

/* A name without a dot is the network's own: nobody elsewhere can have it. A number is an address
 * written otherwise, which no browser sends. */
static bool is_single_label(const char *host)
{
    bool is_number = strspn(host, "0123456789") == strlen(host) || strncmp(host, "0x", 2) == 0;
    return !is_number && !strchr(host, '.') && !strchr(host, ':');
}

bool host_is_allowed(const struct config *config, const char *own, const char *host)
{
    static const char *const local[] = {".local", ".lan", ".home.arpa", ".localhost", ".mesh",
                                        ".internal", ".home", ".localdomain", ".fritz.box"};
    struct authority authority;
    struct address address;
    if (!authority_parse(host, &authority))
        return false;
    if (address_parse(authority.host, &address) || is_single_label(authority.host) ||
        strcmp(authority.host, "fritz.box") == 0 || is_own_name(authority.host, own))
        return true;
    for (size_t i = 0; i < sizeof local / sizeof *local; i++)
        if (ends_with(authority.host, local[i]))
            return true;
    return any_word(config->http.allowed_hosts, host_word_matches, &authority);
}

static bool origin_word_matches(const char *word, const void *with)
{
    return strcasecmp(word, with) == 0;
}

bool origin_is_listed(const struct config *config, const char *origin)
{
    if (strcasecmp(origin, "null") == 0)
        return false; /* every sandboxed page is "null" */
    return any_word(config->http.allowed_origins, origin_word_matches, origin);
}

/* The port that its scheme has by default; 0 when it is neither http nor https. */
static int origin_parse(const char *origin, struct authority *from)
{
    int usual_port = strncmp(origin, "http://", 7) == 0 ? 80 : strncmp(origin, "https://", 8) == 0 ? 443 : 0;
    if (usual_port == 0 || !authority_parse(origin + (usual_port == 80 ? 7 : 8), from))
        return 0;
    if (from->port == 0)
        from->port = usual_port;
    return usual_port;
}

bool origin_is_sibling(const char *origin, const char *host, int port, int tls_port)
{
    struct authority from, here;
    int usual_port = origin_parse(origin, &from);
    return tls_port != 0 && usual_port != 0 && authority_parse(host, &here) && strcmp(from.host, here.host) == 0 &&
           (from.port == usual_port || from.port == (usual_port == 80 ? port : tls_port));
}

bool origin_is_allowed(const struct config *config, const char *origin, const char *host)
{
    struct authority from, here;
    if (origin_is_listed(config, origin))
        return true;
    int usual_port = origin_parse(origin, &from);
    if (usual_port == 0 || !authority_parse(host, &here))
        return false;
    if (here.port == 0)
        here.port = usual_port; /* a proxy may speak TLS for us: the origin's scheme decides */
    return from.port == here.port && strcmp(from.host, here.host) == 0;
}
