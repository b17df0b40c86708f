#include "daemon/bridge/mesh/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* Texts that are JSON themselves arrive as what they are, without quotes; the others as {"text"}. */
static bool take_payload(json_t *payload, struct packet_data *data)
{
    const char *text = json_string_value(json_object_get(payload, "text"));
    char *raw = text ? NULL : json_dumps(payload, JSON_COMPACT | JSON_ENCODE_ANY);
    const char *said = text ? text : json_is_string(payload) ? json_string_value(payload) : raw;
    size_t length = said ? strlen(said) : 0;
    bool fits = length > 0 && length <= sizeof data->payload;
    data->port = PORT_TEXT;
    data->length = length;
    if (fits)
        memcpy(data->payload, said, length);
    free(raw);
    return fits;
}

static bool take_user(const json_t *payload, struct packet_data *data)
{
    struct packet_user user = {.is_licensed = false};
    const char *id = json_string_value(json_object_get(payload, "id"));
    const char *name = json_string_value(json_object_get(payload, "longname"));
    const char *short_name = json_string_value(json_object_get(payload, "shortname"));
    snprintf(user.id, sizeof user.id, "%s", id ? id : "");
    snprintf(user.long_name, sizeof user.long_name, "%s", name ? name : "");
    snprintf(user.short_name, sizeof user.short_name, "%s", short_name ? short_name : "");
    data->port = PORT_NODEINFO;
    data->length = packet_write_user(&user, data->payload, sizeof data->payload);
    return data->length > 0;
}

bool json_read(const char *bytes, size_t length, struct envelope *envelope)
{
    json_t *json = json_loadb(bytes, length, 0, NULL), *payload = json_object_get(json, "payload");
    const char *type = json_string_value(json_object_get(json, "type"));
    const char *sender = json_string_value(json_object_get(json, "sender"));
    struct packet *packet = &envelope->packet;
    *packet = (struct packet){.from = (uint32_t)json_integer_value(json_object_get(json, "from")),
                              .to = (uint32_t)json_integer_value(json_object_get(json, "to")),
                              .id = (uint32_t)json_integer_value(json_object_get(json, "id"))};
    snprintf(envelope->gateway, sizeof envelope->gateway, "%s", sender ? sender : "");
    bool is_read = type && payload && packet->from != 0;
    if (is_read && strcmp(type, "text") == 0)
        is_read = take_payload(payload, &packet->data);
    else
        is_read = is_read && strcmp(type, "nodeinfo") == 0 && take_user(payload, &packet->data);
    json_decref(json);
    return is_read;
}

char *json_write(uint32_t radio, int index, const struct packet_data *data)
{
    json_t *json = json_pack("{s:I, s:i, s:s, s:s%}", "from", (json_int_t)radio, "channel", index, "type", "sendtext",
                             "payload", (const char *)data->payload, data->length);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    return text;
}
