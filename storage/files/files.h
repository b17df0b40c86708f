/* files.h - the rows of files: which message has which, and what its bytes are called in the folder. A row
 * whose hash is NULL is gone: its message is there, its bytes are not. A hash that a row lets go is noted
 * in dropped_files in the same transaction, by triggers; sweep.h removes the bytes when that is on the disk. */
#ifndef HEARTH_STORAGE_FILES_H
#define HEARTH_STORAGE_FILES_H

#include "storage/database.h"
#include "storage/job.h"
#include "storage/options.h"

struct writer;

/* Readers: JOB_FILE_FIND, JOB_FILE_ROOM, JOB_FILE_LIST. False on a failure of the database. */
bool files_find(struct database *database, struct job *job);
bool files_room(struct database *database, const char *path, struct job *job);
bool files_list(struct database *database, struct job *job);

/* Readers: what files take, for JOB_STATUS. */
bool files_usage(struct database *database, struct store_status *status);

/* Readers: adds the files of a message of a page; memory is the job's. */
bool files_read(struct database *database, struct job *job, int64_t room_id, struct entry *entry);

/* Writer: JOB_FILE_ADD, JOB_FILE_REMOVE. */
bool files_add(struct writer *writer, struct job *job);
bool files_remove(struct writer *writer, struct job *job);

/* Writer: whether an entry of a JOB_APPEND or JOB_IMPORT may have its files; then they are filled in. JOB_FILE_MISSING
 * else. One that is gone (of an import) is as the entry says. After it is stored, they are its. */
bool files_judge(struct database *database, struct job *job, int64_t room_id, struct entry *entry);
bool files_attach(struct database *database, int64_t room_id, const struct entry *entry);

/* Writer: those of messages with these ids go with them. */
bool files_go_with(struct database *database, int64_t first, int64_t last);

/* Writer: some of what nobody has said for an hour, or what is older than files.age_days, or the oldest when
 * hardly any space is left. *any: there was some. */
bool files_expire(struct writer *writer, const struct store_options *options, bool *any);

#endif
