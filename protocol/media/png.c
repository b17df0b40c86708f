/* png.c - a PNG as chunks, up to IEND. */
#include "protocol/media/format.h"

#include <string.h>

#include "protocol/crc32.h"

enum { BEGIN, AT_CHUNK, AT_HEADER, AFTER_EXIF, AT_END };
enum { SIGNATURE_BYTES = 8, SUM_BYTES = 4, HEADER_BYTES = 13 };

static bool next_chunk(struct media *media)
{
    return media_next(media, MEDIA_DROP, 0, 8, AT_CHUNK);
}

static bool put_exif(struct media *media)
{
    uint8_t chunk[8 + EXIF_BYTES + SUM_BYTES] = {0, 0, 0, EXIF_BYTES, 'e', 'X', 'I', 'f'};
    if (media->exif.orientation < 2)
        return next_chunk(media);
    media->is_turned = media->exif.orientation >= 5;
    exif_write(media->exif.orientation, chunk + 8);
    uint32_t sum = crc32_add(0, chunk + 4, 4 + EXIF_BYTES);
    for (int i = 0; i < SUM_BYTES; i++)
        chunk[8 + EXIF_BYTES + i] = (uint8_t)(sum >> (24 - 8 * i));
    return media_put(media, chunk, sizeof chunk) && next_chunk(media);
}

static bool is_kind(const uint8_t *type)
{
    for (int i = 0; i < 4; i++)
        if (!((type[i] >= 'a' && type[i] <= 'z') || (type[i] >= 'A' && type[i] <= 'Z')))
            return false;
    return true;
}

/* How the picture looks, and nothing else. */
static bool is_kept(const uint8_t *type)
{
    static const char kept[] = "IHDRPLTEIDATIENDtRNScHRMgAMAiCCPsBITsRGBbKGDhISTpHYssPLTacTLfcTLfdATcICPmDCVcLLI";
    for (const char *at = kept; *at; at += 4)
        if (memcmp(at, type, 4) == 0)
            return true;
    return false;
}

static bool judge_chunk(struct media *media)
{
    const uint8_t *type = media->held + 4;
    uint32_t length = big32(media->held);
    bool is_header = memcmp(type, "IHDR", 4) == 0;
    if (length > INT32_MAX || !is_kind(type) || is_header == media->has_begun ||
        (is_header && length != HEADER_BYTES))
        return media_damaged(media);
    uint64_t all = (uint64_t)length + SUM_BYTES;
    if (memcmp(type, "eXIf", 4) == 0) {
        exif_begin(&media->exif);
        return media_next(media, MEDIA_EXIF, all, 0, AFTER_EXIF);
    }
    if (!is_kept(type))
        return media_next(media, MEDIA_DROP, all, 8, AT_CHUNK);
    if (!media_put(media, media->held, 8))
        return false;
    if (is_header)
        return media_next(media, MEDIA_DROP, 0, HEADER_BYTES, AT_HEADER);
    bool is_end = memcmp(type, "IEND", 4) == 0;
    return media_next(media, MEDIA_PASS, all, is_end ? 0 : 8, is_end ? AT_END : AT_CHUNK);
}

bool png_step(struct media *media)
{
    switch (media->state) {
    case BEGIN:
        return media_next(media, MEDIA_PASS, SIGNATURE_BYTES, 8, AT_CHUNK);
    case AT_CHUNK:
        return judge_chunk(media);
    case AT_HEADER:
        media->has_begun = true;
        media_size(media, big32(media->held), big32(media->held + 4));
        return media_put(media, media->held, HEADER_BYTES) &&
               media_next(media, MEDIA_PASS, SUM_BYTES, 8, AT_CHUNK);
    case AFTER_EXIF:
        return put_exif(media);
    default:
        return media_end(media);
    }
}
