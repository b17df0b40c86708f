#include "daemon/bridge/entry.h"

#include <stdio.h>
#include <stdlib.h>

static void print_files(FILE *out, const json_t *files, const char *before)
{
    const json_t *file;
    size_t i;
    json_array_foreach(files, i, file)
    {
        const char *name = json_string_value(json_object_get(file, "name"));
        fprintf(out, "%s[%s]", before, name ? name : "file");
        before = " ";
    }
}

char *entry_text(const json_t *entry)
{
    const char *said = json_string_value(json_object_get(entry, "text"));
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        return NULL;
    fputs(said ? said : "", out);
    print_files(out, json_object_get(entry, "files"), said && said[0] ? " " : "");
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}
