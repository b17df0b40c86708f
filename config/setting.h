/* setting.h - the table of options.def, for config/ only: one row a setting, and how a value gets
 * into struct config. */
#ifndef HEARTH_CONFIG_SETTING_H
#define HEARTH_CONFIG_SETTING_H

#include "config/config.h"

enum setting_kind {
    SETTING_GROUP, /* begins a group; name is NULL */
    SETTING_TEXT,
    SETTING_NETWORKS,
    SETTING_LIST,
    SETTING_INT,
    SETTING_BOOL,
    SETTING_CHOICE
};

struct setting {
    enum setting_kind kind;
    const char *group;
    const char *name;
    const char *sentence;
    size_t offset;     /* in struct config */
    const char *text;  /* default of TEXT, NETWORKS, LIST */
    int64_t number;    /* default of the others */
    int64_t min, max;  /* values of INT; max also bytes of a text, index of a CHOICE */
    const char *unit;  /* of INT; may be empty */
    const char *words; /* of CHOICE: "one|other" */
};

/* Every row, in the order of options.def. */
const struct setting *setting_table(size_t *count);

/* NULL if there is none. name NULL finds the group's own row. */
const struct setting *setting_find(const char *group, size_t group_length, const char *name);

/* The setting that an earlier version called group.name; NULL if there is none. old gets that name. */
const struct setting *setting_of_today(const char *group, size_t group_length, const char *name,
                                       char old[64]);

/* Keeps that what was taken is called otherwise now. */
void setting_note_outdated(struct config *config, const char *old, const char *now);

/* Keeps where a value was said. */
void setting_note_origin(const struct setting *setting, struct config *config,
                         enum config_source source, unsigned line);

/* Whether a change of it waits for the next start. */
bool setting_needs_restart(const struct setting *setting);

/* Each checks a value and puts it in. False: why says what is wrong, without place. */
bool setting_put_number(const struct setting *setting, struct config *config, int64_t value,
                        char *why, size_t why_size);
bool setting_put_text(const struct setting *setting, struct config *config, const char *value,
                      char *why, size_t why_size);
bool setting_put_bool(const struct setting *setting, struct config *config, bool value);

/* Whether memory.profile lowers the setting at this offset, and to what where there is TLS or none. */
bool config_small_value(size_t offset, bool has_tls, int64_t *value);

/* What a value of this setting looks like: "an integer", "true or false". */
const char *setting_kind_words(const struct setting *setting);

/* Copies word number index of "one|other" to out. False past the last. */
bool setting_word(const struct setting *setting, int64_t index, char *out, size_t out_size);

#endif
