#include "protocol/hooks/hooks.h"

#include "protocol/hooks/formats.h"
#include "protocol/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The formats of JSON, the one that says most about itself first. */
static const struct {
    enum hook_format format;
    bool (*is)(const struct hook_post *post, const json_t *root);
    bool (*read)(const struct hook_post *post, const json_t *root, struct hook_messages *messages);
} formats[] = {
    {HOOK_GIT, git_is, git_read},
    {HOOK_ALERTS, alerts_is, alerts_read},
    {HOOK_DISCORD, discord_is, discord_read},
    {HOOK_SLACK, slack_is, slack_read},
    {HOOK_JSON, simple_is, simple_read},
};

const char *hook_format_name(enum hook_format format)
{
    static const char *const names[HOOK_FORMAT_COUNT] = {"slack", "discord", "git", "alerts", "json",
                                                         "text", "ntfy"};
    return names[format];
}

static void note_left_out(struct hook_messages *messages)
{
    char note[64];
    if (messages->left_out == 0)
        return;
    snprintf(note, sizeof note, "… and %zu more", messages->left_out);
    say_line(&messages->items[messages->count - 1], note);
}

/* A title with a message is Apprise's and Gotify's, though they may have attachments, too. */
static bool is_titled(const json_t *root)
{
    return say_get(root, "message")[0] && !say_get(root, "text")[0] &&
           !json_object_get(root, "blocks");
}

static bool read_json(const struct hook_post *post, const char *bytes, size_t length,
                      struct hook_messages *messages)
{
    json_t *root = say_parse(bytes, length);
    bool is_read = false;
    messages->why = "The payload is no JSON object, or one too deep or too large.";
    for (size_t i = 0; json_is_object(root) && i < sizeof formats / sizeof *formats; i++) {
        bool is_passed = formats[i].format == HOOK_SLACK && is_titled(root);
        if (is_passed || !formats[i].is(post, root))
            continue;
        messages->format = formats[i].format;
        is_read = formats[i].read(post, root, messages);
        break;
    }
    json_decref(root);
    return is_read;
}

static bool read_text(const char *text, size_t length, struct hook_messages *messages)
{
    messages->format = HOOK_TEXT;
    messages->why = "The body is empty, or no UTF-8.";
    if (length == 0 || memchr(text, '\0', length) || !text_is_utf8(text, length))
        return false;
    say(say_begin(messages), text);
    return true;
}

/* A title, when there is one, stands above. */
static bool read_fields(const struct hook_post *post, const char *text, size_t length, struct hook_messages *messages)
{
    size_t title_length;
    char *title = form_field(post, "title", &title_length), *whole = NULL;
    bool has_title = title && title_length > 0 && !memchr(title, '\0', title_length);
    int whole_length = has_title ? asprintf(&whole, "%.*s\n%.*s", (int)title_length, title, (int)length, text) : -1;
    bool is_read = whole_length >= 0 && strlen(whole) == (size_t)whole_length
                       ? read_text(whole, (size_t)whole_length, messages)
                       : read_text(text, length, messages);
    free(whole);
    free(title);
    return is_read;
}

/* payload= is JSON as Slack takes it; text= and the like are what they say. */
static bool read_form(const struct hook_post *post, struct hook_messages *messages)
{
    static const char *const names[] = {"text", "message", "content"};
    size_t length;
    char *value = form_field(post, "payload", &length);
    bool is_read = value && read_json(post, value, length, messages);
    if (!value) {
        messages->why = "The form has no field payload or text.";
        for (size_t i = 0; !value && i < sizeof names / sizeof *names; i++)
            value = form_field(post, names[i], &length);
        is_read = value && read_fields(post, value, length, messages);
    }
    if (messages->format == HOOK_TEXT)
        messages->format = HOOK_SLACK;
    free(value);
    return is_read;
}

static bool is_object(const struct hook_post *post)
{
    size_t at = 0;
    while (at < post->length && strchr(" \t\r\n", post->body[at]) && post->body[at])
        at++;
    return at < post->length && post->body[at] == '{';
}

static bool is_form(const struct hook_post *post)
{
    return strncasecmp(post->content_type, "multipart/form-data", 19) == 0 ||
           strncasecmp(post->content_type, "application/x-www-form-urlencoded", 33) == 0;
}

/* curl -d says that it sends a form, whatever it sends. */
static bool looks_like_form(const struct hook_post *post)
{
    static const char *const starts[] = {"payload=", "text=", "message=", "content="};
    if (strncasecmp(post->content_type, "multipart/", 10) == 0)
        return true;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        const char *at = memmem(post->body, post->length, starts[i], strlen(starts[i]));
        if (at && (at == post->body || at[-1] == '&'))
            return true;
    }
    return false;
}

bool hooks_read(const struct hook_post *post, struct hook_messages *messages)
{
    *messages = (struct hook_messages){.format = HOOK_TEXT};
    bool is_json = strcasestr(post->content_type, "json") != NULL;
    bool is_read;
    if (is_json || (is_object(post) && strncasecmp(post->content_type, "text/", 5) != 0))
        is_read = read_json(post, post->body, post->length, messages);
    else if (is_form(post) && looks_like_form(post))
        is_read = read_form(post, messages);
    else
        is_read = read_text(post->body, post->length, messages);
    if (is_read)
        note_left_out(messages);
    return is_read;
}

void hooks_finish(struct hook_messages *messages)
{
    for (size_t i = 0; i < HOOK_MESSAGES_MAX; i++)
        buffer_finish(&messages->items[i].text);
}

/* --- cutting -------------------------------------------------------------------------------------- */

#define CUT_MARK "…"

/* The longest start of at most so many bytes that ends with a character. */
static size_t start_of(const struct buffer *text, size_t bytes)
{
    while (bytes > 0 && bytes < text->length && (text->bytes[bytes] & 0xc0) == 0x80)
        bytes--;
    return bytes;
}

static size_t characters_of(struct buffer *text, size_t bytes)
{
    unsigned char kept = text->bytes[bytes];
    text->bytes[bytes] = '\0';
    size_t count = text_count_characters((const char *)text->bytes);
    text->bytes[bytes] = kept;
    return count;
}

void hooks_cut(struct buffer *text, size_t bytes_max, size_t characters_max)
{
    size_t low = 0, high = text->length < bytes_max ? text->length : bytes_max;
    if (!buffer_append(text, "", 1)) /* a NUL behind it */
        return;
    size_t length = --text->length;
    if (length <= bytes_max && characters_of(text, length) <= characters_max)
        return;
    high = start_of(text, high > strlen(CUT_MARK) ? high - strlen(CUT_MARK) : 0);
    while (low < high) { /* at most so many bytes have few enough characters */
        size_t middle = start_of(text, low + (high - low + 1) / 2);
        if (middle <= low)
            break;
        if (characters_of(text, middle) < characters_max)
            low = middle;
        else
            high = middle - 1;
    }
    text->length = start_of(text, low);
    (void)buffer_append(text, CUT_MARK, sizeof CUT_MARK);
    text->length--;
}
