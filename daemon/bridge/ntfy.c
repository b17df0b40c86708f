/* ntfy.c - messages as notifications of an ntfy server, on phones: one POST each. */
#include "daemon/bridge/bridge.h"
#include "daemon/bridge/link.h"
#include "daemon/bridge/setting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ntfy {
    struct bridge *bridge;
    const char *url, *ca; /* of the topic; see web_request */
    char authorization[256];
    bool may_be_private;
};

/* of is the link: one post is under way for it, until this. */
static void posted(void *of, const struct web_answer *answer)
{
    bool is_fault = answer->status >= 400 && answer->status < 500 && answer->status != 429;
    char why[32];
    snprintf(why, sizeof why, "HTTP %d", answer->status);
    link_delivered(of, answer->status == 200 ? DELIVERY_DONE : is_fault ? DELIVERY_PASSED : DELIVERY_LATER,
                   answer->retry_after_ms, answer->status ? why : answer->error);
}

static void ntfy_deliver(void *target, struct link *link, const struct entry *entry)
{
    const struct ntfy *ntfy = target;
    const char *from = json_string_value(json_object_get(entry->json, "from"));
    char title[512];
    snprintf(title, sizeof title, "Title: %s in %s", from ? from : "", entry->room);
    const struct web_request request = {.url = ntfy->url, .body = entry->text, .length = strlen(entry->text),
                                        .headers = {title, ntfy->authorization[0] ? ntfy->authorization : NULL},
                                        .timeout_ms = 15000, .may_be_private = ntfy->may_be_private,
                                        .ca = ntfy->ca, .done = posted, .of = link};
    if (!entry->text[0] || strcmp(entry->type, "message") != 0)
        link_delivered(link, DELIVERY_DONE, 0, NULL);
    else if (!web_begin(ntfy->bridge->web, &request))
        link_delivered(link, DELIVERY_LATER, 0, "there is no memory");
}

static void *ntfy_open(struct bridge *bridge, const config_setting_t *setting, char *why, size_t why_size)
{
    const char *url = setting_text(setting, "url", ""), *token = setting_text(setting, "token", "");
    struct ntfy *ntfy = strncmp(url, "http", 4) == 0 ? calloc(1, sizeof *ntfy) : NULL;
    snprintf(why, why_size, "url must be a topic's: https://ntfy.sh/TOPIC");
    if (!ntfy)
        return NULL;
    *ntfy = (struct ntfy){.bridge = bridge, .url = url, .ca = setting_text(setting, "ca", ""),
                           .may_be_private = setting_flag(setting, "private", false)};
    if (token[0])
        snprintf(ntfy->authorization, sizeof ntfy->authorization, "Authorization: Bearer %s", token);
    return ntfy;
}

const struct driver ntfy_driver = {.name = "ntfy", .group = "ntfy", .settings = " url ca token private ", .via = "",
                                   .open = ntfy_open, .deliver = ntfy_deliver, .close = free};
