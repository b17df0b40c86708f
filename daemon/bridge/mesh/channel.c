#include "daemon/bridge/mesh/channel.h"

#include <stdio.h>
#include <string.h>

#include <mbedtls/aes.h>
#include <mbedtls/base64.h>

/* What "AQ==" stands for; the last byte grows with the number. */
static const uint8_t well_known[16] = {0xd4, 0xf1, 0xbb, 0x3a, 0x20, 0x29, 0x07, 0x59,
                                       0xf0, 0xbc, 0xff, 0xab, 0xcf, 0x4e, 0x69, 0x01};

static uint8_t xor_of(const void *bytes, size_t length)
{
    uint8_t sum = 0;
    for (size_t i = 0; i < length; i++)
        sum ^= ((const uint8_t *)bytes)[i];
    return sum;
}

static void expand(struct channel *channel, size_t length)
{
    if (length == 1 && channel->key[0] == 0) {
        channel->key_length = 0;
    } else if (length == 1) {
        uint8_t number = channel->key[0];
        memcpy(channel->key, well_known, sizeof well_known);
        channel->key[15] = (uint8_t)(channel->key[15] + number - 1);
        channel->key_length = 16;
    } else {
        channel->key_length = length == 0 ? 0 : length <= 16 ? 16 : 32;
    }
}

bool channel_set(struct channel *channel, const char *name, const char *key)
{
    size_t length = 0;
    *channel = (struct channel){.key_length = 0};
    if (!name[0] || strlen(name) >= sizeof channel->name ||
        mbedtls_base64_decode(channel->key, sizeof channel->key, &length, (const unsigned char *)key,
                              strlen(key)) != 0)
        return false;
    snprintf(channel->name, sizeof channel->name, "%s", name);
    expand(channel, length);
    channel->hash = xor_of(name, strlen(name)) ^ xor_of(channel->key, channel->key_length);
    return true;
}

static void put_32(uint8_t *out, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(number >> (8 * i));
}

/* Both ways: the id as 64 bits, the sender as 32, and the count of blocks. */
static bool cipher(const struct channel *channel, const struct packet *packet, const uint8_t *in, size_t length,
                   uint8_t *out)
{
    uint8_t counter[16] = {0}, block[16];
    size_t offset = 0;
    mbedtls_aes_context aes;
    memcpy(out, in, length);
    if (channel->key_length == 0)
        return true;
    put_32(counter, packet->id);
    put_32(counter + 8, packet->from);
    mbedtls_aes_init(&aes);
    bool is_done = mbedtls_aes_setkey_enc(&aes, channel->key, (unsigned)channel->key_length * 8) == 0 &&
                   mbedtls_aes_crypt_ctr(&aes, length, &offset, counter, block, in, out) == 0;
    mbedtls_aes_free(&aes);
    return is_done;
}

bool channel_seal(const struct channel *channel, struct packet *packet)
{
    uint8_t plain[PACKET_SEALED_BYTES_MAX];
    size_t length = packet_write_data(&packet->data, plain, sizeof plain);
    if (length == 0 || !cipher(channel, packet, plain, length, packet->sealed))
        return false;
    packet->sealed_length = length;
    packet->channel = channel->hash;
    packet->is_sealed = true;
    return true;
}

bool channel_open(const struct channel *channel, struct packet *packet)
{
    uint8_t plain[PACKET_SEALED_BYTES_MAX];
    if (!packet->is_sealed)
        return true;
    if (packet->channel != channel->hash ||
        !cipher(channel, packet, packet->sealed, packet->sealed_length, plain) ||
        !packet_read_data(plain, packet->sealed_length, &packet->data) || packet->data.port == 0)
        return false;
    packet->is_sealed = false;
    return true;
}
