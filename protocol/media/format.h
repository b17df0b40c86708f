/* format.h - media.h from inside: what the formats' own files do it with. A step looks at what is held
 * and says what comes next. */
#ifndef HEARTH_PROTOCOL_FORMAT_H
#define HEARTH_PROTOCOL_FORMAT_H

#include "protocol/media/media.h"

#define EXIF_BYTES 26 /* of a TIFF that has the orientation and nothing else */

/* The steps; each begins with state 0 and nothing passed on. */
bool jpeg_step(struct media *media);
bool png_step(struct media *media);
bool gif_step(struct media *media);
bool webp_step(struct media *media);
bool boxes_step(struct media *media);
bool webm_step(struct media *media);

/* Whether the head of a file of elements, of which these are the first bytes, says that it is one. */
bool webm_is_named(const uint8_t *bytes, size_t length);

/* So many bytes become what action says; then want bytes are held, and the step is called in state. Always
 * true. */
bool media_next(struct media *media, enum media_action action, uint64_t left, size_t want, int state);

/* Nothing more of the file is kept. Always true. */
bool media_end(struct media *media);

bool media_put(struct media *media, const void *bytes, size_t length);
bool media_put_zeros(struct media *media, uint64_t count);

/* Always false. */
bool media_refuse(struct media *media, const char *field, const char *sentence);
bool media_refuse_film(struct media *media);
bool media_damaged(struct media *media);

/* Of several pictures in one file the largest counts. */
void media_size(struct media *media, uint32_t width, uint32_t height);

/* Reads an Exif, with or without its "Exif\0\0", from the next bytes on. */
void exif_begin(struct exif_reader *exif);
void exif_feed(struct exif_reader *exif, const uint8_t *bytes, size_t length);

/* The same orientation as an Exif of its own, without "Exif\0\0". */
void exif_write(uint16_t orientation, uint8_t out[EXIF_BYTES]);

static inline uint32_t big16(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 8 | bytes[1];
}
static inline uint32_t big32(const uint8_t *bytes)
{
    return big16(bytes) << 16 | big16(bytes + 2);
}
static inline uint32_t little16(const uint8_t *bytes)
{
    return (uint32_t)bytes[1] << 8 | bytes[0];
}
static inline uint32_t little32(const uint8_t *bytes)
{
    return little16(bytes + 2) << 16 | little16(bytes);
}

#endif
