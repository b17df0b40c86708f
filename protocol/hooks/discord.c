/* discord.c - Discord: content and embeds become one text. */
#include "protocol/hooks/formats.h"

#define EMBEDS_MAX 10 /* as Discord has it */
#define FIELDS_MAX 25

bool discord_is(const struct hook_post *post, const json_t *root)
{
    (void)post;
    return json_is_string(json_object_get(root, "content")) ||
           json_is_array(json_object_get(root, "embeds"));
}

static void say_embed(struct hook_message *message, const json_t *embed)
{
    size_t i;
    json_t *field;
    say_line(message, say_at(embed, "author.name"));
    say_line(message, say_get(embed, "title"));
    say_link(message, say_get(embed, "url"));
    say_line(message, say_get(embed, "description"));
    json_array_foreach(json_object_get(embed, "fields"), i, field)
    {
        if (i == FIELDS_MAX)
            break;
        say_line(message, say_get(field, "name"));
        say(message, say_get(field, "name")[0] ? ": " : "");
        say(message, say_get(field, "value"));
    }
    say_line(message, say_at(embed, "image.url"));
}

bool discord_read(const struct hook_post *post, const json_t *root, struct hook_messages *messages)
{
    (void)post;
    size_t i;
    json_t *embed;
    struct hook_message *message = say_begin(messages);
    say_copy(message->as, sizeof message->as, say_get(root, "username"));
    say(message, say_get(root, "content"));
    json_array_foreach(json_object_get(root, "embeds"), i, embed)
    {
        if (i == EMBEDS_MAX)
            break;
        say_embed(message, embed);
    }
    messages->why = "There is no text in content or embeds.";
    return message->text.length > 0;
}
