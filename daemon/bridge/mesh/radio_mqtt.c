/* radio_mqtt.c - radios that are connected to a broker: ROOT/2/e/CHANNEL/!GATEWAY has envelopes, and of firmware
 * 2.7 and older ROOT/2/json/CHANNEL/!GATEWAY the same in JSON. Radios publish at QoS 0; what somebody publishes
 * at QoS 1 is acknowledged to the broker only when the gateway has it. */
#include "daemon/bridge/mesh/radio.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <mosquitto.h>

#include "daemon/bridge/bridge.h"
#include "daemon/bridge/broker.h"
#include "daemon/bridge/mesh/json.h"
#include "daemon/bridge/setting.h"

#define TOPIC_BYTES_MAX 256

struct radio_broker {
    struct radio_plan plan;
    struct mosquitto *client;
    char root[129];
    bool is_json, is_plain; /* is_plain: envelopes are published as they are, not sealed */
    uint32_t radio;         /* of JSON: whose number it goes out under */
    atomic_bool is_connected;
    atomic_int acked_mid;
    int waiting_mid;
};

/* --- what arrives: on mosquitto's thread ------------------------------------------------------------ */

/* The level of a topic before its last: the channel. */
static void channel_of(const char *topic, char out[64])
{
    const char *last = strrchr(topic, '/'), *at = last ? last : topic;
    while (at > topic && at[-1] != '/')
        at--;
    snprintf(out, 64, "%.*s", (int)(last ? last - at : 0), at);
}

static void on_message(struct mosquitto *client, void *of, const struct mosquitto_message *message)
{
    struct radio_broker *broker = of;
    char channel[64];
    (void)client;
    if (message->retain || message->payloadlen < 1)
        return;
    channel_of(message->topic, channel);
    web_wake(broker->plan.web);
    mailbox_put(broker->plan.mailbox, broker->is_json ? LETTER_JSON : LETTER_ENVELOPE, channel, message->payload,
                (size_t)message->payloadlen, message->qos > 0);
    web_wake(broker->plan.web);
}

static void on_connect(struct mosquitto *client, void *of, int code)
{
    struct radio_broker *broker = of;
    char topic[TOPIC_BYTES_MAX];
    broker->is_connected = code == 0;
    for (size_t i = 0; code == 0 && i < broker->plan.channel_count; i++) {
        snprintf(topic, sizeof topic, "%s/2/%s/%s/+", broker->root, broker->is_json ? "json" : "e",
                 broker->plan.channels[i].name);
        mosquitto_subscribe(client, NULL, topic, 1);
    }
    web_wake(broker->plan.web);
}

static void on_disconnect(struct mosquitto *client, void *of, int code)
{
    struct radio_broker *broker = of;
    (void)client;
    (void)code;
    broker->is_connected = false;
    web_wake(broker->plan.web);
}

static void on_publish(struct mosquitto *client, void *of, int mid)
{
    struct radio_broker *broker = of;
    (void)client;
    broker->acked_mid = mid;
    web_wake(broker->plan.web);
}

/* --- what goes out ---------------------------------------------------------------------------------- */

static enum radio_outcome publish(struct radio_broker *broker, const char *topic, const void *bytes, size_t length)
{
    int code = mosquitto_publish(broker->client, &broker->waiting_mid, topic, (int)length, bytes, 1, false);
    return code == MOSQ_ERR_SUCCESS ? RADIO_WAITS : RADIO_NOT;
}

static enum radio_outcome send_json(struct radio_broker *broker, const struct envelope *envelope,
                                    const struct channel *channel)
{
    char topic[TOPIC_BYTES_MAX];
    char *text = json_write(broker->radio, channel->index, &envelope->packet.data);
    snprintf(topic, sizeof topic, "%s/2/json/mqtt/", broker->root);
    enum radio_outcome outcome = text ? publish(broker, topic, text, strlen(text)) : RADIO_NOT;
    free(text);
    return outcome;
}

