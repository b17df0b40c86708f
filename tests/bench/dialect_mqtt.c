/* dialect_mqtt.c - MQTT 3.1.1 over WebSocket: a room is a topic. With QoS 1 sessions are kept by the server and
 * every message is answered in both directions. */
#include "load.h"

#include <stdio.h>
#include <string.h>

enum { CONNECT = 1, CONNACK = 2, PUBLISH = 3, PUBACK = 4, SUBSCRIBE = 8, SUBACK = 9, CLEAN_SESSION = 2 };

static unsigned char *put_text(unsigned char *at, const char *text, size_t length)
{
    *at++ = (unsigned char)(length >> 8);
    *at++ = (unsigned char)length;
    memcpy(at, text, length);
    return at + length;
}

/* A packet of less than 16,384 bytes; gives its length. */
static int wrap(char *out, int type, int flags, const unsigned char *body, size_t length)
{
    int head = 0;
    out[head++] = (char)(type << 4 | flags);
    if (length >= 128)
        out[head++] = (char)(length & 0x7f) | (char)0x80;
    out[head++] = (char)(length >= 128 ? length >> 7 : length);
    memcpy(out + head, body, length);
    return head + (int)length;
}

static void send_packet(struct client *client, int type, int flags, const unsigned char *body, size_t length)
{
    char packet[256];
    connection_send(&client->connection, packet, (size_t)wrap(packet, type, flags, body, length));
}

static int topic_of(const struct client *client, char topic[32])
{
    return snprintf(topic, 32, "room/%u", client->room);
}

static void enter(struct run *run, struct client *client)
{
    unsigned char body[128], *at = put_text(body, "MQTT", 4);
    char id[32], topic[32];
    *at++ = 4; /* 3.1.1 */
    *at++ = run->options.dialect->qos ? 0 : CLEAN_SESSION;
    *at++ = 0; /* no keep-alive */
    *at++ = 0;
    int length = snprintf(id, sizeof id, "bench-%u", client->connection.id);
    at = put_text(at, id, (size_t)length);
    send_packet(client, CONNECT, 0, body, (size_t)(at - body));
    at = body;
    *at++ = 0;
    *at++ = 1; /* packet identifier */
    length = topic_of(client, topic);
    at = put_text(at, topic, (size_t)length);
    *at++ = (unsigned char)run->options.dialect->qos;
    send_packet(client, SUBSCRIBE, 2, body, (size_t)(at - body));
}

static void hear_publish(struct run *run, struct client *client, int flags, const unsigned char *body,
                         size_t length)
{
    size_t topic = (size_t)body[0] << 8 | body[1], text = 2 + topic;
    if (flags >> 1 & 3) {
        send_packet(client, PUBACK, 0, body + text, 2);
        text += 2;
    }
    if (text + TIMESTAMP_BYTES <= length)
        load_message(run, client, (const char *)body + text);
    else
        load_wrong(run, "a message without a text", 24);
}

/* Mosquitto sends whole packets, one or several a frame. */
static void hear(struct run *run, struct client *client, const char *bytes, size_t size)
{
    const unsigned char *at = (const unsigned char *)bytes, *end = at + size;
    while (end - at >= 2) {
        int type = *at >> 4, flags = *at & 15;
        size_t length = 0;
        for (int shift = 0; ++at < end; shift += 7) {
            length |= (size_t)(*at & 0x7f) << shift;
            if (*at < 0x80)
                break;
        }
        if (++at + length > end) {
            load_wrong(run, "a packet in pieces", 18);
            return;
        }
        if (type == PUBLISH)
            hear_publish(run, client, flags, at, length);
        else if (type == PUBACK)
            load_answered(run, client);
        else if (type == SUBACK)
            load_ready(run, client);
        at += length;
    }
}

static int write_publish(const struct run *run, struct client *client, const char *text, int length,
                         char *out)
{
    unsigned char body[MESSAGE_BYTES_MAX];
    char topic[32];
    int topic_length = topic_of(client, topic);
    unsigned char *at = put_text(body, topic, (size_t)topic_length);
    if (run->options.dialect->qos) {
        uint32_t id = client->sent % 65535 + 1;
        *at++ = (unsigned char)(id >> 8);
        *at++ = (unsigned char)id;
    }
    memcpy(at, text, (size_t)length);
    return wrap(out, PUBLISH, run->options.dialect->qos << 1, body, (size_t)(at - body) + (size_t)length);
}

static void path_root(const struct client *client, char *path, size_t size)
{
    (void)client;
    snprintf(path, size, "/mqtt");
}

const struct dialect dialect_mqtt0 = {.name = "mqtt0",
                                      .framing = FRAMING_BINARY,
                                      .subprotocol = "mqtt",
                                      .tells_sender = true,
                                      .path = path_root,
                                      .enter = enter,
                                      .hear = hear,
                                      .write = write_publish};
const struct dialect dialect_mqtt1 = {.name = "mqtt1",
                                      .framing = FRAMING_BINARY,
                                      .subprotocol = "mqtt",
                                      .tells_sender = true,
                                      .is_answered = true,
                                      .qos = 1,
                                      .path = path_root,
                                      .enter = enter,
                                      .hear = hear,
                                      .write = write_publish};
