/* mqtt.c - MQTT by libmosquitto, both ways. Its callbacks run on a thread of its own: what arrives is
 * acknowledged to the broker only when the gateway has acknowledged it, and what goes out is delivered when the
 * broker has acknowledged it. Home Assistant finds the rooms by its discovery. */
#include "daemon/bridge/bridge.h"
#include "daemon/bridge/link.h"
#include "daemon/log.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <mosquitto.h>
#include <utlist.h>

#define PAYLOAD_BYTES_MAX 65536
#define RETRY_MOST_S 30
#define ACKED_MAX 256
#define GOODBYE_TRIES 25 /* of 20 ms */
#define TOPIC_BYTES_MAX 512

/* One entry that the broker has not acknowledged yet: one a link. */
struct sent {
    struct sent *next;
    struct link *link;
    int mid;
};

struct mqtt {
    struct bridge *bridge;
    struct mosquitto *client;
    const config_setting_t *rooms; /* of the configuration, which outlives it */
    char prefix[129], name[65];
    bool retains, discovers;
    struct sent *sent;       /* loop thread */
    atomic_bool is_connected;
    atomic_bool wants_discovery;
    pthread_mutex_t mutex;   /* of the next two */
    int acked[ACKED_MAX];
    size_t acked_count;
};

/* --- topics --------------------------------------------------------------------------------------- */

/* A room's name as one level of a topic: /, + and # mean something there. */
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

static void topic_of(const struct mqtt *mqtt, const char *room, const char *end, char out[TOPIC_BYTES_MAX])
{
    char level[300];
    level_of(room, level, sizeof level);
    snprintf(out, TOPIC_BYTES_MAX, "%s/%s%s", mqtt->prefix, level, end);
}

static int room_count(const struct mqtt *mqtt)
{
    return mqtt->rooms ? config_setting_length(mqtt->rooms) : 0;
}

static const char *room_at(const struct mqtt *mqtt, int i)
{
    return config_setting_get_string_elem(mqtt->rooms, i);
}

/* The room whose .../send this is; NULL: none of ours. */
static const char *room_of(const struct mqtt *mqtt, const char *topic)
{
    char own[TOPIC_BYTES_MAX];
    for (int i = 0; i < room_count(mqtt); i++) {
        topic_of(mqtt, room_at(mqtt, i), "/send", own);
        if (strcmp(own, topic) == 0)
            return room_at(mqtt, i);
    }
    return NULL;
}

/* --- Home Assistant ------------------------------------------------------------------------------- */

