/* setting.h - reading settings of a configuration, and printing a part of it. */
#ifndef HEARTH_BRIDGE_SETTING_H
#define HEARTH_BRIDGE_SETTING_H

#include <stdbool.h>

#include <libconfig.h>

/* Of this name, or absent where there is none. */
const char *setting_text(const config_setting_t *setting, const char *name, const char *absent);
bool setting_flag(const config_setting_t *setting, const char *name, bool absent);
int setting_number(const config_setting_t *setting, const char *name, int absent);

/* The members of a group as a configuration of their own: without comments, and so the same for the same settings.
 * Owned by the caller. NULL without memory. */
char *setting_print(const config_setting_t *group);

#endif
