/* Whatever comes by radio is read within its bounds or not at all; what is read is written and read again as
 * the same; and what is joined of it is a text. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bridge/mesh/channel.h"
#include "daemon/bridge/mesh/packet.h"
#include "daemon/bridge/mesh/parts.h"
#include "protocol/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void demand(bool truth)
{
    if (!truth)
        abort();
}

static bool is_same(const struct packet_data *a, const struct packet_data *b)
{
    return a->port == b->port && a->length == b->length && memcmp(a->payload, b->payload, a->length) == 0 &&
           a->reply_id == b->reply_id && a->is_emoji == b->is_emoji && a->is_ok_to_mqtt == b->is_ok_to_mqtt;
}

static void check_text(const struct packet *packet)
{
    static struct joins joins;
    static struct joined joined;
    static int64_t now_ms;
    char text[PACKET_PAYLOAD_BYTES_MAX + 1], clean[TEXT_CLEAN_MAX(PACKET_PAYLOAD_BYTES_MAX)];
    memcpy(text, packet->data.payload, packet->data.length);
    text[packet->data.length] = '\0';
    text_clean(text, TEXT_PROSE, clean, sizeof clean);
    now_ms += 1000;
    if (joins_take(&joins, packet->from % 4, packet->channel, packet->id | 1, clean, now_ms, &joined) == JOIN_DONE)
        demand(text_is_utf8(joined.text, strlen(joined.text)) && joined.count > 0 && joined.ids[0] != 0);
    if (joins_lapse(&joins, now_ms, &joined))
        demand(text_is_utf8(joined.text, strlen(joined.text)) && joined.count > 0 && joined.ids[0] != 0);
}

static void check_packet(struct packet packet)
{
    uint8_t out[PACKET_BYTES_MAX];
    struct packet again;
    struct channel channel;
    struct packet_user user;
    demand(channel_set(&channel, "LongFast", "AQ=="));
    size_t length = packet_write(&packet, out, sizeof out);
    demand(length > 0 && packet_read(out, length, &again));
    demand(again.from == packet.from && again.id == packet.id && again.is_sealed == packet.is_sealed);
    demand(packet.is_sealed ? again.sealed_length == packet.sealed_length : is_same(&again.data, &packet.data));
    if (!channel_open(&channel, &packet))
        return;
    check_text(&packet);
    if (packet_read_user(packet.data.payload, packet.data.length, &user))
        demand(text_is_utf8(user.long_name, strlen(user.long_name)));
    again = packet;
    demand(packet.data.port == 0 || (channel_seal(&channel, &again) && channel_open(&channel, &again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct envelope envelope;
    static struct packet packet;
    if (packet_read_envelope(bytes, length, &envelope)) {
        demand(text_is_utf8(envelope.channel, strlen(envelope.channel)));
        check_packet(envelope.packet);
    }
    if (packet_read(bytes, length, &packet))
        check_packet(packet);
    return 0;
}
