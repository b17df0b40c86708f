/* frame.h - how a message is written for each kind of session: behind the WebSocket header (RFC 6455,
 * never masked by a server), as a line, as an event of a stream. No state. */
#ifndef HEARTH_CORE_FRAME_H
#define HEARTH_CORE_FRAME_H

#include "daemon/core/session.h"
#include "protocol/message.h"

#define FRAME_HEADER_MAX 10

/* Writes the header of a text frame of so many bytes; gives its size. */
size_t frame_header(unsigned char out[FRAME_HEADER_MAX], size_t length);

/* Appends one message, ready to be sent. False when the buffer refused: then it is as before. */
bool frame_encode(struct buffer *out, enum session_kind kind, enum message_type type,
                  const struct ref *ref, const void *fields);

/* The same for text that is already there. */
bool frame_append(struct buffer *out, enum session_kind kind, const char *text, size_t length);

/* For text that is appended piece by piece in between: frame_begin leaves room for the header of a
 * WebSocket frame and gives where the frame starts, or SIZE_MAX when the buffer refused; frame_end
 * writes it. False, and the buffer as before frame_begin, when that was refused. */
size_t frame_begin(struct buffer *out);
bool frame_end(struct buffer *out, size_t start, bool is_whole);

/* Appends WebSocket frames, whole ones, as they read for another kind. */
bool frame_convert(struct buffer *out, enum session_kind kind, const unsigned char *frames,
                   size_t length);

#endif
