/* boxes.c - MP4, MOV, M4A, HEIC and AVIF as boxes (ISO/IEC 14496-12, 23008-12). What says where and when is
 * overwritten in place: tables in the file count its bytes. */
#include "protocol/media/format.h"

#include <string.h>

#define KIND(text) ((uint32_t)(text)[0] << 24 | (uint32_t)(text)[1] << 16 | (uint32_t)(text)[2] << 8 | (uint32_t)(text)[3])

enum { BEGIN, AT_BOX, AT_LARGE, AT_TIMES, AT_TRACK, AT_HANDLER, AT_SAMPLES, AT_ITEM, AT_EXTENT, AT_ROTATION, AT_VERSION, AT_REST };
enum { TRACK_BYTES = 8, ITEM_BYTES = 16, EXTENT_BYTES = 12, SAMPLES_BYTES = 16, HANDLER_BYTES = 12 };

static bool is_one_of(uint32_t kind, const char *kinds)
{
    for (; *kinds; kinds += 4)
        if (KIND(kinds) == kind)
            return true;
    return false;
}

static bool is_still(const struct media *media)
{
    return media->type == MEDIA_HEIC || media->type == MEDIA_AVIF;
}

static uint32_t around(const struct media *media)
{
    return media->depth > 0 ? media->kinds[media->depth - 1] : 0;
}

/* Bytes from here to the end of the box under way. */
static uint64_t left_of(const struct media *media)
{
    return media->rest > media->at ? media->rest - media->at : 0;
}

static bool next_box(struct media *media, enum media_action action, uint64_t left)
{
    return media_next(media, action, left, 8, AT_BOX);
}

static bool enter(struct media *media, uint32_t kind)
{
    if (media->depth == MEDIA_DEPTH_MAX)
        return media_damaged(media);
    media->kinds[media->depth] = kind;
    media->ends[media->depth++] = media->rest;
    return next_box(media, MEDIA_DROP, 0);
}

/* The head of a box that stays. */
static bool put_head(struct media *media, uint32_t kind, bool is_large)
{
    uint64_t whole = left_of(media) + (is_large ? 16 : 8);
    uint8_t head[16];
    for (int i = 0; i < 4; i++) {
        head[i] = (uint8_t)(is_large ? (i == 3) : whole >> (24 - 8 * i));
        head[4 + i] = (uint8_t)(kind >> (24 - 8 * i));
    }
    for (int i = 0; is_large && i < 8; i++)
        head[8 + i] = (uint8_t)(whole >> (56 - 8 * i));
    return media_put(media, head, is_large ? 16 : 8);
}

/* User data and metadata: of the file, of the film, of a track. */
static bool is_private(const struct media *media, uint32_t kind)
{
    if (is_one_of(kind, "freeskipuuidudta"))
        return true;
    return kind == KIND("meta") && !is_still(media);
}

static bool is_container(const struct media *media, uint32_t kind)
{
    uint32_t outside = around(media);
    if (is_still(media) && is_one_of(kind, "iprpipco"))
        return true;
    return (kind == KIND("moov") && outside == 0) || (kind == KIND("trak") && outside == KIND("moov")) ||
           (kind == KIND("mdia") && outside == KIND("trak")) ||
           (kind == KIND("minf") && outside == KIND("mdia")) ||
           (kind == KIND("stbl") && outside == KIND("minf"));
}

/* What the inside of a box is looked at for; -1: for nothing. */
static int look_of(const struct media *media, uint32_t kind, size_t *want)
{
    static const struct { const char *kind; int state; size_t want; bool is_still; } looks[] = {
        {"mvhd", AT_TIMES, 4, false},     {"tkhd", AT_TIMES, 4, false},
        {"mdhd", AT_TIMES, 4, false},     {"stsd", AT_SAMPLES, SAMPLES_BYTES, false},
        {"hdlr", AT_HANDLER, HANDLER_BYTES, false},
        {"meta", AT_VERSION, 4, true},    {"iinf", AT_VERSION, 4, true},
        {"infe", AT_ITEM, ITEM_BYTES, true}, {"ispe", AT_EXTENT, EXTENT_BYTES, true},
        {"irot", AT_ROTATION, 1, true},
    };
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
        if (KIND(looks[i].kind) == kind && (!looks[i].is_still || is_still(media))) {
            *want = looks[i].want;
            return looks[i].state;
        }
    return -1;
}

static bool judge_box(struct media *media, uint32_t kind, bool is_large)
{
    size_t want = 0;
    bool is_blanked = is_private(media, kind);
    if (!put_head(media, is_blanked ? KIND("free") : kind, is_large))
        return false;
    if (is_blanked)
        return next_box(media, MEDIA_BLANK, left_of(media));
    if (is_container(media, kind))
        return enter(media, kind);
    int look = look_of(media, kind, &want);
    if (look < 0)
        return next_box(media, MEDIA_PASS, left_of(media));
    if (want > left_of(media) && look != AT_ITEM && look != AT_SAMPLES && look != AT_HANDLER)
        return media_damaged(media);
    media->length = kind;
    return media_next(media, MEDIA_DROP, 0, want < left_of(media) ? want : (size_t)left_of(media), look);
}

