/* packet.h - Meshtastic's packets as bytes and as structs. The wire is protobuf, described in mesh.proto.
 *
 * Reading allocates nothing: libprotobuf-c works in a piece of memory of a fixed size, and what does not fit is
 * not read. All texts that come out are UTF-8. Plain data, any thread. */
#ifndef HEARTH_BRIDGE_MESH_PACKET_H
#define HEARTH_BRIDGE_MESH_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_BYTES_MAX 1024     /* of an envelope or a datagram */
#define PACKET_PAYLOAD_BYTES_MAX 233
#define PACKET_SEALED_BYTES_MAX 256
#define PACKET_TO_ALL 0xffffffffU
#define PACKET_HOPS_MAX 7
#define NODE_ID_BYTES 16          /* "!1234abcd" */

enum packet_port { PORT_TEXT = 1, PORT_NODEINFO = 4 };
enum { BITFIELD_OK_TO_MQTT = 1 };

/* What a packet says. */
struct packet_data {
    uint32_t port;
    uint8_t payload[PACKET_PAYLOAD_BYTES_MAX];
    size_t length;
    uint32_t reply_id;  /* 0: to nothing */
    bool is_emoji;      /* the payload is a reaction to reply_id */
    bool is_ok_to_mqtt; /* the sender lets it go to a broker */
    bool wants_response;
};

struct packet {
    uint32_t from, to, id;
    uint32_t channel; /* its hash where it is sealed */
    uint8_t hop_limit, hop_start;
    bool via_mqtt;
    bool is_sealed; /* then sealed holds it; else data */
    struct packet_data data;
    uint8_t sealed[PACKET_SEALED_BYTES_MAX];
    size_t sealed_length;
};

/* What a gateway publishes on MQTT. */
struct envelope {
    struct packet packet;
    char channel[64], gateway[NODE_ID_BYTES];
};

struct packet_user {
    char id[NODE_ID_BYTES], long_name[40], short_name[5];
    bool is_licensed;
};

/* False: it is none, or more than fits. */
bool packet_read(const uint8_t *bytes, size_t length, struct packet *packet);
bool packet_read_data(const uint8_t *bytes, size_t length, struct packet_data *data);
bool packet_read_envelope(const uint8_t *bytes, size_t length, struct envelope *envelope);
bool packet_read_user(const uint8_t *bytes, size_t length, struct packet_user *user);

/* The length of what is written; 0: it is more than size. */
size_t packet_write(const struct packet *packet, uint8_t *out, size_t size);
size_t packet_write_data(const struct packet_data *data, uint8_t *out, size_t size);
size_t packet_write_envelope(const struct envelope *envelope, uint8_t *out, size_t size);
size_t packet_write_user(const struct packet_user *user, uint8_t *out, size_t size);

/* "!1234abcd", and back. False: it is no such number. */
void node_id(uint32_t number, char out[NODE_ID_BYTES]);
bool node_number(const char *id, uint32_t *number);

#endif
