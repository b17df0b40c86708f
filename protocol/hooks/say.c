#include "protocol/hooks/say.h"

#include <stdio.h>
#include <string.h>

#include "protocol/document.h"
#include "protocol/text.h"

#define FLAT_BYTES_MAX 200

json_t *say_parse(const char *bytes, size_t length)
{
    if (!document_is_bounded(bytes, length, JSON_DEPTH_MAX, HOOK_VALUES_MAX))
        return NULL;
    return json_loadb(bytes, length, 0, NULL);
}

const char *say_get(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

const json_t *say_down(const json_t *object, const char *path)
{
    char key[64];
    while (object && *path) {
        size_t length = strcspn(path, ".");
        snprintf(key, sizeof key, "%.*s", (int)length, path);
        object = json_object_get(object, key);
        path += length + (path[length] == '.');
    }
    return object;
}

const char *say_at(const json_t *object, const char *path)
{
    const char *text = json_string_value(say_down(object, path));
    return text ? text : "";
}

struct hook_message *say_begin(struct hook_messages *messages)
{
    if (messages->count == HOOK_MESSAGES_MAX) {
        messages->left_out++;
        return NULL;
    }
    struct hook_message *message = &messages->items[messages->count++];
    message->text.max = SAY_BYTES_MAX;
    return message;
}

/* The longest start of at most so many bytes that ends with a character. */
static size_t start_of(const char *text, size_t length, size_t most)
{
    if (length <= most)
        return length;
    while (most > 0 && ((unsigned char)text[most] & 0xc0) == 0x80)
        most--;
    return most;
}

static void append(struct hook_message *message, const char *text, size_t length)
{
    size_t left = SAY_BYTES_MAX - 1 - message->text.length;
    (void)buffer_append(&message->text, text, start_of(text, length, left)); /* without memory: less */
}

void say(struct hook_message *message, const char *text)
{
    append(message, text, strlen(text));
}

void say_number(struct hook_message *message, json_int_t number)
{
    char text[32];
    snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, number);
    say(message, text);
}

void say_line(struct hook_message *message, const char *text)
{
    if (!text[0])
        return;
    if (message->text.length > 0)
        say(message, "\n");
    say(message, text);
}

void say_flat(struct hook_message *message, const char *text)
{
    size_t line = strcspn(text, "\r\n"), length = start_of(text, strlen(text), FLAT_BYTES_MAX);
    length = line < length ? line : length;
    append(message, text, length);
    if (text[length + strspn(text + length, " \r\n")]) /* what git writes ends with a line's end */
        say(message, "…");
}

void say_link(struct hook_message *message, const char *url)
{
    if (!url[0])
        return;
    say(message, " ");
    say(message, url);
}

void say_copy(char *out, size_t size, const char *text)
{
    size_t length = start_of(text, strlen(text), size - 1);
    memcpy(out, text, length);
    out[length] = '\0';
}

unsigned long long say_hash(const char *text)
{
    unsigned long long hash = 0xcbf29ce484222325;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
    return hash;
}

/* --- Slack's way ---------------------------------------------------------------------------------- */

/* <URL|label>, <URL>, <@U1>, <#C1|name>, <!here>. Gives the bytes that it takes; 0: it is none. */
static size_t say_bracket(struct hook_message *message, const char *text)
{
    const char *end = strchr(text, '>');
    const char *bar = end ? memchr(text, '|', (size_t)(end - text)) : NULL;
    if (!end || end == text + 1 || memchr(text + 1, '<', (size_t)(end - text) - 1))
        return 0;
    const char *target = text + 1, *target_end = bar ? bar : end;
    bool is_mention = strchr("@#!", *target) != NULL;
    if (bar && is_mention) {
        say(message, *target == '#' ? "#" : "@");
        append(message, bar + 1, (size_t)(end - bar) - 1);
    } else if (is_mention) {
        say(message, "@");
        append(message, target + 1, (size_t)(target_end - target) - 1);
    } else {
        if (bar) {
            append(message, bar + 1, (size_t)(end - bar) - 1);
            say(message, " (");
        }
        append(message, target, (size_t)(target_end - target));
        say(message, bar ? ")" : "");
    }
    return (size_t)(end - text) + 1;
}

static size_t say_entity(struct hook_message *message, const char *text)
{
    static const struct {
        const char *entity, *character;
    } entities[] = {{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}};
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
        if (strncmp(text, entities[i].entity, strlen(entities[i].entity)) == 0) {
            say(message, entities[i].character);
            return strlen(entities[i].entity);
        }
    return 0;
}

void say_slack(struct hook_message *message, const char *text)
{
    while (*text) {
        size_t taken = strcspn(text, "<&");
        append(message, text, taken);
        text += taken;
        if (!*text)
            return;
        taken = *text == '<' ? say_bracket(message, text) : say_entity(message, text);
        if (taken == 0) {
            append(message, text, 1);
            taken = 1;
        }
        text += taken;
    }
}
