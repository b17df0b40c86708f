#include "daemon/bridge/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#define NAME_BYTES 32
#define FILLED_BYTES_MAX 65536

static bool print_json(FILE *out, const char *value)
{
    json_t *string = json_string(value);
    bool is_whole = string && json_dumpf(string, out, JSON_ENCODE_ANY) == 0;
    json_decref(string);
    return is_whole;
}

/* NAME or NAME|json, up to its brace. */
static bool print_place(FILE *out, const char *place, size_t length, template_value *value, const void *of)
{
    char name[NAME_BYTES], scratch[256];
    if (length >= sizeof name)
        return false;
    memcpy(name, place, length);
    name[length] = '\0';
    char *bar = strchr(name, '|');
    if (bar)
        *bar = '\0';
    const char *found = value(of, name, scratch, sizeof scratch);
    if (!found || (bar && strcmp(bar + 1, "json") != 0))
        return false;
    return bar ? print_json(out, found) : fputs(found, out) >= 0;
}

static bool print_all(FILE *out, const char *at, template_value *value, const void *of)
{
    while (*at) {
        const char *end = at[0] == '{' && at[1] != '{' ? strchr(at, '}') : NULL;
        if (at[0] == '{' && at[1] != '{' && !end)
            return false;
        if (end && !print_place(out, at + 1, (size_t)(end - at - 1), value, of))
            return false;
        if (!end)
            fputc(*at, out);
        at = end ? end + 1 : at + 1 + (at[0] == '{');
    }
    return true;
}

char *template_fill(const char *pattern, template_value *value, const void *of)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        return NULL;
    bool is_whole = print_all(out, pattern, value, of);
    is_whole &= fclose(out) == 0;
    if (is_whole && length <= FILLED_BYTES_MAX)
        return text;
    free(text);
    return NULL;
}
