#include "config/config.h"

#include <stdio.h>

#include "protocol/name.h"

static bool check_room(const struct config *config, const char *setting, const char *room,
                       char *why, size_t why_size)
{
    char kept[NAME_BYTES_MAX + 1];
    enum name_result result =
        name_normalise(room, (size_t)config->limits.name_characters, kept);
    if (result == NAME_OK)
        return true;
    if (!room[0]) {
        snprintf(why, why_size, "%s is empty; it must name a room.", setting);
        return false;
    }
    snprintf(why, why_size, "%s is \"%s\"; it must name a room. %s", setting, room,
             name_result_sentence(result));
    return false;
}

bool config_check_names(const struct config *config, char *why, size_t why_size)
{
    return check_room(config, "rooms.first", config->rooms.first, why, why_size) &&
           (!config->plain.enabled ||
            check_room(config, "plain.room", config->plain.room, why, why_size));
}
