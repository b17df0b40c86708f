/* take.c - a configuration that is read again: what of it counts now. */
#include <inttypes.h>
#include <string.h>

#include "config/setting.h"

static size_t size_of(const struct setting *setting)
{
    switch (setting->kind) {
    case SETTING_INT:
        return sizeof(int64_t);
    case SETTING_BOOL:
        return sizeof(bool);
    case SETTING_CHOICE:
        return sizeof(int);
    case SETTING_TEXT:
    case SETTING_NETWORKS:
    case SETTING_LIST:
        return (size_t)setting->max + 1;
    case SETTING_GROUP:
        break;
    }
    return 0;
}

static bool is_same(const struct setting *setting, const void *a, const void *b)
{
    bool is_text = setting->kind == SETTING_TEXT || setting->kind == SETTING_NETWORKS ||
                   setting->kind == SETTING_LIST;
    return is_text ? strcmp(a, b) == 0 : memcmp(a, b, size_of(setting)) == 0;
}

/* A list that is full is long enough for whoever reads it. */
static void note(const struct setting *setting, char *list, size_t size)
{
    size_t length = strlen(list);
    snprintf(list + length, size - length, "%s%s.%s", length ? " " : "", setting->group,
             setting->name);
}

void config_compare(const struct config *config, const struct config *fresh,
                    struct config_changes *changes)
{
    size_t count;
    const struct setting *table = setting_table(&count);
    changes->applied[0] = changes->waiting[0] = '\0';
    for (const struct setting *row = table; row < table + count; row++) {
        const char *now = (const char *)config + row->offset;
        const char *then = (const char *)fresh + row->offset;
        if (row->kind == SETTING_GROUP || is_same(row, now, then))
            continue;
        if (setting_needs_restart(row))
            note(row, changes->waiting, sizeof changes->waiting);
        else
            note(row, changes->applied, sizeof changes->applied);
    }
}

void config_take(struct config *config, const struct config *fresh, struct config_changes *changes)
{
    size_t count;
    const struct setting *table = setting_table(&count);
    config_compare(config, fresh, changes);
    for (size_t i = 0; i < count; i++) {
        const struct setting *row = &table[i];
        void *now = (char *)config + row->offset;
        const void *then = (const char *)fresh + row->offset;
        if (row->kind == SETTING_GROUP || (setting_needs_restart(row) && !is_same(row, now, then)))
            continue;
        memcpy(now, then, size_of(row));
        config->origins[i] = fresh->origins[i];
    }
    memcpy(config->outdated, fresh->outdated, sizeof config->outdated);
}

static void print_value(const struct setting *setting, const void *at, struct config_value *value)
{
    int64_t number;
    value->value = value->digits;
    switch (setting->kind) {
    case SETTING_INT:
        memcpy(&number, at, sizeof number);
        snprintf(value->digits, sizeof value->digits, "%" PRId64, number);
        break;
    case SETTING_BOOL:
        value->value = *(const bool *)at ? "true" : "false";
        break;
    case SETTING_CHOICE:
        (void)setting_word(setting, *(const int *)at, value->digits, sizeof value->digits);
        break;
    case SETTING_TEXT:
    case SETTING_NETWORKS:
    case SETTING_LIST:
    case SETTING_GROUP:
        value->value = at;
        break;
    }
}

bool config_value(const struct config *config, enum config_row row, struct config_value *value)
{
    size_t count;
    const struct setting *setting = &setting_table(&count)[row];
    if (setting->kind == SETTING_GROUP)
        return false;
    snprintf(value->name, sizeof value->name, "%s.%s", setting->group, setting->name);
    print_value(setting, (const char *)config + setting->offset, value);
    value->origin = config->origins[row];
    value->needs_restart = setting_needs_restart(setting);
    return true;
}
