/* Packets that somebody bent: 20,000 of them, or 1,000,000 with HEARTH_LONG_TESTS. What must hold is in
 * tests/fuzz/fuzz_mesh.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/bridge/mesh/channel.h"

#define FEW 20000
#define MANY 1000000

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static uint64_t chance = 88172645463325252;

static uint32_t below(uint32_t bound)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return (uint32_t)(chance >> 32) % bound;
}

/* A packet as a radio sends it: a text, a part of one, a reaction, a name; sealed or plain; bare or in an envelope. */
static size_t make(uint8_t out[PACKET_BYTES_MAX])
{
    static const char *const texts[] = {"hello", "x (1/3)", "y (2/3)", "z (3/3)", "\xF0\x9F\x91\x8D", "\x12\x06KB7XYZ",
                                        "한글 (1/2)", ""};
    static struct envelope envelope;
    struct channel channel;
    const char *text = texts[below(8)];
    envelope = (struct envelope){.channel = "LongFast", .gateway = "!0badcafe"};
    struct packet *packet = &envelope.packet;
    *packet = (struct packet){.from = 1 + below(5), .to = PACKET_TO_ALL, .id = below(UINT32_MAX), .hop_limit = 3,
                              .data = {.port = 1 + below(4), .length = strlen(text), .reply_id = below(3),
                                       .is_emoji = below(2), .is_ok_to_mqtt = true}};
    memcpy(packet->data.payload, text, strlen(text));
    assert_true(channel_set(&channel, "LongFast", "AQ=="));
    if (below(2))
        assert_true(channel_seal(&channel, packet));
    return below(2) ? packet_write(packet, out, PACKET_BYTES_MAX)
                    : packet_write_envelope(&envelope, out, PACKET_BYTES_MAX);
}

/* Bits turned, bytes left out or put in, cut short, one piece twice. */
static size_t bend(uint8_t *bytes, size_t length)
{
    for (uint32_t i = below(4); i > 0 && length > 0; i--) {
        size_t at = below((uint32_t)length), piece = below(16);
        switch (below(5)) {
        case 0:
            bytes[at] ^= (uint8_t)(1u << below(8));
            break;
        case 1:
            bytes[at] = (uint8_t)below(256);
            break;
        case 2:
            length = at;
            break;
        case 3:
            memmove(bytes + at, bytes + at + 1, length - at - 1);
            length--;
            break;
        default:
            if (at + piece <= length && length + piece <= PACKET_BYTES_MAX) {
                memmove(bytes + at + piece, bytes + at, length - at);
                length += piece;
            }
        }
    }
    return length;
}

static void bent_packets_are_read_within_bounds_or_not_at_all(void **state)
{
    (void)state;
    uint32_t count = getenv("HEARTH_LONG_TESTS") ? MANY : FEW;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t bytes[PACKET_BYTES_MAX];
        size_t length = bend(bytes, make(bytes));
        uint8_t *exact = malloc(length + 1); /* so that reading beyond it is seen */
        assert_non_null(exact);
        memcpy(exact + 1, bytes, length);
        (void)LLVMFuzzerTestOneInput(exact + 1, length);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bent_packets_are_read_within_bounds_or_not_at_all)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
