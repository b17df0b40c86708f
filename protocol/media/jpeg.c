/* jpeg.c - a JPEG as segments (ITU T.81, annex B), up to its end. */
#include "protocol/media/format.h"

#include <string.h>

enum { BEGIN, AT_MARKER, AT_LENGTH, AT_APPLICATION, AT_FRAME, AFTER_EXIF, IN_SCAN };
enum { SOI = 0xd8, EOI = 0xd9, SOS = 0xda, APP0 = 0xe0, APP1 = 0xe1, APP2 = 0xe2, APP14 = 0xee, TEM = 0x01 };
enum { NAME_BYTES_MAX = 14, JFIF_BYTES = 14, FRAME_BYTES = 5 };

static bool next_marker(struct media *media)
{
    return media_next(media, MEDIA_DROP, 0, 2, AT_MARKER);
}

static bool is_frame(uint8_t marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

/* Without a length of its own. */
static bool is_alone(uint8_t marker)
{
    return marker == SOI || marker == TEM || (marker >= 0xd0 && marker <= 0xd7);
}

static bool put_head(struct media *media)
{
    uint32_t length = media->length + 2;
    const uint8_t head[] = {0xff, media->marker, (uint8_t)(length >> 8), (uint8_t)length};
    return media_put(media, head, sizeof head);
}

/* The segment stays, with what of it is held. */
static bool keep(struct media *media)
{
    return put_head(media) && media_put(media, media->held, media->have) &&
           media_next(media, MEDIA_PASS, media->length - media->have, 2, AT_MARKER);
}

static bool leave_out(struct media *media)
{
    return media_next(media, MEDIA_DROP, media->length - media->have, 2, AT_MARKER);
}

static bool is_named(const struct media *media, const char *name, size_t length)
{
    return media->have >= length && memcmp(media->held, name, length) == 0;
}

/* The small picture that may be in it is left out. */
static bool put_jfif(struct media *media)
{
    uint32_t rest = media->length - JFIF_BYTES;
    media->length = JFIF_BYTES;
    media->held[12] = media->held[13] = 0;
    return put_head(media) && media_put(media, media->held, JFIF_BYTES) &&
           media_next(media, MEDIA_DROP, rest, 2, AT_MARKER);
}

static bool judge_application(struct media *media)
{
    uint8_t marker = media->marker;
    if (marker == APP0 && is_named(media, "JFIF", 5) && media->have == JFIF_BYTES)
        return put_jfif(media);
    if (marker == APP1 && is_named(media, "Exif\0", 6)) {
        exif_begin(&media->exif);
        exif_feed(&media->exif, media->held, media->have);
        return media_next(media, MEDIA_EXIF, media->length - media->have, 0, AFTER_EXIF);
    }
    if ((marker == APP2 && is_named(media, "ICC_PROFILE", 12)) ||
        (marker == APP14 && is_named(media, "Adobe", 5)))
        return keep(media);
    return leave_out(media);
}

static bool put_exif(struct media *media)
{
    uint8_t exif[EXIF_BYTES];
    static const uint8_t head[] = {0xff, APP1, 0, 8 + EXIF_BYTES, 'E', 'x', 'i', 'f', 0, 0};
    if (media->exif.orientation < 2)
        return next_marker(media);
    media->is_turned = media->exif.orientation >= 5;
    exif_write(media->exif.orientation, exif);
    return media_put(media, head, sizeof head) && media_put(media, exif, sizeof exif) &&
           next_marker(media);
}

static bool judge_marker(struct media *media)
{
    uint8_t marker = media->marker = media->held[1];
    if (media->held[0] != 0xff || marker == 0)
        return media_damaged(media);
    if (marker == 0xff) { /* any number of them may stand before a marker */
        media->have = 1;
        return true;
    }
    if (!is_alone(marker) && marker != EOI)
        return media_next(media, MEDIA_DROP, 0, 2, AT_LENGTH);
    if (!media_put(media, media->held, 2))
        return false;
    return marker == EOI ? media_end(media) : next_marker(media);
}

static bool judge_length(struct media *media)
{
    uint32_t length = big16(media->held);
    uint8_t marker = media->marker;
    if (length < 2)
        return media_damaged(media);
    media->length = length - 2;
    media->have = 0;
    if (marker == SOS) {
        media->has_begun = true;
        return put_head(media) && media_next(media, MEDIA_PASS, media->length, 0, IN_SCAN);
    }
    if (marker >= APP0 && marker <= 0xef) {
        size_t name = media->length < NAME_BYTES_MAX ? media->length : NAME_BYTES_MAX;
        return media_next(media, MEDIA_DROP, 0, name, AT_APPLICATION);
    }
    if (marker == 0xfe)
        return leave_out(media);
    if (is_frame(marker) && media->length >= FRAME_BYTES)
        return media_next(media, MEDIA_DROP, 0, FRAME_BYTES, AT_FRAME);
    return keep(media);
}

/* A byte 0xff of the picture itself has a 0 behind it, or a restart. */
static bool judge_scan(struct media *media)
{
    if (media->have == 0)
        return media_next(media, MEDIA_SCAN, UINT64_MAX, 2, IN_SCAN);
    uint8_t second = media->held[1];
    if (second != 0 && !(second >= 0xd0 && second <= 0xd7))
        return judge_marker(media);
    return media_put(media, media->held, 2) && media_next(media, MEDIA_SCAN, UINT64_MAX, 2, IN_SCAN);
}

bool jpeg_step(struct media *media)
{
    switch (media->state) {
    case BEGIN:
        return next_marker(media);
    case AT_MARKER:
        return judge_marker(media);
    case AT_LENGTH:
        return judge_length(media);
    case AT_APPLICATION:
        return judge_application(media);
    case AT_FRAME:
        media_size(media, big16(media->held + 3), big16(media->held + 1));
        return keep(media);
    case AFTER_EXIF:
        return put_exif(media);
    default:
        return judge_scan(media);
    }
}
