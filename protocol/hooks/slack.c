/* slack.c - Slack, Mattermost, Rocket.Chat: text, attachments and blocks become one text. */
#include "protocol/hooks/formats.h"

#include <string.h>

#define PARTS_MAX 100 /* of attachments, blocks and their elements; others are left out */
#define DEPTH_MAX 8   /* rich text within rich text */

bool slack_is(const struct hook_post *post, const json_t *root)
{
    (void)post;
    return json_is_string(json_object_get(root, "text")) ||
           json_is_array(json_object_get(root, "attachments")) ||
           json_is_array(json_object_get(root, "blocks"));
}

static void start_line(struct hook_message *message)
{
    if (message->text.length > 0 && message->text.bytes[message->text.length - 1] != '\n')
        say(message, "\n");
}

static void say_slack_line(struct hook_message *message, const char *text)
{
    if (!text[0])
        return;
    start_line(message);
    say_slack(message, text);
}

/* --- blocks --------------------------------------------------------------------------------------- */

/* {"text":"..."} or {"text":{"text":"..."}}. */
static const char *text_of(const json_t *object)
{
    const char *text = say_get(object, "text");
    return text[0] ? text : say_at(object, "text.text");
}

/* Text, emoji, links and users of a rich text, in their order. */
static void say_rich(struct hook_message *message, const json_t *elements, int depth)
{
    size_t i;
    json_t *element;
    json_array_foreach(elements, i, element)
    {
        const char *type = say_get(element, "type"), *text = say_get(element, "text");
        const char *url = say_get(element, "url");
        bool is_block = strncmp(type, "rich_text_", 10) == 0;
        if (i == PARTS_MAX || depth == DEPTH_MAX)
            return;
        if (is_block && i > 0)
            start_line(message);
        say(message, text);
        if (strcmp(type, "emoji") == 0) {
            say(message, ":");
            say(message, say_get(element, "name"));
            say(message, ":");
        }
        if (url[0]) {
            say(message, text[0] ? " (" : "");
            say(message, url);
            say(message, text[0] ? ")" : "");
        }
        say_rich(message, json_object_get(element, "elements"), depth + 1);
    }
}

static void say_elements(struct hook_message *message, const json_t *elements)
{
    size_t i;
    json_t *element;
    json_array_foreach(elements, i, element)
    {
        if (i == PARTS_MAX)
            return;
        say_slack_line(message, text_of(element));
        say_slack_line(message, say_get(element, "alt_text"));
        say_slack_line(message, say_get(element, "url"));
    }
}

static void say_block(struct hook_message *message, const json_t *block)
{
    const char *type = say_get(block, "type");
    if (strcmp(type, "rich_text") == 0) {
        start_line(message);
        say_rich(message, json_object_get(block, "elements"), 0);
        return;
    }
    say_slack_line(message, text_of(block));
    say_elements(message, json_object_get(block, "fields"));
    say_elements(message, json_object_get(block, "elements"));
    say_slack_line(message, say_at(block, "title.text"));
    say_slack_line(message, say_get(block, "alt_text"));
    say_slack_line(message, say_get(block, "image_url"));
}

static void say_blocks(struct hook_message *message, const json_t *blocks)
{
    size_t i;
    json_t *block;
    json_array_foreach(blocks, i, block)
    {
        if (i == PARTS_MAX)
            return;
        say_block(message, block);
    }
}

/* --- attachments ---------------------------------------------------------------------------------- */

static void say_fields(struct hook_message *message, const json_t *fields)
{
    size_t i;
    json_t *field;
    json_array_foreach(fields, i, field)
    {
        const char *title = say_get(field, "title"), *value = say_get(field, "value");
        if (i == PARTS_MAX)
            return;
        say_slack_line(message, title[0] ? title : value);
        if (title[0] && value[0]) {
            say(message, ": ");
            say_slack(message, value);
        }
    }
}

static void say_attachment(struct hook_message *message, const json_t *attachment)
{
    size_t before = message->text.length;
    say_slack_line(message, say_get(attachment, "pretext"));
    say_slack_line(message, say_get(attachment, "author_name"));
    say_slack_line(message, say_get(attachment, "title"));
    say_link(message, say_get(attachment, "title_link"));
    say_slack_line(message, say_get(attachment, "text"));
    say_fields(message, json_object_get(attachment, "fields"));
    say_blocks(message, json_object_get(attachment, "blocks"));
    if (message->text.length == before)
        say_slack_line(message, say_get(attachment, "fallback"));
    say_slack_line(message, say_get(attachment, "image_url"));
}

static void say_attachments(struct hook_message *message, const json_t *attachments)
{
    size_t i;
    json_t *attachment;
    json_array_foreach(attachments, i, attachment)
    {
        if (i == PARTS_MAX) {
            say_line(message, "…");
            return;
        }
        say_attachment(message, attachment);
    }
}

/* Where there are blocks, text is only what a notification shows. */
bool slack_read(const struct hook_post *post, const json_t *root, struct hook_messages *messages)
{
    (void)post;
    struct hook_message *message = say_begin(messages);
    say_copy(message->as, sizeof message->as, say_get(root, "username"));
    say_blocks(message, json_object_get(root, "blocks"));
    if (message->text.length == 0)
        say_slack(message, say_get(root, "text"));
    say_attachments(message, json_object_get(root, "attachments"));
    messages->why = "There is no text in it, nor in attachments or blocks.";
    return message->text.length > 0;
}
