/* eight.h - eight bytes of a text at a time: most of what people write needs nothing done to it. Pure. */
#ifndef HEARTH_PROTOCOL_EIGHT_H
#define HEARTH_PROTOCOL_EIGHT_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define EIGHT_ONES  UINT64_C(0x0101010101010101)
#define EIGHT_HIGHS UINT64_C(0x8080808080808080)

/* The first byte is the lowest, whatever the machine. */
static inline uint64_t eight_load(const void *bytes)
{
    uint64_t eight;
    memcpy(&eight, bytes, sizeof eight);
    return le64toh(eight);
}

/* The high bit of each byte that is not ASCII. */
static inline uint64_t eight_wide(uint64_t eight)
{
    return eight & EIGHT_HIGHS;
}

/* Printable ASCII, U+0020 to U+007E. Below the high bit, subtracting 0x20 sets it in a smaller byte and
 * adding 1 in DEL; what spills into a neighbour only makes this say no where it need not. */
static inline bool eight_is_printable(uint64_t eight)
{
    return ((eight | (eight - ' ' * EIGHT_ONES) | (eight + EIGHT_ONES)) & EIGHT_HIGHS) == 0;
}

/* The high bit of each byte that has to be escaped in JSON. The lowest that is set is true; above it, a
 * neighbour may have lent it. */
static inline uint64_t eight_escapes(uint64_t eight)
{
    uint64_t quote = eight ^ (EIGHT_ONES * '"'), backslash = eight ^ (EIGHT_ONES * '\\');
    uint64_t found = ((eight - EIGHT_ONES * 0x20) & ~eight) | ((quote - EIGHT_ONES) & ~quote) |
                     ((backslash - EIGHT_ONES) & ~backslash);
    return found & EIGHT_HIGHS;
}

/* The index of the first byte whose high bit is set in found, which is not 0. */
static inline unsigned eight_first(uint64_t found)
{
    return (unsigned)__builtin_ctzll(found) / 8;
}

#endif
