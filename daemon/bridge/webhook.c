/* webhook.c - outgoing webhooks, as Standard Webhooks 1.0 has them: one POST an entry, signed, in the room's
 * order. What the receiver answers to somebody who calls its name is said in the room. */
#include "daemon/bridge/bridge.h"
#include "daemon/bridge/link.h"
#include "daemon/bridge/setting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <mbedtls/base64.h>
#include <mbedtls/md.h>
#include <utlist.h>

#define TIMEOUT_MS 15000
#define RETRY_AFTER_MOST_MS 3600000
#define SECRETS_MAX 4
#define SECRET_BYTES_MAX 64
#define HASH_BYTES 32

struct secret {
    unsigned char bytes[SECRET_BYTES_MAX];
    size_t length;
};

struct webhook {
    struct bridge *bridge;
    char name[65], url[URL_BYTES_MAX];
    const char *ca;
    struct secret secrets[SECRETS_MAX]; /* the first is today's; all of them sign while one is changed */
    size_t secret_count;
    bool may_be_private, replies;
    struct post *posts; /* under way: at most one a link */
};

struct post {
    struct post *next;
    struct webhook *webhook;
    struct link *link;
    struct web_call *call;
    const struct entry *entry;
};

/* --- signing -------------------------------------------------------------------------------------- */

static bool mac(const struct secret *secret, const char *text, size_t length, unsigned char out[HASH_BYTES])
{
    return mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), secret->bytes, secret->length,
                           (const unsigned char *)text, length, out) == 0;
}

/* "webhook-signature: v1,... v1,..." over ID.TIME.BODY. */
static bool sign(const struct webhook *webhook, const char *id, long long time_s, const char *body,
                 char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "webhook-signature:");
    char *text = NULL;
    int length = asprintf(&text, "%s.%lld.%s", id, time_s, body);
    bool is_whole = length > 0;
    for (size_t i = 0; is_whole && i < webhook->secret_count; i++) {
        unsigned char hash[HASH_BYTES], coded[64];
        size_t coded_length = 0;
        is_whole = mac(&webhook->secrets[i], text, (size_t)length, hash) &&
                   mbedtls_base64_encode(coded, sizeof coded, &coded_length, hash, sizeof hash) == 0;
        used += (size_t)snprintf(out + used, size - used, " v1,%.*s", (int)coded_length, coded);
    }
    free(text);
    return is_whole;
}

/* "X-Hub-Signature-256: sha256=...", over the body alone, with the same secret. */
static bool sign_hub(const struct webhook *webhook, const char *body, char *out, size_t size)
{
    unsigned char hash[HASH_BYTES];
    if (!mac(&webhook->secrets[0], body, strlen(body), hash))
        return false;
    size_t used = (size_t)snprintf(out, size, "X-Hub-Signature-256: sha256=");
    for (size_t i = 0; i < sizeof hash; i++)
        used += (size_t)snprintf(out + used, size - used, "%02x", hash[i]);
    return true;
}

/* --- what the receiver says ----------------------------------------------------------------------- */

static void finish_post(struct post *post, enum delivery delivery, int64_t retry_after_ms, const char *why)
{
    struct link *link = post->link;
    LL_DELETE(post->webhook->posts, post);
    free(post);
    link_delivered(link, delivery, retry_after_ms, why);
}

static void reply_said(void *of, const struct web_answer *answer)
{
    struct post *post = of;
    bool is_refused = answer->status >= 400 && answer->status < 500 && answer->status != 429;
    if (answer->status == 200 || is_refused)
        finish_post(post, DELIVERY_DONE, 0, NULL);
    else
        finish_post(post, DELIVERY_LATER, 0, "the gateway did not take the reply");
}

/* The text of a reply: text/plain, or {"text"}. NULL: it says nothing. */
static char *reply_of(const struct web_answer *answer)
{
    if (strncasecmp(answer->content_type, "text/plain", 10) == 0 && answer->length > 0)
        return strdup(answer->body);
    if (!strcasestr(answer->content_type, "json"))
        return NULL;
    json_t *json = json_loadb(answer->body, answer->length, 0, NULL);
    const char *text = json_string_value(json_object_get(json, "text"));
    char *reply = text && text[0] ? strdup(text) : NULL;
    json_decref(json);
    return reply;
}

/* Its origin is made of the entry's id: delivered twice, it is said once. */
static bool say_reply(struct post *post, const char *text)
{
    char origin[96], nonce[65];
    snprintf(origin, sizeof origin, "reply:%s", post->entry->id);
    snprintf(nonce, sizeof nonce, "%.64s", origin);
    json_t *request = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "type", "send", "room",
                                post->entry->room, "text", text, "nonce", nonce, "origin", origin, "as",
                                post->webhook->name, "via", "webhook", "reply_to",
                                (json_int_t)post->entry->seq);
    bool is_asked = bridge_ask(post->webhook->bridge, request, reply_said, post);
    json_decref(request);
    return is_asked;
}

static void judge(struct post *post, const struct web_answer *answer)
{
    int status = answer->status;
    char why[128];
    snprintf(why, sizeof why, status ? "HTTP %d" : "%d %.100s", status, answer->error);
    bool is_fault = status >= 400 && status < 500 && status != 408 && status != 425 && status != 429;
    int64_t retry_after_ms = answer->retry_after_ms < RETRY_AFTER_MOST_MS ? answer->retry_after_ms
                                                                          : RETRY_AFTER_MOST_MS;
    if (status >= 200 && status < 300)
        finish_post(post, DELIVERY_DONE, 0, NULL);
    else if (status == 410)
        finish_post(post, DELIVERY_GONE, 0, why);
    else
        finish_post(post, is_fault ? DELIVERY_PASSED : DELIVERY_LATER, retry_after_ms,
                    status ? why : answer->error);
}

