/* Packets, as Meshtastic's own coder writes and seals them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/bridge/mesh/channel.h"
#include "daemon/bridge/mesh/packet.h"

/* Written by @meshtastic/protobufs 2.7.18 and AES-128-CTR of node:crypto: "hello mesh" on LongFast, "AQ==". */
static const uint8_t theirs[] = {
    0x0a, 0x43, 0x0d, 0x78, 0x56, 0x34, 0x12, 0x15, 0xff, 0xff, 0xff, 0xff, 0x18, 0x08, 0x2a, 0x15,
    0xa3, 0x41, 0x54, 0x5c, 0x38, 0xb9, 0xe4, 0xa0, 0x35, 0x35, 0xac, 0x15, 0x9c, 0xf5, 0x42, 0x37,
    0x72, 0x95, 0x8e, 0xa0, 0x88, 0x35, 0xef, 0xbe, 0xad, 0xde, 0x3d, 0x00, 0xf1, 0x53, 0x65, 0x45,
    0x00, 0x00, 0xc8, 0x40, 0x48, 0x03, 0x50, 0x01, 0x60, 0xb0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0x01, 0x78, 0x03, 0x12, 0x08, 0x4c, 0x6f, 0x6e, 0x67, 0x46, 0x61, 0x73, 0x74, 0x1a,
    0x09, 0x21, 0x30, 0x62, 0x61, 0x64, 0x63, 0x61, 0x66, 0x65,
};

static struct channel long_fast(void)
{
    struct channel channel;
    assert_true(channel_set(&channel, "LongFast", "AQ=="));
    return channel;
}

static void what_another_coder_wrote_is_read(void **state)
{
    (void)state;
    struct envelope envelope;
    struct channel channel = long_fast();
    assert_true(packet_read_envelope(theirs, sizeof theirs, &envelope));
    assert_string_equal(envelope.channel, "LongFast");
    assert_string_equal(envelope.gateway, "!0badcafe");
    struct packet *packet = &envelope.packet;
    assert_true(packet->from == 0x12345678 && packet->id == 0xdeadbeef && packet->to == PACKET_TO_ALL);
    assert_true(packet->is_sealed && packet->channel == 8 && packet->hop_limit == 3 && packet->hop_start == 3);
    assert_true(channel_open(&channel, packet));
    assert_int_equal(packet->data.port, PORT_TEXT);
    assert_int_equal(packet->data.length, 10);
    assert_memory_equal(packet->data.payload, "hello mesh", 10);
    assert_true(packet->data.is_ok_to_mqtt && packet->data.reply_id == 7 && !packet->data.is_emoji);
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    struct channel channel = long_fast();
    uint8_t bytes[PACKET_BYTES_MAX];
    struct envelope envelope = {.packet = {.from = 1, .to = PACKET_TO_ALL, .id = 2, .hop_limit = 7, .hop_start = 7,
                                           .data = {.port = PORT_TEXT, .length = PACKET_PAYLOAD_BYTES_MAX,
                                                    .reply_id = UINT32_MAX, .is_emoji = true}},
                                .channel = "LongFast", .gateway = "!00000001"};
    struct envelope again;
    memset(envelope.packet.data.payload, 'x', PACKET_PAYLOAD_BYTES_MAX);
    assert_true(channel_seal(&channel, &envelope.packet));
    size_t length = packet_write_envelope(&envelope, bytes, sizeof bytes);
    assert_true(length > 0 && packet_read_envelope(bytes, length, &again));
    assert_true(channel_open(&channel, &again.packet));
    assert_memory_equal(again.packet.data.payload, envelope.packet.data.payload, PACKET_PAYLOAD_BYTES_MAX);
    assert_true(again.packet.data.is_emoji && again.packet.data.reply_id == UINT32_MAX);
    assert_int_equal(packet_write_envelope(&envelope, bytes, 100), 0);
}

