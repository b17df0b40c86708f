#include "daemon/bridge/entry.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <curl/curl.h>

#define LINK_BYTES 2048

const char *entry_member(const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));
    return text ? text : "";
}

/* Where a file is; false for one that is gone. */
static bool write_link(const json_t *file, const char *address, char out[LINK_BYTES])
{
    char *name = curl_easy_escape(NULL, entry_member(file, "name"), 0);
    const char *id = entry_member(file, "id");
    int length = snprintf(out, LINK_BYTES, "%s/files/%s/%s", address, id, name && name[0] ? name : "file");
    curl_free(name);
    return id[0] && length < LINK_BYTES && !json_is_true(json_object_get(file, "gone"));
}

static void print_file(FILE *out, const json_t *file, const void *address)
{
    char link[LINK_BYTES];
    const char *name = entry_member(file, "name");
    bool has_link = *(const char *)address && write_link(file, address, link);
    fprintf(out, "[%s%s%s]", name[0] ? name : "file", has_link ? " " : "", has_link ? link : "");
}

char *entry_join(const char *said, const json_t *files, entry_file_print *print, const void *of)
{
    const json_t *file;
    char *text = NULL;
    size_t length, i;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        return NULL;
    fputs(said, out);
    json_array_foreach(files, i, file)
    {
        fputs(i > 0 || said[0] ? " " : "", out);
        print(out, file, of);
    }
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

char *entry_text(const json_t *entry, const char *address)
{
    return entry_join(entry_member(entry, "text"), json_object_get(entry, "files"), print_file, address);
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