static enum radio_outcome broker_send(void *of, const struct envelope *envelope, const struct channel *channel)
{
    struct radio_broker *broker = of;
    struct envelope sealed = *envelope;
    uint8_t bytes[PACKET_BYTES_MAX];
    char topic[TOPIC_BYTES_MAX];
    if (broker->is_json)
        return envelope->packet.data.port == PORT_TEXT ? send_json(broker, envelope, channel) : RADIO_SENT;
    if (!broker->is_plain && !channel_seal(channel, &sealed.packet))
        return RADIO_NOT;
    size_t length = packet_write_envelope(&sealed, bytes, sizeof bytes);
    snprintf(topic, sizeof topic, "%s/2/e/%s/%s", broker->root, channel->name, envelope->gateway);
    return publish(broker, topic, bytes, length);
}

static bool broker_has_sent(void *of)
{
    struct radio_broker *broker = of;
    return broker->acked_mid == broker->waiting_mid;
}

static bool broker_is_ready(void *of)
{
    return ((struct radio_broker *)of)->is_connected;
}

/* --- opening and closing ---------------------------------------------------------------------------- */

/* A callback that waits has an acknowledgement behind it, which is not to reach the broker, for the gateway has not what it
 * brought: so the connection breaks first, and the broker gives it again. */
static void leave(struct radio_broker *broker)
{
    bool is_waiting = mailbox_is_waited_for(broker->plan.mailbox);
    mosquitto_disconnect(broker->client); /* first: or the thread would connect again */
    if (is_waiting)
        (void)shutdown(mosquitto_socket(broker->client), SHUT_RDWR);
    mailbox_end(broker->plan.mailbox);
    broker_end(broker->client, &broker->is_connected);
}

static void broker_close(void *of)
{
    struct radio_broker *broker = of;
    if (broker->client) {
        leave(broker);
        mosquitto_destroy(broker->client);
    }
    free(broker);
    mosquitto_lib_cleanup();
}

static bool read_settings(struct radio_broker *broker, const config_setting_t *setting, char *why, size_t why_size)
{
    const char *root = setting_text(setting, "root", "msh"), *radio = setting_text(setting, "radio", "");
    snprintf(broker->root, sizeof broker->root, "%s", root);
    broker->is_json = setting_flag(setting, "json", false);
    broker->is_plain = !setting_flag(setting, "encrypted", true);
    if (!root[0] || strpbrk(root, "+#") || strlen(root) >= sizeof broker->root)
        snprintf(why, why_size, "mqtt.root must be as the radio has it: \"msh/EU_868\"");
    else if (broker->is_json && !node_number(radio, &broker->radio))
        snprintf(why, why_size, "mqtt.json needs mqtt.radio, the number of the radio that takes it: \"!1234abcd\"");
    else
        return true;
    return false;
}

static int begin(struct radio_broker *broker, const config_setting_t *setting)
{
    broker->client = mosquitto_new(broker->plan.name, false, broker); /* a session that the broker keeps */
    if (!broker->client)
        return MOSQ_ERR_NOMEM;
    mosquitto_connect_callback_set(broker->client, on_connect);
    mosquitto_disconnect_callback_set(broker->client, on_disconnect);
    mosquitto_message_callback_set(broker->client, on_message);
    mosquitto_publish_callback_set(broker->client, on_publish);
    int code = broker_set(broker->client, setting, NULL);
    return code == 0 ? broker_begin(broker->client, setting, MAILBOX_LETTER_BYTES_MAX) : code;
}

static void *broker_open(const struct radio_plan *plan, const config_setting_t *setting, char *why, size_t why_size)
{
    struct radio_broker *broker = calloc(1, sizeof *broker);
    snprintf(why, why_size, "there is no memory");
    if (!broker)
        return NULL;
    broker->plan = *plan;
    mosquitto_lib_init();
    int code = MOSQ_ERR_SUCCESS;
    bool is_read = read_settings(broker, setting, why, why_size);
    if (is_read && plan->web)
        code = begin(broker, setting);
    if (is_read && code == MOSQ_ERR_SUCCESS)
        return broker;
    if (is_read)
        snprintf(why, why_size, "MQTT cannot be set up: %s", mosquitto_strerror(code));
    broker_close(broker);
    return NULL;
}

const struct radio_kind radio_mqtt = {.group = "mqtt", .open = broker_open, .is_ready = broker_is_ready,
                                      .send = broker_send, .has_sent = broker_has_sent, .close = broker_close};
