#include "config/setting.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/text.h"

static const struct setting table[] = {
#define GROUP(group, sentence) {SETTING_GROUP, #group, NULL, sentence, 0, NULL, 0, 0, 0, "", ""},
#define TEXT(group, name, default, max_bytes, sentence)                                            \
    {SETTING_TEXT, #group, #name, sentence, offsetof(struct config, group.name), default, 0, 0,    \
     max_bytes, "", ""},
#define NETWORKS(group, name, default, max_bytes, sentence)                                        \
    {SETTING_NETWORKS, #group, #name, sentence, offsetof(struct config, group.name), default, 0,   \
     0, max_bytes, "", ""},
#define LIST(group, name, default, max_bytes, sentence)                                            \
    {SETTING_LIST, #group, #name, sentence, offsetof(struct config, group.name), default, 0, 0,    \
     max_bytes, "", ""},
#define INT(group, name, default, min, max, unit, sentence)                                        \
    {SETTING_INT, #group, #name, sentence, offsetof(struct config, group.name), NULL, default,     \
     min, max, unit, ""},
#define BOOL(group, name, default, sentence)                                                       \
    {SETTING_BOOL, #group, #name, sentence, offsetof(struct config, group.name), NULL, default, 0, \
     1, "", ""},
#define CHOICE(group, name, default, words, sentence)                                              \
    {SETTING_CHOICE, #group, #name, sentence, offsetof(struct config, group.name), NULL, default,  \
     0, 0, "", words},
#include "config/options.def"
};

const struct setting *setting_table(size_t *count)
{
    *count = sizeof table / sizeof *table;
    return table;
}

const struct setting *setting_find(const char *group, size_t group_length, const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct setting *row = &table[i];
        if (strlen(row->group) != group_length || strncmp(row->group, group, group_length) != 0)
            continue;
        if (!name || (row->name && strcmp(row->name, name) == 0))
            return row;
    }
    return NULL;
}

void setting_note_origin(const struct setting *setting, struct config *config,
                         enum config_source source, unsigned line)
{
    config->origins[setting - table] = (struct config_origin){
        .source = (unsigned char)source, .line = (unsigned short)(line > USHRT_MAX ? 0 : line)};
}

bool setting_needs_restart(const struct setting *setting)
{
    static const size_t offsets[] = {
#define RESTART(group, name) offsetof(struct config, group.name),
#include "config/options.def"
    };
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++)
        if (setting->kind != SETTING_GROUP && setting->offset == offsets[i])
            return true;
    return false;
}

const char *setting_kind_words(const struct setting *setting)
{
    switch (setting->kind) {
    case SETTING_INT:
        return "an integer";
    case SETTING_BOOL:
        return "true or false";
    case SETTING_NETWORKS:
    case SETTING_LIST:
        return "a string or an array of strings";
    case SETTING_GROUP:
        return "a group { ... }";
    case SETTING_TEXT:
    case SETTING_CHOICE:
        break;
    }
    return "a string";
}

bool setting_word(const struct setting *setting, int64_t index, char *out, size_t out_size)
{
    const char *word = setting->words;
    while (index-- > 0) {
        word = strchr(word, '|');
        if (!word)
            return false;
        word++;
    }
    snprintf(out, out_size, "%.*s", (int)strcspn(word, "|"), word);
    return true;
}

bool setting_put_number(const struct setting *setting, struct config *config, int64_t value,
                        char *why, size_t why_size)
{
    if (value < setting->min || value > setting->max) {
        snprintf(why, why_size, "%s.%s is %" PRId64 "; it must be %" PRId64 " to %" PRId64 "%s%s.",
                 setting->group, setting->name, value, setting->min, setting->max,
                 setting->unit[0] ? " " : "", setting->unit);
        return false;
    }
    memcpy((char *)config + setting->offset, &value, sizeof value);
    return true;
}

bool setting_put_bool(const struct setting *setting, struct config *config, bool value)
{
    memcpy((char *)config + setting->offset, &value, sizeof value);
    return true;
}

void setting_note_outdated(struct config *config, const char *old, const char *now)
{
    size_t length = strlen(config->outdated);
    snprintf(config->outdated + length, sizeof config->outdated - length, "%s%s is called %s now",
             length ? ", " : "", old, now);
}

