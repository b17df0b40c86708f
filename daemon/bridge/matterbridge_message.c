#include "daemon/bridge/matterbridge_message.h"

#include "daemon/bridge/entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/md.h>

#define HASH_BYTES 32
#define ORIGIN_BYTES 16 /* of the hash */

/* --- what it says --------------------------------------------------------------------------------- */

/* A quote within a text is written \", so that this can only be the key. */
size_t matterbridge_slim(struct matterbridge_slim *slim, const char *bytes, size_t length, char *out)
{
    static const char key[] = "\"Data\":\"";
    size_t kept = 0;
    for (size_t i = 0; i < length; i++) {
        char byte = bytes[i];
        bool is_end = byte == '\n' || (slim->is_inside && byte == '"');
        slim->is_inside = slim->is_inside && !is_end;
        if (slim->is_inside)
            continue;
        out[kept++] = byte;
        slim->matched = is_end ? 0 : byte == key[slim->matched] ? slim->matched + 1 : byte == key[0];
        slim->is_inside = slim->matched == sizeof key - 1;
        slim->matched = slim->is_inside ? 0 : slim->matched;
    }
    return kept;
}

/* Where it lies, which Matterbridge knows if it has a media server, or its name. */
static void print_file(FILE *out, const json_t *file, const void *of)
{
    const char *url = entry_member(file, "URL"), *name = entry_member(file, "Name");
    (void)of;
    if (url[0])
        fputs(url, out);
    else
        fprintf(out, "[%s]", name[0] ? name : "file");
}

static char *text_of(const json_t *json)
{
    const json_t *files = json_object_get(json_object_get(json, "Extra"), "file");
    return entry_join(entry_member(json, "text"), files, print_file, NULL);
}

static bool make_origin(const char *line, char out[2 * ORIGIN_BYTES + 16])
{
    unsigned char hash[HASH_BYTES];
    if (mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), (const unsigned char *)line, strlen(line), hash) != 0)
        return false;
    int used = sprintf(out, "matterbridge:");
    for (size_t i = 0; i < ORIGIN_BYTES; i++)
        used += sprintf(out + used, "%02x", hash[i]);
    return true;
}

json_t *matterbridge_request(const char *room, const char *via, const char *line, const json_t *json)
{
    char origin[2 * ORIGIN_BYTES + 16], *text = text_of(json);
    const char *name = entry_member(json, "username");
    json_t *request = NULL;
    if (text && text[0] && make_origin(line, origin))
        request = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "type", "send", "room", room, "text", text, "nonce",
                            origin, "origin", origin, "via", via);
    if (request && name[0])
        json_object_set_new(request, "as", json_string(name));
    free(text);
    return request;
}

/* --- what it is told ------------------------------------------------------------------------------- */

char *matterbridge_body(const struct entry *entry, const char *gateway)
{
    bool is_edit = strcmp(entry->type, "edit") == 0;
    if (!entry->text[0] || (!is_edit && strcmp(entry->type, "message") != 0))
        return strdup("");
    json_t *json = json_pack("{s:s+, s:s, s:s, s:s}", "text", is_edit ? "edited: " : "", entry->text, "username",
                             entry_member(entry->json, "from"), "userid", entry_member(entry->json, "uid"), "gateway", gateway);
    char *body = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    return body;
}
