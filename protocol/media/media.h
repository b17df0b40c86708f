/* media.h - what a file is, by its bytes, and the file without what it says about where, when and by whom
 * it was made. Bytes stream through: nothing is decoded, and whatever is read of a file is in this struct.
 *
 *   JPEG, PNG, GIF  Exif, XMP, comments, text chunks and all behind the end of the picture are left out.
 *                   What colours mean (ICC) stays; how the picture is turned stays, as an Exif of its own
 *                   with nothing else in it
 *   WebP            the same, overwritten in place: the file keeps its length
 *   MP4, MOV, M4A   user data, metadata and times are overwritten in place. One whose tracks say where it
 *                   was taken, second by second, is refused
 *   WebM            title, names, date and the program that wrote it are overwritten in place, and so are
 *                   tags and attachments
 *   AVIF, HEIC      refused when they have Exif or XMP
 *
 * Formats: ITU T.81 and Exif 2.32 (JPEG), RFC 2083 and its extensions (PNG), GIF89a, RFC 9649 (WebP),
 * ISO/IEC 14496-12 (boxes), 23008-12 (HEIF), RFC 8794 and 9559 (WebM). No state besides, no allocation, any thread. */
#ifndef HEARTH_PROTOCOL_MEDIA_H
#define HEARTH_PROTOCOL_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEDIA_HELD_BYTES 64
#define MEDIA_DEPTH_MAX  8
#define MEDIA_PIXELS_MAX INT64_C(100000000) /* a larger picture would harm whoever shows it: it is a file */

enum media_type {
    MEDIA_OTHER,
    MEDIA_JPEG,
    MEDIA_PNG,
    MEDIA_GIF,
    MEDIA_WEBP,
    MEDIA_AVIF,
    MEDIA_HEIC,
    MEDIA_MP4,
    MEDIA_QUICKTIME,
    MEDIA_WEBM,
    MEDIA_WEBM_SOUND, /* without pictures */
    MEDIA_M4A,
    MEDIA_MP3,
    MEDIA_OGG,
    MEDIA_PDF,
    MEDIA_ZIP,
    MEDIA_TYPE_COUNT
};

const char *media_type_name(enum media_type type); /* "image/jpeg" */

/* A browser may show one of this name where it is, instead of saving it. */
bool media_is_shown(const char *type_name);

/* Takes what is kept of the file, in order. False ends the reading. */
typedef bool media_sink(void *of, const void *bytes, size_t length);

/* What becomes of the next bytes. */
enum media_action { MEDIA_PASS, MEDIA_DROP, MEDIA_BLANK, MEDIA_EXIF, MEDIA_SCAN, MEDIA_SEARCH };

/* The orientation in an Exif, read as it passes. */
struct exif_reader {
    uint8_t held[16];
    uint32_t have, at, skip, entries;
    int state;
    bool is_little;
    uint16_t orientation; /* 0: none was found */
};

struct media {
    enum media_type type;
    const char *refusal, *field;      /* why the file is refused; constants; NULL: it is not */
    uint32_t width, height;           /* as it is shown; 0: not known, or no picture */

    /* for the formats' own files */
    bool (*step)(struct media *media); /* NULL: the first bytes are awaited */
    media_sink *sink;
    void *of;
    uint8_t held[MEDIA_HELD_BYTES];    /* what the next step looks at: want bytes */
    size_t have, want;
    uint64_t left;                     /* before those: so many bytes of which action becomes */
    enum media_action action;
    int state;
    bool has_ended, has_begun;         /* what follows is left out; the picture itself is there */
    uint8_t marker;
    uint32_t length;                   /* of the chunk or segment under way */
    uint64_t rest;                     /* of the whole, where its head tells */
    uint64_t at;                       /* bytes read */
    uint64_t ends[MEDIA_DEPTH_MAX];    /* of the boxes around */
    uint32_t kinds[MEDIA_DEPTH_MAX];
    size_t depth, found;
    bool is_turned;                    /* by a quarter, as what is kept says */
    bool has_pictures, has_sound;      /* its tracks */
    struct exif_reader exif;
};

/* sink is called from media_feed and media_finish. */
void media_begin(struct media *media, media_sink *sink, void *of);

/* The next bytes; and the end. False: refusal says why, or, when that is NULL, the sink said no. */
bool media_feed(struct media *media, const void *bytes, size_t length);
bool media_finish(struct media *media);

#endif