const struct setting *setting_of_today(const char *group, size_t group_length, const char *name,
                                       char old[64])
{
    static const struct {
        size_t offset;
        const char *old;
    } renamed[] = {
#define RENAMED(group, name, old) {offsetof(struct config, group.name), old},
#include "config/options.def"
        {0, NULL},
    };
    snprintf(old, 64, "%.*s.%s", (int)group_length, group, name);
    for (size_t i = 0; renamed[i].old; i++)
        for (const struct setting *row = table; strcmp(renamed[i].old, old) == 0 &&
                                                row < table + sizeof table / sizeof *table; row++)
            if (row->name && row->offset == renamed[i].offset)
                return row;
    return NULL;
}

/* The word of today for one that an earlier version had. */
static const char *word_of_today(const struct setting *setting, struct config *config,
                                 const char *value)
{
    char old[128], word[128];
    static const struct {
        size_t offset;
        const char *old, *word;
    } former[] = {
#define FORMER(group, name, old, word) {offsetof(struct config, group.name), old, word},
#include "config/options.def"
    };
    for (size_t i = 0; i < sizeof former / sizeof *former; i++)
        if (former[i].offset == setting->offset && strcmp(former[i].old, value) == 0) {
            snprintf(old, sizeof old, "%s.%s = \"%s\"", setting->group, setting->name, value);
            snprintf(word, sizeof word, "\"%s\"", former[i].word);
            setting_note_outdated(config, old, word);
            return former[i].word;
        }
    return value;
}

static bool put_choice(const struct setting *setting, struct config *config, const char *value,
                       char *why, size_t why_size)
{
    char word[32];
    value = word_of_today(setting, config, value);
    for (int index = 0; setting_word(setting, index, word, sizeof word); index++) {
        if (strcmp(word, value) == 0) {
            memcpy((char *)config + setting->offset, &index, sizeof index);
            return true;
        }
    }
    snprintf(why, why_size, "%s.%s is \"%.60s\"; it must be one of %s.", setting->group,
             setting->name, value, setting->words);
    return false;
}

/* An address, or a network such as 192.168.0.0/16 or fd00::/8. */
static bool is_network(const char *word, size_t length)
{
    char copy[INET6_ADDRSTRLEN + 8];
    struct in6_addr address;
    if (length >= sizeof copy)
        return false;
    memcpy(copy, word, length);
    copy[length] = '\0';
    char *slash = strchr(copy, '/');
    if (slash)
        *slash++ = '\0';
    bool is_v4 = inet_pton(AF_INET, copy, &address) == 1;
    if (!is_v4 && inet_pton(AF_INET6, copy, &address) != 1)
        return false;
    if (!slash)
        return true;
    size_t digits = strspn(slash, "0123456789");
    return digits >= 1 && digits <= 3 && slash[digits] == '\0' && atoi(slash) <= (is_v4 ? 32 : 128);
}

/* Words stand between commas; spaces around them do not count, empty ones are none. */
static bool check_words(const struct setting *setting, const char *value, char *why,
                        size_t why_size)
{
    for (const char *at = value; *at; at += strspn(at, ",")) {
        at += strspn(at, " ");
        size_t whole = strcspn(at, ",");
        size_t length = whole;
        while (length > 0 && at[length - 1] == ' ')
            length--;
        if (memchr(at, ' ', length)) {
            snprintf(why, why_size, "%s.%s holds \"%.*s\"; put a comma between words.",
                     setting->group, setting->name, (int)length, at);
            return false;
        }
        if (setting->kind == SETTING_NETWORKS && length > 0 && !is_network(at, length)) {
            snprintf(why, why_size,
                     "%s.%s holds \"%.*s\"; it must be an address, or a network such as "
                     "192.168.0.0/16 or fd00::/8.",
                     setting->group, setting->name, (int)length, at);
            return false;
        }
        at += whole;
    }
    return true;
}

bool setting_put_text(const struct setting *setting, struct config *config, const char *value,
                      char *why, size_t why_size)
{
    if (setting->kind == SETTING_CHOICE)
        return put_choice(setting, config, value, why, why_size);
    size_t length = strlen(value);
    if (length > (size_t)setting->max) {
        snprintf(why, why_size, "%s.%s has %zu bytes; it may have at most %" PRId64 ".",
                 setting->group, setting->name, length, setting->max);
        return false;
    }
    if (!text_is_clean(value, TEXT_LINE)) {
        snprintf(why, why_size,
                 text_is_utf8(value, length) ? "%s.%s may not hold control characters."
                                             : "%s.%s must be UTF-8; the file is in another "
                                               "encoding.",
                 setting->group, setting->name);
        return false;
    }
    if (setting->kind != SETTING_TEXT && !check_words(setting, value, why, why_size))
        return false;
    memcpy((char *)config + setting->offset, value, length + 1);
    return true;
}
