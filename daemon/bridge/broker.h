/* broker.h - a client of libmosquitto as the configuration has it: version, user, password, ca, certificate, key,
 * host and port. Its callbacks and what it says are the driver's. Codes are libmosquitto's. */
#ifndef HEARTH_BRIDGE_BROKER_H
#define HEARTH_BRIDGE_BROKER_H

#include <stdatomic.h>
#include <stdint.h>

#include <libconfig.h>
#include <mosquitto.h>

/* will: a topic that says "offline" when the client has gone; NULL: none. */
int broker_set(struct mosquitto *client, const config_setting_t *setting, const char *will);

/* Starts a thread of its own that connects, and connects again. With MQTT 5 the broker keeps messages of more bytes to
 * itself. */
int broker_begin(struct mosquitto *client, const config_setting_t *setting, uint32_t bytes_max);

/* Ends connection and thread, whatever a callback of it waits for, if they were begun. is_connected is what the
 * callbacks say. */
void broker_end(struct mosquitto *client, const atomic_bool *is_connected);

#endif