/* The first eight bytes of a box. One without a length goes to the end of the file: nothing of it is
 * looked at, so only what is shown may be that. */
static bool judge_head(struct media *media)
{
    uint64_t length = big32(media->held);
    uint32_t kind = media->length = big32(media->held + 4);
    while (media->depth > 0 && media->at - 8 >= media->ends[media->depth - 1])
        media->depth--;
    if (length == 1)
        return media_next(media, MEDIA_DROP, 0, 8, AT_LARGE);
    if (length == 0 && media->depth == 0 && kind == KIND("mdat"))
        return media_put(media, media->held, 8) && media_next(media, MEDIA_PASS, UINT64_MAX, 8, AT_BOX);
    media->rest = media->at - 8 + length;
    if (length < 8 || (media->depth > 0 && media->rest > media->ends[media->depth - 1]))
        return media_damaged(media);
    return judge_box(media, kind, false);
}

static bool judge_large(struct media *media)
{
    uint64_t length = (uint64_t)big32(media->held) << 32 | big32(media->held + 4);
    if (length < 16 || length > (uint64_t)INT64_MAX / 2)
        return media_damaged(media);
    media->rest = media->at - 16 + length;
    if (media->depth > 0 && media->rest > media->ends[media->depth - 1])
        return media_damaged(media);
    return judge_box(media, media->length, true);
}

/* When the film, the track and its sound were made and changed. */
static bool judge_times(struct media *media)
{
    uint64_t times = media->held[0] == 1 ? 16 : 8;
    if (left_of(media) < times)
        return media_damaged(media);
    if (!media_put(media, media->held, 4))
        return false;
    bool is_track = media->length == KIND("tkhd") && left_of(media) >= times + TRACK_BYTES;
    return is_track ? media_next(media, MEDIA_BLANK, times, 0, AT_TRACK)
                    : media_next(media, MEDIA_BLANK, times, 0, AT_REST);
}

/* Of a track the last eight bytes say how large it is shown, in 65536ths. */
static bool judge_track(struct media *media)
{
    if (media->have == 0 && left_of(media) >= TRACK_BYTES)
        return media_next(media, MEDIA_PASS, left_of(media) - TRACK_BYTES, TRACK_BYTES, AT_TRACK);
    media_size(media, big32(media->held) >> 16, big32(media->held + 4) >> 16);
    return media_put(media, media->held, media->have) && next_box(media, MEDIA_PASS, left_of(media));
}

/* What a track is of: anything but sound is seen. */
static bool judge_handler(struct media *media)
{
    bool is_sound = media->have == HANDLER_BYTES && big32(media->held + 8) == KIND("soun");
    media->has_sound |= is_sound;
    media->has_pictures |= !is_sound;
    return media_put(media, media->held, media->have) && next_box(media, MEDIA_PASS, left_of(media));
}

/* Tracks of places are of these kinds, or name what they hold. */
static bool judge_samples(struct media *media)
{
    if (media->have == SAMPLES_BYTES && is_one_of(big32(media->held + 12), "gpmdcammrtmd"))
        return media_refuse_film(media);
    media->found = 0;
    return media_put(media, media->held, media->have) && next_box(media, MEDIA_SEARCH, left_of(media));
}

/* An item of a still picture: from version 2 on its kind stands behind two or four bytes of id. */
static bool judge_item(struct media *media)
{
    const uint8_t *held = media->held;
    size_t at = held[0] >= 3 ? 10 : 8;
    bool is_told = media->have >= at + 4 && held[0] >= 2;
    if (is_told && is_one_of(big32(held + at), "Exifmime"))
        return media_refuse(media, "location",
                            "The picture says where and when it was taken, and that cannot be cut out of "
                            "a file of this kind; send it as JPEG.");
    return media_put(media, held, media->have) && next_box(media, MEDIA_PASS, left_of(media));
}

static bool judge_still(struct media *media)
{
    if (media->state == AT_EXTENT)
        media_size(media, big32(media->held + 4), big32(media->held + 8));
    else
        media->is_turned = media->held[0] & 1;
    return media_put(media, media->held, media->have) && next_box(media, MEDIA_PASS, left_of(media));
}

/* Behind its version: boxes; of iinf how many there are, first. */
static bool judge_version(struct media *media)
{
    uint64_t count = media->length != KIND("iinf") ? 0 : media->held[0] == 0 ? 2 : 4;
    if (left_of(media) < count)
        return media_damaged(media);
    return media_put(media, media->held, 4) && enter(media, media->length) &&
           next_box(media, MEDIA_PASS, count);
}

bool boxes_step(struct media *media)
{
    switch (media->state) {
    case BEGIN:
        return next_box(media, MEDIA_DROP, 0);
    case AT_BOX:
        return judge_head(media);
    case AT_LARGE:
        return judge_large(media);
    case AT_TIMES:
        return judge_times(media);
    case AT_TRACK:
        return judge_track(media);
    case AT_HANDLER:
        return judge_handler(media);
    case AT_SAMPLES:
        return judge_samples(media);
    case AT_ITEM:
        return judge_item(media);
    case AT_EXTENT:
    case AT_ROTATION:
        return judge_still(media);
    case AT_VERSION:
        return judge_version(media);
    default:
        return next_box(media, MEDIA_PASS, left_of(media));
    }
}
