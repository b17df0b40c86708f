/* webm.c - a WebM as elements (RFC 8794, 9559): an id, a length, and what is in it. Ids mean the same everywhere,
 * so an element with others in it is entered by reading on behind its head, and nobody counts where it ends.
 * Tables in the file count its bytes: what goes is overwritten in place. */
#include "protocol/media/format.h"

#include <string.h>

enum { BEGIN, AT_ID, AT_REST, AT_LENGTH, AT_TRACK_TYPE };
enum { TRACK_OF_PICTURES = 1, TRACK_OF_SOUND = 2 };

enum element {
    VOID = 0xec,
    SEGMENT = 0x18538067,
    INFO = 0x1549a966,
    TRACKS = 0x1654ae6b,
    TRACK = 0xae,
    TRACK_TYPE = 0x83,
    TRACK_NAME = 0x536e,
    CLUSTER = 0x1f43b675,
    TAGS = 0x1254c367,
    ATTACHMENTS = 0x1941a469,
    DATE = 0x4461,
    TITLE = 0x7ba9,
    WRITING_APP = 0x5741,
    FILE_NAME = 0x7384,
    FILE_NAME_BEFORE = 0x3c83ab,
    FILE_NAME_AFTER = 0x3e83bb,
};

/* Of an id or a length, by its first byte; 9 for none. */
static size_t size_of(uint8_t first)
{
    size_t size = 1;
    for (; size <= 8 && !(first & (0x80 >> (size - 1))); size++)
        continue;
    return size;
}

/* All ones: it goes on until something comes that cannot be in it. */
static uint64_t endless(size_t size)
{
    return (UINT64_C(1) << (7 * size)) - 1;
}

static void write_big(uint8_t *out, uint64_t number, size_t size)
{
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)(number >> (8 * (size - 1 - i)));
}

static bool put_head(struct media *media, uint32_t id, size_t id_size, uint64_t length, size_t size)
{
    uint8_t head[12];
    write_big(head, id, id_size);
    write_big(head + id_size, length | UINT64_C(1) << (7 * size), size);
    return media_put(media, head, id_size + size);
}

static size_t size_of_id(uint32_t id)
{
    return id > 0xffffff ? 4 : id > 0xffff ? 3 : id > 0xff ? 2 : 1;
}

static bool next_element(struct media *media, enum media_action action, uint64_t left)
{
    return media_next(media, action, left, 1, AT_ID);
}

/* An element as long as this one, head and all, in which nothing is. */
static bool leave_out(struct media *media)
{
    size_t head = size_of_id(media->length) + media->found;
    size_t more = head > 9 ? head - 9 : 0; /* a length has at most eight bytes */
    if (media->rest + more >= endless(media->found))
        return media_damaged(media);
    return put_head(media, VOID, 1, media->rest + more, head - more - 1) && media_put_zeros(media, more) &&
           next_element(media, MEDIA_BLANK, media->rest);
}

static bool is_private(uint32_t id)
{
    return id == DATE || id == TITLE || id == WRITING_APP || id == TRACK_NAME || id == FILE_NAME ||
           id == FILE_NAME_BEFORE || id == FILE_NAME_AFTER;
}

static bool is_entered(const struct media *media)
{
    uint32_t id = media->length;
    return id == SEGMENT || id == INFO || id == TRACKS || id == TRACK ||
           (id == CLUSTER && media->rest == endless(media->found));
}

/* Its head is known: length is the id, rest the length, found how many bytes that has. */
static bool judge_element(struct media *media)
{
    uint32_t id = media->length;
    if (id == TAGS || id == ATTACHMENTS)
        return leave_out(media);
    if (!put_head(media, id, size_of_id(id), media->rest, media->found))
        return false;
    if (is_entered(media))
        return next_element(media, MEDIA_DROP, 0);
    if (media->rest == endless(media->found))
        return media_damaged(media);
    if (id == TRACK_TYPE && media->rest == 1)
        return media_next(media, MEDIA_DROP, 0, 1, AT_TRACK_TYPE);
    return next_element(media, is_private(id) ? MEDIA_BLANK : MEDIA_PASS, media->rest);
}

/* The id's other bytes, and the first of the length. */
static bool judge_id(struct media *media)
{
    uint32_t id = media->marker;
    size_t rest = media->want - 1;
    uint8_t first = media->held[rest];
    for (size_t i = 0; i < rest; i++)
        id = id << 8 | media->held[i];
    media->length = id;
    media->found = size_of(first);
    if (media->found > 8)
        return media_damaged(media);
    media->rest = first & (0xff >> media->found);
    return media->found == 1 ? judge_element(media)
                             : media_next(media, MEDIA_DROP, 0, media->found - 1, AT_LENGTH);
}

static bool judge_length(struct media *media)
{
    for (size_t i = 0; i < media->have; i++)
        media->rest = media->rest << 8 | media->held[i];
    return judge_element(media);
}

static bool judge_track(struct media *media)
{
    media->has_pictures |= media->held[0] != TRACK_OF_SOUND;
    media->has_sound |= media->held[0] == TRACK_OF_SOUND;
    return media_put(media, media->held, 1) && next_element(media, MEDIA_DROP, 0);
}

bool webm_is_named(const uint8_t *bytes, size_t length)
{
    size_t size = length > 4 ? size_of(bytes[4]) : 9, at = 4 + size;
    if (size > 8 || at > length)
        return false;
    uint64_t left = bytes[4] & (0xff >> size);
    for (size_t i = 1; i < size; i++)
        left = left << 8 | bytes[4 + i];
    for (; left >= 4 && at + 4 <= length; at++, left--)
        if (memcmp(bytes + at, "webm", 4) == 0)
            return true;
    return false;
}

bool webm_step(struct media *media)
{
    switch (media->state) {
    case BEGIN:
        return next_element(media, MEDIA_DROP, 0);
    case AT_ID:
        media->marker = media->held[0];
        return size_of(media->marker) > 4 ? media_damaged(media)
                                          : media_next(media, MEDIA_DROP, 0, size_of(media->marker), AT_REST);
    case AT_REST:
        return judge_id(media);
    case AT_LENGTH:
        return judge_length(media);
    default:
        return judge_track(media);
    }
}
