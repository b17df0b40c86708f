#include "protocol/media/format.h"

#include <string.h>

static const char *const names[MEDIA_TYPE_COUNT] = {
    [MEDIA_OTHER] = "application/octet-stream",
    [MEDIA_JPEG] = "image/jpeg",
    [MEDIA_PNG] = "image/png",
    [MEDIA_GIF] = "image/gif",
    [MEDIA_WEBP] = "image/webp",
    [MEDIA_AVIF] = "image/avif",
    [MEDIA_HEIC] = "image/heic",
    [MEDIA_MP4] = "video/mp4",
    [MEDIA_QUICKTIME] = "video/quicktime",
    [MEDIA_WEBM] = "video/webm",
    [MEDIA_WEBM_SOUND] = "audio/webm",
    [MEDIA_M4A] = "audio/mp4",
    [MEDIA_MP3] = "audio/mpeg",
    [MEDIA_OGG] = "audio/ogg",
    [MEDIA_PDF] = "application/pdf",
    [MEDIA_ZIP] = "application/zip",
};

const char *media_type_name(enum media_type type)
{
    return names[type];
}

bool media_is_shown(const char *type_name)
{
    static const enum media_type shown[] = {MEDIA_JPEG, MEDIA_PNG,  MEDIA_GIF,        MEDIA_WEBP,
                                            MEDIA_AVIF, MEDIA_MP4,  MEDIA_WEBM,       MEDIA_WEBM_SOUND,
                                            MEDIA_M4A,  MEDIA_MP3,  MEDIA_OGG};
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        if (strcmp(names[shown[i]], type_name) == 0)
            return true;
    return false;
}

/* --- what it is --------------------------------------------------------------------------------- */

static bool begins(const struct media *media, size_t at, const char *with)
{
    size_t length = strlen(with);
    return media->have >= at + length && memcmp(media->held + at, with, length) == 0;
}

static bool holds(const struct media *media, const char *text)
{
    for (size_t i = 0; i < media->have; i++)
        if (begins(media, i, text))
            return true;
    return false;
}

/* By the brand of a file of boxes; the first is the main one. */
static enum media_type type_of_brand(const struct media *media)
{
    static const struct { const char *brand; enum media_type type; } brands[] = {
        {"avif", MEDIA_AVIF}, {"avis", MEDIA_AVIF}, {"heic", MEDIA_HEIC}, {"heix", MEDIA_HEIC},
        {"hevc", MEDIA_HEIC}, {"heim", MEDIA_HEIC}, {"heis", MEDIA_HEIC}, {"mif1", MEDIA_HEIC},
        {"msf1", MEDIA_HEIC}, {"M4A ", MEDIA_M4A},  {"M4B ", MEDIA_M4A},  {"qt  ", MEDIA_QUICKTIME},
    };
    for (size_t i = 0; i < sizeof brands / sizeof *brands; i++)
        if (begins(media, 8, brands[i].brand))
            return brands[i].type == MEDIA_HEIC && holds(media, "avif") ? MEDIA_AVIF : brands[i].type;
    return MEDIA_MP4;
}

static bool is_old_movie(const struct media *media)
{
    return begins(media, 4, "moov") || begins(media, 4, "mdat") || begins(media, 4, "wide");
}

/* Two bytes of sync, and no reserved layer, rate or version. */
static bool is_mp3(const struct media *media)
{
    const uint8_t *head = media->held;
    bool is_frame = media->have >= 4 && head[0] == 0xff && (head[1] & 0xe0) == 0xe0 &&
                    (head[1] & 0x06) != 0 && (head[1] & 0x18) != 0x08 && (head[2] & 0xf0) != 0xf0 &&
                    (head[2] & 0x0c) != 0x0c;
    return begins(media, 0, "ID3") || is_frame;
}

