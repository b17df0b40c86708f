/* utf8.h - is what comes in pieces UTF-8 (RFC 3629)? lws can check too, but under libuv it then drops
 * the connection without saying 1007. */
#ifndef HEARTH_NET_UTF8_H
#define HEARTH_NET_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Between two pieces. All zero is the start of a text. */
struct utf8 {
    uint8_t missing;      /* bytes of the character under way */
    uint8_t lowest, highest; /* of the next of them */
};

/* False as soon as no continuation can make it valid. */
bool utf8_take(struct utf8 *utf8, const void *bytes, size_t length);

/* No character is under way. */
bool utf8_is_whole(const struct utf8 *utf8);

/* Of what has come in one piece. */
bool utf8_is_text(const void *bytes, size_t length);

#endif
