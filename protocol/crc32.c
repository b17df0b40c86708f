#include "protocol/crc32.h"

#define POLYNOMIAL UINT32_C(0xedb88320)

static uint32_t shift(uint32_t sum)
{
    for (int bit = 0; bit < 4; bit++)
        sum = sum & 1 ? sum >> 1 ^ POLYNOMIAL : sum >> 1;
    return sum;
}

uint32_t crc32_add(uint32_t sum, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    uint32_t table[16]; /* of what four bits become */
    for (uint32_t i = 0; i < 16; i++)
        table[i] = shift(i);
    sum = ~sum;
    for (size_t i = 0; i < length; i++) {
        sum ^= at[i];
        sum = table[sum & 15] ^ sum >> 4;
        sum = table[sum & 15] ^ sum >> 4;
    }
    return ~sum;
}
