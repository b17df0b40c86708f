#include "daemon/bridge/entry.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <curl/curl.h>

#define LINK_BYTES 2048

static const char *text_at(const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));
    return text ? text : "";
}

/* Where a file is; false for one that is gone. */
static bool write_link(const json_t *file, const char *address, char out[LINK_BYTES])
{
    char *name = curl_easy_escape(NULL, text_at(file, "name"), 0);
    const char *id = text_at(file, "id");
    int length = snprintf(out, LINK_BYTES, "%s/files/%s/%s", address, id, name && name[0] ? name : "file");
    curl_free(name);
    return id[0] && length < LINK_BYTES && !json_is_true(json_object_get(file, "gone"));
}

static void print_files(FILE *out, const json_t *files, const char *before, const char *address)
{
    char link[LINK_BYTES];
    const json_t *file;
    size_t i;
    json_array_foreach(files, i, file)
    {
        const char *name = text_at(file, "name");
        bool has_link = address[0] && write_link(file, address, link);
        fprintf(out, "%s[%s%s%s]", before, name[0] ? name : "file", has_link ? " " : "", has_link ? link : "");
        before = " ";
    }
}

char *entry_text(const json_t *entry, const char *address)
{
    const char *said = text_at(entry, "text");
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        return NULL;
    fputs(said, out);
    print_files(out, json_object_get(entry, "files"), said[0] ? " " : "", address);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

void entry_link_files(json_t *entry, const char *address)
{
    char link[LINK_BYTES];
    json_t *file;
    size_t i;
    json_array_foreach(json_object_get(entry, "files"), i, file)
        if (write_link(file, address, link))
            json_object_set_new(file, "url", json_string(link));
}
