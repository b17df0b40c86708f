/* roomlog.h - the newest entries of a room as framed bytes, one after another, bounded. A reader is an
 * offset that only grows; it stays good while what it points at is still here. Loop thread. */
#ifndef HEARTH_CORE_ROOMLOG_H
#define HEARTH_CORE_ROOMLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where an entry ends. Several frames may share a seq. */
struct roomlog_mark {
    int64_t seq;
    uint64_t end;
};

/* All zero is empty, with the floor at 0. */
struct roomlog {
    unsigned char *bytes; /* owned; bytes[0] is at offset start */
    size_t length, capacity;
    uint64_t start;
    int64_t floor; /* every entry after this seq is here */
    struct roomlog_mark *marks; /* owned */
    size_t mark_count, mark_capacity;
};

/* Appends one frame; when bytes_max is reached the older half goes first. False when it does not fit
 * or without memory: then everything is dropped and the floor is seq, so readers go to storage. */
bool roomlog_append(struct roomlog *log, int64_t seq, const void *frame, size_t length,
                    size_t bytes_max);

/* Offset of a reader that has everything up to seq. False when what follows seq has left. */
bool roomlog_find(const struct roomlog *log, int64_t seq, uint64_t *offset);

/* What there is for a reader at offset: whole frames, at most bytes_max but at least one, and none of
 * an entry after through. seq is the last one's; length is 0 at the end. False when what follows the
 * offset has left. */
struct roomlog_slice {
    const unsigned char *bytes; /* borrowed, until the log changes */
    size_t length;
    int64_t seq;
};
bool roomlog_read(const struct roomlog *log, uint64_t offset, size_t bytes_max, int64_t through,
                  struct roomlog_slice *slice);

/* The seq before the newest count entries, when the log has that many. */
bool roomlog_newest(const struct roomlog *log, size_t count, int64_t *after);

uint64_t roomlog_end(const struct roomlog *log);

/* Memory taken. */
size_t roomlog_bytes(const struct roomlog *log);

/* Drops every entry up to and including seq. */
void roomlog_forget(struct roomlog *log, int64_t seq);

/* Drops every entry and gives the memory back; offsets at the end stay good. seq: the newest ever. */
void roomlog_drop(struct roomlog *log, int64_t seq);

#endif
