/* search.h - the full-text index: filled in batches by the writer, asked by the readers. Names
 * which thread: "writer" means inside a transaction that the writer has begun. */
#ifndef HEARTH_STORAGE_SEARCH_H
#define HEARTH_STORAGE_SEARCH_H

#include "storage/database.h"
#include "storage/job.h"

/* Writer, at start, outside a transaction: empties the index when it is not wanted, and makes it anew
 * where it is damaged; waiting gives how many messages search_index has before it (0 when not wanted). */
bool search_open(struct database *database, bool wanted, int64_t *waiting);

/* Writer, outside a transaction: makes the index anew, empty, whatever is in it. False when SQLite
 * cannot give its pages back: then more is damaged than the index. */
bool search_rebuild(struct database *database);

/* Messages indexed together: less is not worth a write, so fewer than that wait, and a search reads
 * them one by one. */
#define SEARCH_BLOCK_MESSAGES 512

/* Writer: indexes one block if a full one waits; waiting gives how many messages are left. The caller
 * keeps waiting, adds what it appends, and calls again once it is SEARCH_BLOCK_MESSAGES: when nothing
 * else waits, or when it is SEARCH_WAITING_MAX anyway. Where some of those that were added have gone
 * meanwhile, the block has fewer. */
#define SEARCH_WAITING_MAX (INT64_C(8) * SEARCH_BLOCK_MESSAGES)
bool search_index(struct database *database, int64_t *waiting);

/* Writer: counts how many messages wait; SEARCH_WAITING_MANY when they are SEARCH_WAITING_MAX or more. */
#define SEARCH_WAITING_MANY (INT64_C(1) << 40)
bool search_waiting(struct database *database, int64_t *waiting);

/* Writer: the message id is about to lose its text (deleted, pruned) or to get another (edited).
 * Called before the rows change; harmless for what is not indexed and for what is no message. */
bool search_forget(struct database *database, int64_t id);

/* Writer: the message id has a new text (edited). Called after the rows changed. */
bool search_again(struct database *database, int64_t id);

/* Writer: the rows first..last (ids, both included) are about to go. */
bool search_forget_rows(struct database *database, int64_t first, int64_t last);

/* Reader: JOB_SEARCH, messages not yet indexed included. False on a failure of the database. */
bool search_run(struct database *database, struct job *job);

/* Messages that the index does not have yet, counted to SEARCH_WAITING_MAX. */
int64_t search_unindexed(struct database *database);

#endif
