/* history.h - messages as people see them: edits, deletions and reactions applied. */
#ifndef HEARTH_STORAGE_HISTORY_H
#define HEARTH_STORAGE_HISTORY_H

#include "storage/database.h"
#include "storage/job.h"

/* Reader: JOB_HISTORY, the grant included. False on a failure of the database. */
bool history_page(struct database *database, struct job *job);

/* Reader: the message or topic with this id, which is there. Its texts go into the job. */
bool history_read(struct database *database, struct job *job, int64_t id,
                  struct history_entry *entry);

#endif
