/* mqtt_payload.h - what is published and what is received: topics and payloads, as JSON or as a template of the
 * configuration has them. Any thread. */
#ifndef HEARTH_BRIDGE_MQTT_PAYLOAD_H
#define HEARTH_BRIDGE_MQTT_PAYLOAD_H

#include "daemon/bridge/driver.h"

#define TOPIC_BYTES_MAX 512
#define RECEIVED_BYTES_MAX 65536

/* A topic of a pattern with {prefix} and {room}, whose name becomes one level: what means something to a broker in it
 * is written %2B. False: the pattern has another name, a wildcard, or is too long. */
bool mqtt_topic(const char *pattern, const char *prefix, const char *room, char out[TOPIC_BYTES_MAX]);

/* Of an entry: JSON, or by the pattern if there is one. Owned by the caller. NULL without memory, or when the pattern
 * has a name that there is not. */
char *mqtt_payload(const char *pattern, const struct entry *entry);
bool mqtt_payload_is_right(const char *pattern);

/* The request send of what was received: {"text", "id", "from"}, or the text itself. Owned by the caller, as JSON.
 * NULL: it says nothing, or too much. */
char *mqtt_request(const char *room, const char *via, const void *payload, int length);

#endif
