/* matterbridge.c - a room is one more end of a gateway of Matterbridge, and so meets Discord, Telegram, Matrix and
 * whatever else that joins: a client of its API, which must be an account of its own. What is said elsewhere is read
 * from its stream, one message at a time, the next when hearthd has the one before. */
#include "daemon/bridge/bridge.h"
#include "daemon/bridge/lines.h"
#include "daemon/bridge/link.h"
#include "daemon/bridge/matterbridge_message.h"
#include "daemon/bridge/setting.h"
#include "daemon/bridge/template.h"
#include "daemon/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POST_MS 15000
#define RETRY_LEAST_MS 1000
#define RETRY_MOST_MS 30000
#define MESSAGE_BYTES_MAX 65536 /* of a line, without the files */
#define WHO "Matterbridge"

struct matterbridge {
    struct bridge *bridge;
    const config_setting_t *rooms; /* of the configuration, which outlives it, as the texts do */
    const char *name, *url, *ca, *gateway, *via;
    int url_length; /* without a slash at its end */
    char authorization[256]; /* empty: the API has no token */
    bool may_be_private;
    struct web_call *stream;
    bool is_paused, is_skipping; /* is_skipping: up to the line's end */
    bool is_torn;       /* there was no memory for what came: the stream ends, and is read again */
    struct matterbridge_slim slim;
    struct lines lines; /* received, and not brought yet */
    json_t *request;    /* what is being brought; NULL: nothing */
    bool is_asked;      /* hearthd is, and has not answered */
    int64_t due_ms;     /* nothing is tried before */
    int tries;
    char why[160];      /* it does not read, or not bring; empty: it is well */
};

/* --- rooms and gateways --------------------------------------------------------------------------- */

static const char *room_value(const void *of, const char *name, char *scratch, size_t scratch_size)
{
    (void)scratch;
    (void)scratch_size;
    return strcmp(name, "room") == 0 ? of : NULL;
}

static char *gateway_of(const struct matterbridge *own, const char *room)
{
    return template_fill(own->gateway, room_value, room);
}

/* NULL: none of ours. */
static const char *room_of(const struct matterbridge *own, const char *gateway)
{
    for (int i = 0; gateway && i < config_setting_length(own->rooms); i++) {
        const char *room = config_setting_get_string_elem(own->rooms, i);
        char *filled = gateway_of(own, room);
        bool is_it = filled && strcmp(filled, gateway) == 0;
        free(filled);
        if (is_it)
            return room;
    }
    return NULL;
}

static struct web_request request_to(const struct matterbridge *own, const char *path, char url[URL_BYTES_MAX])
{
    snprintf(url, URL_BYTES_MAX, "%.*s%s", own->url_length, own->url, path);
    return (struct web_request){.url = url, .headers = {"Content-Type: application/json",
                                                        own->authorization[0] ? own->authorization : NULL},
                                .may_be_private = own->may_be_private, .ca = own->ca};
}

/* --- what comes in -------------------------------------------------------------------------------- */

static void set_why(struct matterbridge *own, const char *why)
{
    if (strcmp(why, own->why) != 0)
        log_warn("matterbridge: waits name=%s why=\"%s\"", own->name, why);
    snprintf(own->why, sizeof own->why, "%s", why);
}

static void wait_for(struct matterbridge *own, int64_t ms, const struct web_answer *answer, const char *who)
{
    char why[sizeof own->why];
    int64_t backoff = RETRY_LEAST_MS << (own->tries < 5 ? own->tries : 5);
    web_describe(answer, who, why, sizeof why);
    set_why(own, why);
    own->tries++;
    own->due_ms = bridge_now_ms() + (ms > 0 ? ms : bridge_jitter(backoff < RETRY_MOST_MS ? backoff : RETRY_MOST_MS));
}

static void be_well(struct matterbridge *own)
{
    own->tries = 0;
    own->due_ms = 0;
    own->why[0] = '\0';
}

static void take_lines(struct matterbridge *own);

