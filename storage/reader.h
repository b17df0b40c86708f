/* reader.h - what a worker does with one read job. Its connection is its own. */
#ifndef HEARTH_STORAGE_READER_H
#define HEARTH_STORAGE_READER_H

#include "storage/database.h"
#include "storage/job.h"

/* Fills the answer and the result; a database that fails is JOB_UNAVAILABLE. path is the database's
 * own. All but the counters of JOB_STATUS, which the store adds. */
void reader_run(struct database *database, const char *path, struct job *job);

/* Bytes of the database with its WAL or journal. */
int64_t reader_file_bytes(const char *path);

#endif
