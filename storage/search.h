/* search.h - the full-text index: filled in batches by the writer, asked by the readers. Names which
 * thread: "writer" means inside a transaction that the writer has begun. */
#ifndef HEARTH_STORAGE_SEARCH_H
#define HEARTH_STORAGE_SEARCH_H

#include "storage/database.h"
#include "storage/job.h"

/* Writer, at start: makes the index, or drops it when it is not wanted. Outside a transaction. */
bool search_open(struct database *database, bool wanted);

/* Writer: indexes up to rows_max messages that are not in yet; more tells whether any are left. Called
 * when nothing else waits. */
bool search_index(struct database *database, int rows_max, bool *more);

/* Writer: the message id is about to lose its text (deleted, pruned) or to get another (edited). Called
 * before the rows change; harmless for what is not indexed and for what is no message. */
bool search_forget(struct database *database, int64_t id);

/* Writer: the message id has a new text (edited). Called after the rows changed. */
bool search_again(struct database *database, int64_t id);

/* Writer: the rows first..last (ids, both included) are about to go. */
bool search_forget_rows(struct database *database, int64_t first, int64_t last);

/* Reader: JOB_SEARCH, messages not yet indexed included. False on a failure of the database. */
bool search_run(struct database *database, struct job *job);

/* Reader: messages that the index does not have yet. */
int64_t search_unindexed(struct database *database);

#endif
