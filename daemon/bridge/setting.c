#include "daemon/bridge/setting.h"

#include <stdio.h>
#include <stdlib.h>

static char wrong[128]; /* the first that was asked for as what it is not; empty: none */

static void note(const config_setting_t *setting, const char *name, const char *kind)
{
    if (!wrong[0] && config_setting_get_member(setting, name))
        snprintf(wrong, sizeof wrong, "%.70s must be %s", name, kind);
}

bool setting_wrong(char *why, size_t size)
{
    bool is_wrong = wrong[0] != '\0';
    if (is_wrong)
        snprintf(why, size, "%s", wrong);
    wrong[0] = '\0';
    return is_wrong;
}

const char *setting_text(const config_setting_t *setting, const char *name, const char *absent)
{
    const char *text = absent;
    if (!config_setting_lookup_string(setting, name, &text))
        note(setting, name, "a text in quotes");
    return text;
}

bool setting_flag(const config_setting_t *setting, const char *name, bool absent)
{
    int flag = absent;
    if (!config_setting_lookup_bool(setting, name, &flag))
        note(setting, name, "true or false");
    return flag != 0;
}

int setting_number(const config_setting_t *setting, const char *name, int absent)
{
    int number = absent;
    if (!config_setting_lookup_int(setting, name, &number))
        note(setting, name, "a whole number, without quotes");
    return number;
}

/* --- printing ------------------------------------------------------------------------------------- */

static void print_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20)
            fprintf(out, "\\x%02x", (unsigned char)*text);
        else
            fprintf(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    }
    fputc('"', out);
}

static void print_value(FILE *out, const config_setting_t *setting);

static void print_members(FILE *out, const config_setting_t *setting)
{
    for (int i = 0; i < config_setting_length(setting); i++) {
        const config_setting_t *member = config_setting_get_elem(setting, (unsigned)i);
        const char *name = config_setting_name(member);
        if (name)
            fprintf(out, "%s = ", name);
        else if (i > 0)
            fputs(", ", out);
        print_value(out, member);
        if (name)
            fputs(";\n", out);
    }
}

static void print_value(FILE *out, const config_setting_t *setting)
{
    int type = config_setting_type(setting);
    if (config_setting_is_aggregate(setting)) {
        fputc(type == CONFIG_TYPE_GROUP ? '{' : type == CONFIG_TYPE_ARRAY ? '[' : '(', out);
        print_members(out, setting);
        fputc(type == CONFIG_TYPE_GROUP ? '}' : type == CONFIG_TYPE_ARRAY ? ']' : ')', out);
    } else if (type == CONFIG_TYPE_STRING)
        print_text(out, config_setting_get_string(setting));
    else if (type == CONFIG_TYPE_BOOL)
        fputs(config_setting_get_bool(setting) ? "true" : "false", out);
    else if (type == CONFIG_TYPE_FLOAT)
        fprintf(out, "%f", config_setting_get_float(setting));
    else
        fprintf(out, "%lld", config_setting_get_int64(setting));
}

char *setting_print(const config_setting_t *group)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        return NULL;
    print_members(out, group);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}
