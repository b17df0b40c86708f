#include "daemon/core/roomlog.h"

#include <stdlib.h>
#include <string.h>

#define BYTES_MIN 512
#define MARKS_MIN 8
/* The shortest frame that is worth a mark of its own; bounds the marks by the bytes. */
#define FRAME_BYTES_LEAST 16

uint64_t roomlog_end(const struct roomlog *log)
{
    return log->start + log->length;
}

size_t roomlog_bytes(const struct roomlog *log)
{
    return log->capacity + log->mark_capacity * sizeof *log->marks;
}

/* How many marks are at or before the seq. */
static size_t count_through(const struct roomlog *log, int64_t seq)
{
    size_t low = 0, high = log->mark_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (log->marks[middle].seq <= seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* How many frames end at or before the offset. */
static size_t count_ended(const struct roomlog *log, uint64_t offset)
{
    size_t low = 0, high = log->mark_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (log->marks[middle].end <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void drop_oldest(struct roomlog *log, size_t count)
{
    if (count == 0)
        return;
    const struct roomlog_mark *last = &log->marks[count - 1];
    size_t bytes = (size_t)(last->end - log->start);
    log->floor = last->seq;
    log->start = last->end;
    log->length -= bytes;
    memmove(log->bytes, log->bytes + bytes, log->length);
    log->mark_count -= count;
    memmove(log->marks, log->marks + count, log->mark_count * sizeof *log->marks);
}

/* Drops what lies in the older half, and what shares a seq with the last of it: a floor is a seq. */
static void drop_older_half(struct roomlog *log)
{
    size_t count = count_ended(log, log->start + log->length / 2) + 1;
    if (count < log->mark_count)
        count = count_through(log, log->marks[count - 1].seq);
    drop_oldest(log, count < log->mark_count ? count : log->mark_count);
}

static size_t grown(size_t capacity, size_t least, size_t start, size_t most)
{
    size_t size = capacity ? capacity : start;
    while (size < least)
        size *= 2;
    return size < most ? size : most;
}

static bool reserve_bytes(struct roomlog *log, size_t length, size_t bytes_max)
{
    while (log->length + length > bytes_max)
        drop_older_half(log);
    if (log->length + length <= log->capacity)
        return true;
    size_t capacity = grown(log->capacity, log->length + length, BYTES_MIN, bytes_max);
    unsigned char *bytes = realloc(log->bytes, capacity);
    if (!bytes)
        return false;
    log->bytes = bytes;
    log->capacity = capacity;
    return true;
}

static bool reserve_mark(struct roomlog *log, size_t bytes_max)
{
    size_t most = bytes_max / FRAME_BYTES_LEAST + MARKS_MIN;
    if (log->mark_count >= most)
        drop_older_half(log);
    if (log->mark_count < log->mark_capacity)
        return true;
    size_t capacity = grown(log->mark_capacity, log->mark_count + 1, MARKS_MIN, most);
    struct roomlog_mark *marks = realloc(log->marks, capacity * sizeof *marks);
    if (!marks)
        return false;
    log->marks = marks;
    log->mark_capacity = capacity;
    return true;
}

bool roomlog_append(struct roomlog *log, int64_t seq, const void *frame, size_t length,
                    size_t bytes_max)
{
    if (length > bytes_max || !reserve_bytes(log, length, bytes_max) ||
        !reserve_mark(log, bytes_max)) {
        roomlog_drop(log, seq);
        log->start++; /* readers at the end must notice that something is missing */
        return false;
    }
    memcpy(log->bytes + log->length, frame, length);
    log->length += length;
    log->marks[log->mark_count++] = (struct roomlog_mark){seq, roomlog_end(log)};
    return true;
}

bool roomlog_find(const struct roomlog *log, int64_t seq, uint64_t *offset)
{
    if (seq < log->floor)
        return false;
    size_t count = count_through(log, seq);
    *offset = count ? log->marks[count - 1].end : log->start;
    return true;
}

bool roomlog_read(const struct roomlog *log, uint64_t offset, size_t bytes_max, int64_t through,
                  struct roomlog_slice *slice)
{
    uint64_t end = roomlog_end(log);
    *slice = (struct roomlog_slice){0};
    if (offset < log->start || offset > end)
        return false;
    if (offset == end)
        return true;
    slice->bytes = log->bytes + (offset - log->start);
    const struct roomlog_mark *newest = &log->marks[log->mark_count - 1];
    if (end - offset <= bytes_max && newest->seq <= through) {
        slice->length = (size_t)(end - offset);
        slice->seq = newest->seq;
        return true;
    }
    size_t first = count_ended(log, offset), last = count_ended(log, offset + bytes_max);
    size_t allowed = count_through(log, through);
    last = last > first ? last : first + 1;
    last = last < allowed ? last : allowed;
    if (last <= first)
        return true;
    slice->length = (size_t)(log->marks[last - 1].end - offset);
    slice->seq = log->marks[last - 1].seq;
    return true;
}

bool roomlog_newest(const struct roomlog *log, size_t count, int64_t *after)
{
    if (count > log->mark_count)
        return false;
    size_t before = log->mark_count - count;
    *after = before ? log->marks[before - 1].seq : log->floor;
    return true;
}

void roomlog_forget(struct roomlog *log, int64_t seq)
{
    drop_oldest(log, count_through(log, seq));
    if (seq > log->floor)
        log->floor = seq;
}

void roomlog_drop(struct roomlog *log, int64_t seq)
{
    log->start = roomlog_end(log);
    free(log->bytes);
    free(log->marks);
    log->bytes = NULL;
    log->marks = NULL;
    log->length = log->capacity = 0;
    log->mark_count = log->mark_capacity = 0;
    if (seq > log->floor)
        log->floor = seq;
}
