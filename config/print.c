#include "config/config.h"

#include <inttypes.h>
#include <string.h>

#include "config/setting.h"

/* libconfig's own escapes. Control characters never get this far. */
static void print_string(const char *text, FILE *out)
{
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void print_words(const char *words, FILE *out)
{
    bool first = true;
    fputs("[", out);
    for (const char *at = words; *at; at += strspn(at, ", ")) {
        char word[1024];
        at += strspn(at, ", ");
        size_t length = strcspn(at, ", ");
        if (length == 0)
            break;
        snprintf(word, sizeof word, "%.*s", (int)length, at);
        fputs(first ? "" : ", ", out);
        print_string(word, out);
        first = false;
        at += length;
    }
    fputs("]", out);
}

/* "    # " and the sentence, wrapped. */
static void print_comment(const char *text, const char *indent, FILE *out)
{
    const size_t width = 92;
    while (*text) {
        size_t length = strlen(text);
        if (length > width) {
            length = width;
            while (length > 0 && text[length] != ' ')
                length--;
            length = length > 0 ? length : width;
        }
        fprintf(out, "%s# %.*s\n", indent, (int)length, text);
        text += length;
        text += *text == ' ';
    }
}

static void print_bounds(const struct setting *setting, FILE *out)
{
    char text[256] = "";
    if (setting->kind == SETTING_INT)
        snprintf(text, sizeof text, "%" PRId64 " to %" PRId64 "%s%s", setting->min, setting->max,
                 setting->unit[0] ? " " : "", setting->unit);
    else if (setting->kind == SETTING_CHOICE)
        snprintf(text, sizeof text, "One of %s", setting->words);
    int64_t small, with_tls;
    if (config_small_value(setting->offset, false, &small))
        snprintf(text + strlen(text), sizeof text - strlen(text), "; %" PRId64 " where memory.profile is small",
                 small);
    if (config_small_value(setting->offset, true, &with_tls) && with_tls != small)
        snprintf(text + strlen(text), sizeof text - strlen(text), ", %" PRId64 " with TLS", with_tls);
    if (setting_needs_restart(setting))
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s from the next start",
                 text[0] ? "; counts" : "Counts");
    if (text[0])
        fprintf(out, "    # (%s)\n", text);
}

static void print_setting(const struct setting *setting, const struct config *config, FILE *out)
{
    const void *value = (const char *)config + setting->offset;
    char word[32] = "";
    print_comment(setting->sentence, "    ", out);
    print_bounds(setting, out);
    fprintf(out, "    %s = ", setting->name);
    switch (setting->kind) {
    case SETTING_INT: {
        int64_t number;
        memcpy(&number, value, sizeof number);
        fprintf(out, "%" PRId64 "%s", number, number > INT32_MAX ? "L" : "");
        break;
    }
    case SETTING_BOOL:
        fputs(*(const bool *)value ? "true" : "false", out);
        break;
    case SETTING_CHOICE:
        setting_word(setting, *(const int *)value, word, sizeof word);
        print_string(word, out);
        break;
    case SETTING_LIST:
    case SETTING_NETWORKS:
        print_words(value, out);
        break;
    case SETTING_TEXT:
    case SETTING_GROUP:
        print_string(value, out);
        break;
    }
    fputs(";\n", out);
}

void config_print(const struct config *config, FILE *out)
{
    size_t count;
    const struct setting *table = setting_table(&count);
    bool is_open = false;
    fputs("# hearth.conf - every setting with what it does; hearthd --print-config prints it.\n"
          "# hearthd --check-config says whether it is right, and the most memory it allows.\n",
          out);
    for (const struct setting *row = table; row < table + count; row++) {
        if (row->kind != SETTING_GROUP) {
            fputs(row[-1].kind == SETTING_GROUP ? "" : "\n", out);
            print_setting(row, config, out);
            continue;
        }
        fputs(is_open ? "};\n\n" : "\n", out);
        print_comment(row->sentence, "", out);
        fprintf(out, "%s = {\n", row->group);
        is_open = true;
    }
    fputs("};\n", out);
}

static bool is_changed(const struct config *config, const struct config *defaults, size_t row)
{
    struct config_value now, before;
    return config_value(config, (enum config_row)row, &now) &&
           config_value(defaults, (enum config_row)row, &before) &&
           strcmp(now.value, before.value) != 0;
}

void config_print_changed(const struct config *config, FILE *out)
{
    static struct config defaults;
    size_t count;
    const struct setting *table = setting_table(&count);
    const char *open_group = "";
    config_defaults(&defaults);
    fputs("# hearth.conf - what this gateway does otherwise than by default. Every setting with its meaning:\n"
          "# hearth.conf(5), or hearthd --print-config.\n", out);
    for (size_t i = 0; i < count; i++) {
        if (!is_changed(config, &defaults, i))
            continue;
        if (strcmp(open_group, table[i].group) != 0)
            fprintf(out, "%s\n%s = {\n", open_group[0] ? "};\n" : "", table[i].group);
        else
            fputc('\n', out);
        open_group = table[i].group;
        print_setting(&table[i], config, out);
    }
    fputs(open_group[0] ? "};\n" : "", out);
}
