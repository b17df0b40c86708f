/* reply.h - reading what the core writes to a conversation: lines of JSON as message_encode makes
 * them, the type first, then the ref. No state. */
#ifndef HEARTH_NET_REPLY_H
#define HEARTH_NET_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol/message.h"

/* The type of a line if it is a reply; MESSAGE_none for entries, events and anything else. */
enum message_type reply_type(const char *line, size_t length);

/* The error code of an error reply. */
enum error_code reply_error(const char *line, size_t length);

/* retry_after_ms of an error reply, or NUMBER_ABSENT. */
int64_t reply_retry_after_ms(const char *line, size_t length);

/* Where the fields after type (and ref) begin; what stands there is "field":... or "}". */
size_t reply_fields(const char *line, size_t length);

#endif
