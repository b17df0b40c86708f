#include "config/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libconfig.h>

#include "config/setting.h"

#define FILE_BYTES_MAX 1048576

/* Why, with "FILE:LINE: " before it. */
struct place {
    const char *path;
    char *why;
    size_t why_size;
};

static void complain(const struct place *place, const char *file, unsigned line,
                     const char *sentence)
{
    snprintf(place->why, place->why_size, "%s:%u: %s", file ? file : place->path, line, sentence);
}

/* Editors on Windows begin a file with a mark that libconfig does not know. */
static void drop_byte_order_mark(char *text)
{
    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0)
        memmove(text, text + 3, strlen(text + 3) + 1);
}

/* The whole file as text, or NULL. */
static char *read_whole(const char *path, char *why, size_t why_size)
{
    FILE *file = fopen(path, "re");
    char *text = file ? malloc(FILE_BYTES_MAX + 1) : NULL;
    size_t length = 0;
    if (text)
        length = fread(text, 1, FILE_BYTES_MAX + 1, file);
    if (!text || ferror(file)) {
        snprintf(why, why_size, "%s cannot be read: %s.", path, strerror(errno));
        goto failed;
    }
    if (length > FILE_BYTES_MAX || memchr(text, '\0', length)) {
        snprintf(why, why_size, "%s is no configuration file: it is too large, or not a text.",
                 path);
        goto failed;
    }
    text[length] = '\0';
    drop_byte_order_mark(text);
    fclose(file);
    return text;
failed:
    free(text);
    if (file)
        fclose(file);
    return NULL;
}

/* Length of a comment or string at text, which ends neither with a number; 0 if there is none. */
static size_t skip_length(const char *text)
{
    const char *end = NULL;
    if (text[0] == '#' || (text[0] == '/' && text[1] == '/'))
        return strcspn(text, "\n");
    if (text[0] == '/' && text[1] == '*') {
        end = strstr(text + 2, "*/");
        return end ? (size_t)(end - text) + 2 : strlen(text);
    }
    if (text[0] != '"')
        return 0;
    for (end = text + 1; *end && *end != '"'; end++) {
        if (*end == '\\' && end[1])
            end++;
    }
    return (size_t)(end - text) + (*end ? 1 : 0);
}

/* libconfig cuts an integer without an L at its end to 32 bits and says nothing, and one beyond 64
 * bits anyhow. So each is looked at here, before the values are believed. */
static bool check_number(const struct place *place, const char *file, unsigned line,
                         const char *word, size_t length)
{
    char sentence[160];
    char *end;
    errno = 0;
    long long value = strtoll(word, &end, 0);
    size_t used = (size_t)(end - word);
    if (used == 0 || (used < length && word[used] != 'L'))
        return true; /* a fraction, or a name: libconfig knows better */
    bool is_long = used < length;
    if (errno == 0 && (is_long || (value >= INT32_MIN && value <= INT32_MAX)))
        return true;
    if (errno != 0)
        snprintf(sentence, sizeof sentence, "%.*s is too large a number.",
                 (int)(length < 40 ? length : 40), word);
    else
        snprintf(sentence, sizeof sentence,
                 "Write %lldL: a number beyond 2147483647 needs an L at its end here.", value);
    complain(place, file, line, sentence);
    return false;
}