static enum media_type type_of(const struct media *media)
{
    if (begins(media, 0, "\xff\xd8\xff"))
        return MEDIA_JPEG;
    if (begins(media, 0, "\x89PNG\r\n\x1a\n"))
        return MEDIA_PNG;
    if (begins(media, 0, "GIF87a") || begins(media, 0, "GIF89a"))
        return MEDIA_GIF;
    if (begins(media, 0, "RIFF") && begins(media, 8, "WEBP"))
        return MEDIA_WEBP;
    if (begins(media, 4, "ftyp"))
        return type_of_brand(media);
    if (is_old_movie(media))
        return MEDIA_QUICKTIME;
    if (begins(media, 0, "\x1a\x45\xdf\xa3") && webm_is_named(media->held, media->have))
        return MEDIA_WEBM;
    if (begins(media, 0, "OggS"))
        return MEDIA_OGG;
    if (begins(media, 0, "%PDF-"))
        return MEDIA_PDF;
    if (begins(media, 0, "PK\x03\x04"))
        return MEDIA_ZIP;
    return is_mp3(media) ? MEDIA_MP3 : MEDIA_OTHER;
}

/* Nothing is known of its inside. */
static bool whole_step(struct media *media)
{
    return media_next(media, MEDIA_PASS, UINT64_MAX, 1, 0);
}

static bool (*step_of(enum media_type type))(struct media *media)
{
    switch (type) {
    case MEDIA_JPEG:
        return jpeg_step;
    case MEDIA_PNG:
        return png_step;
    case MEDIA_GIF:
        return gif_step;
    case MEDIA_WEBP:
        return webp_step;
    case MEDIA_AVIF:
    case MEDIA_HEIC:
    case MEDIA_MP4:
    case MEDIA_QUICKTIME:
    case MEDIA_M4A:
        return boxes_step;
    case MEDIA_WEBM:
        return webm_step;
    default:
        return whole_step;
    }
}

/* --- for the formats ---------------------------------------------------------------------------- */

bool media_next(struct media *media, enum media_action action, uint64_t left, size_t want, int state)
{
    media->action = action;
    media->left = left;
    media->have = 0;
    media->want = want;
    media->state = state;
    return true;
}

bool media_end(struct media *media)
{
    media->has_ended = true;
    return media_next(media, MEDIA_DROP, UINT64_MAX, 1, -1);
}

bool media_put(struct media *media, const void *bytes, size_t length)
{
    return length == 0 || media->sink(media->of, bytes, length);
}

bool media_put_zeros(struct media *media, uint64_t count)
{
    static const uint8_t zeros[256];
    while (count > 0) {
        size_t length = count < sizeof zeros ? (size_t)count : sizeof zeros;
        if (!media_put(media, zeros, length))
            return false;
        count -= length;
    }
    return true;
}

bool media_refuse(struct media *media, const char *field, const char *sentence)
{
    media->field = field;
    media->refusal = sentence;
    return false;
}

bool media_refuse_film(struct media *media)
{
    return media_refuse(media, "location",
                        "The film says at each moment where it was taken, and that cannot be cut out of it; "
                        "send it without its place.");
}

bool media_damaged(struct media *media)
{
    return media_refuse(media, "body",
                        "The file is damaged: what it says about where it was made cannot be cut out.");
}

void media_size(struct media *media, uint32_t width, uint32_t height)
{
    if ((uint64_t)width * height <= (uint64_t)media->width * media->height)
        return;
    media->width = width;
    media->height = height;
}

/* --- the stream --------------------------------------------------------------------------------- */

void media_begin(struct media *media, media_sink *sink, void *of)
{
    *media = (struct media){.sink = sink, .of = of, .want = MEDIA_HELD_BYTES};
}

/* Copies up to where a marker may begin, which is held. */
static size_t scan(struct media *media, const uint8_t *bytes, size_t length, bool *is_fine)
{
    const uint8_t *found = memchr(bytes, 0xff, length);
    size_t taken = found ? (size_t)(found - bytes) : length;
    *is_fine = media_put(media, bytes, taken);
    if (found)
        media->left = 0;
    return taken;
}

