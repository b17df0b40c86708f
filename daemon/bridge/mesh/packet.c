#include "daemon/bridge/mesh/packet.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bridge/mesh/mesh.pb-c.h"
#include "protocol/text.h"

#define ARENA_BYTES 8192

/* --- the memory that a packet is read in -------------------------------------------------------------- */

struct arena {
    _Alignas(max_align_t) uint8_t bytes[ARENA_BYTES];
    size_t used;
};

static void *arena_give(void *of, size_t size)
{
    struct arena *arena = of;
    size_t aligned = (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
    if (size > ARENA_BYTES || aligned > ARENA_BYTES - arena->used)
        return NULL;
    arena->used += aligned;
    return arena->bytes + arena->used - aligned;
}

/* All of it goes at once, with the arena. */
static void arena_take(void *of, void *memory)
{
    (void)of;
    (void)memory;
}

static const void *unpack(struct arena *arena, const ProtobufCMessageDescriptor *kind, const uint8_t *bytes,
                          size_t length)
{
    ProtobufCAllocator allocator = {.alloc = arena_give, .free = arena_take, .allocator_data = arena};
    arena->used = 0;
    return length <= PACKET_BYTES_MAX ? protobuf_c_message_unpack(kind, &allocator, length, bytes) : NULL;
}

static size_t pack(const void *message, uint8_t *out, size_t size)
{
    size_t length = protobuf_c_message_get_packed_size(message);
    return length <= size ? protobuf_c_message_pack(message, out) : 0;
}

/* --- reading ---------------------------------------------------------------------------------------- */

static bool take_bytes(ProtobufCBinaryData from, uint8_t *out, size_t size, size_t *length)
{
    if (from.len > size)
        return false;
    if (from.len > 0)
        memcpy(out, from.data, from.len);
    *length = from.len;
    return true;
}

/* A text within its bytes: the rest is cut off between characters. */
static bool take_text(const char *text, char *out, size_t size)
{
    size_t length = strlen(text);
    if (!text_is_utf8(text, length))
        return false;
    if (length >= size)
        for (length = size - 1; length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80;)
            length--;
    memcpy(out, text, length);
    out[length] = '\0';
    return true;
}

static bool take_data(const Mesh__Data *from, struct packet_data *data)
{
    *data = (struct packet_data){.port = from->port, .reply_id = from->reply_id, .is_emoji = from->emoji != 0,
                                 .is_ok_to_mqtt = (from->bitfield & BITFIELD_OK_TO_MQTT) != 0,
                                 .wants_response = from->want_response};
    return take_bytes(from->payload, data->payload, sizeof data->payload, &data->length);
}

static bool take_packet(const Mesh__Packet *from, struct packet *packet)
{
    if (from->hop_limit > PACKET_HOPS_MAX || from->hop_start > PACKET_HOPS_MAX || from->from == 0)
        return false;
    *packet = (struct packet){.from = from->from, .to = from->to, .id = from->id, .channel = from->channel,
                              .hop_limit = (uint8_t)from->hop_limit, .hop_start = (uint8_t)from->hop_start,
                              .via_mqtt = from->via_mqtt,
                              .is_sealed = from->variant_case == MESH__PACKET__VARIANT_ENCRYPTED};
    if (packet->is_sealed)
        return take_bytes(from->encrypted, packet->sealed, sizeof packet->sealed, &packet->sealed_length);
    return from->variant_case == MESH__PACKET__VARIANT_DECODED && take_data(from->decoded, &packet->data);
}

bool packet_read(const uint8_t *bytes, size_t length, struct packet *packet)
{
    struct arena arena;
    const Mesh__Packet *from = unpack(&arena, &mesh__packet__descriptor, bytes, length);
    return from && take_packet(from, packet);
}

bool packet_read_data(const uint8_t *bytes, size_t length, struct packet_data *data)
{
    struct arena arena;
    const Mesh__Data *from = unpack(&arena, &mesh__data__descriptor, bytes, length);
    return from && take_data(from, data);
}

bool packet_read_envelope(const uint8_t *bytes, size_t length, struct envelope *envelope)
{
    struct arena arena;
    const Mesh__Envelope *from = unpack(&arena, &mesh__envelope__descriptor, bytes, length);
    return from && from->packet && take_packet(from->packet, &envelope->packet) &&
           take_text(from->channel_id, envelope->channel, sizeof envelope->channel) &&
           take_text(from->gateway_id, envelope->gateway, sizeof envelope->gateway);
}

bool packet_read_user(const uint8_t *bytes, size_t length, struct packet_user *user)
{
    struct arena arena;
    const Mesh__User *from = unpack(&arena, &mesh__user__descriptor, bytes, length);
    *user = (struct packet_user){.is_licensed = from && from->is_licensed};
    return from && take_text(from->id, user->id, sizeof user->id) &&
           take_text(from->long_name, user->long_name, sizeof user->long_name) &&
           take_text(from->short_name, user->short_name, sizeof user->short_name);
}

/* --- writing ---------------------------------------------------------------------------------------- */

static void give_data(const struct packet_data *data, Mesh__Data *out)
{
    mesh__data__init(out);
    out->port = data->port;
    out->payload = (ProtobufCBinaryData){.len = data->length, .data = (uint8_t *)(uintptr_t)data->payload};
    out->want_response = data->wants_response;
    out->reply_id = data->reply_id;
    out->emoji = data->is_emoji;
    out->bitfield = data->is_ok_to_mqtt ? BITFIELD_OK_TO_MQTT : 0;
}

/* data is the caller's, and lives as long as out does. */
static void give_packet(const struct packet *packet, Mesh__Data *data, Mesh__Packet *out)
{
    mesh__packet__init(out);
    out->from = packet->from;
    out->to = packet->to;
    out->id = packet->id;
    out->channel = packet->channel;
    out->hop_limit = packet->hop_limit;
    out->hop_start = packet->hop_start;
    out->via_mqtt = packet->via_mqtt;
    out->variant_case = packet->is_sealed ? MESH__PACKET__VARIANT_ENCRYPTED : MESH__PACKET__VARIANT_DECODED;
    if (packet->is_sealed) {
        out->encrypted = (ProtobufCBinaryData){.len = packet->sealed_length,
                                               .data = (uint8_t *)(uintptr_t)packet->sealed};
    } else {
        give_data(&packet->data, data);
        out->decoded = data;
    }
}

size_t packet_write(const struct packet *packet, uint8_t *out, size_t size)
{
    Mesh__Packet message;
    Mesh__Data data;
    give_packet(packet, &data, &message);
    return pack(&message, out, size);
}

size_t packet_write_data(const struct packet_data *data, uint8_t *out, size_t size)
{
    Mesh__Data message;
    give_data(data, &message);
    return pack(&message, out, size);
}

size_t packet_write_envelope(const struct envelope *envelope, uint8_t *out, size_t size)
{
    Mesh__Envelope message = MESH__ENVELOPE__INIT;
    Mesh__Packet packet;
    Mesh__Data data;
    give_packet(&envelope->packet, &data, &packet);
    message.packet = &packet;
    message.channel_id = (char *)(uintptr_t)envelope->channel;
    message.gateway_id = (char *)(uintptr_t)envelope->gateway;
    return pack(&message, out, size);
}

size_t packet_write_user(const struct packet_user *user, uint8_t *out, size_t size)
{
    Mesh__User message = MESH__USER__INIT;
    message.id = (char *)(uintptr_t)user->id;
    message.long_name = (char *)(uintptr_t)user->long_name;
    message.short_name = (char *)(uintptr_t)user->short_name;
    message.hw_model = 255; /* a private one: no radio that is sold */
    message.is_licensed = user->is_licensed;
    return pack(&message, out, size);
}

/* --- numbers of nodes ------------------------------------------------------------------------------- */

void node_id(uint32_t number, char out[NODE_ID_BYTES])
{
    snprintf(out, NODE_ID_BYTES, "!%08" PRIx32, number);
}

bool node_number(const char *id, uint32_t *number)
{
    if (id[0] != '!' || strlen(id) != 9 || strspn(id + 1, "0123456789abcdefABCDEF") != 8)
        return false;
    *number = (uint32_t)strtoul(id + 1, NULL, 16);
    return true;
}