static bool check_numbers(const struct place *place, const char *file, const char *text)
{
    unsigned line = 1;
    while (*text) {
        size_t length = skip_length(text);
        if (length == 0) {
            length =
                strspn(text, "+-.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "_*");
            if (length > 0 && !check_number(place, file, line, text, length))
                return false;
        }
        length = length > 0 ? length : 1;
        for (size_t i = 0; i < length; i++)
            line += text[i] == '\n';
        text += length;
    }
    return true;
}

static bool put_array(const struct setting *setting, struct config *config,
                      const config_setting_t *value, char *why, size_t why_size)
{
    char joined[4096];
    size_t length = 0;
    joined[0] = '\0';
    for (int i = 0; i < config_setting_length(value); i++) {
        const char *word = config_setting_get_string_elem(value, i);
        if (!word || strchr(word, ',')) {
            snprintf(why, why_size, "%s.%s must hold strings without commas.", setting->group,
                     setting->name);
            return false;
        }
        int written = snprintf(joined + length, sizeof joined - length, "%s%s", i ? "," : "", word);
        length += (size_t)written;
        if (length >= sizeof joined) {
            snprintf(why, why_size, "%s.%s is too long.", setting->group, setting->name);
            return false;
        }
    }
    return setting_put_text(setting, config, joined, why, why_size);
}

static bool put_value(const struct setting *setting, struct config *config,
                      const config_setting_t *value, char *why, size_t why_size)
{
    int type = config_setting_type(value);
    bool is_words = setting->kind == SETTING_LIST || setting->kind == SETTING_NETWORKS;
    if (setting->kind == SETTING_INT && (type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64))
        return setting_put_number(setting, config, config_setting_get_int64(value), why, why_size);
    if (setting->kind == SETTING_BOOL && type == CONFIG_TYPE_BOOL)
        return setting_put_bool(setting, config, config_setting_get_bool(value) != 0);
    if (is_words && (type == CONFIG_TYPE_ARRAY || type == CONFIG_TYPE_LIST))
        return put_array(setting, config, value, why, why_size);
    if (setting->kind != SETTING_INT && setting->kind != SETTING_BOOL && type == CONFIG_TYPE_STRING)
        return setting_put_text(setting, config, config_setting_get_string(value), why, why_size);
    snprintf(why, why_size, "%s.%s must be %s.", setting->group, setting->name,
             setting_kind_words(setting));
    return false;
}

/* The setting of this name, or the one that an earlier version called so. */
static const struct setting *find_setting(struct config *config, const char *group,
                                          const char *name)
{
    char old[64], now[64];
    const struct setting *setting = setting_find(group, strlen(group), name);
    if (setting || !(setting = setting_of_today(group, strlen(group), name, old)))
        return setting;
    snprintf(now, sizeof now, "%s.%s", setting->group, setting->name);
    setting_note_outdated(config, old, now);
    return setting;
}

static bool put_setting(const struct place *place, struct config *config, const char *group,
                        const config_setting_t *value)
{
    char sentence[CONFIG_WHY_BYTES];
    const char *name = config_setting_name(value);
    const struct setting *setting = find_setting(config, group, name);
    if (!setting)
        snprintf(sentence, sizeof sentence, "There is no setting \"%.40s.%.60s\".", group, name);
    else if (put_value(setting, config, value, sentence, sizeof sentence)) {
        bool is_included = config_setting_source_file(value) != NULL;
        setting_note_origin(setting, config, CONFIG_FILE,
                            is_included ? 0 : config_setting_source_line(value));
        return true;
    }
    complain(place, config_setting_source_file(value), config_setting_source_line(value), sentence);
    return false;
}

static bool put_group(const struct place *place, struct config *config,
                      const config_setting_t *group)
{
    char sentence[CONFIG_WHY_BYTES];
    const char *name = config_setting_name(group);
    if (!setting_find(name, strlen(name), NULL)) {
        snprintf(sentence, sizeof sentence, "There is no group \"%.60s\".", name);
    } else if (!config_setting_is_group(group)) {
        snprintf(sentence, sizeof sentence, "%.60s must be a group: %.60s = { ... };", name, name);
    } else {
        for (int i = 0; i < config_setting_length(group); i++) {
            if (!put_setting(place, config, name, config_setting_get_elem(group, (unsigned)i)))
                return false;
        }
        return true;
    }
    complain(place, config_setting_source_file(group), config_setting_source_line(group), sentence);
    return false;
}

/* Reads a file that was included. Its name is relative to the folder of the first (some versions of
 * libconfig tell it with that folder, some without). */
static char *read_included(const struct place *place, const char *file)
{
    char beside[4096];
    const char *slash = strrchr(place->path, '/');
    int folder = slash && file[0] != '/' ? (int)(slash - place->path) + 1 : 0;
    snprintf(beside, sizeof beside, "%.*s%s", folder, place->path, file);
    char *text = read_whole(beside, place->why, place->why_size);
    return text ? text : read_whole(file, place->why, place->why_size);
}

/* Files that were included have numbers too. */
static bool check_included(const struct place *place, const config_setting_t *setting,
                           const char **checked)
{
    const char *file = config_setting_source_file(setting);
    if (file && (!*checked || strcmp(file, *checked) != 0)) {
        char *text = read_included(place, file);
        bool fine = text && check_numbers(place, file, text);
        free(text);
        if (!fine)
            return false;
        *checked = file;
    }
    for (int i = 0; config_setting_is_group(setting) && i < config_setting_length(setting); i++) {
        if (!check_included(place, config_setting_get_elem(setting, (unsigned)i), checked))
            return false;
    }
    return true;
}

static bool parse(const struct place *place, config_t *parsed, const char *text)
{
    char sentence[CONFIG_WHY_BYTES];
    const char *slash = strrchr(place->path, '/');
    char *folder = slash ? strndup(place->path, (size_t)(slash - place->path)) : NULL;
    if (folder)
        config_set_include_dir(parsed, folder[0] ? folder : "/");
    free(folder);
    if (config_read_string(parsed, text) == CONFIG_TRUE)
        return true;
    snprintf(sentence, sizeof sentence, "The file cannot be understood here: %s.",
             config_error_text(parsed));
    complain(place, config_error_file(parsed), (unsigned)config_error_line(parsed), sentence);
    return false;
}

bool config_load(struct config *config, const char *path, char *why, size_t why_size)
{
    struct place place = {path, why, why_size};
    const char *checked = NULL;
    config_t parsed;
    struct config *copy = malloc(sizeof *copy);
    char *text = read_whole(path, why, why_size);
    bool fine = copy && text;
    config_init(&parsed);
    fine = fine && check_numbers(&place, NULL, text) && parse(&place, &parsed, text) &&
           check_included(&place, config_root_setting(&parsed), &checked);
    if (fine) {
        const config_setting_t *root = config_root_setting(&parsed);
        *copy = *config;
        for (int i = 0; fine && i < config_setting_length(root); i++)
            fine = put_group(&place, copy, config_setting_get_elem(root, (unsigned)i));
    }
    if (fine)
        *config = *copy;
    config_destroy(&parsed);
    free(copy);
    free(text);
    return fine;
}
