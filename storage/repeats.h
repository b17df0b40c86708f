/* repeats.h - whether something was said before, looked for among the entries of a room: for those who
 * say since when it may have been, however long ago. No index: a range of rows is read. */
#ifndef HEARTH_STORAGE_REPEATS_H
#define HEARTH_STORAGE_REPEATS_H

#include "storage/database.h"
#include "storage/job.h"

/* Reader: JOB_REPEAT. False on a failure of the database. */
bool repeats_look(struct database *database, struct job *job);

/* Writer: the same for an append, from first_said.checked to the end of the log: *result is
 * JOB_REPEATED, with seq and ts in the entry, JOB_SINCE_PRUNED or JOB_DONE. What is left to be read
 * there came in while the append was on its way, so it is as bounded as the jobs that wait. */
bool repeats_find(struct database *database, struct job_append *append, enum job_result *result);

#endif
