#include "daemon/bridge/home_assistant.h"

#include <stdio.h>
#include <string.h>

#define OBJECT_BYTES 128

/* Letters, digits, _ and -; what else there is becomes _. */
static void object_of(const struct home_room *room, char out[OBJECT_BYTES])
{
    snprintf(out, OBJECT_BYTES, "%s_%s", room->device, room->room);
    for (char *at = out; *at; at++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", *at))
            *at = '_';
}

static json_t *entity(const struct home_room *room, const char *object)
{
    json_t *device = json_pack("{s:[s], s:s, s:s}", "identifiers", room->device, "name", room->device,
                               "manufacturer", "hearth");
    return json_pack("{s:s, s:s, s:s, s:o}", "name", room->room, "unique_id", object, "availability_topic",
                     room->status_topic, "device", device);
}

static void announce(const char *kind, const char *object, json_t *json,
                     void (*publish)(void *of, const char *topic, const json_t *json), void *of)
{
    char topic[OBJECT_BYTES + 64];
    snprintf(topic, sizeof topic, "homeassistant/%s/%s/config", kind, object);
    if (json)
        publish(of, topic, json);
    json_decref(json);
}

void home_assistant_announce(const struct home_room *room, void (*publish)(void *of, const char *topic, const json_t *json),
                             void *of)
{
    char object[OBJECT_BYTES];
    object_of(room, object);
    json_t *notify = entity(room, object), *event = entity(room, object);
    json_object_set_new(notify, "command_topic", json_string(room->send_topic));
    announce("notify", object, notify, publish, of);
    json_object_set_new(event, "state_topic", json_string(room->topic));
    json_object_set_new(event, "event_types", json_pack("[s,s,s,s,s]", "message", "edit", "delete", "reaction", "topic"));
    json_object_set_new(event, "value_template",
                        json_string("{{ {'event_type': value_json.event, 'from': value_json.from | default(''), 'text': "
                                    "value_json.text | default('')} | to_json }}"));
    announce("event", object, event, publish, of);
}
