/* webp.c - a WebP as chunks (RFC 9649). Its head says how long it is, so what goes is overwritten. */
#include "protocol/media/format.h"

#include <string.h>

enum { BEGIN, AT_HEAD, AT_CHUNK, AT_EXTENDED, AT_LOSSY, AT_LOSSLESS, AFTER_EXIF };
enum { EXTENDED_BYTES = 10, LOSSY_BYTES = 10, LOSSLESS_BYTES = 5, HAS_XMP = 0x04 };

/* With the byte that makes it even. */
static uint64_t padded(uint32_t length)
{
    return (uint64_t)length + (length & 1);
}

static bool next_chunk(struct media *media, enum media_action action, uint64_t left)
{
    return media_next(media, action, left, 8, AT_CHUNK);
}

static bool put_head(struct media *media, const char *kind)
{
    uint8_t head[8];
    memcpy(head, kind, 4);
    for (int i = 0; i < 4; i++)
        head[4 + i] = (uint8_t)(media->length >> (8 * i));
    return media_put(media, head, sizeof head);
}

/* An Exif is replaced by the orientation alone, where there is room for one. */
static bool put_exif(struct media *media)
{
    uint8_t exif[EXIF_BYTES];
    uint64_t left = padded(media->length);
    if (left < EXIF_BYTES)
        return put_head(media, "JUNK") && media_put_zeros(media, left) && next_chunk(media, MEDIA_DROP, 0);
    media->is_turned = media->exif.orientation >= 5;
    exif_write(media->exif.orientation, exif);
    return put_head(media, "EXIF") && media_put(media, exif, sizeof exif) &&
           media_put_zeros(media, left - EXIF_BYTES) && next_chunk(media, MEDIA_DROP, 0);
}

/* The chunk stays, with what of it is held. */
static bool keep(struct media *media)
{
    return media_put(media, media->held, media->have) &&
           next_chunk(media, MEDIA_PASS, padded(media->length) - media->have);
}

static bool look_inside(struct media *media, size_t want, int state)
{
    media->has_begun = true;
    if (media->length < want || !media_put(media, media->held, 8))
        return media->length < want ? media_damaged(media) : false;
    return media_next(media, MEDIA_DROP, 0, want, state);
}

static bool is_kept(const uint8_t *kind)
{
    return memcmp(kind, "ICCP", 4) == 0 || memcmp(kind, "ANIM", 4) == 0 ||
           memcmp(kind, "ANMF", 4) == 0 || memcmp(kind, "ALPH", 4) == 0;
}

static bool judge_chunk(struct media *media)
{
    const uint8_t *kind = media->held;
    media->length = little32(kind + 4);
    if (8 + padded(media->length) > media->rest)
        return media_damaged(media);
    media->rest -= 8 + padded(media->length);
    if (memcmp(kind, "VP8X", 4) == 0)
        return look_inside(media, EXTENDED_BYTES, AT_EXTENDED);
    if (memcmp(kind, "VP8 ", 4) == 0)
        return look_inside(media, LOSSY_BYTES, AT_LOSSY);
    if (memcmp(kind, "VP8L", 4) == 0)
        return look_inside(media, LOSSLESS_BYTES, AT_LOSSLESS);
    if (memcmp(kind, "EXIF", 4) == 0) {
        exif_begin(&media->exif);
        return media_next(media, MEDIA_EXIF, padded(media->length), 0, AFTER_EXIF);
    }
    if (is_kept(kind))
        return media_put(media, media->held, 8) && next_chunk(media, MEDIA_PASS, padded(media->length));
    return put_head(media, "JUNK") && next_chunk(media, MEDIA_BLANK, padded(media->length));
}

static uint32_t little24(const uint8_t *bytes)
{
    return little16(bytes) | (uint32_t)bytes[2] << 16;
}

bool webp_step(struct media *media)
{
    uint8_t *held = media->held;
    switch (media->state) {
    case BEGIN:
        return media_next(media, MEDIA_DROP, 0, 12, AT_HEAD);
    case AT_HEAD:
        media->rest = little32(held + 4) < 4 ? 0 : little32(held + 4) - 4;
        return media_put(media, held, 12) && next_chunk(media, MEDIA_DROP, 0);
    case AT_CHUNK:
        return media->rest < 8 ? media_end(media) : judge_chunk(media);
    case AT_EXTENDED:
        held[0] = (uint8_t)(held[0] & ~HAS_XMP);
        media_size(media, little24(held + 4) + 1, little24(held + 7) + 1);
        return keep(media);
    case AT_LOSSY:
        if (memcmp(held + 3, "\x9d\x01\x2a", 3) == 0)
            media_size(media, little16(held + 6) & 0x3fff, little16(held + 8) & 0x3fff);
        return keep(media);
    case AT_LOSSLESS:
        media_size(media, (little32(held + 1) & 0x3fff) + 1, (little32(held + 1) >> 14 & 0x3fff) + 1);
        return keep(media);
    default:
        return put_exif(media);
    }
}
