#include "daemon/net/utf8.h"

#include <string.h>

#define HIGH_BITS UINT64_C(0x8080808080808080)

/* How many bytes from here on are ASCII, eight at a time. */
static size_t skip_ascii(const unsigned char *bytes, size_t length)
{
    size_t at = 0;
    uint64_t eight;
    for (; at + sizeof eight <= length; at += sizeof eight) {
        memcpy(&eight, bytes + at, sizeof eight);
        if (eight & HIGH_BITS)
            break;
    }
    return at;
}

/* Table 3-7 of the Unicode standard: no overlong forms, no surrogates, nothing above U+10FFFF. */
static bool begin(struct utf8 *utf8, unsigned char first)
{
    utf8->lowest = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    utf8->highest = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (first < 0x80)
        utf8->missing = 0;
    else if (first >= 0xc2 && first <= 0xdf)
        utf8->missing = 1;
    else if (first >= 0xe0 && first <= 0xef)
        utf8->missing = 2;
    else if (first >= 0xf0 && first <= 0xf4)
        utf8->missing = 3;
    else
        return false;
    return true;
}

static bool go_on(struct utf8 *utf8, unsigned char next)
{
    if (next < utf8->lowest || next > utf8->highest)
        return false;
    utf8->missing--;
    utf8->lowest = 0x80;
    utf8->highest = 0xbf;
    return true;
}

bool utf8_take(struct utf8 *utf8, const void *bytes, size_t length)
{
    const unsigned char *at = bytes, *end = at + length;
    while (at < end) {
        if (utf8->missing == 0)
            at += skip_ascii(at, (size_t)(end - at));
        if (at == end)
            break;
        unsigned char byte = *at++;
        if (!(utf8->missing == 0 ? begin(utf8, byte) : go_on(utf8, byte)))
            return false;
    }
    return true;
}

bool utf8_is_whole(const struct utf8 *utf8)
{
    return utf8->missing == 0;
}

bool utf8_is_text(const void *bytes, size_t length)
{
    struct utf8 utf8 = {0};
    return utf8_take(&utf8, bytes, length) && utf8_is_whole(&utf8);
}