static void posted(void *of, const struct web_answer *answer)
{
    struct post *post = of;
    bool may_reply = post->webhook->replies && answer->status == 200 &&
                     strcmp(post->entry->type, "message") == 0;
    char *reply = may_reply ? reply_of(answer) : NULL;
    post->call = NULL;
    if (!reply || !say_reply(post, reply))
        judge(post, answer);
    free(reply);
}

/* --- the driver ----------------------------------------------------------------------------------- */

static char *body_of(const struct entry *entry)
{
    char *body = NULL, stamp[32];
    time_t seconds = (time_t)(entry->ts / 1000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &utc);
    if (asprintf(&body, "{\"type\":\"%s\",\"timestamp\":\"%s\",\"data\":%s}", entry->type, stamp,
                 entry->line) < 0)
        return NULL;
    return body;
}

static struct web_call *begin_post(struct post *post, const char *body)
{
    const struct webhook *webhook = post->webhook;
    char id[96], time_line[64], signature[512] = "", hub[128] = "";
    long long now = (long long)time(NULL);
    snprintf(id, sizeof id, "webhook-id: %s", post->entry->id);
    snprintf(time_line, sizeof time_line, "webhook-timestamp: %lld", now);
    struct web_request request = {.url = webhook->url, .body = body, .length = strlen(body),
                                  .headers = {"Content-Type: application/json", id, time_line},
                                  .timeout_ms = TIMEOUT_MS, .may_be_private = webhook->may_be_private,
                                  .ca = webhook->ca,
                                  .done = posted, .of = post};
    if (webhook->secret_count > 0) {
        if (!sign(webhook, post->entry->id, now, body, signature, sizeof signature) ||
            !sign_hub(webhook, body, hub, sizeof hub))
            return NULL;
        request.headers[3] = signature;
        request.headers[4] = hub;
    }
    return web_begin(webhook->bridge->web, &request);
}

static void webhook_deliver(void *target, struct link *link, const struct entry *entry)
{
    struct webhook *webhook = target;
    struct post *post = calloc(1, sizeof *post);
    char *body = body_of(entry);
    if (post && body) {
        *post = (struct post){.webhook = webhook, .link = link, .entry = entry};
        post->call = begin_post(post, body);
    }
    free(body);
    if (post && post->call) {
        LL_PREPEND(webhook->posts, post);
        return;
    }
    free(post);
    link_delivered(link, DELIVERY_LATER, 0, "there is no memory");
}

static bool add_secret(struct webhook *webhook, const char *text)
{
    struct secret *secret = &webhook->secrets[webhook->secret_count];
    static const char prefix[] = "whsec_";
    if (webhook->secret_count == SECRETS_MAX || strncmp(text, prefix, sizeof prefix - 1) != 0 ||
        mbedtls_base64_decode(secret->bytes, sizeof secret->bytes, &secret->length,
                              (const unsigned char *)text + sizeof prefix - 1,
                              strlen(text) - sizeof prefix + 1) != 0 ||
        secret->length < 24)
        return false;
    webhook->secret_count++;
    return true;
}

/* secret = "whsec_..." or ("new", "old"). */
static bool read_secrets(struct webhook *webhook, const config_setting_t *setting)
{
    const config_setting_t *secret = config_setting_get_member(setting, "secret");
    bool is_fine = true;
    if (!secret)
        return true;
    if (config_setting_type(secret) == CONFIG_TYPE_STRING)
        return add_secret(webhook, config_setting_get_string(secret));
    for (int i = 0; is_fine && i < config_setting_length(secret); i++) {
        const char *text = config_setting_get_string_elem(secret, i);
        is_fine = text && add_secret(webhook, text);
    }
    return is_fine;
}

static void *webhook_open(struct bridge *bridge, const config_setting_t *setting, char *why, size_t why_size)
{
    struct webhook *webhook = calloc(1, sizeof *webhook);
    const char *url = setting_text(setting, "url", "");
    snprintf(why, why_size, "there is no memory");
    if (!webhook)
        return NULL;
    webhook->bridge = bridge;
    webhook->may_be_private = setting_flag(setting, "private", false);
    webhook->replies = setting_flag(setting, "replies", false);
    snprintf(webhook->name, sizeof webhook->name, "%s", setting_text(setting, "name", "webhook"));
    snprintf(webhook->url, sizeof webhook->url, "%s", url);
    webhook->ca = setting_text(setting, "ca", "");
    bool is_url = strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
    bool has_secrets = read_secrets(webhook, setting);
    if (is_url && has_secrets && strlen(url) < sizeof webhook->url)
        return webhook;
    snprintf(why, why_size, is_url ? "secret must be whsec_ and the Base64 of 24 to 64 bytes, at most 4 of them"
                                   : "url must begin with http:// or https://");
    free(webhook);
    return NULL;
}

static void webhook_close(void *target)
{
    struct webhook *webhook = target;
    struct post *post, *after;
    LL_FOREACH_SAFE(webhook->posts, post, after)
    {
        web_cancel(webhook->bridge->web, post->call);
        free(post);
    }
    free(webhook);
}

const struct driver webhook_driver = {.name = "webhook",
                                      .group = "webhooks",
                                      .settings = " url ca secret private replies ",
                                      .via = "",
                                      .open = webhook_open,
                                      .deliver = webhook_deliver,
                                      .close = webhook_close};
