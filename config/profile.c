/* profile.c - memory.profile: what a small board has instead of the defaults. */
#include "config/config.h"

#include <stddef.h>
#include <string.h>

#include "config/setting.h"

#define SMALL_BELOW_BYTES (INT64_C(128) << 20)

static const struct small {
    size_t offset; /* of an int64_t in struct config */
    int64_t value;
} smalls[] = {
#define SMALL(group, name, value) {offsetof(struct config, group.name), value},
#include "config/options.def"
}, smalls_with_tls[] = {
#define SMALL_TLS(group, name, value) {offsetof(struct config, group.name), value},
#include "config/options.def"
};

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static int64_t default_of(size_t offset)
{
    size_t count;
    const struct setting *table = setting_table(&count);
    for (const struct setting *row = table; row < table + count; row++)
        if (row->kind == SETTING_INT && row->offset == offset)
            return row->number;
    return 0;
}

static const struct small *find(const struct small *table, size_t count, size_t offset)
{
    for (const struct small *each = table; each < table + count; each++)
        if (each->offset == offset)
            return each;
    return NULL;
}

bool config_small_value(size_t offset, bool has_tls, int64_t *value)
{
    const struct small *found =
        has_tls ? find(smalls_with_tls, COUNT_OF(smalls_with_tls), offset) : NULL;
    if (!found)
        found = find(smalls, COUNT_OF(smalls), offset);
    if (found)
        *value = found->value;
    return found != NULL;
}

void config_as_profile(struct config *config, enum config_profile profile)
{
    for (const struct small *each = smalls; each < smalls + COUNT_OF(smalls); each++) {
        int64_t normal = default_of(each->offset), small = each->value, now;
        (void)config_small_value(each->offset, config->tls.mode != TLS_OFF, &small);
        int64_t from = profile == PROFILE_SMALL ? normal : small;
        int64_t to = profile == PROFILE_SMALL ? small : normal;
        memcpy(&now, (const char *)config + each->offset, sizeof now);
        if (now == from)
            memcpy((char *)config + each->offset, &to, sizeof to);
    }
}

enum config_profile config_take_profile(struct config *config, int64_t ram_bytes)
{
    enum config_profile profile = (enum config_profile)config->memory.profile;
    if (profile == PROFILE_AUTO)
        profile = ram_bytes > 0 && ram_bytes < SMALL_BELOW_BYTES ? PROFILE_SMALL : PROFILE_NORMAL;
    if (profile == PROFILE_SMALL)
        config_as_profile(config, profile);
    return profile;
}
