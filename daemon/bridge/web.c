#include "daemon/bridge/web.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>
#include <utlist.h>

#define CONNECT_MS 10000L
#define SILENT_SECONDS 180L /* of a stream, if it may not be silent: hearthd says something every 30 s */
#define CONNECTIONS_MAX 32L /* at once */
#define RECEIVE_BYTES 4096L /* of each call */

struct web {
    CURLM *multi;
    struct web_call *calls; /* owned: all that are under way */
};

struct web_call {
    struct web_call *prev, *next; /* web->calls */
    bool is_added;                /* to multi */
    struct web_request request;
    CURL *easy;
    struct curl_slist *headers;
    char *body;
    char *answer; /* as long as it is, with a NUL; NULL: empty */
    size_t answered;
    bool is_barred; /* the address is private */
    char error[CURL_ERROR_SIZE];
};

/* --- addresses ------------------------------------------------------------------------------------ */

static bool is_private_4(uint32_t address)
{
    static const struct {
        uint32_t network;
        int bits;
    } networks[] = {
        {0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0x7f000000, 8},
        {0xa9fe0000, 16}, {0xac100000, 12}, {0xc0a80000, 16}, {0xc0000000, 24},
        {0xc6120000, 15}, {0xe0000000, 4},  {0xf0000000, 4},
    };
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++)
        if ((address ^ networks[i].network) >> (32 - networks[i].bits) == 0)
            return true;
    return false;
}

/* Everything but 2000::/3, and what stands for an address of IPv4 that is private. */
static bool is_private_6(const unsigned char *bytes)
{
    uint32_t mapped;
    static const unsigned char nat64[12] = {0, 0x64, 0xff, 0x9b};
    memcpy(&mapped, bytes + 12, sizeof mapped);
    if (memcmp(bytes, nat64, sizeof nat64) == 0)
        return is_private_4(ntohl(mapped));
    if (IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)bytes))
        return is_private_4(ntohl(mapped));
    if (bytes[0] == 0x20 && bytes[1] == 0x02) { /* 6to4 */
        memcpy(&mapped, bytes + 2, sizeof mapped);
        return is_private_4(ntohl(mapped));
    }
    return (bytes[0] & 0xe0) != 0x20;
}

bool web_is_private(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in four;
        memcpy(&four, address, sizeof four);
        return is_private_4(ntohl(four.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 six;
        memcpy(&six, address, sizeof six);
        return is_private_6(six.sin6_addr.s6_addr);
    }
    return true;
}

/* What is connected to is judged, not what the name was said to be a moment ago. */
static curl_socket_t open_socket(void *of, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct web_call *call = of;
    (void)purpose;
    if (!call->request.may_be_private && web_is_private(&address->addr)) {
        call->is_barred = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* --- one call ------------------------------------------------------------------------------------- */

static size_t take(char *bytes, size_t size, size_t count, void *of)
{
    struct web_call *call = of;
    size_t length = size * count, left = WEB_BODY_BYTES_MAX - call->answered;
    long status = 0;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    if (call->request.take && status == 200)
        return call->request.take(call->request.of, bytes, length) ? length : CURL_WRITEFUNC_PAUSE;
    left = length < left ? length : left;
    char *longer = realloc(call->answer, call->answered + left + 1);
    if (!longer)
        return 0;
    call->answer = longer;
    memcpy(longer + call->answered, bytes, left);
    call->answered += left;
    longer[call->answered] = '\0';
    return length;
}

static void set_options(struct web_call *call)
{
    CURL *easy = call->easy;
    const struct web_request *request = &call->request;
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, RECEIVE_BYTES);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "hearth-bridge/" HEARTH_VERSION);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, call);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->error);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    if (request->ca && request->ca[0])
        curl_easy_setopt(easy, CURLOPT_CAINFO, request->ca);
    if (request->may_be_silent)
        curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    else if (request->timeout_ms == 0) {
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, SILENT_SECONDS);
    }
    if (!call->body)
        return;
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->length);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body);
}

static void free_call(struct web_call *call)
{
    if (call->easy)
        curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->headers);
    free(call->body);
    free(call->answer);
    free(call);
}

static bool add_header(struct web_call *call, const char *line)
{
    struct curl_slist *longer = curl_slist_append(call->headers, line);
    call->headers = longer ? longer : call->headers;
    return longer != NULL;
}

