/* reactions.h - who put which emoji under which message. How many of a kind there are is kept beside
 * (reaction_kinds, by triggers), so that a page costs the same however many they are. */
#ifndef HEARTH_STORAGE_REACTIONS_H
#define HEARTH_STORAGE_REACTIONS_H

#include "storage/database.h"
#include "storage/job.h"

#define REACTION_KINDS_MAX  20 /* of a message */
#define REACTIONS_USER_MAX  5  /* of one user under a message */
#define REACTION_NAMES_MAX  20 /* told of a kind */

/* Writer: whether target (an id) may have one more: JOB_DONE, or JOB_REFUSED and why. */
bool reactions_judge(struct database *database, int64_t target, const struct entry *entry,
                     struct job *job);

/* Puts one there or takes it away. Beyond what a message may have nothing changes: rows that are
 * imported or recovered may be older than the bounds. */
bool reactions_apply(struct database *database, int64_t target, const struct entry *entry);

/* Readers: adds what there is to a message of a page, in the names of now; memory is the job's. */
bool reactions_read(struct database *database, struct job *job, struct history_entry *history);

#endif
