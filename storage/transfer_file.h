/* transfer_file.h - the file of a backup that is being read, or of one that is being put back, piece by
 * piece: JOB_TRANSFER. One at a time; what is begun ends what was. Belongs to the one worker that
 * takes slow jobs; its thread alone calls this. */
#ifndef HEARTH_STORAGE_TRANSFER_FILE_H
#define HEARTH_STORAGE_TRANSFER_FILE_H

#include "storage/database.h"
#include "storage/files/bundle.h"
#include "storage/job.h"

/* All zero: none. */
struct transfer_file {
    bool is_open;
    bool is_upload; /* the file has a name, which goes with it */
    int fd;         /* owned while is_open */
    int64_t bytes;  /* how long the file is to be */
    int64_t database_bytes; /* out: so much of it; then bundle's files */
    struct bundle bundle;
};

/* Fills the job's answer, result and why. database is a reader's connection to the one at path. */
void transfer_file_run(struct transfer_file *transfer, struct database *database, const char *path,
                  struct job *job);

/* Closes the file; one that is not whole is gone. */
void transfer_file_end(struct transfer_file *transfer, const char *path);

#endif
