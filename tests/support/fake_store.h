/* fake_store.h - the store of storage/store.h without threads or disk, for tests of daemon/core: it
 * decides when a job is done, and the writer and reader of storage/ do it, on a database in memory.
 * Linked in place of hearth_storage, whose threads, files and random numbers it replaces.
 *
 * As store_open leaves it, every job is done when it is collected. With a plan, jobs wait for
 * fake_store_turn: writes are committed in groups in their order, reads see what is committed when
 * they are done and are given back later, in any order. All the same again from the same seed. */
#ifndef HEARTH_TESTS_SUPPORT_FAKE_STORE_H
#define HEARTH_TESTS_SUPPORT_FAKE_STORE_H

#include "storage/store.h"
#include "tests/support/ledger.h"

/* Percentages are chances a turn, or a job. */
struct fake_store_plan {
    uint64_t seed;
    int commit_percent; /* a turn commits at all */
    int group_max;      /* writes in one commit, at most; 0: all that wait */
    int read_percent;   /* a waiting read is done this turn */
    int answer_percent; /* a finished read is given back this turn */
    int busy_percent;   /* a submit is refused although there is room */
    int fail_percent;   /* a turn begins to fail */
    int fail_turns_max; /* and goes on to fail for so many turns, at most */
    int prune_percent;  /* a turn removes some of the oldest entries of some room */
    int retry_turns;    /* a write waiting so many failing turns is refused: JOB_UNAVAILABLE */
};

/* A store with a plan. pending_max and nonce_window bound it as in store_options. */
struct store *fake_store_create(const struct fake_store_plan *plan, int pending_max,
                                int nonce_window);

/* Told of every write: when it is committed, and when the gateway collects its answer. The turn is counted as
 * job->submitted_ms is. */
struct fake_store_observer {
    void *of;
    void (*committed)(void *of, const struct job *job, int64_t turn);
    void (*heard)(void *of, const struct job *job, int64_t turn);
};
void fake_store_observe(struct store *store, const struct fake_store_observer *observer);
int64_t fake_store_turns(const struct store *store); /* so many were */

/* One turn of the writer and the readers. Does nothing without a plan. */
void fake_store_turn(struct store *store);

/* The end of the storm: from now on nothing is refused, fails or is pruned, and every turn does
 * all. */
void fake_store_calm(struct store *store);

/* As store_close and store_open would: what waits is committed, answers that nobody collected are
 * gone. */
void fake_store_reopen(struct store *store);

/* From now on nothing but what these say happens by chance: for unit tests. */
void fake_store_hold(struct store *store);    /* jobs wait ... */
void fake_store_release(struct store *store); /* ... and are done when collected, again */
void fake_store_step(struct store *store, size_t count); /* held: so many jobs are done, in order */
void fake_store_last_first(struct store *store); /* of what is done, the last is collected first */
void fake_store_fail(struct store *store, bool failing); /* writes end in JOB_UNAVAILABLE */
void fake_store_be_busy(struct store *store, bool busy); /* every submit is refused */

/* Retention removes the oldest count entries of a room; collected as JOB_PRUNED. */
void fake_store_prune(struct store *store, int64_t room_id, size_t count);

/* What was committed, for checking. Good until the next call that changes the store. */
const struct ledger *fake_store_ledger(const struct store *store);
int64_t fake_store_commits(const struct store *store); /* transactions */

/* Does a read at once, for checking. */
void fake_store_read(struct store *store, struct job *job);

/* Jobs of a kind ever submitted. */
int64_t fake_store_submitted(const struct store *store, enum job_kind kind);

/* Jobs submitted and jobs collected, together: it grows while anything is under way. */
int64_t fake_store_moves(const struct store *store);

/* The next number of a small generator (splitmix64), and one of 0..bound-1. */
uint64_t chance_next(uint64_t *state);
int64_t chance_below(uint64_t *state, int64_t bound);

#endif
