/* store.h - the chat log on disk: one writer thread and a few readers behind bounded lists. What is
 * given back is committed. Everything here is called on the loop thread and never waits, except
 * store_open and store_close. */
#ifndef HEARTH_STORAGE_STORE_H
#define HEARTH_STORAGE_STORE_H

#include "storage/job.h"
#include "storage/options.h"

struct store;

/* Opens or creates the database, migrates it, starts the threads. NULL on failure: why holds one
 * sentence. Blocks as long as the disk does. */
struct store *store_open(const struct store_options *options, char *why, size_t why_size);

/* What time it is for this gateway. Any thread. */
struct moment store_now(struct store *store);

/* True while the time of day is proven: see proof.h. Any thread. */
bool store_is_time_proven(struct store *store);

/* Borrowed, until store_forget_start. */
const struct store_start *store_start(const struct store *store);
void store_forget_start(struct store *store);

enum store_result { STORE_OK, STORE_BUSY };

/* Takes job on STORE_OK. On STORE_BUSY (pending_max or pending_bytes of its kind reached) the
 * caller keeps it. Where nothing waits, one job is taken however large. */
enum store_result store_submit(struct store *store, struct job *job)
    __attribute__((warn_unused_result));

/* Writes take three quarters of what they may: whoever can wait asks for no more of them. Loop thread. */
bool store_is_crowded(const struct store *store);

/* Gives the next finished job, writes in commit order, or NULL. The caller owns it. */
struct job *store_collect(struct store *store);

/* Readable once jobs have finished that were not there when store_heard was last called. Borrowed: dup
 * it for lws, which closes what it adopts. */
int store_fd(const struct store *store);

/* Call when store_fd is readable, then collect until there is nothing: what finishes meanwhile makes
 * it readable again. Loop thread. */
void store_heard(struct store *store);

/* False while commits fail, or once the database was found damaged; then why holds a sentence. */
bool store_is_healthy(struct store *store, char *why, size_t why_size);

/* The database was found damaged while it was served: it goes on as well as it can, and whoever closes
 * the store and opens it again has it recovered. */
bool store_is_damaged(struct store *store);

/* What was recovered, or is being recovered, of a damaged database. Any thread. */
void store_recovery(struct store *store, struct recovery_figures *figures);

/* Jobs waiting or in work, and bytes handed to the disk since start. Any thread. */
int64_t store_pending(struct store *store);
int64_t store_written_bytes(struct store *store);

/* What the writer knew at its last commit, or when it last was idle. Any thread. */
struct store_figures {
    int64_t file_bytes;     /* the database with its WAL */
    int64_t free_bytes;     /* on its disk, for ordinary users */
    int64_t last_backup_ts; /* 0: never */
};
struct store_figures store_figures(struct store *store);

/* Changes what SIGHUP may change: commit_interval_ms, retention, max_bytes. */
void store_reconfigure(struct store *store, const struct store_options *options);

/* Commits what is pending (gives up after retry_ms on a failing disk), marks the stop as clean, joins
 * the threads, closes the files. Finished jobs that were not collected are destroyed. NULL is fine. */
void store_close(struct store *store);

#endif
