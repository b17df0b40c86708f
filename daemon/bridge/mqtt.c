/* mqtt.c - MQTT by libmosquitto, both ways. Its callbacks run on a thread of its own: what arrives is
 * acknowledged to the broker only when the gateway has acknowledged it, and what goes out is delivered when the
 * broker has acknowledged it. Home Assistant finds the rooms by its discovery. */
#include "daemon/bridge/bridge.h"
#include "daemon/bridge/broker.h"
#include "daemon/bridge/home_assistant.h"
#include "daemon/bridge/link.h"
#include "daemon/bridge/mqtt_payload.h"
#include "daemon/bridge/setting.h"
#include "daemon/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mosquitto.h>
#include <utlist.h>

#define RETRY_MOST_S 30
#define MIDS_MAX 65536 /* MQTT's message ids have 16 bits */
#define UNREACHED "the broker is not reached"
#define ACK_MS 60000 /* a broker that acknowledges nothing for so long is said to */

/* One entry that the broker has not acknowledged yet: one a link. */
struct sent {
    struct sent *next;
    struct link *link;
    int mid;
    int64_t since_ms;
};

struct mqtt {
    struct bridge *bridge;
    struct mosquitto *client;
    const config_setting_t *rooms; /* of the configuration, which outlives it */
    const char *prefix, *name, *via, *topic, *send_topic, *payload;
    char status[TOPIC_BYTES_MAX];
    bool retains, discovers;
    struct sent *sent;       /* loop thread */
    int64_t passed_told;
    atomic_bool is_connected;
    atomic_bool wants_discovery;
    atomic_int passed;       /* received, and never said */
    pthread_mutex_t mutex;   /* of the next one */
    uint8_t acked[MIDS_MAX / 8]; /* a bit each: those that the broker has acknowledged since the last tick */
};

/* --- rooms and topics ----------------------------------------------------------------------------- */

static int room_count(const struct mqtt *mqtt)
{
    return mqtt->rooms ? config_setting_length(mqtt->rooms) : 0;
}

static const char *room_at(const struct mqtt *mqtt, int i)
{
    return config_setting_get_string_elem(mqtt->rooms, i);
}

static bool topic_of(const struct mqtt *mqtt, const char *pattern, const char *room, char out[TOPIC_BYTES_MAX])
{
    return mqtt_topic(pattern, mqtt->prefix, room, out);
}

/* The room whose topic to send to this is; NULL: none of ours. */
static const char *room_of(const struct mqtt *mqtt, const char *topic)
{
    char own[TOPIC_BYTES_MAX];
    for (int i = 0; i < room_count(mqtt); i++)
        if (topic_of(mqtt, mqtt->send_topic, room_at(mqtt, i), own) && strcmp(own, topic) == 0)
            return room_at(mqtt, i);
    return NULL;
}

/* --- Home Assistant ------------------------------------------------------------------------------- */

static void publish_json(void *of, const char *topic, const json_t *json)
{
    struct mqtt *mqtt = of;
    char *text = json_dumps(json, JSON_COMPACT);
    if (text)
        (void)mosquitto_publish(mqtt->client, NULL, topic, (int)strlen(text), text, 1, true);
    free(text);
}

static void announce_room(struct mqtt *mqtt, const char *name)
{
    char out[TOPIC_BYTES_MAX], in[TOPIC_BYTES_MAX];
    const struct home_room room = {.device = mqtt->name, .room = name, .topic = out, .send_topic = in,
                                   .status_topic = mqtt->status};
    if (topic_of(mqtt, mqtt->topic, name, out) && topic_of(mqtt, mqtt->send_topic, name, in))
        home_assistant_announce(&room, publish_json, mqtt);
}

/* --- what arrives: on mosquitto's thread ------------------------------------------------------------ */

static int post(struct mqtt *mqtt, const char *body)
{
    char url[URL_BYTES_MAX + 32];
    snprintf(url, sizeof url, "%s/api/v1/do", mqtt->bridge->url);
    const struct web_request request = {.url = url, .body = body, .length = strlen(body),
                                        .headers = {mqtt->bridge->authorization, "Content-Type: application/json"},
                                        .timeout_ms = 15000, .may_be_private = true, .ca = mqtt->bridge->ca};
    return web_post_now(&request);
}

