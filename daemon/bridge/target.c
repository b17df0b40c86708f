#include "daemon/bridge/target.h"

#include "daemon/bridge/link.h"
#include "daemon/bridge/setting.h"
#include "daemon/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TARGETS_MAX 64
#define RATE_MOST 1000
#define NOTE_GONE_MS 5000

struct target {
    const struct driver *driver;
    void *of;        /* the driver's; NULL: not open */
    char *text;      /* its group, see setting_print */
    config_t config; /* of text */
    unsigned line;   /* of the file */
};

/* All of a configuration: those of the one that holds are bridge->targets. */
struct targets {
    struct target *items[TARGETS_MAX]; /* owned */
    size_t count;
    char url[URL_BYTES_MAX], public_url[URL_BYTES_MAX], authorization[256], ca[256], metrics[256];
};

static const struct driver *const drivers[] = {
    &webhook_driver,
    &ntfy_driver,
    &matterbridge_driver,
#ifdef HEARTH_BRIDGE_MQTT
    &mqtt_driver,
#endif
#ifdef HEARTH_BRIDGE_MESHTASTIC
    &meshtastic_driver,
#endif
};

static bool complain(const char *path, unsigned line, const char *why)
{
    fprintf(stderr, "hearth-bridge: %s:%u: %s\n", path, line, why);
    return false;
}

/* --- one of them ---------------------------------------------------------------------------------- */

static const config_setting_t *group_of(const struct target *target)
{
    return config_root_setting(&target->config);
}

static const char *name_of(const struct target *target)
{
    return setting_text(group_of(target), "name", target->driver->name);
}

static void forget(struct target *target)
{
    if (!target)
        return;
    config_destroy(&target->config);
    free(target->text);
    free(target);
}

static void forget_all(struct targets *targets)
{
    for (size_t i = 0; i < targets->count; i++)
        forget(targets->items[i]);
    free(targets);
}

/* kinds = ["message", "edit"] as "message,edit". */
static void join_kinds(const config_setting_t *group, char out[128])
{
    const config_setting_t *kinds = config_setting_get_member(group, "kinds");
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; kinds && i < config_setting_length(kinds); i++) {
        const char *kind = config_setting_get_string_elem(kinds, i);
        if (kind && used + strlen(kind) + 2 < 128)
            used += (size_t)snprintf(out + used, 128 - used, "%s%s", used > 0 ? "," : "", kind);
    }
}

static bool add_links(struct bridge *bridge, const struct target *target)
{
    const config_setting_t *group = group_of(target), *rooms = config_setting_get_member(group, "rooms");
    struct link_plan plan = {.driver = target->driver, .target = target->of, .name = name_of(target),
                             .rate = setting_number(group, "rate", 0),
                             .filter = {.mention = setting_text(group, "mention", ""),
                                        .via = setting_text(group, "via", target->driver->via)}};
    join_kinds(group, plan.filter.kinds);
    for (int i = 0; i < config_setting_length(rooms); i++) {
        plan.room = config_setting_get_string_elem(rooms, i);
        if (!link_add(bridge, &plan))
            return false;
    }
    return true;
}

/* The links end first: they are the driver's. */
static void close_target(struct bridge *bridge, struct target *target)
{
    links_destroy(bridge, target->of);
    target->driver->close(target->of);
    forget(target);
}

static bool open_target(struct bridge *bridge, struct target *target, char *why, size_t why_size)
{
    target->of = target->driver->open(bridge, group_of(target), why, why_size);
    if (!target->of || add_links(bridge, target))
        return target->of != NULL;
    links_destroy(bridge, target->of);
    target->driver->close(target->of);
    target->of = NULL;
    return false;
}

/* --- what is wrong with one ------------------------------------------------------------------------ */

static const char *wrong_word(const struct target *target)
{
    static const char common[] = " name rooms kinds mention rate via ";
    const config_setting_t *group = group_of(target);
    for (int i = 0; i < config_setting_length(group); i++) {
        const char *name = config_setting_name(config_setting_get_elem(group, (unsigned)i));
        char word[80];
        snprintf(word, sizeof word, " %.70s ", name);
        if (!strstr(common, word) && !strstr(target->driver->settings, word))
            return name;
    }
    return NULL;
}

