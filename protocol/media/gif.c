/* gif.c - a GIF as blocks (GIF89a), up to its trailer. */
#include "protocol/media/format.h"

#include <string.h>

enum { BEGIN, AT_HEADER, AT_BLOCK, AT_IMAGE, AT_LABEL, AT_APPLICATION, AT_PART, AT_PART_LEFT_OUT };
enum { HEADER_BYTES = 13, IMAGE_BYTES = 9, APPLICATION_BYTES = 12 };

static bool next_block(struct media *media)
{
    return media_next(media, MEDIA_DROP, 0, 1, AT_BLOCK);
}

static uint64_t table_bytes(uint8_t flags)
{
    return flags & 0x80 ? UINT64_C(3) << ((flags & 7) + 1) : 0;
}

static bool judge_block(struct media *media)
{
    switch (media->held[0]) {
    case 0: /* padding */
        return next_block(media);
    case 0x2c:
        media->has_begun = true;
        return media_put(media, media->held, 1) && media_next(media, MEDIA_DROP, 0, IMAGE_BYTES, AT_IMAGE);
    case 0x21:
        return media_next(media, MEDIA_DROP, 0, 1, AT_LABEL);
    case 0x3b:
        return media_put(media, media->held, 1) && media_end(media);
    default:
        return media_damaged(media);
    }
}

/* Of the extensions, those that say how the picture looks: its timing, its repeats, its colours. */
static bool judge_label(struct media *media)
{
    static const uint8_t control[] = {0x21, 0xf9};
    if (media->held[0] == 0xf9)
        return media_put(media, control, sizeof control) && media_next(media, MEDIA_DROP, 0, 1, AT_PART);
    if (media->held[0] == 0xff)
        return media_next(media, MEDIA_DROP, 0, APPLICATION_BYTES, AT_APPLICATION);
    return media_next(media, MEDIA_DROP, 0, 1, AT_PART_LEFT_OUT);
}

static bool judge_application(struct media *media)
{
    static const uint8_t head[] = {0x21, 0xff};
    const uint8_t *name = media->held + 1;
    if (media->held[0] != APPLICATION_BYTES - 1)
        return media_damaged(media);
    if (memcmp(name, "NETSCAPE2.0", 11) != 0 && memcmp(name, "ANIMEXTS1.0", 11) != 0 &&
        memcmp(name, "ICCRGBG1012", 11) != 0)
        return media_next(media, MEDIA_DROP, 0, 1, AT_PART_LEFT_OUT);
    return media_put(media, head, sizeof head) && media_put(media, media->held, APPLICATION_BYTES) &&
           media_next(media, MEDIA_DROP, 0, 1, AT_PART);
}

static bool judge_part(struct media *media)
{
    uint8_t length = media->held[0];
    bool is_left_out = media->state == AT_PART_LEFT_OUT;
    if (!is_left_out && !media_put(media, &length, 1))
        return false;
    if (length == 0)
        return next_block(media);
    return media_next(media, is_left_out ? MEDIA_DROP : MEDIA_PASS, length, 1, media->state);
}

bool gif_step(struct media *media)
{
    switch (media->state) {
    case BEGIN:
        return media_next(media, MEDIA_DROP, 0, HEADER_BYTES, AT_HEADER);
    case AT_HEADER:
        media_size(media, little16(media->held + 6), little16(media->held + 8));
        return media_put(media, media->held, HEADER_BYTES) &&
               media_next(media, MEDIA_PASS, table_bytes(media->held[10]), 1, AT_BLOCK);
    case AT_BLOCK:
        return judge_block(media);
    case AT_IMAGE: /* its table, and a byte before its parts */
        return media_put(media, media->held, IMAGE_BYTES) &&
               media_next(media, MEDIA_PASS, table_bytes(media->held[8]) + 1, 1, AT_PART);
    case AT_LABEL:
        return judge_label(media);
    case AT_APPLICATION:
        return judge_application(media);
    default:
        return judge_part(media);
    }
}
