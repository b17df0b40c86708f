/* intake.h - the bytes of files on their way into the folder and out of it: JOB_FILE_STEP. What comes in
 * is freed of what it says about its maker as it passes (protocol/media), and summed up. Belongs to the
 * worker that takes these jobs; its thread alone calls this. */
#ifndef HEARTH_STORAGE_INTAKE_H
#define HEARTH_STORAGE_INTAKE_H

#include "storage/job.h"

#define INTAKE_BYTES 1024 /* of an upload: what is known of it while it comes, at most */

struct intake;

/* All zero: none is coming. */
struct intakes {
    struct intake *first; /* owned */
    bool is_folder_kept;  /* see folder_make_part */
};

/* Fills the job's answer, result and why. path is the database's. */
void intakes_run(struct intakes *intakes, const char *path, struct job *job);

/* What is not whole is gone. */
void intakes_end(struct intakes *intakes, const char *path);

#endif
