/* ledger.h - what a fake store has committed, entry by entry, with the texts that were deleted and
 * the entries that were pruned since: the checks of a simulation ask it what anybody may have been
 * shown. It is written from the answers of committed jobs and never answers one itself. */
#ifndef HEARTH_TESTS_SUPPORT_LEDGER_H
#define HEARTH_TESTS_SUPPORT_LEDGER_H

#include "storage/job.h"

/* An entry as it is kept, and what it said first: a deletion takes entry.text only. */
struct ledger_entry {
    struct entry entry;
    char *original;
};

struct ledger_room {
    struct room_row row;
    bool removed;
    struct ledger_entry *entries; /* ascending by seq */
    size_t count, capacity;
    size_t pruned; /* so many of the oldest cannot be read any more */
};

struct ledger {
    struct ledger_room *rooms;
    size_t room_count, room_capacity;
};

void ledger_finish(struct ledger *ledger);

/* Takes in a write that was committed, or a JOB_PRUNED; what was refused changes nothing. */
void ledger_record(struct ledger *ledger, const struct job *job);

/* NULL if there is none, or it was removed. */
struct ledger_room *ledger_room(const struct ledger *ledger, int64_t room_id);

/* NULL if there is none. */
struct ledger_entry *ledger_entry(const struct ledger_room *room, int64_t seq);

#endif