/* Until the gateway has it, or never will. A stop does not end it: libmosquitto would acknowledge to the
 * broker what nobody has. mqtt_close cancels the thread instead, and the broker gives it again. */
static bool bring(struct mqtt *mqtt, const char *body)
{
    int wait_s = 1;
    for (;;) {
        int status = post(mqtt, body);
        bool is_fault = status >= 400 && status < 500 && status != 408 && status != 429 && status != 401;
        if (status == 200 || is_fault)
            return status == 200;
        nanosleep(&(struct timespec){.tv_sec = wait_s}, NULL);
        wait_s = wait_s * 2 < RETRY_MOST_S ? wait_s * 2 : RETRY_MOST_S;
    }
}

static void bring_payload(struct mqtt *mqtt, const char *room, const struct mosquitto_message *message)
{
    char *body = mqtt_request(room, mqtt->via, message->payload, message->payloadlen);
    if (!body || !bring(mqtt, body)) /* what nobody will ever take stops nothing */
        atomic_fetch_add(&mqtt->passed, 1);
    free(body);
}

static void on_message(struct mosquitto *client, void *of, const struct mosquitto_message *message)
{
    struct mqtt *mqtt = of;
    const char *room = room_of(mqtt, message->topic);
    (void)client;
    if (mqtt->discovers && strcmp(message->topic, "homeassistant/status") == 0)
        mqtt->wants_discovery |= message->payloadlen == 6 && memcmp(message->payload, "online", 6) == 0;
    else if (room && !message->retain)
        bring_payload(mqtt, room, message);
}

static void on_connect(struct mosquitto *client, void *of, int code)
{
    struct mqtt *mqtt = of;
    char topic[TOPIC_BYTES_MAX];
    mqtt->is_connected = code == 0;
    if (code != 0)
        return;
    for (int i = 0; i < room_count(mqtt); i++)
        if (topic_of(mqtt, mqtt->send_topic, room_at(mqtt, i), topic))
            mosquitto_subscribe(client, NULL, topic, 1);
    mosquitto_publish(client, NULL, mqtt->status, 6, "online", 1, true);
    if (mqtt->discovers)
        mosquitto_subscribe(client, NULL, "homeassistant/status", 1);
    mqtt->wants_discovery = mqtt->discovers;
    web_wake(mqtt->bridge->web);
}

static void on_disconnect(struct mosquitto *client, void *of, int code)
{
    (void)client;
    (void)code;
    ((struct mqtt *)of)->is_connected = false;
}

static void on_publish(struct mosquitto *client, void *of, int mid)
{
    struct mqtt *mqtt = of;
    (void)client;
    pthread_mutex_lock(&mqtt->mutex);
    mqtt->acked[mid % MIDS_MAX / 8] |= (uint8_t)(1 << mid % 8);
    pthread_mutex_unlock(&mqtt->mutex);
    web_wake(mqtt->bridge->web);
}

/* --- what goes out: on the loop ------------------------------------------------------------------- */

/* Those that the broker has acknowledged; what else it has, as Home Assistant's, is nobody's. */
static struct sent *take_acked(struct mqtt *mqtt)
{
    struct sent *sent, *after, *acked = NULL;
    pthread_mutex_lock(&mqtt->mutex);
    LL_FOREACH_SAFE(mqtt->sent, sent, after)
    {
        if (!(mqtt->acked[sent->mid % MIDS_MAX / 8] & 1 << sent->mid % 8))
            continue;
        LL_DELETE(mqtt->sent, sent);
        LL_PREPEND(acked, sent);
    }
    memset(mqtt->acked, 0, sizeof mqtt->acked);
    pthread_mutex_unlock(&mqtt->mutex);
    return acked;
}

static void tell_acked(struct mqtt *mqtt)
{
    struct sent *sent, *after, *acked = take_acked(mqtt);
    LL_FOREACH_SAFE(acked, sent, after)
    {
        struct link *link = sent->link;
        free(sent);
        link_delivered(link, DELIVERY_DONE, 0, NULL);
    }
}

