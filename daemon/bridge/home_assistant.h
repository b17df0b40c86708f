/* home_assistant.h - how Home Assistant finds a room: its MQTT discovery, as of 2024: a notify entity, to speak, and an
 * event entity, to listen. Loop thread. */
#ifndef HEARTH_BRIDGE_HOME_ASSISTANT_H
#define HEARTH_BRIDGE_HOME_ASSISTANT_H

#include <jansson.h>

struct home_room {
    const char *device; /* the target's name */
    const char *room;
    const char *topic, *send_topic, *status_topic;
};

/* publish is called with each topic and what is to be retained there, which is borrowed. */
void home_assistant_announce(const struct home_room *room, void (*publish)(void *of, const char *topic, const json_t *json),
                             void *of);

#endif
