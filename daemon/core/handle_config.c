/* handle_config.c - the settings that count, reading them again, and the log's level. */
#include <stdlib.h>
#include <string.h>

#include "daemon/core/ask.h"
#include "daemon/core/gateway_private.h"
#include "daemon/log.h"

#define CHANGES_MAX CONFIG_ROW_COUNT

_Static_assert((int)LOG_LEVEL_DEBUG == (int)LEVEL_DEBUG, "log.level and log_level are the same words");
_Static_assert((int)SETTING_SOURCE_COMMAND_LINE == (int)CONFIG_COMMAND_LINE, "and so are the sources");

static bool no_host(char *why, size_t why_size)
{
    snprintf(why, why_size, "This gateway has no configuration to read again.");
    return false;
}

void gateway_set_host(struct gateway *gateway, const struct host *host)
{
    gateway->host = host;
}

static bool read_again(const struct gateway *gateway, struct config *fresh, char *why,
                       size_t why_size)
{
    const struct host *host = gateway->host;
    return host ? host->read(host->of, fresh, why, why_size) : no_host(why, why_size);
}

/* --- settings --------------------------------------------------------------------------------- */

/* What a reply about settings points at. */
struct settings {
    struct config fresh;
    struct config_value now[CONFIG_ROW_COUNT], next[CONFIG_ROW_COUNT];
    struct record_setting_line lines[CONFIG_ROW_COUNT];
    size_t count;
};

static void fill_line(const struct config_value *value, struct record_setting_line *line)
{
    *line = (struct record_setting_line){
        .name = value->name,
        .value = value->value,
        .source = word_of(WORDS_setting_source, value->origin.source),
        .line = value->origin.line ? value->origin.line : NUMBER_ABSENT,
        .restart = value->needs_restart,
    };
}

static void fill_settings(const struct config *config, bool with_fresh, struct settings *settings)
{
    for (int row = 0; row < CONFIG_ROW_COUNT; row++) {
        struct config_value *now = &settings->now[row], *next = &settings->next[row];
        struct record_setting_line *line = &settings->lines[settings->count];
        if (!config_value(config, (enum config_row)row, now))
            continue;
        fill_line(now, line);
        if (with_fresh && config_value(&settings->fresh, (enum config_row)row, next) &&
            strcmp(now->value, next->value) != 0)
            line->next = next->value;
        settings->count++;
    }
}

enum outcome handle_settings(struct ask *ask)
{
    char why[CONFIG_WHY_BYTES];
    bool compare = ask->request.as_settings.compare;
    enum outcome outcome;
    struct settings *settings = calloc(1, sizeof *settings);
    if (!settings)
        return ask_fail(ask, ERROR_internal, NULL, NULL);
    if (compare && !read_again(ask->gateway, &settings->fresh, why, sizeof why)) {
        outcome = ask_fail(ask, ERROR_bad_request, NULL, "%s", why);
    } else {
        fill_settings(ask->gateway->config, compare, settings);
        const struct reply_settings reply = {.settings = {settings->lines, settings->count}};
        outcome = ask_reply(ask, REPLY_settings, &reply);
    }
    free(settings);
    return outcome;
}

/* --- reload ----------------------------------------------------------------------------------- */

/* Cuts a list at its spaces. */
static struct message_list split(char *list, const char **words)
{
    size_t count = 0;
    for (char *rest, *word = strtok_r(list, " ", &rest); word && count < CHANGES_MAX;
         word = strtok_r(NULL, " ", &rest))
        words[count++] = word;
    return (struct message_list){words, count};
}

static bool compare(const struct gateway *gateway, struct config_changes *changes, char *why,
                    size_t why_size)
{
    struct config *fresh = malloc(sizeof *fresh);
    bool is_read = fresh && read_again(gateway, fresh, why, why_size);
    if (is_read)
        config_compare(gateway->config, fresh, changes);
    else if (!fresh)
        snprintf(why, why_size, "There is no memory left.");
    free(fresh);
    return is_read;
}

static bool reload(const struct gateway *gateway, struct config_changes *changes, char *why,
                   size_t why_size)
{
    const struct host *host = gateway->host;
    return host ? host->reload(host->of, changes, why, why_size) : no_host(why, why_size);
}

enum outcome handle_reload(struct ask *ask)
{
    char why[CONFIG_WHY_BYTES];
    struct config_changes changes;
    const char *changed[CHANGES_MAX], *waiting[CHANGES_MAX];
    bool is_done = ask->request.as_reload.check
                       ? compare(ask->gateway, &changes, why, sizeof why)
                       : reload(ask->gateway, &changes, why, sizeof why);
    if (!is_done)
        return ask_fail(ask, ERROR_bad_request, NULL, "%s", why);
    const struct reply_reloaded reply = {.changed = split(changes.applied, changed),
                                         .waiting = split(changes.waiting, waiting)};
    return ask_reply(ask, REPLY_reloaded, &reply);
}

/* --- log_level -------------------------------------------------------------------------------- */

enum outcome handle_log_level(struct ask *ask)
{
    int level = word_find(WORDS_log_level, ask->request.as_log_level.level);
    if (level >= 0)
        log_set_level(level);
    const struct reply_log_level reply = {.level = word_of(WORDS_log_level, log_level())};
    return ask_reply(ask, REPLY_log_level, &reply);
}
