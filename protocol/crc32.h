/* crc32.h - the CRC-32 of ISO 3309, as PNG and zlib have it. Pure. */
#ifndef HEARTH_PROTOCOL_CRC32_H
#define HEARTH_PROTOCOL_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Of what sum is of, and these bytes behind it; 0 begins. */
uint32_t crc32_add(uint32_t sum, const void *bytes, size_t length);

#endif