/* It goes on waiting: libmosquitto sends again when it is connected anew. But it is said. */
static void tell_unacknowledged(struct mqtt *mqtt)
{
    struct sent *sent;
    LL_FOREACH(mqtt->sent, sent)
    {
        if (bridge_now_ms() < sent->since_ms + ACK_MS)
            continue;
        sent->since_ms = bridge_now_ms();
        link_delivered(sent->link, DELIVERY_LATER, ACK_MS, "the broker does not acknowledge");
    }
}

static void mqtt_tick(void *target)
{
    struct mqtt *mqtt = target;
    int passed = mqtt->passed;
    tell_acked(mqtt);
    tell_unacknowledged(mqtt);
    if (passed != mqtt->passed_told)
        log_warn("mqtt: what was received is passed over name=%s count=%d", mqtt->name, passed);
    mqtt->passed_told = passed;
    if (!mqtt->wants_discovery || !mqtt->is_connected)
        return;
    mqtt->wants_discovery = false;
    for (int i = 0; i < room_count(mqtt); i++)
        announce_room(mqtt, room_at(mqtt, i));
}

static const char *mqtt_trouble(void *target)
{
    return ((const struct mqtt *)target)->is_connected ? "" : UNREACHED;
}

/* What was handed to libmosquitto before the connection broke it sends again by itself. */
static bool is_sent(const struct mqtt *mqtt, const struct link *link)
{
    const struct sent *sent;
    LL_SEARCH_SCALAR(mqtt->sent, sent, link, link);
    return sent != NULL;
}

static int publish(struct mqtt *mqtt, const struct entry *entry, int *mid)
{
    char topic[TOPIC_BYTES_MAX], *payload = mqtt_payload(mqtt->payload, entry);
    int code = MOSQ_ERR_INVAL;
    if (!payload)
        code = mqtt->payload[0] ? MOSQ_ERR_PAYLOAD_SIZE : MOSQ_ERR_NOMEM;
    else if (topic_of(mqtt, mqtt->topic, entry->room, topic))
        code = mosquitto_publish(mqtt->client, mid, topic, (int)strlen(payload), payload, 1, mqtt->retains);
    free(payload);
    return code;
}

static void mqtt_deliver(void *target, struct link *link, const struct entry *entry)
{
    struct mqtt *mqtt = target;
    if (is_sent(mqtt, link))
        return;
    if (!mqtt->is_connected) {
        link_delivered(link, DELIVERY_LATER, 1000, UNREACHED);
        return;
    }
    struct sent *sent = calloc(1, sizeof *sent);
    int code = sent ? publish(mqtt, entry, &sent->mid) : MOSQ_ERR_NOMEM;
    if (code == MOSQ_ERR_SUCCESS) {
        sent->link = link;
        sent->since_ms = bridge_now_ms();
        LL_PREPEND(mqtt->sent, sent);
        return;
    }
    free(sent);
    bool is_wrong = code == MOSQ_ERR_PAYLOAD_SIZE || code == MOSQ_ERR_OVERSIZE_PACKET || code == MOSQ_ERR_INVAL ||
                    code == MOSQ_ERR_MALFORMED_UTF8;
    link_delivered(link, is_wrong ? DELIVERY_PASSED : DELIVERY_LATER, 0, mosquitto_strerror(code));
}

/* --- opening and closing -------------------------------------------------------------------------- */

static int set_options(struct mqtt *mqtt, const config_setting_t *setting)
{
    mosquitto_connect_callback_set(mqtt->client, on_connect);
    mosquitto_disconnect_callback_set(mqtt->client, on_disconnect);
    mosquitto_message_callback_set(mqtt->client, on_message);
    mosquitto_publish_callback_set(mqtt->client, on_publish);
    return broker_set(mqtt->client, setting, mqtt->status);
}