/* What nobody will ever take stops nothing. */
static void brought(void *of, const struct web_answer *answer)
{
    struct matterbridge *own = of;
    int status = answer->status;
    bool is_fault = status >= 400 && status < 500 && status != 408 && status != 429 && status != 401;
    own->is_asked = false;
    if (status != 200 && !is_fault) {
        wait_for(own, answer->retry_after_ms, answer, "the gateway");
        return;
    }
    if (is_fault)
        log_warn("matterbridge: what was received is passed over name=%s status=%d", own->name, status);
    json_decref(own->request);
    own->request = NULL;
    be_well(own);
    take_lines(own);
    if (!own->request && own->is_paused) {
        own->is_paused = false;
        web_resume(own->stream);
    }
}

static void bring(struct matterbridge *own)
{
    own->is_asked = bridge_post(own->bridge, "/api/v1/do", own->request, brought, own) != NULL;
}

/* The first one says that one is connected, and has no gateway. */
static void take_line(struct matterbridge *own, const char *line)
{
    json_t *json = json_loads(line, 0, NULL);
    const char *room = room_of(own, json_string_value(json_object_get(json, "gateway")));
    if (!json && line[0])
        log_warn("matterbridge: what was received is passed over name=%s why=\"it is no JSON\"", own->name);
    if (room)
        own->request = matterbridge_request(room, own->via, line, json);
    json_decref(json);
    be_well(own);
    if (own->request)
        bring(own);
}

/* Until one of them is being brought. */
static void take_lines(struct matterbridge *own)
{
    char *line;
    while (!own->request && (line = lines_take(&own->lines))) {
        take_line(own, line);
        free(line);
    }
}

/* False: there is no memory. */
static bool keep(struct matterbridge *own, const char *bytes, size_t length)
{
    if (!lines_are_there(&own->lines) && own->lines.length + length > MESSAGE_BYTES_MAX) {
        log_warn("matterbridge: what was received is passed over name=%s why=\"it is too large\"", own->name);
        lines_forget(&own->lines);
        own->is_skipping = true;
    }
    const char *end = own->is_skipping ? memchr(bytes, '\n', length) : NULL;
    if (own->is_skipping && !end)
        return true;
    size_t skipped = end ? (size_t)(end + 1 - bytes) : 0;
    own->is_skipping = false;
    return lines_keep(&own->lines, bytes + skipped, length - skipped);
}

static bool take(void *of, const char *bytes, size_t length)
{
    struct matterbridge *own = of;
    char slim[4096];
    own->is_paused = own->request || lines_are_there(&own->lines);
    if (own->is_paused)
        return false;
    while (!own->is_torn && length > 0) {
        size_t piece = length < sizeof slim ? length : sizeof slim;
        own->is_torn = !keep(own, slim, matterbridge_slim(&own->slim, bytes, piece, slim));
        bytes += piece;
        length -= piece;
    }
    take_lines(own);
    return true;
}

static void stream_ended(void *of, const struct web_answer *answer)
{
    struct matterbridge *own = of;
    own->stream = NULL;
    own->is_paused = false;
    wait_for(own, answer->retry_after_ms, answer, WHO);
}

static void read_on(struct matterbridge *own)
{
    char url[URL_BYTES_MAX];
    struct web_request request = request_to(own, "/api/stream", url);
    request.may_be_silent = true;
    request.take = take;
    request.done = stream_ended;
    request.of = own;
    lines_forget(&own->lines);
    own->slim = (struct matterbridge_slim){0};
    own->is_skipping = own->is_torn = false;
    own->stream = web_begin(own->bridge->web, &request);
}

static void matterbridge_tick(void *target)
{
    struct matterbridge *own = target;
    if (own->bridge->is_once || own->bridge->is_dry_run || own->due_ms > bridge_now_ms() || own->is_asked)
        return;
    if (own->is_torn) {
        web_cancel(own->bridge->web, own->stream);
        own->stream = NULL;
        set_why(own, "there is no memory");
    }
    if (own->request)
        bring(own);
    else if (!own->stream)
        read_on(own);
}

static const char *matterbridge_trouble(void *target)
{
    return ((const struct matterbridge *)target)->why;
}

/* --- what goes out -------------------------------------------------------------------------------- */

