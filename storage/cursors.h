/* cursors.h - where bridges and bots have got to, under names of their own: as they are kept. */
#ifndef HEARTH_STORAGE_CURSORS_H
#define HEARTH_STORAGE_CURSORS_H

#include "storage/database.h"
#include "storage/job.h"

struct store_start;

/* Writer: JOB_CURSORS. A reader: JOB_LAG, JOB_REWIND. False on a failure of the database. */
bool cursors_write(struct database *database, struct job *job);
bool cursors_lag(struct database *database, struct job *job);
bool cursors_rewind(struct database *database, struct job *job);

/* Puts those of tokens that open something into start. False on a failure of the database. */
bool cursors_load(struct database *database, struct store_start *start);

#endif
