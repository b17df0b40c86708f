/* simple.c - JSON with a text under one of the names that programs use for it: Apprise, Gotify, Uptime
 * Kuma, scripts. */
#include "protocol/hooks/formats.h"

#include <stdio.h>
#include <string.h>

static const char *body_of(const json_t *root)
{
    static const char *const keys[] = {"text", "message", "msg", "body"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (say_get(root, keys[i])[0])
            return say_get(root, keys[i]);
    return "";
}

bool simple_is(const struct hook_post *post, const json_t *root)
{
    (void)post;
    return json_is_object(root);
}

/* An id makes it safe to post again. */
static void take_id(const json_t *root, struct hook_message *message)
{
    const json_t *id = json_object_get(root, "id");
    if (json_is_integer(id))
        snprintf(message->origin, sizeof message->origin, "id:%" JSON_INTEGER_FORMAT,
                 json_integer_value(id));
    else if (say_get(root, "id")[0] && strlen(say_get(root, "id")) <= 100)
        snprintf(message->origin, sizeof message->origin, "id:%s", say_get(root, "id"));
}

bool simple_read(const struct hook_post *post, const json_t *root, struct hook_messages *messages)
{
    (void)post;
    struct hook_message *message = say_begin(messages);
    const char *username = say_get(root, "username");
    say_copy(message->as, sizeof message->as, username[0] ? username : say_get(root, "as"));
    take_id(root, message);
    say_line(message, say_get(root, "title"));
    say_line(message, body_of(root));
    say_line(message, say_get(root, "url"));
    messages->why = "There is no text in it: send {\"text\":\"...\"}.";
    return body_of(root)[0] || say_get(root, "title")[0];
}
