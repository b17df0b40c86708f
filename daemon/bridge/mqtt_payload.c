#include "daemon/bridge/mqtt_payload.h"

#include "daemon/bridge/template.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define ORIGIN_BYTES_MAX 100
#define NONCE_BYTES 16

/* --- topics --------------------------------------------------------------------------------------- */

struct topic {
    const char *prefix;
    char level[300]; /* the room's name as one level */
};

static void level_of(const char *room, char *out, size_t size)
{
    size_t used = 0;
    for (; *room && used + 4 < size; room++) {
        if (strchr("/+#%", *room))
            used += (size_t)snprintf(out + used, size - used, "%%%02X", (unsigned char)*room);
        else
            out[used++] = *room;
    }
    out[used] = '\0';
}

static const char *topic_value(const void *of, const char *name, char *scratch, size_t scratch_size)
{
    const struct topic *topic = of;
    (void)scratch;
    (void)scratch_size;
    return strcmp(name, "prefix") == 0 ? topic->prefix : strcmp(name, "room") == 0 ? topic->level : NULL;
}

bool mqtt_topic(const char *pattern, const char *prefix, const char *room, char out[TOPIC_BYTES_MAX])
{
    struct topic topic = {.prefix = prefix};
    level_of(room, topic.level, sizeof topic.level);
    char *filled = template_fill(pattern, topic_value, &topic);
    bool is_topic = filled && filled[0] && strlen(filled) < TOPIC_BYTES_MAX && !strpbrk(filled, "+#");
    snprintf(out, TOPIC_BYTES_MAX, "%s", is_topic ? filled : "");
    free(filled);
    return is_topic;
}

/* --- what is published ---------------------------------------------------------------------------- */

static const char *const copied[] = {"from", "text", "via", "reply_to", "target", "emoji", "on", "deleted",
                                     "files"};
#define COPIED_COUNT (sizeof copied / sizeof *copied)

static char *json_of(const struct entry *entry)
{
    json_t *json = json_pack("{s:s, s:s, s:s, s:I}", "id", entry->id, "room", entry->room, "event",
                             entry->type, "ts", (json_int_t)entry->ts);
    for (size_t i = 0; i < COPIED_COUNT; i++)
        if (json_object_get(entry->json, copied[i]))
            json_object_set(json, copied[i], json_object_get(entry->json, copied[i]));
    if (json_object_get(json, "files"))
        json_object_set_new(json, "text", json_string(entry->text));
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    return text;
}

static const char *copied_value(const struct entry *entry, const char *name, char *scratch, size_t scratch_size)
{
    const json_t *value = json_object_get(entry->json, name);
    if (json_is_string(value))
        return json_string_value(value);
    snprintf(scratch, scratch_size, "%s", json_is_true(value) ? "true" : json_is_false(value) ? "false" : "");
    if (json_is_integer(value))
        snprintf(scratch, scratch_size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    return scratch;
}

static const char *entry_value(const void *of, const char *name, char *scratch, size_t scratch_size)
{
    const struct entry *entry = of;
    if (strcmp(name, "id") == 0)
        return entry->id;
    if (strcmp(name, "room") == 0)
        return entry->room;
    if (strcmp(name, "event") == 0)
        return entry->type;
    if (strcmp(name, "text") == 0)
        return entry->text;
    snprintf(scratch, scratch_size, "%" PRId64, entry->ts);
    if (strcmp(name, "ts") == 0)
        return scratch;
    for (size_t i = 0; i < COPIED_COUNT; i++)
        if (strcmp(name, copied[i]) == 0)
            return copied_value(entry, name, scratch, scratch_size);
    return NULL;
}

char *mqtt_payload(const char *pattern, const struct entry *entry)
{
    return pattern[0] ? template_fill(pattern, entry_value, entry) : json_of(entry);
}

bool mqtt_payload_is_right(const char *pattern)
{
    const struct entry entry = {.type = "message", .room = "room", .text = ""};
    char *filled = template_fill(pattern, entry_value, &entry);
    bool is_right = filled != NULL;
    free(filled);
    return is_right;
}

/* --- what is received ----------------------------------------------------------------------------- */

static bool make_nonce(char nonce[2 * NONCE_BYTES + 1])
{
    unsigned char random[NONCE_BYTES];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return false;
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(nonce + 2 * i, 3, "%02x", random[i]);
    return true;
}

/* An id is a text or a number. */
static void set_origin(json_t *request, const json_t *id)
{
    char origin[ORIGIN_BYTES_MAX + 16] = "";
    if (json_is_string(id) && json_string_length(id) > 0 && json_string_length(id) <= ORIGIN_BYTES_MAX)
        snprintf(origin, sizeof origin, "mqtt:%s", json_string_value(id));
    else if (json_is_integer(id))
        snprintf(origin, sizeof origin, "mqtt:%" JSON_INTEGER_FORMAT, json_integer_value(id));
    if (origin[0])
        json_object_set_new(request, "origin", json_string(origin));
}

static char *request_of(const char *room, const char *via, const char *text, const json_t *json)
{
    char nonce[2 * NONCE_BYTES + 1];
    const json_t *from = json_object_get(json, "from");
    json_t *request = text && text[0] && make_nonce(nonce)
                          ? json_pack("{s:s, s:s, s:s, s:s, s:s}", "type", "send", "room", room, "text", text,
                                      "nonce", nonce, "via", via)
                          : NULL;
    if (request)
        set_origin(request, json_object_get(json, "id"));
    if (request && json_string_length(from) > 0)
        json_object_set(request, "as", (json_t *)from);
    char *body = request ? json_dumps(request, JSON_COMPACT) : NULL;
    json_decref(request);
    return body;
}

char *mqtt_request(const char *room, const char *via, const void *payload, int length)
{
    if (length < 1 || length > RECEIVED_BYTES_MAX)
        return NULL;
    char *plain = strndup(payload, (size_t)length);
    json_t *json = plain ? json_loads(plain, 0, NULL) : NULL;
    const char *text = json_is_object(json) ? json_string_value(json_object_get(json, "text")) : plain;
    char *body = request_of(room, via, text, json);
    json_decref(json);
    free(plain);
    return body;
}