static bool are_texts(const config_setting_t *list)
{
    for (int i = 0; i < config_setting_length(list); i++) {
        const char *text = config_setting_get_string_elem(list, i);
        if (!text || !text[0])
            return false;
    }
    return config_setting_length(list) > 0;
}

static bool are_kinds(const config_setting_t *kinds)
{
    for (int i = 0; i < config_setting_length(kinds); i++) {
        const char *kind = config_setting_get_string_elem(kinds, i);
        if (!kind || !filter_is_entry(kind))
            return false;
    }
    return config_setting_length(kinds) > 0;
}

/* False: why says what is wrong. What the driver reads itself it judges itself. */
static bool is_right(const struct target *target, char *why, size_t size)
{
    const config_setting_t *group = group_of(target), *rooms = config_setting_get_member(group, "rooms");
    const config_setting_t *kinds = config_setting_get_member(group, "kinds");
    const char *word = wrong_word(target);
    int rate = setting_number(group, "rate", 0);
    why[0] = '\0';
    if (word)
        snprintf(why, size, "%s has no setting %.70s", target->driver->group, word);
    else if (!rooms || !are_texts(rooms))
        snprintf(why, size, "rooms is missing, or no list of names: rooms = [\"lobby\"]");
    else if (kinds && !are_kinds(kinds))
        snprintf(why, size, "kinds is a list of message, edit, delete, reaction and topic");
    else if (rate < 0 || rate > RATE_MOST)
        snprintf(why, size, "rate is 0 to %d entries a second", RATE_MOST);
    else if (strlen(name_of(target)) > 64 || !name_of(target)[0])
        snprintf(why, size, "name is 1 to 64 bytes long");
    return !why[0] && !setting_wrong(why, size);
}

/* --- the file ------------------------------------------------------------------------------------- */

static bool is_name_taken(const struct targets *targets, const char *name)
{
    for (size_t i = 0; i < targets->count; i++)
        if (strcmp(name_of(targets->items[i]), name) == 0)
            return true;
    return false;
}

/* A target of a group, not open yet. NULL without memory. */
static struct target *create(const config_setting_t *group, const struct driver *driver)
{
    struct target *target = calloc(1, sizeof *target);
    if (!target)
        return NULL;
    config_init(&target->config);
    target->driver = driver;
    target->text = setting_print(group);
    target->line = config_setting_source_line(group);
    if (target->text && config_read_string(&target->config, target->text))
        return target;
    forget(target);
    return NULL;
}

static bool add(struct targets *targets, const char *path, const config_setting_t *group, const struct driver *driver)
{
    struct target *target = create(group, driver);
    char why[200] = "there is no memory";
    bool is_fine = target && is_right(target, why, sizeof why);
    if (is_fine && targets->count == TARGETS_MAX)
        snprintf(why, sizeof why, "there are more than %d targets", TARGETS_MAX);
    else if (is_fine && is_name_taken(targets, name_of(target)))
        snprintf(why, sizeof why, "there are two named %s: name is the cursor's, too", name_of(target));
    else if (is_fine) {
        targets->items[targets->count++] = target;
        return true;
    }
    forget(target);
    return complain(path, config_setting_source_line(group), why);
}

static bool read_groups(struct targets *targets, const char *path, const config_t *config)
{
    for (size_t k = 0; k < sizeof drivers / sizeof *drivers; k++) {
        const config_setting_t *list = config_lookup(config, drivers[k]->group);
        if (list && !config_setting_is_list(list))
            return complain(path, config_setting_source_line(list),
                            "this must be a list of groups: ( { ... }, { ... } )");
        for (int i = 0; list && i < config_setting_length(list); i++)
            if (!add(targets, path, config_setting_get_elem(list, (unsigned)i), drivers[k]))
                return false;
    }
    return targets->count > 0 || complain(path, 0, "there is nothing to carry: see webhooks, ntfy and mqtt");
}

static bool is_known_group(const char *name)
{
    for (size_t i = 0; i < sizeof drivers / sizeof *drivers; i++)
        if (strcmp(drivers[i]->group, name) == 0)
            return true;
    return strcmp(name, "gateway") == 0 || strcmp(name, "metrics") == 0;
}

