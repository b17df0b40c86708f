/* origins.h - what entries are called where a bridge brings them from. The name lies in the entry's own
 * row, with an index over the rows that have one: it is stored in the entry's transaction, costs other
 * entries nothing, and goes with it. */
#ifndef HEARTH_STORAGE_ORIGINS_H
#define HEARTH_STORAGE_ORIGINS_H

#include "storage/database.h"
#include "storage/job.h"

/* The entry of this user in this room that is called origin; seq 0: there is none. */
bool origins_find(struct database *database, int64_t room_id, int64_t user_id, const char *origin,
                  int64_t *seq, int64_t *ts);

/* A reader: JOB_ORIGINS. False on a failure of the database. */
bool origins_read(struct database *database, struct job *job);

#endif
