/* logs.h - what the writer keeps in memory of the logs it appends to: the next seq of each and its
 * newest nonces. A cache of the database, read when first needed. Writer thread. */
#ifndef HEARTH_STORAGE_LOGS_H
#define HEARTH_STORAGE_LOGS_H

#include "storage/database.h"
#include "storage/job.h"
#include "storage/timestamp.h"

struct log;

struct logs {
    struct log *by_room;         /* hash table */
    struct log *newest, *oldest; /* those with nonces, by use */
    struct log *changed;         /* by the transaction under way */
    size_t nonce_bytes, nonce_bytes_max;
    int nonce_window;
};

/* All rooms' nonces take at most nonce_bytes_max; those of the room quiet for longest are read
 * again. */
void logs_init(struct logs *logs, int nonce_window, size_t nonce_bytes_max);
void logs_finish(struct logs *logs);

enum log_result { LOG_FOUND, LOG_NO_ROOM, LOG_FAILED };

/* The log of a room, read from the database if need be. */
enum log_result logs_find(struct logs *logs, struct database *database, int64_t room_id,
                          struct log **log);

/* The seq and the time for the next entry. Taken for good only when logs_committed follows. */
int64_t log_take_seq(struct logs *logs, struct log *log);
int64_t log_take_ts(struct logs *logs, struct log *log, const struct moment *now);

/* Notes with which seq a day of the room begins; see days.h. */
bool log_begin_day(struct database *database, struct log *log, int64_t day, int64_t seq);

/* Looks for what this sender has sent with this nonce. repeated: entry's seq and ts are that one's.
 */
bool log_find_nonce(struct logs *logs, struct database *database, struct log *log,
                    struct entry *entry, bool *repeated);

/* Remembers the nonce of an entry that was stored. */
void log_add_nonce(struct logs *logs, struct log *log, const struct entry *entry);

/* The transaction under way has ended: what it changed stands, or is forgotten and read again. */
void logs_committed(struct logs *logs);
void logs_rolled_back(struct logs *logs);

/* The room has gone, or its log was changed by other means. */
void logs_forget(struct logs *logs, int64_t room_id);

#endif
