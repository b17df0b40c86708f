/* erase.h - deleting what somebody said, some at a time: each as a deletion of its own, so that everybody
 * who follows the log sees it go. Writer thread. */
#ifndef HEARTH_STORAGE_ERASE_H
#define HEARTH_STORAGE_ERASE_H

#include "storage/writer.h"

/* JOB_ERASE: one step in one room. False on a failure of the database. */
bool erase_run(struct writer *writer, struct job *job);

#endif
