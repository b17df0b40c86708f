/* retention.h - forgetting: old entries, removed rooms, guests who stay away. In small steps, each
 * its own transaction, so that a message waits for one at most. Writer thread. */
#ifndef HEARTH_STORAGE_RETENTION_H
#define HEARTH_STORAGE_RETENTION_H

#include "storage/database.h"
#include "storage/writer.h"

enum retention_result {
    RETENTION_DONE,    /* nothing is due */
    RETENTION_STEPPED, /* something went; there may be more */
    RETENTION_FAILED   /* storage failed */
};

/* One step. now_ms is what time it is for ageing, 0 when that is unknown. notice: a JOB_PRUNED for
 * the loop, or NULL. */
enum retention_result retention_step(struct writer *writer, const struct store_options *options,
                                     int64_t now_ms, int rows_max, struct job **notices);

/* Forgets one guest, or one direct room of such a guest. */
enum retention_result retention_guests(struct writer *writer, const struct store_options *options,
                                       int64_t now_ms, struct job **notices);

/* Gives free pages at the end of the file back, some at a time. */
enum retention_result retention_shrink(struct writer *writer);

/* True while more is stored than max_bytes allows. */
bool retention_is_over(struct writer *writer, const struct store_options *options);

/* Ageing must not believe a clock that jumps ahead: a wrong year would remove everything. A jump is
 * believed once it has held for a day. */
struct trust {
    bool is_known;
    int64_t offset_ms; /* wall clock minus monotonic one */
    int64_t candidate_ms, candidate_since_ms;
};
int64_t trust_now(struct trust *trust, int64_t wall_ms, int64_t monotonic_ms);

#endif