/* A wrong token or address is put right by somebody: nothing is passed over for it. */
static void posted(void *of, const struct web_answer *answer)
{
    char why[160];
    web_describe(answer, WHO, why, sizeof why);
    link_delivered(of, answer->status == 200 ? DELIVERY_DONE : answer->status == 413 ? DELIVERY_PASSED : DELIVERY_LATER,
                   answer->retry_after_ms, why);
}

static bool post(const struct matterbridge *own, struct link *link, const char *body)
{
    char url[URL_BYTES_MAX];
    struct web_request request = request_to(own, "/api/message", url);
    request.body = body;
    request.length = strlen(body);
    request.timeout_ms = POST_MS;
    request.done = posted;
    request.of = link;
    return web_begin(own->bridge->web, &request) != NULL;
}

static void matterbridge_deliver(void *target, struct link *link, const struct entry *entry)
{
    const struct matterbridge *own = target;
    char *gateway = gateway_of(own, entry->room), *body = gateway ? matterbridge_body(entry, gateway) : NULL;
    if (body && !body[0])
        link_delivered(link, DELIVERY_DONE, 0, NULL);
    else if (!body || !post(own, link, body))
        link_delivered(link, DELIVERY_LATER, 0, "there is no memory");
    free(body);
    free(gateway);
}

/* --- opening and closing -------------------------------------------------------------------------- */

static bool set_authorization(struct matterbridge *own, const char *token)
{
    int length = token[0] ? snprintf(own->authorization, sizeof own->authorization,
                                     "Authorization: Bearer %s", token)
                          : 0;
    return length >= 0 && (size_t)length < sizeof own->authorization;
}

/* NULL: nothing. */
static const char *wrong_setting(const struct matterbridge *own)
{
    char *gateway = gateway_of(own, "room");
    bool is_pattern = gateway && gateway[0];
    free(gateway);
    if (strncmp(own->url, "http", 4) != 0 || strlen(own->url) + sizeof "/api/message" > URL_BYTES_MAX)
        return "url must be the API's: http://localhost:4242";
    if (!is_pattern)
        return "gateway is a gateway's name in Matterbridge, of {room}";
    if (config_setting_length(own->rooms) > 1 && !strstr(own->gateway, "{room}"))
        return "gateway needs {room}, for there are several";
    return NULL;
}

static void *matterbridge_open(struct bridge *bridge, const config_setting_t *setting, char *why, size_t why_size)
{
    const char *token = setting_text(setting, "token", "");
    struct matterbridge *own = calloc(1, sizeof *own);
    snprintf(why, why_size, "there is no memory");
    if (!own)
        return NULL;
    *own = (struct matterbridge){.bridge = bridge, .rooms = config_setting_get_member(setting, "rooms"),
                                 .name = setting_text(setting, "name", "matterbridge"),
                                 .url = setting_text(setting, "url", ""), .ca = setting_text(setting, "ca", ""),
                                 .gateway = setting_text(setting, "gateway", "{room}"),
                                 .via = setting_text(setting, "via", "matterbridge"),
                                 .may_be_private = setting_flag(setting, "private", false)};
    own->url_length = (int)strlen(own->url);
    own->url_length -= own->url_length > 0 && own->url[own->url_length - 1] == '/';
    const char *wrong = set_authorization(own, token) ? wrong_setting(own) : "token is too long";
    if (!wrong)
        return own;
    snprintf(why, why_size, "%s", wrong);
    free(own);
    return NULL;
}

static void matterbridge_close(void *target)
{
    struct matterbridge *own = target;
    web_cancel_of(own->bridge->web, own);
    lines_forget(&own->lines);
    json_decref(own->request);
    free(own);
}

const struct driver matterbridge_driver = {.name = "matterbridge",
                                           .group = "matterbridge",
                                           .settings = " url token gateway ca private ",
                                           .via = "matterbridge",
                                           .open = matterbridge_open,
                                           .deliver = matterbridge_deliver,
                                           .tick = matterbridge_tick,
                                           .trouble = matterbridge_trouble,
                                           .close = matterbridge_close};