/* Letters, digits, _ and -; what else there is becomes _. */
static void object_of(const struct mqtt *mqtt, const char *room, char out[128])
{
    snprintf(out, 128, "%s_%s", mqtt->name, room);
    for (char *at = out; *at; at++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", *at))
            *at = '_';
}

static void publish_json(struct mqtt *mqtt, const char *topic, json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    if (text)
        (void)mosquitto_publish(mqtt->client, NULL, topic, (int)strlen(text), text, 1, true);
    free(text);
    json_decref(json);
}

static void discover_room(struct mqtt *mqtt, const char *room)
{
    char object[128], out[TOPIC_BYTES_MAX], in[TOPIC_BYTES_MAX], status[TOPIC_BYTES_MAX], topic[TOPIC_BYTES_MAX];
    object_of(mqtt, room, object);
    topic_of(mqtt, room, "", out);
    topic_of(mqtt, room, "/send", in);
    snprintf(status, sizeof status, "%s/status", mqtt->prefix);
    json_t *device = json_pack("{s:[s], s:s, s:s}", "identifiers", mqtt->name, "name", mqtt->name,
                               "manufacturer", "hearth");
    snprintf(topic, sizeof topic, "homeassistant/notify/%s/config", object);
    publish_json(mqtt, topic, json_pack("{s:s, s:s, s:s, s:s, s:O}", "name", room, "unique_id", object,
                                        "command_topic", in, "availability_topic", status, "device", device));
    snprintf(topic, sizeof topic, "homeassistant/event/%s/config", object);
    publish_json(mqtt, topic,
                 json_pack("{s:s, s:s, s:s, s:s, s:[s,s,s,s,s], s:s, s:O}", "name", room, "unique_id", object,
                           "state_topic", out, "availability_topic", status, "event_types", "message", "edit",
                           "delete", "reaction", "topic", "value_template",
                           "{{ {'event_type': value_json.event, 'from': value_json.from, 'text': "
                           "value_json.text | default('')} | to_json }}", "device", device));
    json_decref(device);
}

/* --- what arrives: on mosquitto's thread ------------------------------------------------------------ */

static char *bounded(const struct mosquitto_message *message)
{
    if (message->payloadlen < 1 || message->payloadlen > PAYLOAD_BYTES_MAX)
        return NULL;
    return strndup(message->payload, (size_t)message->payloadlen);
}

/* A request send of a payload: {"text", "id", "from"}, or the text itself. NULL: it says nothing. */
static json_t *request_of(const char *room, const char *payload)
{
    json_t *json = json_loads(payload, 0, NULL);
    const char *text = json_is_object(json) ? json_string_value(json_object_get(json, "text")) : payload;
    const char *id = json_string_value(json_object_get(json, "id"));
    const char *from = json_string_value(json_object_get(json, "from"));
    unsigned char random[16] = {0};
    char nonce[65];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        random[0] = 1;
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(nonce + 2 * i, 3, "%02x", random[i]);
    json_t *request = text && text[0] ? json_pack("{s:s, s:s, s:s, s:s, s:s}", "type", "send", "room", room,
                                                  "text", text, "nonce", nonce, "via", "mqtt")
                                      : NULL;
    if (request && id && id[0] && strlen(id) <= 100) {
        char origin[128];
        snprintf(origin, sizeof origin, "mqtt:%s", id);
        json_object_set_new(request, "origin", json_string(origin));
    }
    if (request && from && from[0])
        json_object_set_new(request, "as", json_string(from));
    json_decref(json);
    return request;
}

static int post(struct mqtt *mqtt, const char *body)
{
    char url[URL_BYTES_MAX + 32];
    snprintf(url, sizeof url, "%s/api/v1/do", mqtt->bridge->url);
    const struct web_request request = {.url = url, .body = body, .length = strlen(body),
                                        .headers = {mqtt->bridge->authorization, "Content-Type: application/json"},
                                        .timeout_ms = 15000, .may_be_private = true};
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

static void on_message(struct mosquitto *client, void *of, const struct mosquitto_message *message)
{
    struct mqtt *mqtt = of;
    const char *room = room_of(mqtt, message->topic);
    (void)client;
    if (strcmp(message->topic, "homeassistant/status") == 0) {
        if (message->payloadlen == 6 && memcmp(message->payload, "online", 6) == 0)
            mqtt->wants_discovery = true;
        return;
    }
    char *payload = room && !message->retain ? bounded(message) : NULL;
    json_t *request = payload ? request_of(room, payload) : NULL;
    char *body = request ? json_dumps(request, JSON_COMPACT) : NULL;
    if (body)
        (void)bring(mqtt, body); /* what the gateway refuses is passed over: it stops nothing */
    free(body);
    json_decref(request);
    free(payload);
}

static void on_connect(struct mosquitto *client, void *of, int code)
{
    struct mqtt *mqtt = of;
    char topic[TOPIC_BYTES_MAX];
    mqtt->is_connected = code == 0;
    if (code != 0)
        return;
    for (int i = 0; i < room_count(mqtt); i++) {
        topic_of(mqtt, room_at(mqtt, i), "/send", topic);
        mosquitto_subscribe(client, NULL, topic, 1);
    }
    snprintf(topic, sizeof topic, "%s/status", mqtt->prefix);
    mosquitto_publish(client, NULL, topic, 6, "online", 1, true);
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
    if (mqtt->acked_count < ACKED_MAX)
        mqtt->acked[mqtt->acked_count++] = mid;
    pthread_mutex_unlock(&mqtt->mutex);
    web_wake(mqtt->bridge->web);
}

/* --- what goes out: on the loop ------------------------------------------------------------------- */

static void take_acked(struct mqtt *mqtt, int mid)
{
    struct sent *sent, *after;
    LL_FOREACH_SAFE(mqtt->sent, sent, after)
    {
        if (sent->mid != mid)
            continue;
        struct link *link = sent->link;
        LL_DELETE(mqtt->sent, sent);
        free(sent);
        link_delivered(link, DELIVERY_DONE, 0, NULL);
        return;
    }
}

static void mqtt_tick(void *target)
{
    struct mqtt *mqtt = target;
    int acked[ACKED_MAX];
    pthread_mutex_lock(&mqtt->mutex);
    size_t count = mqtt->acked_count;
    memcpy(acked, mqtt->acked, count * sizeof *acked);
    mqtt->acked_count = 0;
    pthread_mutex_unlock(&mqtt->mutex);
    for (size_t i = 0; i < count; i++)
        take_acked(mqtt, acked[i]);
    if (!mqtt->wants_discovery || !mqtt->is_connected)
        return;
    mqtt->wants_discovery = false;
    for (int i = 0; i < room_count(mqtt); i++)
        discover_room(mqtt, room_at(mqtt, i));
}

static char *payload_of(const struct entry *entry)
{
    static const char *const copied[] = {"from", "text", "via", "reply_to", "target", "emoji", "on", "deleted"};
    json_t *json = json_pack("{s:s, s:s, s:s, s:I}", "id", entry->id, "room", entry->room, "event",
                             entry->type, "ts", (json_int_t)entry->ts);
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++)
        if (json_object_get(entry->json, copied[i]))
            json_object_set(json, copied[i], json_object_get(entry->json, copied[i]));
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    return text;
}

/* What was handed to libmosquitto before the connection broke it sends again by itself. */
static bool is_sent(const struct mqtt *mqtt, const struct link *link)
{
    const struct sent *sent;
    LL_SEARCH_SCALAR(mqtt->sent, sent, link, link);
    return sent != NULL;
}

static void mqtt_deliver(void *target, struct link *link, const struct entry *entry)
{
    struct mqtt *mqtt = target;
    char topic[TOPIC_BYTES_MAX];
    if (is_sent(mqtt, link))
        return;
    if (!mqtt->is_connected) {
        link_delivered(link, DELIVERY_LATER, 1000, "the broker is not reached");
        return;
    }
    struct sent *sent = calloc(1, sizeof *sent);
    char *payload = payload_of(entry);
    topic_of(mqtt, entry->room, "", topic);
    int code = sent && payload ? mosquitto_publish(mqtt->client, &sent->mid, topic, (int)strlen(payload), payload,
                                                   1, mqtt->retains)
                               : MOSQ_ERR_NOMEM;
    free(payload);
    if (code == MOSQ_ERR_SUCCESS) {
        sent->link = link;
        LL_PREPEND(mqtt->sent, sent);
        return;
    }
    free(sent);
    bool is_wrong = code == MOSQ_ERR_PAYLOAD_SIZE || code == MOSQ_ERR_OVERSIZE_PACKET || code == MOSQ_ERR_INVAL;
    link_delivered(link, is_wrong ? DELIVERY_PASSED : DELIVERY_LATER, 0, mosquitto_strerror(code));
}

/* --- opening and closing -------------------------------------------------------------------------- */

static int set_up(struct mqtt *mqtt, const config_setting_t *setting)
{
    char status[TOPIC_BYTES_MAX];
    const char *user = setting_text(setting, "user", NULL), *ca = setting_text(setting, "ca", NULL);
    int port = 1883, version = 4, code;
    (void)config_setting_lookup_int(setting, "port", &port);
    (void)config_setting_lookup_int(setting, "version", &version);
    snprintf(status, sizeof status, "%s/status", mqtt->prefix);
    mosquitto_connect_callback_set(mqtt->client, on_connect);
    mosquitto_disconnect_callback_set(mqtt->client, on_disconnect);
    mosquitto_message_callback_set(mqtt->client, on_message);
    mosquitto_publish_callback_set(mqtt->client, on_publish);
    mosquitto_reconnect_delay_set(mqtt->client, 1, 30, true);
    mosquitto_max_inflight_messages_set(mqtt->client, 20);
    code = mosquitto_int_option(mqtt->client, MOSQ_OPT_PROTOCOL_VERSION,
                                version == 5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
    if (code == 0 && user)
        code = mosquitto_username_pw_set(mqtt->client, user, setting_text(setting, "password", NULL));
    if (code == 0 && ca)
        code = mosquitto_tls_set(mqtt->client, ca, NULL, setting_text(setting, "certificate", NULL),
                                 setting_text(setting, "key", NULL), NULL);
    if (code == 0)
        code = mosquitto_will_set(mqtt->client, status, 7, "offline", 1, true);
    if (code == 0)
        code = mosquitto_loop_start(mqtt->client);
    if (code == 0) /* a broker that is away now is tried again */
        (void)mosquitto_connect_async(mqtt->client, setting_text(setting, "host", "localhost"), port, 30);
    return code;
}

static void mqtt_close(void *target)
{
    struct mqtt *mqtt = target;
    struct sent *sent, *after;
    char topic[TOPIC_BYTES_MAX];
    snprintf(topic, sizeof topic, "%s/status", mqtt->prefix);
    if (mqtt->is_connected)
        mosquitto_publish(mqtt->client, NULL, topic, 7, "offline", 1, true);
    mosquitto_disconnect(mqtt->client);
    for (int i = 0; i < GOODBYE_TRIES && mqtt->is_connected; i++)
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    mosquitto_loop_stop(mqtt->client, true);
    mosquitto_destroy(mqtt->client);
    LL_FOREACH_SAFE(mqtt->sent, sent, after)
    {
        free(sent);
    }
    pthread_mutex_destroy(&mqtt->mutex);
    free(mqtt);
    mosquitto_lib_cleanup();
}

static void *mqtt_open(struct bridge *bridge, const config_setting_t *setting, char *why, size_t why_size)
{
    struct mqtt *mqtt = calloc(1, sizeof *mqtt);
    snprintf(why, why_size, "there is no memory");
    if (!mqtt)
        return NULL;
    mqtt->bridge = bridge;
    mqtt->rooms = config_setting_get_member(setting, "rooms");
    mqtt->retains = setting_flag(setting, "retain", false);
    mqtt->discovers = setting_flag(setting, "discovery", false);
    snprintf(mqtt->prefix, sizeof mqtt->prefix, "%s", setting_text(setting, "prefix", "hearth"));
    snprintf(mqtt->name, sizeof mqtt->name, "%s", setting_text(setting, "name", "hearth"));
    pthread_mutex_init(&mqtt->mutex, NULL);
    mosquitto_lib_init();
    mqtt->client = mosquitto_new(mqtt->name, false, mqtt); /* a session that the broker keeps */
    bool is_prefix = mqtt->prefix[0] && !strpbrk(mqtt->prefix, "+#");
    if (mqtt->client && is_prefix && bridge->is_dry_run)
        return mqtt;
    int code = mqtt->client && is_prefix ? set_up(mqtt, setting) : MOSQ_ERR_INVAL;
    if (code == 0)
        return mqtt;
    snprintf(why, why_size, is_prefix ? "MQTT cannot be set up: %s" : "prefix may not hold + or #%.0s",
             mosquitto_strerror(code));
    if (mqtt->client)
        mosquitto_destroy(mqtt->client);
    pthread_mutex_destroy(&mqtt->mutex);
    free(mqtt);
    mosquitto_lib_cleanup();
    return NULL;
}

const struct driver mqtt_driver = {.name = "mqtt", .open = mqtt_open, .deliver = mqtt_deliver,
                                   .tick = mqtt_tick, .close = mqtt_close};
