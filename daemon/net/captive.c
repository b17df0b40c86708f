#include "daemon/net/captive.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/net/connection.h"
#include "daemon/net/listener_private.h"

#define SUCCESS_PAGE "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>\n"

/* Each maker looks for exactly its own answer. */
static const struct probe {
    const char *path, *type, *body; /* body NULL: 204 */
} probes[] = {
    {"/generate_204", NULL, NULL}, /* Android, ChromeOS */
    {"/gen_204", NULL, NULL},
    {"/hotspot-detect.html", "text/html", SUCCESS_PAGE}, /* Apple */
    {"/library/test/success.html", "text/html", SUCCESS_PAGE},
    {"/ncsi.txt", "text/plain", "Microsoft NCSI"},
    {"/connecttest.txt", "text/plain", "Microsoft Connect Test"},
    {"/success.txt", "text/plain", "success\n"}, /* Firefox */
    {"/check_network_status.txt", "text/plain", "NetworkManager is online\n"},
};

static const struct probe *find(const char *path)
{
    for (size_t i = 0; i < sizeof probes / sizeof *probes; i++)
        if (strcmp(path, probes[i].path) == 0)
            return &probes[i];
    return NULL;
}

static void say_online(struct http_request *http, const struct probe *probe)
{
    char headers[96] = "Cache-Control: no-store\r\n";
    if (probe->type)
        snprintf(headers, sizeof headers, "Content-Type: %s\r\nCache-Control: no-store\r\n",
                 probe->type);
    http_request_answer(http, probe->body ? 200 : 204, headers, probe->body,
                        probe->body ? strlen(probe->body) : 0);
}

/* "http://192.168.4.1:8080/": where this connection has come to. False when that cannot be told. */
static bool own_address(struct http_request *http, char *out, size_t size)
{
    struct sockaddr_storage name = {0};
    socklen_t length = sizeof name;
    char host[NI_MAXHOST];
    if (getsockname(connection_socket(&http->connection), (struct sockaddr *)&name, &length) != 0 ||
        getnameinfo((const struct sockaddr *)&name, length, host, sizeof host, NULL, 0, NI_NUMERICHOST) != 0)
        return false;
    const char *shown = strncmp(host, "::ffff:", 7) == 0 ? host + 7 : host;
    snprintf(out, size, strchr(shown, ':') ? "http://[%s]:%d/" : "http://%s:%d/", shown,
             http->server->listeners->port);
    return true;
}

static void send_to_page(struct http_request *http)
{
    char page[NI_MAXHOST + 64], headers[sizeof page + 64];
    if (!own_address(http, page, sizeof page)) {
        http_request_refuse(http, ERROR_internal, NULL, NULL);
        return;
    }
    snprintf(headers, sizeof headers, "Location: %s\r\nCache-Control: no-store\r\n", page);
    http_request_answer(http, 302, headers, NULL, 0);
}

bool captive_answer(struct http_request *http)
{
    int captive = http->server->config->http.captive;
    bool is_read = http->method == METHOD_GET || http->method == METHOD_HEAD;
    const struct probe *probe = captive != CAPTIVE_OFF && is_read ? find(http->path) : NULL;
    if (!probe || http->is_admin)
        return false;
    if (captive == CAPTIVE_ONLINE)
        say_online(http, probe);
    else
        send_to_page(http);
    return true;
}