/* Copies, and refuses what says where it was taken. The word has no part that is its own beginning. */
static bool search(struct media *media, const uint8_t *bytes, size_t length)
{
    static const char word[] = "location";
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != (uint8_t)word[media->found])
            media->found = bytes[i] == (uint8_t)word[0];
        else if (++media->found == sizeof word - 1)
            return media_refuse_film(media);
    }
    return media_put(media, bytes, length);
}

/* Some of the bytes that are left become what the action says; gives how many. */
static size_t act(struct media *media, const uint8_t *bytes, size_t length, bool *is_fine)
{
    if (media->left < length)
        length = (size_t)media->left;
    switch (media->action) {
    case MEDIA_PASS:
        *is_fine = media_put(media, bytes, length);
        break;
    case MEDIA_BLANK:
        *is_fine = media_put_zeros(media, length);
        break;
    case MEDIA_EXIF:
        exif_feed(&media->exif, bytes, length);
        break;
    case MEDIA_SEARCH:
        *is_fine = search(media, bytes, length);
        break;
    case MEDIA_SCAN:
        return scan(media, bytes, length, is_fine);
    case MEDIA_DROP:
        break;
    }
    if (media->left != UINT64_MAX)
        media->left -= length;
    return length;
}

static size_t hold(struct media *media, const uint8_t *bytes, size_t length)
{
    size_t taken = media->want - media->have;
    if (taken > length)
        taken = length;
    memcpy(media->held + media->have, bytes, taken);
    media->have += taken;
    return taken;
}

static bool feed(struct media *media, const uint8_t *bytes, size_t length);

/* The first bytes tell what the file is; then they are read as that. */
static bool recognise(struct media *media)
{
    uint8_t head[MEDIA_HELD_BYTES];
    size_t have = media->have;
    memcpy(head, media->held, have);
    media->type = type_of(media);
    media->step = step_of(media->type);
    return media_next(media, MEDIA_DROP, 0, 0, 0) && media->step(media) && feed(media, head, have);
}

static bool step(struct media *media)
{
    return media->step ? media->step(media) : recognise(media);
}

static bool feed(struct media *media, const uint8_t *bytes, size_t length)
{
    bool is_fine = true;
    while (is_fine && length > 0) {
        size_t taken = media->left > 0 ? act(media, bytes, length, &is_fine) : hold(media, bytes, length);
        media->at += media->step ? taken : 0;
        bytes += taken;
        length -= taken;
        while (is_fine && media->left == 0 && media->have == media->want)
            is_fine = step(media);
    }
    return is_fine;
}

bool media_feed(struct media *media, const void *bytes, size_t length)
{
    return feed(media, bytes, length);
}

/* Who is shown a picture of so many pixels needs as much memory. */
static void judge_size(struct media *media)
{
    if (media->is_turned) {
        uint32_t width = media->width;
        media->width = media->height;
        media->height = width;
    }
    if ((uint64_t)media->width * media->height > (uint64_t)MEDIA_PIXELS_MAX)
        media->type = MEDIA_OTHER;
    if (media->type == MEDIA_OTHER || media->width == 0 || media->height == 0)
        media->width = media->height = 0;
}

/* What somebody said into a microphone comes in the same files as films. */
static void judge_tracks(struct media *media)
{
    if (!media->has_sound || media->has_pictures)
        return;
    if (media->type == MEDIA_WEBM)
        media->type = MEDIA_WEBM_SOUND;
    if (media->type == MEDIA_MP4)
        media->type = MEDIA_M4A;
}

bool media_finish(struct media *media)
{
    if (!media->step && !recognise(media))
        return false;
    bool is_picture = media->step == jpeg_step || media->step == png_step || media->step == gif_step ||
                      media->step == webp_step;
    if (is_picture && !media->has_begun)
        return media_refuse(media, "body", "The picture is cut off before it begins.");
    bool is_cut_off = media->step == boxes_step && media->left == 0; /* its bytes are counted in it */
    if (is_cut_off && !media_put(media, media->held, media->have))
        return false;
    judge_size(media);
    judge_tracks(media);
    return true;
}
