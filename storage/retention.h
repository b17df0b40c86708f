/* retention.h - forgetting: old entries and removed rooms. In small steps, each its own transaction, so
 * that a message waits for one at most. Writer thread. */
#ifndef HEARTH_STORAGE_RETENTION_H
#define HEARTH_STORAGE_RETENTION_H

#include "storage/database.h"
#include "storage/writer.h"

enum retention_result {
    RETENTION_DONE,    /* nothing is due */
    RETENTION_STEPPED, /* something went; there may be more */
    RETENTION_FAILED   /* storage failed */
};

/* One step. What is old is so by writer->now and writer->is_time_proven; see days.h. notices: a
 * JOB_PRUNED for the loop each, or NULL. */
enum retention_result retention_step(struct writer *writer, const struct store_options *options,
                                     int rows_max, struct job **notices);

/* Gives free pages at the end of the file back, some at a time. */
enum retention_result retention_shrink(struct writer *writer);

/* True while more is stored than max_bytes allows. */
bool retention_is_over(struct writer *writer, const struct store_options *options);

#endif
