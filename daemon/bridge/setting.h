/* setting.h - reading settings of a configuration, and printing a part of it. */
#ifndef HEARTH_BRIDGE_SETTING_H
#define HEARTH_BRIDGE_SETTING_H

#include <stdbool.h>
#include <stddef.h>

#include <libconfig.h>

/* Of this name, or absent where there is none, or one of another type: then setting_wrong tells. The loop's thread. */
const char *setting_text(const config_setting_t *setting, const char *name, const char *absent);
bool setting_flag(const config_setting_t *setting, const char *name, bool absent);
int setting_number(const config_setting_t *setting, const char *name, int absent);

/* Whether one was asked for as what it is not, since this was asked last; why names the first of them. */
bool setting_wrong(char *why, size_t size);

/* The members of a group as a configuration of their own: without comments, and so the same for the same settings.
 * Owned by the caller. NULL without memory. */
char *setting_print(const config_setting_t *group);

#endif