static struct web_call *create_call(const struct web_request *request)
{
    struct web_call *call = calloc(1, sizeof *call);
    if (!call)
        return NULL;
    call->request = *request;
    call->easy = curl_easy_init();
    bool is_whole = call->easy && add_header(call, "Expect:");
    for (size_t i = 0; is_whole && i < WEB_HEADERS_MAX && request->headers[i]; i++)
        is_whole = add_header(call, request->headers[i]);
    if (is_whole && request->body) {
        call->body = malloc(request->length + 1);
        is_whole = call->body != NULL;
        if (is_whole)
            memcpy(call->body, request->body, request->length);
    }
    if (is_whole) {
        set_options(call);
        return call;
    }
    free_call(call);
    return NULL;
}

void web_describe(const struct web_answer *answer, const char *who, char *out, size_t size)
{
    if (answer->status == 200)
        snprintf(out, size, "%s ended the stream", who);
    else if (answer->status)
        snprintf(out, size, "%s answers %d: %.100s", who, answer->status, answer->body);
    else
        snprintf(out, size, "%s is not reached: %.100s", who, answer->error);
    out[strcspn(out, "\r\n")] = '\0';
}

/* --- all of them ---------------------------------------------------------------------------------- */

struct web *web_create(void)
{
    struct web *web = calloc(1, sizeof *web);
    if (web && curl_global_init(CURL_GLOBAL_DEFAULT) == 0 && (web->multi = curl_multi_init())) {
        curl_multi_setopt(web->multi, CURLMOPT_MAX_HOST_CONNECTIONS, CONNECTIONS_MAX);
        return web;
    }
    free(web);
    return NULL;
}

void web_destroy(struct web *web)
{
    if (!web)
        return;
    while (web->calls)
        web_cancel(web, web->calls);
    curl_multi_cleanup(web->multi);
    curl_global_cleanup();
    free(web);
}

struct web_call *web_begin(struct web *web, const struct web_request *request)
{
    struct web_call *call = create_call(request);
    if (call)
        DL_APPEND(web->calls, call);
    return call;
}

static void leave(struct web *web, struct web_call *call)
{
    DL_DELETE(web->calls, call);
    if (call->is_added)
        curl_multi_remove_handle(web->multi, call->easy);
}

void web_cancel(struct web *web, struct web_call *call)
{
    if (!call)
        return;
    leave(web, call);
    free_call(call);
}

void web_cancel_of(struct web *web, const void *of)
{
    struct web_call *call, *after;
    DL_FOREACH_SAFE(web->calls, call, after)
    {
        if (call->request.of == of)
            web_cancel(web, call);
    }
}

void web_resume(struct web_call *call)
{
    if (call)
        curl_easy_pause(call->easy, CURLPAUSE_CONT);
}

static void finish(struct web *web, struct web_call *call, CURLcode code)
{
    long status = 0;
    char *type = NULL;
    curl_off_t retry_after = 0;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(call->easy, CURLINFO_CONTENT_TYPE, &type);
    curl_easy_getinfo(call->easy, CURLINFO_RETRY_AFTER, &retry_after);
    const char *error = call->is_barred   ? "the address is private, and private is not set"
                        : call->error[0] ? call->error
                                         : curl_easy_strerror(code);
    const struct web_answer answer = {.status = code == CURLE_OK ? (int)status : 0,
                                      .retry_after_ms = (int64_t)retry_after * 1000,
                                      .content_type = type ? type : "",
                                      .body = call->answer ? call->answer : "",
                                      .length = call->answered,
                                      .error = error};
    leave(web, call);
    call->request.done(call->request.of, &answer);
    free_call(call);
}

/* Not when they are begun: that may be in a callback of libcurl's, which takes no call then. */
static void add_begun(struct web *web)
{
    struct web_call *call, *after;
    DL_FOREACH_SAFE(web->calls, call, after)
    {
        if (call->is_added)
            continue;
        call->is_added = curl_multi_add_handle(web->multi, call->easy) == CURLM_OK;
        if (!call->is_added)
            finish(web, call, CURLE_OUT_OF_MEMORY);
    }
}

void web_turn(struct web *web, int wait_ms)
{
    int running, left;
    CURLMsg *message;
    add_begun(web);
    curl_multi_poll(web->multi, NULL, 0, wait_ms, NULL);
    curl_multi_perform(web->multi, &running);
    while ((message = curl_multi_info_read(web->multi, &left))) {
        struct web_call *call = NULL;
        CURLcode code = message->data.result;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&call);
        finish(web, call, code);
    }
}

void web_wake(struct web *web)
{
    curl_multi_wakeup(web->multi);
}

int web_post_now(const struct web_request *request)
{
    struct web_call *call = create_call(request);
    long status = 0;
    if (!call)
        return 0;
    if (curl_easy_perform(call->easy) == CURLE_OK)
        curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    free_call(call);
    return (int)status;
}
