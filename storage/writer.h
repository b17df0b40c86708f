/* writer.h - what the writer does with the jobs that wait: all of them in one transaction. It owns
 * the writing connection. No threads in here; one thread at a time. */
#ifndef HEARTH_STORAGE_WRITER_H
#define HEARTH_STORAGE_WRITER_H

#include "storage/database.h"
#include "storage/clock.h"
#include "storage/files/sweep.h"
#include "storage/logs.h"
#include "storage/options.h"
#include "storage/recovery.h"

struct writer {
    struct database database;
    const char *path;       /* of the database, borrowed; NULL: it is in memory */
    bool power_loss;        /* what is committed is on the disk */
    struct logs logs;
    struct clock clock;
    struct moment now;                /* when the transaction under way was begun */
    struct noted {
        bool is_clock; /* of noting: there is something to note */
        int64_t elapsed_ms, given_ms, day;
    } noted, noting;                  /* what the database knows of the clock; of this transaction */
    bool is_time_proven;              /* see proof.h */
    int64_t appended;                 /* messages of the transaction under way */
    int64_t unindexed;                /* messages that the search index has before it */
    int wal_pages;                    /* in the WAL, after the newest commit */
    int64_t wal_bytes_max;
    int wal_pages_max;    /* beyond it the WAL is brought into the database */
    int wal_pages_before; /* when that was last looked at */
    int wal_pages_next;   /* when that is tried again */
    int64_t old_copy_bytes; /* see old_copy.h: as of the last round */
    bool search;
    struct sweep sweep;
    int64_t retention_room; /* where the round of retention has got to */
    bool has_removed;       /* a room: its rows are still to go */
    bool needs_wal_truncation; /* texts were deleted: the WAL still holds them */
    struct {
        struct recovery *work; /* NULL: nothing is left to do */
        struct recovery_figures figures;
    } recovery;
};

/* Takes over start's connection (start_close closes what is left). False without memory. */
struct start;
bool writer_init(struct writer *writer, struct start *start, const struct store_options *options);
void writer_finish(struct writer *writer);

/* Does every job of the list (linked by next) in one transaction; their results are set. False when
 * storage failed: nothing was stored, database.why says why, and the jobs may be given again. */
bool writer_commit(struct writer *writer, struct job *jobs);

/* Notes how long the gateway has been running, in a transaction of its own. A power cut takes back
 * what was not noted: then bans last and entries stay so much longer. */
bool writer_note_elapsed(struct writer *writer);

/* Keeps a number among the meta data, in a transaction of its own. */
bool writer_note(struct writer *writer, const char *name, int64_t number);

/* Writes a little: whether storage is back. False while it is not. */
bool writer_probe(struct writer *writer);

/* After answers were given: brings the WAL into the database when it has grown enough. A failure is
 * left to the next commit to find. */
void writer_checkpoint(struct writer *writer);

/* Empties the WAL, so that deleted texts are nowhere. False while readers still use it. */
bool writer_truncate_wal(struct writer *writer);

/* Appends an entry: gives seq and ts, stores it. JOB_APPEND, and topics. False on a failure of the
 * database. */
struct log;
bool append_run(struct writer *writer, struct job *job);
bool append_entry(struct writer *writer, struct log *log, int64_t room_id, struct entry *entry);

/* JOB_ROOM_PURGE, in retention.c: as many rows as one commit bears. */
bool retention_purge(struct writer *writer, struct job *job);

/* JOB_ROOM_CREATE, JOB_ROOM_SET, JOB_ROOM_REMOVE. */
bool rooms_create(struct writer *writer, struct job *job);
bool rooms_set(struct writer *writer, struct job *job);
bool rooms_remove(struct writer *writer, struct job *job);

#endif
