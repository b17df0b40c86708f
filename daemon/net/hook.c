#include "daemon/net/hook.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/token.h"
#include "daemon/net/api.h"
#include "daemon/net/headers.h"
#include "daemon/net/hook_post.h"
#include "protocol/text.h"
#include "storage/crypto.h"

#define SLOWED_MS 1500 /* a hook over its rate waits so long at most; then its sender tries again */
#define NONCE_BYTES 12

static const char headers_text[] = "Content-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n";

/* What has been posted, on its way into the room. */
struct hook_delivery {
    struct hook_messages messages;
    size_t next;                /* the message that is asked, or asked next */
    size_t bytes;               /* of this and its texts */
    char room[ROOM_NAME_BYTES_MAX + 1];
    char nonce[2 * NONCE_BYTES + 1];
    bool brings;                /* who said it and what it is called may be said, too */
    bool wants_message;         /* Discord's ?wait=true */
    bool is_slowed;             /* until the timer */
    int64_t posted_ms;          /* monotonic */
    int64_t seq, ts;            /* of the first message */
};

bool hook_is_path(const char *path)
{
    return strncmp(path, "/hooks/", 7) == 0 || strncmp(path, "/ntfy/", 6) == 0 ||
           strcmp(path, "/ntfy") == 0;
}

size_t hook_bytes(const struct hook_delivery *hook)
{
    return hook ? hook->bytes : 0;
}

void hook_destroy(struct hook_delivery *hook)
{
    if (!hook)
        return;
    hooks_finish(&hook->messages);
    free(hook);
}

/* --- refusing ------------------------------------------------------------------------------------- */

static bool is_ntfy(const struct http_request *http)
{
    return strncmp(http->path, "/ntfy", 5) == 0;
}

/* ntfy's clients expect {"code","http","error"}. */
static void refuse_ntfy(struct http_request *http, int status, const char *headers, const char *sentence)
{
    struct buffer body = {0};
    char start[64], all[256];
    snprintf(start, sizeof start, "{\"code\":%d,\"http\":%d,\"error\":", status * 100 + 1, status);
    snprintf(all, sizeof all, "%s%s", headers, headers_json);
    bool is_whole = buffer_append_text(&body, start) && json_append_string(&body, sentence) &&
                    buffer_append_text(&body, "}\n");
    http_request_answer(http, status, all, body.bytes, is_whole ? body.length : 0);
    buffer_finish(&body);
}

static void refuse_post(struct http_request *http, int status, const char *headers,
                        enum error_code code, const char *sentence)
{
    if (is_ntfy(http))
        refuse_ntfy(http, status, headers, sentence);
    else
        http_request_refuse_with(http, status, headers, error_code_name(code), sentence);
}

/* 429 would make some senders give up, so that only 503 says "later". */
static void refuse_by(struct http_request *http, const struct refusal *refusal)
{
    int status = error_code_status(refusal->code);
    bool is_later = refusal->code == ERROR_rate_limited || status == 503;
    char headers[64] = "";
    if (refusal->retry_after_ms != NUMBER_ABSENT)
        snprintf(headers, sizeof headers, "Retry-After: %" PRId64 "\r\n",
                 refusal->retry_after_ms / 1000 + 1);
    else if (is_later)
        snprintf(headers, sizeof headers, "Retry-After: 1\r\n");
    http->server->hooks.late += is_later;
    http->server->hooks.refused += !is_later;
    refuse_post(http, is_later ? 503 : status, headers, refusal->code, refusal->message);
}

/* --- what it says --------------------------------------------------------------------------------- */

/* What may stand in a message, and no more of it than a room takes. */
static bool tidy(struct http_request *http, struct buffer *text)
{
    const struct config_limits *limits = &http->server->config->limits;
    struct buffer clean = {0};
    size_t size = TEXT_CLEAN_MAX(text->length);
    if (!buffer_append(text, "", 1) || !buffer_reserve(&clean, size))
        return false;
    text_clean((const char *)text->bytes, TEXT_PROSE, (char *)clean.bytes, size);
    clean.length = strlen((const char *)clean.bytes);
    buffer_finish(text);
    *text = clean;
    hooks_cut(text, (size_t)limits->text_bytes, (size_t)limits->text_characters);
    text->length++; /* the NUL behind it stays */
    buffer_trim(text);
    text->length--;
    return !text->failed;
}