static void mqtt_close(void *target)
{
    struct mqtt *mqtt = target;
    struct sent *sent, *after;
    if (mqtt->is_connected)
        mosquitto_publish(mqtt->client, NULL, mqtt->status, 7, "offline", 1, true);
    if (mqtt->client) {
        broker_end(mqtt->client, &mqtt->is_connected);
        mosquitto_destroy(mqtt->client);
    }
    LL_FOREACH_SAFE(mqtt->sent, sent, after)
    {
        free(sent);
    }
    pthread_mutex_destroy(&mqtt->mutex);
    free(mqtt);
    mosquitto_lib_cleanup();
}

static void read_settings(struct mqtt *mqtt, const config_setting_t *setting)
{
    mqtt->rooms = config_setting_get_member(setting, "rooms");
    mqtt->retains = setting_flag(setting, "retain", false);
    mqtt->discovers = setting_flag(setting, "discovery", false);
    mqtt->prefix = setting_text(setting, "prefix", "hearth");
    mqtt->name = setting_text(setting, "name", "mqtt");
    mqtt->via = setting_text(setting, "via", "mqtt");
    mqtt->topic = setting_text(setting, "topic", "{prefix}/{room}");
    mqtt->send_topic = setting_text(setting, "send_topic", "{prefix}/{room}/send");
    mqtt->payload = setting_text(setting, "payload", "");
    if (!topic_of(mqtt, "{prefix}/status", "", mqtt->status))
        mqtt->status[0] = '\0';
}

/* NULL: nothing. */
static const char *wrong_setting(const struct mqtt *mqtt, const config_setting_t *setting)
{
    char out[TOPIC_BYTES_MAX], in[TOPIC_BYTES_MAX];
    int version = setting_number(setting, "version", 4), port = setting_number(setting, "port", 1883);
    if (!mqtt->status[0])
        return "prefix is a topic without + and #";
    if (!topic_of(mqtt, mqtt->topic, "room", out) || !topic_of(mqtt, mqtt->send_topic, "room", in))
        return "topic and send_topic are topics without + and #, of {prefix} and {room}";
    if (strcmp(out, in) == 0)
        return "topic and send_topic are the same: what goes out would come in again";
    if (room_count(mqtt) > 1 && (!strstr(mqtt->topic, "{room}") || !strstr(mqtt->send_topic, "{room}")))
        return "topic and send_topic need {room}, for there are several";
    if (!mqtt_payload_is_right(mqtt->payload))
        return "payload has a name that there is not, or a { without its }: see bridge.conf";
    if (mqtt->discovers && mqtt->payload[0])
        return "discovery reads JSON: leave payload out";
    if (port < 1 || port > 65535 || (version != 4 && version != 5))
        return "port is 1 to 65535, and version 4 or 5";
    return NULL;
}

static void *mqtt_open(struct bridge *bridge, const config_setting_t *setting, char *why, size_t why_size)
{
    struct mqtt *mqtt = calloc(1, sizeof *mqtt);
    char id[80];
    snprintf(why, why_size, "there is no memory");
    if (!mqtt)
        return NULL;
    mqtt->bridge = bridge;
    read_settings(mqtt, setting);
    pthread_mutex_init(&mqtt->mutex, NULL);
    mosquitto_lib_init();
    snprintf(id, sizeof id, "hearth-%s", mqtt->name);
    mqtt->client = mosquitto_new(id, false, mqtt); /* a session that the broker keeps */
    const char *wrong = wrong_setting(mqtt, setting);
    int code = !mqtt->client ? MOSQ_ERR_NOMEM : wrong ? MOSQ_ERR_INVAL : set_options(mqtt, setting);
    if (code == 0 && !bridge->is_dry_run)
        code = broker_begin(mqtt->client, setting, RECEIVED_BYTES_MAX + 1024);
    if (code == 0)
        return mqtt;
    snprintf(why, why_size, "%s%s", wrong ? "" : "MQTT cannot be set up: ", wrong ? wrong : mosquitto_strerror(code));
    mqtt_close(mqtt);
    return NULL;
}

const struct driver mqtt_driver = {
    .name = "mqtt",
    .group = "mqtt",
    .settings = " host port prefix user password ca certificate key version retain discovery topic send_topic payload ",
    .via = "mqtt",
    .open = mqtt_open,
    .deliver = mqtt_deliver,
    .tick = mqtt_tick,
    .trouble = mqtt_trouble,
    .close = mqtt_close};