static void keys_are_read_as_the_apps_show_them(void **state)
{
    (void)state;
    struct channel channel;
    assert_true(channel_set(&channel, "LongFast", "AQ==") && channel.hash == 8 && channel.key_length == 16);
    assert_true(channel_set(&channel, "a", "Ag==") && channel.key[15] == 2);
    assert_true(channel_set(&channel, "a", "") && channel.key_length == 0 && channel.hash == 'a');
    assert_true(channel_set(&channel, "a", "AA==") && channel.key_length == 0);
    assert_true(channel_set(&channel, "a", "AQID") && channel.key_length == 16 && channel.key[3] == 0);
    assert_true(channel_set(&channel, "a", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=") &&
                channel.key_length == 32);
    assert_false(channel_set(&channel, "a", "no Base64!"));
    assert_false(channel_set(&channel, "", "AQ=="));
    assert_false(channel_set(&channel, "a", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8AAA=="));
}

static void a_channel_opens_only_its_own(void **state)
{
    (void)state;
    struct channel channel = long_fast(), other;
    assert_true(channel_set(&other, "LongSlow", "AQ=="));
    struct packet packet = {.from = 9, .id = 10, .data = {.port = PORT_TEXT, .length = 2, .payload = "hi"}};
    assert_true(channel_seal(&channel, &packet));
    assert_false(channel_open(&other, &packet));
    assert_true(channel_set(&other, "LongFast", "Ag=="));
    other.hash = channel.hash; /* two of the same hash: what comes out is no packet of any port that is known */
    struct packet wrong = packet;
    assert_false(channel_open(&other, &wrong) && wrong.data.port == PORT_TEXT && wrong.data.length == 2);
    assert_true(channel_open(&channel, &packet));
}

static void without_a_key_the_sealed_is_plain(void **state)
{
    (void)state;
    struct channel channel;
    uint8_t plain[64];
    assert_true(channel_set(&channel, "ham", ""));
    struct packet packet = {.from = 9, .id = 10, .data = {.port = PORT_TEXT, .length = 2, .payload = "hi"}};
    size_t length = packet_write_data(&packet.data, plain, sizeof plain);
    assert_true(channel_seal(&channel, &packet));
    assert_int_equal(packet.sealed_length, length);
    assert_memory_equal(packet.sealed, plain, length);
}

static void users_have_names_within_their_bytes(void **state)
{
    (void)state;
    uint8_t bytes[256];
    struct packet_user user = {.id = "!12345678", .long_name = "KB7XYZ", .short_name = "XY", .is_licensed = true}, out;
    size_t length = packet_write_user(&user, bytes, sizeof bytes);
    assert_true(packet_read_user(bytes, length, &out));
    assert_string_equal(out.long_name, "KB7XYZ");
    assert_true(out.is_licensed);
    /* a long name of 13 times three bytes and one more: cut between characters */
    uint8_t longer[2 + 42] = {0x12, 42};
    for (int i = 0; i < 14; i++)
        memcpy(longer + 2 + 3 * i, "\xED\x95\x9C", 3);
    assert_true(packet_read_user(longer, sizeof longer, &out));
    assert_int_equal(strlen(out.long_name), 39);
    static const uint8_t broken[] = {0x12, 2, 0xff, 0xfe};
    assert_false(packet_read_user(broken, sizeof broken, &out));
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    struct packet packet;
    struct packet_data data;
    static uint8_t many[PACKET_BYTES_MAX + 1];
    assert_false(packet_read(many, sizeof many, &packet));
    for (size_t i = 0; i + 1 < PACKET_BYTES_MAX; i += 2) { /* 512 unknown fields: more than its memory holds */
        many[i] = 0x78;
        many[i + 1] = 1;
    }
    (void)packet_read(many, PACKET_BYTES_MAX, &packet);
    uint8_t payload[3 + PACKET_PAYLOAD_BYTES_MAX + 1] = {0x12, ((PACKET_PAYLOAD_BYTES_MAX + 1) & 0x7f) | 0x80, 1};
    assert_false(packet_read_data(payload, sizeof payload, &data));
    static const uint8_t hops[] = {0x0d, 1, 0, 0, 0, 0x48, 8, 0x2a, 0};
    assert_false(packet_read(hops, sizeof hops, &packet));
}

static void numbers_of_nodes(void **state)
{
    (void)state;
    char id[NODE_ID_BYTES];
    uint32_t number;
    node_id(0xabc, id);
    assert_string_equal(id, "!00000abc");
    assert_true(node_number("!DEADbeef", &number) && number == 0xdeadbeef);
    assert_false(node_number("!deadbee", &number) || node_number("deadbeef0", &number) ||
                 node_number("!deadbeeg", &number));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_another_coder_wrote_is_read),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(keys_are_read_as_the_apps_show_them),
        cmocka_unit_test(a_channel_opens_only_its_own),
        cmocka_unit_test(without_a_key_the_sealed_is_plain),
        cmocka_unit_test(users_have_names_within_their_bytes),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(numbers_of_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
