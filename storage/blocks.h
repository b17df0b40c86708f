/* blocks.h - whom a user hears no more of: see people.h. */
#ifndef HEARTH_STORAGE_BLOCKS_H
#define HEARTH_STORAGE_BLOCKS_H

#include "storage/database.h"
#include "storage/job.h"

/* Whether user_id has blocked other_id. */
bool blocks_find(struct database *database, int64_t user_id, int64_t other_id, bool *is_blocked);

/* Writer: JOB_BLOCK, JOB_BLOCKS. False on a failure of the database. */
bool blocks_set(struct database *database, struct job *job);
bool blocks_list(struct database *database, struct job *job);

#endif
