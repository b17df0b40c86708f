/* ntfy.c - ntfy's way to publish: the body is the text, headers say the rest; or all of it in JSON. */
#include "protocol/hooks/formats.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "protocol/text.h"

/* Tags that stand for an emoji there, those that people use. Others are named. */
static const struct {
    const char *tag, *emoji;
} emoji[] = {
    {"+1", "👍"},        {"-1", "👎"},           {"warning", "⚠️"},      {"rotating_light", "🚨"},
    {"triangular_flag_on_post", "🚩"},           {"skull", "💀"},        {"facepalm", "🤦"},
    {"no_entry", "⛔"},  {"no_entry_sign", "🚫"}, {"cd", "💿"},           {"computer", "💻"},
    {"loudspeaker", "📢"}, {"tada", "🎉"},       {"partying_face", "🥳"}, {"heavy_check_mark", "✔️"},
    {"white_check_mark", "✅"}, {"x", "❌"},     {"fire", "🔥"},          {"boom", "💥"},
    {"bell", "🔔"},      {"mega", "📣"},         {"house", "🏠"},         {"droplet", "💧"},
    {"snowflake", "❄️"}, {"sunny", "☀️"},        {"zap", "⚡"},           {"battery", "🔋"},
    {"electric_plug", "🔌"}, {"lock", "🔒"},     {"unlock", "🔓"},        {"key", "🔑"},
    {"hourglass", "⌛"}, {"floppy_disk", "💾"},  {"package", "📦"},       {"rocket", "🚀"},
    {"bug", "🐛"},       {"wrench", "🔧"},       {"heart", "❤️"},         {"eyes", "👀"},
    {"thermometer", "🌡️"}, {"door", "🚪"},      {"dog", "🐶"},           {"cat", "🐱"},
};

static const char *emoji_of(const char *tag, size_t length)
{
    for (size_t i = 0; i < sizeof emoji / sizeof *emoji; i++)
        if (strlen(emoji[i].tag) == length && strncmp(emoji[i].tag, tag, length) == 0)
            return emoji[i].emoji;
    return NULL;
}

/* 4 and 5, or the words, are shown; the others are not. */
static const char *mark_of(const char *priority)
{
    if (strcmp(priority, "5") == 0 || strcasecmp(priority, "max") == 0 ||
        strcasecmp(priority, "urgent") == 0)
        return "🔴 ";
    return strcmp(priority, "4") == 0 || strcasecmp(priority, "high") == 0 ? "🟠 " : "";
}

static void say_tags(struct hook_message *message, const char *tags, bool wants_emoji)
{
    while (*tags) {
        size_t gap = strspn(tags, ", ");
        size_t length = strcspn(tags + gap, ",");
        const char *known = emoji_of(tags + gap, length);
        if (length > 0 && wants_emoji && known) {
            say(message, known);
            say(message, " ");
        } else if (length > 0 && !wants_emoji && !known) {
            char tag[64];
            say_copy(tag, length < sizeof tag ? length + 1 : sizeof tag, tags + gap);
            say(message, message->text.length > 0 ? " #" : "#");
            say(message, tag);
        }
        tags += gap + length;
    }
}

static bool say_all(const struct hook_post *post, const char *text, struct hook_messages *messages)
{
    struct hook_message *message = say_begin(messages);
    say(message, mark_of(post->priority));
    say_tags(message, post->tags, true);
    say(message, post->title);
    if (post->title[0] && text[0])
        say(message, "\n");
    say(message, text);
    say_tags(message, post->tags, false);
    say_line(message, post->click);
    say_line(message, post->attach);
    messages->why = "There is no text in it.";
    return text[0] || post->title[0] || post->attach[0];
}

/* --- JSON ----------------------------------------------------------------------------------------- */

static void join_tags(const json_t *tags, char out[256])
{
    size_t i, used = 0;
    json_t *tag;
    out[0] = '\0';
    json_array_foreach(tags, i, tag)
    {
        const char *text = json_string_value(tag);
        if (!text || used + strlen(text) + 2 > 256)
            continue;
        if (used > 0)
            out[used++] = ',';
        say_copy(out + used, 256 - used, text);
        used += strlen(out + used);
    }
}

static bool read_json(const struct hook_post *post, struct hook_messages *messages)
{
    char tags[256], priority[8] = "";
    json_t *root = say_parse(post->body, post->length);
    messages->why = "The body is no JSON object with a topic.";
    if (!json_is_object(root) || !say_get(root, "topic")[0]) {
        json_decref(root);
        return false;
    }
    json_int_t number = json_integer_value(json_object_get(root, "priority"));
    if (number >= 1 && number <= 5)
        priority[0] = (char)('0' + number);
    join_tags(json_object_get(root, "tags"), tags);
    say_copy(messages->room, sizeof messages->room, say_get(root, "topic"));
    const struct hook_post parts = {.title = say_get(root, "title"), .priority = priority, .tags = tags,
                                    .click = say_get(root, "click"), .attach = say_get(root, "attach")};
    bool is_read = say_all(&parts, say_get(root, "message"), messages);
    json_decref(root);
    return is_read;
}

bool hooks_read_ntfy(const struct hook_post *post, bool is_json, struct hook_messages *messages)
{
    *messages = (struct hook_messages){.format = HOOK_NTFY};
    if (is_json)
        return read_json(post, messages);
    if (post->filename[0] || (memchr(post->body, '\0', post->length))) {
        messages->why = "Files are not taken here; attach a link.";
        return false;
    }
    messages->why = "The body is no UTF-8.";
    return text_is_utf8(post->body, post->length) &&
           say_all(post, post->length > 0 ? post->body : post->message, messages);
}
