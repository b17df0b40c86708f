/* history.h - messages as people see them: edits, deletions and reactions applied. Readers. */
#ifndef HEARTH_STORAGE_HISTORY_H
#define HEARTH_STORAGE_HISTORY_H

#include "storage/database.h"
#include "storage/job.h"

/* JOB_HISTORY, the grant included. False on a failure of the database. */
bool history_page(struct database *database, struct job *job);

/* Replaces the text of history by its newest edit and adds its reactions; room_id, reader_id and
 * entry are filled. Memory is the job's. */
bool history_apply(struct database *database, struct job *job, struct history_entry *history);

/* Bytes that an answer grows by with this entry, roughly as it will be encoded. */
size_t history_bytes(const struct history_entry *history);

#endif
