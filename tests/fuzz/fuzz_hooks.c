/* Whatever is posted to a hook becomes messages within their bounds, or a reason. The first byte chooses
 * what the headers say, the rest is the body. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/hooks/hooks.h"
#include "protocol/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void demand(bool truth)
{
    if (!truth)
        abort();
}

static void demand_messages(bool is_read, struct hook_messages *messages)
{
    demand(messages->count <= HOOK_MESSAGES_MAX);
    demand(is_read || messages->why);
    for (size_t i = 0; is_read && i < messages->count; i++) {
        struct buffer *text = &messages->items[i].text;
        hooks_cut(text, 300, 100);
        demand(text->length <= 300 && text_is_utf8((const char *)text->bytes, text->length));
        demand(text_count_characters((const char *)text->bytes) <= 100);
        demand(text_is_utf8(messages->items[i].as, strlen(messages->items[i].as)));
        demand(strlen(messages->items[i].origin) <= HOOK_ORIGIN_BYTES_MAX);
    }
    hooks_finish(messages);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const char *const types[] = {"application/json", "application/x-www-form-urlencoded",
                                        "multipart/form-data; boundary=b", "text/plain", ""};
    static const char *const events[] = {"", "push", "pull_request", "issues", "issue_comment",
                                         "release", "create", "ping"};
    static struct hook_messages messages;
    if (length == 0)
        return 0;
    char *body = malloc(length);
    if (!body)
        return 0;
    memcpy(body, bytes + 1, length - 1);
    body[length - 1] = '\0';
    struct hook_post post = {.content_type = types[bytes[0] % 5], .event = events[bytes[0] / 5 % 8],
                             .delivery = "d", .title = "t", .priority = "5", .tags = "tada,x,other",
                             .click = "", .attach = "", .filename = "", .message = "",
                             .body = body, .length = length - 1};
    demand_messages(hooks_read(&post, &messages), &messages);
    demand_messages(hooks_read_ntfy(&post, bytes[0] & 1, &messages), &messages);
    free(body);
    return 0;
}
