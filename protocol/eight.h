/* eight.h - eight bytes of a text at a time: most of what people write needs nothing done to it. Pure. */
#ifndef HEARTH_PROTOCOL_EIGHT_H
#define HEARTH_PROTOCOL_EIGHT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define EIGHT_ONES  UINT64_C(0x0101010101010101)
#define EIGHT_HIGHS UINT64_C(0x8080808080808080)

static inline uint64_t eight_load(const void *bytes)
{
    uint64_t eight;
    memcpy(&eight, bytes, sizeof eight);
    return eight;
}

static inline bool eight_is_ascii(uint64_t eight)
{
    return (eight & EIGHT_HIGHS) == 0;
}

/* Printable ASCII, U+0020 to U+007E. Below the high bit, subtracting 0x20 sets it in a smaller byte and
 * adding 1 in DEL; what spills into a neighbour only makes this say no where it need not. */
static inline bool eight_is_printable(uint64_t eight)
{
    return ((eight | (eight - ' ' * EIGHT_ONES) | (eight + EIGHT_ONES)) & EIGHT_HIGHS) == 0;
}

/* Does any of them have to be escaped in JSON? May say yes for a byte from 0x80 on that follows one that
 * has to, never no for one that has to. */
static inline bool eight_needs_escape(uint64_t eight)
{
    uint64_t quote = eight ^ (EIGHT_ONES * '"'), backslash = eight ^ (EIGHT_ONES * '\\');
    uint64_t found = ((eight - EIGHT_ONES * 0x20) & ~eight) | ((quote - EIGHT_ONES) & ~quote) |
                     ((backslash - EIGHT_ONES) & ~backslash);
    return (found & EIGHT_HIGHS) != 0;
}

#endif
