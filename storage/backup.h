/* backup.h - the whole database to a file and back, and rooms as rows. */
#ifndef HEARTH_STORAGE_BACKUP_H
#define HEARTH_STORAGE_BACKUP_H

#include "storage/database.h"
#include "storage/job.h"

/* Reader: JOB_BACKUP. Fills result, why and bytes itself. */
void backup_run(struct database *database, struct job *job);

/* Whether path is the database's own file, or one of those beside it. Opening and closing the
 * database a second time would drop its locks. */
bool backup_is_own(struct database *database, const char *path);

/* Copies what source sees now into a new file of mode 0600 at path (what is there goes), checks the
 * copy and lets it be opened anywhere: no WAL. Not yet synced. The writer need not wait meanwhile.
 * False: why, and no file is left. */
bool backup_copy(struct database *source, const char *path, char *why, size_t why_size);

/* What quick_check says of a copy. False: its why. */
bool backup_is_whole(struct database *copy);

/* The same; gives a descriptor to read it with, and the file has no name any more. -1: why, and no file
 * is left. SQLite makes no copy without a name: one that a crash broke off goes with restore_take. */
int backup_copy_nameless(struct database *source, const char *path, char *why, size_t why_size);

/* Syncs the file from, gives it the name to, syncs the folder. False: why. */
bool backup_place(const char *from, const char *to, char *why, size_t why_size);

/* Reader: JOB_RESTORE: checks the backup and puts it beside path (the store's own database), where
 * restore_take finds it. Fills result, why and bytes itself. */
void restore_run(struct database *database, const char *path, struct job *job);

/* Whether a backup may be put in place of database: it has no messages, or that is meant. Else why. */
bool restore_may_replace(struct database *database, bool overwrite, char *why, size_t why_size);

/* Checks the backup that lies at upload, a name that it loses, and puts it where restore_take finds
 * it. False: why. */
bool restore_stage_upload(const char *upload, const char *path, char *why, size_t why_size);

/* Before the database is opened: puts a backup that waits beside path in its place; what was there
 * is set aside. What a crash left of copies that were under way goes. True when there was none, too. */
bool restore_take(const char *path, char *why, size_t why_size);

/* Writer: JOB_IMPORT. False on a failure of the database (then all is rolled back and tried again);
 * what is wrong with the rows becomes the job's result and why, before anything is written. */
bool import_run(struct database *database, struct job *job);

/* Reader: JOB_EXPORT is messages_page. */

#endif