/* Without a slash at its end. */
static void copy_url(const char *url, char out[URL_BYTES_MAX])
{
    size_t length = strlen(url);
    while (length > 0 && url[length - 1] == '/')
        length--;
    snprintf(out, URL_BYTES_MAX, "%.*s", (int)length, url);
}

static bool is_url(const char *url)
{
    return strncmp(url, "http", 4) == 0 && strlen(url) < URL_BYTES_MAX;
}

static bool read_gateway(struct targets *targets, const char *path, const config_t *config)
{
    const config_setting_t *gateway = config_lookup(config, "gateway"), *root = config_root_setting(config);
    unsigned line = gateway ? config_setting_source_line(gateway) : 0;
    const char *url = gateway ? setting_text(gateway, "url", "http://127.0.0.1:8080") : "";
    const char *public_url = gateway ? setting_text(gateway, "public_url", "") : "";
    const char *token = gateway ? setting_text(gateway, "token", "") : "";
    char why[128];
    for (int i = 0; i < config_setting_length(root); i++) {
        const config_setting_t *group = config_setting_get_elem(root, (unsigned)i);
        snprintf(why, sizeof why, "nothing of this name can be set: %.70s", config_setting_name(group));
        if (!is_known_group(config_setting_name(group)))
            return complain(path, config_setting_source_line(group), why);
    }
    if (strncmp(token, "hearth_", 7) != 0 || strlen(token) > 128)
        return complain(path, line, token[0] ? "gateway.token is no token: hearthctl token create NAME --role bridge prints one"
                                             : "gateway.token is missing: hearthctl token create NAME --role bridge");
    if (!is_url(url))
        return complain(path, line, "gateway.url must begin with http:// or https://");
    if (public_url[0] && !is_url(public_url))
        return complain(path, line, "gateway.public_url must begin with http:// or https://");
    copy_url(url, targets->url);
    copy_url(public_url, targets->public_url);
    snprintf(targets->authorization, sizeof targets->authorization, "Authorization: Bearer %s", token);
    snprintf(targets->ca, sizeof targets->ca, "%s", setting_text(gateway, "ca", ""));
    snprintf(targets->metrics, sizeof targets->metrics, "%s", setting_text(root, "metrics", ""));
    if (setting_wrong(why, sizeof why))
        return complain(path, line, why);
    return true;
}

static bool read_file(struct targets *targets, const char *path)
{
    config_t config;
    config_init(&config);
    bool is_read = config_read_file(&config, path);
    bool is_fine = is_read && read_gateway(targets, path, &config) && read_groups(targets, path, &config);
    const char *file = config_error_file(&config);
    if (!is_read)
        complain(file ? file : path, (unsigned)config_error_line(&config), file ? config_error_text(&config) : strerror(errno));
    config_destroy(&config);
    return is_fine;
}

/* --- taking it over ------------------------------------------------------------------------------- */

/* The open one of the same text. */
static struct target **find_same(struct targets *targets, const struct target *target)
{
    for (size_t i = 0; targets && i < targets->count; i++)
        if (targets->items[i] && targets->items[i]->driver == target->driver &&
            strcmp(targets->items[i]->text, target->text) == 0)
            return &targets->items[i];
    return NULL;
}

/* Whether each could be opened, connecting to nothing. */
static bool try_all(struct bridge *bridge, struct targets *targets, const char *path)
{
    bool was_dry_run = bridge->is_dry_run, is_fine = true;
    bridge->is_dry_run = true;
    for (size_t i = 0; is_fine && i < targets->count; i++) {
        struct target *target = targets->items[i];
        char why[200];
        void *of = target->driver->open(bridge, group_of(target), why, sizeof why);
        is_fine = (of && !setting_wrong(why, sizeof why)) || complain(path, target->line, why);
        if (of)
            target->driver->close(of);
    }
    bridge->is_dry_run = was_dry_run;
    return is_fine;
}

