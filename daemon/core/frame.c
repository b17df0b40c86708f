#include "daemon/core/frame.h"

#include <string.h>

#define TEXT_FINAL 0x81 /* FIN and opcode 1 */
#define LENGTH_16 126
#define LENGTH_64 127

#define EVENT_HEAD "data: "
#define EVENT_TAIL "\n\n"

size_t frame_header(unsigned char out[FRAME_HEADER_MAX], size_t length)
{
    out[0] = TEXT_FINAL;
    if (length < LENGTH_16) {
        out[1] = (unsigned char)length;
        return 2;
    }
    size_t digits = length <= UINT16_MAX ? 2 : 8;
    out[1] = digits == 2 ? LENGTH_16 : LENGTH_64;
    for (size_t i = 0; i < digits; i++)
        out[2 + i] = (unsigned char)((uint64_t)length >> (8 * (digits - 1 - i)));
    return 2 + digits;
}

/* The size of the header, and the length it announces. */
static size_t read_header(const unsigned char *frame, size_t *length)
{
    size_t digits = frame[1] == LENGTH_16 ? 2 : frame[1] == LENGTH_64 ? 8 : 0;
    uint64_t number = digits ? 0 : frame[1];
    for (size_t i = 0; i < digits; i++)
        number = number << 8 | frame[2 + i];
    *length = (size_t)number;
    return 2 + digits;
}

static const char *head_of(enum session_kind kind)
{
    return kind == SESSION_EVENTS ? EVENT_HEAD : "";
}

static const char *tail_of(enum session_kind kind)
{
    return kind == SESSION_EVENTS ? EVENT_TAIL : kind == SESSION_LINES ? "\n" : "";
}

static bool is_framed(enum session_kind kind)
{
    return kind == SESSION_WEBSOCKET || kind == SESSION_PLAIN;
}

static bool end_or_undo(struct buffer *out, size_t start, bool is_whole)
{
    if (!is_whole)
        out->length = start;
    return is_whole;
}

/* Most messages need a header of 4 bytes: room for it is left, and mended where it was not right. */
#define HEADER_GUESS 4

size_t frame_begin(struct buffer *out)
{
    static const unsigned char header[HEADER_GUESS];
    size_t start = out->length;
    return buffer_append(out, header, HEADER_GUESS) ? start : SIZE_MAX;
}

bool frame_end(struct buffer *out, size_t start, bool is_whole)
{
    unsigned char header[FRAME_HEADER_MAX];
    if (start == SIZE_MAX)
        return false;
    if (!is_whole)
        return end_or_undo(out, start, false);
    size_t length = out->length - start - HEADER_GUESS;
    size_t size = frame_header(header, length);
    if (size > HEADER_GUESS && !buffer_reserve(out, size - HEADER_GUESS))
        return end_or_undo(out, start, false);
    if (size != HEADER_GUESS)
        memmove(out->bytes + start + size, out->bytes + start + HEADER_GUESS, length);
    memcpy(out->bytes + start, header, size);
    out->length = start + size + length;
    return true;
}

static bool encode_framed(struct buffer *out, enum message_type type, const struct ref *ref,
                          const void *fields)
{
    size_t start = frame_begin(out);
    return frame_end(out, start, start != SIZE_MAX && message_encode(out, type, ref, fields));
}

bool frame_encode(struct buffer *out, enum session_kind kind, enum message_type type,
                  const struct ref *ref, const void *fields)
{
    if (is_framed(kind))
        return encode_framed(out, type, ref, fields);
    size_t start = out->length;
    return end_or_undo(out, start,
                       buffer_append_text(out, head_of(kind)) &&
                           message_encode(out, type, ref, fields) &&
                           buffer_append_text(out, tail_of(kind)));
}

bool frame_append(struct buffer *out, enum session_kind kind, const char *text, size_t length)
{
    size_t start = out->length;
    unsigned char header[FRAME_HEADER_MAX];
    bool is_begun = is_framed(kind) ? buffer_append(out, header, frame_header(header, length))
                                    : buffer_append_text(out, head_of(kind));
    return end_or_undo(out, start,
                       is_begun && buffer_append(out, text, length) &&
                           buffer_append_text(out, tail_of(kind)));
}

bool frame_convert(struct buffer *out, enum session_kind kind, const unsigned char *frames,
                   size_t length)
{
    size_t start = out->length;
    while (length) {
        size_t payload, header = read_header(frames, &payload);
        if (!frame_append(out, kind, (const char *)frames + header, payload))
            return end_or_undo(out, start, false);
        frames += header + payload;
        length -= header + payload;
    }
    return true;
}