static bool tidy_all(struct http_request *http, struct hook_delivery *hook)
{
    hook->bytes = sizeof *hook;
    for (size_t i = 0; i < hook->messages.count; i++) {
        if (!tidy(http, &hook->messages.items[i].text))
            return false;
        hook->bytes += hook->messages.items[i].text.capacity;
    }
    return true;
}

/* --- asking --------------------------------------------------------------------------------------- */

static const char *or_null(const char *text)
{
    return text[0] ? text : NULL;
}

/* One message after the other, so that what is told as done is a beginning of it, whatever happens. */
static void ask_next(struct http_request *http)
{
    struct hook_delivery *hook = http->hook;
    const struct hook_message *message = &hook->messages.items[hook->next];
    char nonce[sizeof hook->nonce + 8];
    struct buffer request = {0};
    snprintf(nonce, sizeof nonce, "%s-%zu", hook->nonce, hook->next);
    const struct request_send send = {
        .room = hook->room,
        .text = (const char *)message->text.bytes,
        .nonce = nonce,
        .reply_to = NUMBER_ABSENT,
        .since = NUMBER_ABSENT,
        .as = hook->brings ? or_null(message->as) : NULL,
        .via = hook->brings ? "webhook" : NULL,
        .origin = hook->brings ? or_null(message->origin) : NULL,
    };
    if (!message_encode(&request, REQUEST_send, NULL, &send))
        http_request_refuse(http, ERROR_internal, NULL, NULL);
    else if (!http->connection.session)
        http_request_ask(http, SIGN_IN_REQUIRED, request.bytes, request.length);
    else
        http_request_ask_more(http, request.bytes, request.length);
    buffer_finish(&request);
}

/* --- answering ------------------------------------------------------------------------------------ */

static void answer_text(struct http_request *http, int status)
{
    http_request_answer(http, status, headers_text, "ok", 2); /* Grafana and Alertmanager compare */
}

static void answer_discord(struct http_request *http)
{
    const struct hook_delivery *hook = http->hook;
    struct buffer body = {0};
    char start[64];
    if (!hook->wants_message) {
        http_request_answer(http, 204, "", NULL, 0);
        return;
    }
    snprintf(start, sizeof start, "{\"id\":\"%" PRId64 "\",\"type\":0,\"content\":", hook->seq);
    bool is_whole =
        buffer_append_text(&body, start) &&
        json_append_string(&body, (const char *)hook->messages.items[0].text.bytes) &&
        buffer_append_text(&body, "}\n");
    http_request_answer(http, 200, headers_json, body.bytes, is_whole ? body.length : 0);
    buffer_finish(&body);
}

static void answer_ntfy(struct http_request *http)
{
    const struct hook_delivery *hook = http->hook;
    struct buffer body = {0};
    char start[128];
    snprintf(start, sizeof start, "{\"id\":\"%" PRId64 "\",\"time\":%" PRId64
             ",\"event\":\"message\",\"topic\":", hook->seq, hook->ts / 1000);
    bool is_whole =
        buffer_append_text(&body, start) && json_append_string(&body, hook->room) &&
        buffer_append_text(&body, ",\"message\":") &&
        json_append_string(&body, (const char *)hook->messages.items[0].text.bytes) &&
        buffer_append_text(&body, "}\n");
    http_request_answer(http, 200, headers_json, body.bytes, is_whole ? body.length : 0);
    buffer_finish(&body);
}

static void answer_taken(struct http_request *http)
{
    http->server->hooks.taken++;
    switch (http->hook->messages.format) {
    case HOOK_DISCORD:
        answer_discord(http);
        break;
    case HOOK_NTFY:
        answer_ntfy(http);
        break;
    case HOOK_TEXT:
        answer_text(http, 201);
        break;
    default:
        answer_text(http, 200);
    }
}

/* True when it will be asked again in a while. */
static bool slow_down(struct http_request *http, const struct refusal *refusal)
{
    struct hook_delivery *hook = http->hook;
    int64_t waited_ms = server_now_ms(http->server) - hook->posted_ms;
    if (refusal->code != ERROR_rate_limited || refusal->retry_after_ms == NUMBER_ABSENT ||
        waited_ms + refusal->retry_after_ms > SLOWED_MS)
        return false;
    hook->is_slowed = true;
    lws_set_timer_usecs(http->connection.wsi, (refusal->retry_after_ms + 1) * 1000);
    return true;
}