static bool is_same_gateway(const struct bridge *bridge, const struct targets *targets)
{
    return strcmp(bridge->url, targets->url) == 0 && strcmp(bridge->ca, targets->ca) == 0 &&
           strcmp(bridge->authorization, targets->authorization) == 0;
}

static void keep_same(struct bridge *bridge, struct targets *targets)
{
    for (size_t i = 0; i < targets->count && is_same_gateway(bridge, targets); i++) {
        struct target **same = find_same(bridge->targets, targets->items[i]);
        if (!same)
            continue;
        (*same)->line = targets->items[i]->line;
        forget(targets->items[i]);
        targets->items[i] = *same;
        *same = NULL;
    }
}

/* What has gone notes how far it got. */
static void note_gone(struct bridge *bridge, const struct targets *gone)
{
    int64_t until_ms = bridge_now_ms() + NOTE_GONE_MS;
    bool are_noted = false;
    for (size_t i = 0; i < gone->count; i++)
        if (gone->items[i])
            links_stop(bridge, gone->items[i]->of);
    while (!are_noted && bridge_now_ms() < until_ms) {
        are_noted = true;
        for (size_t i = 0; i < gone->count; i++)
            are_noted &= !gone->items[i] || links_are_noted(bridge, gone->items[i]->of);
        (void)links_tick(bridge);
        web_turn(bridge->web, are_noted ? 0 : 50);
    }
}

static void close_all(struct bridge *bridge, struct targets *targets)
{
    for (size_t i = 0; i < targets->count; i++)
        if (targets->items[i])
            close_target(bridge, targets->items[i]);
    free(targets);
}

static void open_new(struct bridge *bridge, struct targets *targets)
{
    for (size_t i = 0; i < targets->count; i++) {
        struct target *target = targets->items[i];
        char why[200] = "there is no memory";
        if (target->of || open_target(bridge, target, why, sizeof why))
            continue;
        log_error("bridge: a target cannot be opened name=%s why=\"%s\"", name_of(target), why);
        targets->items[i--] = targets->items[--targets->count];
        forget(target);
    }
}

static void take_over(struct bridge *bridge, struct targets *targets)
{
    struct targets *gone = bridge->targets;
    keep_same(bridge, targets);
    bridge->targets = targets;
    if (gone) {
        note_gone(bridge, gone);
        close_all(bridge, gone);
    }
    if (!is_same_gateway(bridge, targets)) { /* else the threads of those that stay may read it now */
        bridge->uid[0] = '\0';
        memcpy(bridge->url, targets->url, sizeof bridge->url);
        memcpy(bridge->authorization, targets->authorization, sizeof bridge->authorization);
        memcpy(bridge->ca, targets->ca, sizeof bridge->ca);
    }
    memcpy(bridge->public_url, targets->public_url, sizeof bridge->public_url);
    memcpy(bridge->metrics, targets->metrics, sizeof bridge->metrics);
    open_new(bridge, targets);
}

bool targets_read(struct bridge *bridge, const char *path, bool is_check)
{
    struct targets *targets = calloc(1, sizeof *targets);
    if (!targets)
        return complain(path, 0, "there is no memory");
    bool is_fine = read_file(targets, path) && try_all(bridge, targets, path);
    if (is_fine && !is_check)
        take_over(bridge, targets);
    else
        forget_all(targets);
    return is_fine;
}

/* --- all of them ---------------------------------------------------------------------------------- */

size_t targets_count(const struct bridge *bridge)
{
    return bridge->targets ? bridge->targets->count : 0;
}

void targets_tick(struct bridge *bridge)
{
    for (size_t i = 0; i < targets_count(bridge); i++)
        if (bridge->targets->items[i]->of && bridge->targets->items[i]->driver->tick)
            bridge->targets->items[i]->driver->tick(bridge->targets->items[i]->of);
}

bool targets_are_well(const struct bridge *bridge)
{
    for (size_t i = 0; i < targets_count(bridge); i++) {
        const struct target *target = bridge->targets->items[i];
        if (target->of && target->driver->trouble && target->driver->trouble(target->of)[0])
            return false;
    }
    return true;
}

void targets_close(struct bridge *bridge)
{
    if (bridge->targets)
        close_all(bridge, bridge->targets);
    bridge->targets = NULL;
}
