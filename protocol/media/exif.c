/* exif.c - the orientation out of an Exif, and into one (Exif 2.32, TIFF 6.0). */
#include "protocol/media/format.h"

#include <string.h>

#define TAG_ORIENTATION 0x0112
#define ENTRY_BYTES     12
#define ENTRIES_MAX     512

enum { AT_BEGINNING, AT_HEADER, AT_COUNT, AT_ENTRY, OVER };

void exif_begin(struct exif_reader *exif)
{
    uint16_t before = exif->orientation; /* of several the first counts */
    *exif = (struct exif_reader){.orientation = before, .state = before ? OVER : AT_BEGINNING};
}

static uint32_t number16(const struct exif_reader *exif, size_t at)
{
    return exif->is_little ? little16(exif->held + at) : big16(exif->held + at);
}

static uint32_t number32(const struct exif_reader *exif, size_t at)
{
    return exif->is_little ? little32(exif->held + at) : big32(exif->held + at);
}

static size_t wanted(const struct exif_reader *exif)
{
    static const size_t sizes[] = {[AT_BEGINNING] = 6, [AT_HEADER] = 8, [AT_COUNT] = 2, [AT_ENTRY] = ENTRY_BYTES};
    return sizes[exif->state];
}

static void read_header(struct exif_reader *exif)
{
    exif->is_little = exif->held[0] == 'I';
    bool is_tiff = (memcmp(exif->held, "II", 2) == 0 || memcmp(exif->held, "MM", 2) == 0) &&
                   number16(exif, 2) == 42 && number32(exif, 4) >= 8;
    exif->skip = is_tiff ? number32(exif, 4) - 8 : 0;
    exif->state = is_tiff ? AT_COUNT : OVER;
}

static void read_entry(struct exif_reader *exif)
{
    uint32_t value = number16(exif, 8);
    if (number16(exif, 0) == TAG_ORIENTATION && value >= 1 && value <= 8)
        exif->orientation = (uint16_t)value;
    exif->state = exif->orientation || --exif->entries == 0 ? OVER : AT_ENTRY;
}

/* What is held is whole. */
static void step(struct exif_reader *exif)
{
    exif->have = 0;
    switch (exif->state) {
    case AT_BEGINNING:
        exif->state = AT_HEADER;
        if (memcmp(exif->held, "Exif\0\0", 6) != 0)
            exif->have = 6; /* it was the TIFF's own head */
        break;
    case AT_HEADER:
        read_header(exif);
        break;
    case AT_COUNT:
        exif->entries = number16(exif, 0);
        exif->state = exif->entries >= 1 && exif->entries <= ENTRIES_MAX ? AT_ENTRY : OVER;
        break;
    case AT_ENTRY:
        read_entry(exif);
        break;
    default:
        break;
    }
}

void exif_feed(struct exif_reader *exif, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length && exif->state != OVER; i++) {
        if (exif->skip > 0) {
            exif->skip--;
            continue;
        }
        exif->held[exif->have++] = bytes[i];
        if (exif->have == wanted(exif))
            step(exif);
    }
}

void exif_write(uint16_t orientation, uint8_t out[EXIF_BYTES])
{
    static const uint8_t tiff[EXIF_BYTES] = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1};
    memcpy(out, tiff, sizeof tiff);
    out[19] = (uint8_t)(orientation ? orientation : 1);
}
