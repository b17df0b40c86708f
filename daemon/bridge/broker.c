#include "daemon/bridge/broker.h"

#include "daemon/bridge/setting.h"

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <mqtt_protocol.h>

#define GOODBYE_TRIES 25 /* of 20 ms */
#define KEEPALIVE_S 30

static bool is_version_5(const config_setting_t *setting)
{
    return setting_number(setting, "version", 4) == 5;
}

int broker_set(struct mosquitto *client, const config_setting_t *setting, const char *will)
{
    const char *user = setting_text(setting, "user", NULL), *ca = setting_text(setting, "ca", NULL);
    mosquitto_reconnect_delay_set(client, 1, 30, true);
    mosquitto_max_inflight_messages_set(client, 20);
    int code = mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION,
                                    is_version_5(setting) ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
    if (code == 0 && user)
        code = mosquitto_username_pw_set(client, user, setting_text(setting, "password", NULL));
    if (code == 0 && ca)
        code = mosquitto_tls_set(client, ca, NULL, setting_text(setting, "certificate", NULL),
                                 setting_text(setting, "key", NULL), NULL);
    return code == 0 && will ? mosquitto_will_set(client, will, 7, "offline", 1, true) : code;
}

/* With MQTT 5 a session ends with its connection unless it is said how long it lasts; and what is too large can be
 * left to the broker. libmosquitto keeps these for every connection, from a call that fails for its lack of a port. */
static void set_properties(struct mosquitto *client, const config_setting_t *setting, uint32_t bytes_max)
{
    mosquitto_property *properties = NULL;
    if (!is_version_5(setting))
        return;
    if (mosquitto_property_add_int32(&properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL, UINT32_MAX) == 0 &&
        mosquitto_property_add_int32(&properties, MQTT_PROP_MAXIMUM_PACKET_SIZE, bytes_max) == 0)
        (void)mosquitto_connect_bind_v5(client, "localhost", 0, KEEPALIVE_S, NULL, properties);
    mosquitto_property_free_all(&properties);
}

/* A broker that is away now is tried again. */
int broker_begin(struct mosquitto *client, const config_setting_t *setting, uint32_t bytes_max)
{
    int code = mosquitto_loop_start(client);
    set_properties(client, setting, bytes_max);
    if (code == 0)
        (void)mosquitto_connect_async(client, setting_text(setting, "host", "localhost"),
                                      setting_number(setting, "port", 1883), KEEPALIVE_S);
    return code;
}

static void rest(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

/* A thread that has said goodbye ends by itself, if it is given the time; one that waits is cancelled, be it for a broker
 * that is away. It is not waited for without end: it may just have lost its connection, and find another. */
void broker_end(struct mosquitto *client, const atomic_bool *is_connected)
{
    mosquitto_disconnect(client);
    for (int i = 0; i < GOODBYE_TRIES && *is_connected; i++)
        rest();
    rest();
    mosquitto_loop_stop(client, true);
}
