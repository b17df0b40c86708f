#include "daemon/bridge/filter.h"

#include "daemon/bridge/entry.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

bool filter_is_entry(const char *type)
{
    static const char *const types[] = {"message", "edit", "delete", "reaction", "topic"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i], type) == 0)
            return true;
    return false;
}

static bool is_listed(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)); at += length)
        if ((at == list || at[-1] == ',') && (at[length] == ',' || at[length] == '\0'))
            return true;
    return list[0] == '\0';
}

static bool calls(const char *text, const char *name)
{
    char at_name[300];
    snprintf(at_name, sizeof at_name, "@%s", name);
    return name[0] == '\0' || strcasestr(text, at_name);
}

static bool is_same(const char *text, const char *own)
{
    return own[0] && strcmp(text, own) == 0;
}

bool filter_wants(const struct filter *filter, const json_t *entry, const char *uid)
{
    if (is_same(entry_member(entry, "uid"), uid) || is_same(entry_member(entry, "via"), filter->via))
        return false;
    return is_listed(filter->kinds, entry_member(entry, "type")) && calls(entry_member(entry, "text"), filter->mention);
}
