#include "daemon/core/cursors.h"

#include "daemon/core/room.h"
#include "daemon/core/session_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SEQ_DIGITS_MAX 16 /* of 53 bits */

/* Reads "LOG.SEQ" at *at, and moves *at behind it. False when it is none. */
static bool take_cursor(const char **at, const char **log_id, size_t *log_length, int64_t *seq)
{
    *log_id = *at;
    *log_length = strspn(*at, "0123456789abcdef");
    const char *digits = *at + *log_length + 1;
    if (*log_length == 0 || *log_length > LOG_ID_BYTES || digits[-1] != '.')
        return false;
    size_t count = strspn(digits, "0123456789");
    if (count == 0 || count > SEQ_DIGITS_MAX)
        return false;
    *seq = 0;
    for (size_t i = 0; i < count; i++)
        *seq = *seq * 10 + (digits[i] - '0');
    *at = digits + count;
    return *seq <= SEQ_MAX;
}

bool cursors_are_valid(const char *text)
{
    const char *log_id;
    size_t log_length;
    int64_t seq;
    if (strlen(text) > CURSORS_BYTES_MAX)
        return false;
    while (take_cursor(&text, &log_id, &log_length, &seq)) {
        if (*text == '\0')
            return true;
        if (*text++ != ',')
            return false;
    }
    return false;
}

bool cursors_find(const char *text, const char *log_id, int64_t *seq)
{
    const char *found;
    size_t length;
    while (take_cursor(&text, &found, &length, seq)) {
        if (strlen(log_id) == length && memcmp(found, log_id, length) == 0)
            return true;
        if (*text++ != ',')
            return false;
    }
    return false;
}

static bool append_cursor(struct buffer *out, const struct room *room, int64_t seq)
{
    char text[LOG_ID_BYTES + SEQ_DIGITS_MAX + 8];
    snprintf(text, sizeof text, "%s.%" PRId64, room->log_id, seq);
    return buffer_append_text(out, text);
}

bool cursors_append(struct buffer *out, const struct member *member, int64_t seq)
{
    const struct session *session = member->session;
    bool is_whole = true;
    if (session->arrival.kind != SESSION_EVENTS)
        return true;
    for (const struct member *each = session->members; each && is_whole; each = each->next)
        is_whole = buffer_append_text(out, each == session->members ? "id: " : ",") &&
                   append_cursor(out, each->room, each == member ? seq : each->seq);
    return is_whole && buffer_append_text(out, "\n");
}