void hook_replied(struct http_request *http, const struct reply *reply)
{
    struct hook_delivery *hook = http->hook;
    if (reply->refusal) {
        if (!slow_down(http, reply->refusal))
            refuse_by(http, reply->refusal);
        return;
    }
    if (hook->next == 0) {
        const struct reply_ack *ack = reply->fields; /* to a send */
        hook->seq = ack->seq;
        hook->ts = ack->ts;
    }
    if (++hook->next == hook->messages.count)
        answer_taken(http);
    else
        http_request_ask_later(http);
}

void hook_timer(struct http_request *http)
{
    if (http->hook->is_slowed)
        http_request_ask_later(http);
    http->hook->is_slowed = false;
}

/* --- beginning ------------------------------------------------------------------------------------ */

static bool begin_delivery(struct http_request *http)
{
    struct hook_delivery *hook = calloc(1, sizeof *hook);
    if (!hook || !random_hex(hook->nonce, NONCE_BYTES)) {
        free(hook);
        http_request_refuse(http, ERROR_internal, NULL, NULL);
        return false;
    }
    http->hook = hook;
    http->form = ANSWER_HOOK;
    hook->posted_ms = server_now_ms(http->server);
    return true;
}

static void deliver(struct http_request *http)
{
    struct hook_delivery *hook = http->hook;
    if (!tidy_all(http, hook)) {
        http_request_refuse(http, ERROR_internal, NULL, NULL);
        return;
    }
    http_request_count(http);
    if (hook->messages.count == 0) {
        answer_taken(http);
        return;
    }
    http->act = ask_next; /* for the ones behind the first */
    ask_next(http);
}

static void refuse_unreadable(struct http_request *http)
{
    http->server->hooks.unreadable++;
    if (http->hook->messages.why)
        refuse_post(http, 400, "", ERROR_bad_request, http->hook->messages.why);
    else /* it was not read at all */
        refuse_post(http, 500, "", ERROR_internal, "The gateway has no memory for this.");
}

static bool refuse_cross_site(struct http_request *http)
{
    if (!hook_post_is_cross_site(http))
        return false;
    http->server->hooks.refused++;
    refuse_post(http, 403, "", ERROR_forbidden, "Pages may not post here.");
    return true;
}

void hook_post(struct http_request *http)
{
    const char *room, *secret;
    char wait[8];
    struct hook_post_headers headers;
    struct hook_post post;
    if (!token_is_hook(http->server->gateway, http->room, &room, &secret)) {
        http->server->hooks.unknown++;
        http_request_refuse_with(http, 404, "", "bad_request", "There is nothing at this path.");
        return;
    }
    if (refuse_cross_site(http))
        return;
    if (secret[0] && !hook_post_is_signed(http, secret)) {
        http->server->hooks.unsigned_count++;
        http_request_refuse_with(http, 401, "", "unauthorized",
                                 "X-Hub-Signature-256 is missing, or signed with another secret.");
        return;
    }
    if (!begin_delivery(http))
        return;
    struct hook_delivery *hook = http->hook;
    snprintf(http->key, sizeof http->key, "%.*s", (int)sizeof http->key - 1, http->room);
    snprintf(hook->room, sizeof hook->room, "%s", room);
    hook->brings = true;
    hook->wants_message = api_argument(http, "wait", wait, sizeof wait) && strcmp(wait, "true") == 0;
    if (hook_post_read(http, &headers, &post) && hooks_read(&post, &hook->messages))
        deliver(http);
    else
        refuse_unreadable(http);
}

/* --- ntfy ----------------------------------------------------------------------------------------- */

static void ntfy(struct http_request *http, bool is_json)
{
    struct hook_post_headers headers;
    struct hook_post post;
    if (refuse_cross_site(http))
        return;
    if (!hook_post_take_credentials(http) || !token_is_known(http->server->gateway, http->key)) {
        http->server->hooks.unknown++;
        refuse_ntfy(http, 401, "", "unauthorized");
        return;
    }
    if (!begin_delivery(http))
        return;
    struct hook_delivery *hook = http->hook;
    hook->brings = token_brings(http->server->gateway, http->key);
    if (!hook_post_read(http, &headers, &post) || !hooks_read_ntfy(&post, is_json, &hook->messages)) {
        refuse_unreadable(http);
        return;
    }
    snprintf(hook->room, sizeof hook->room, "%s", is_json ? hook->messages.room : http->room);
    deliver(http);
}

void hook_ntfy(struct http_request *http)
{
    ntfy(http, false);
}

void hook_ntfy_json(struct http_request *http)
{
    ntfy(http, true);
}
