/* invite_links.h - links that let in whoever has their code, as they are kept: by the hash of the code,
 * with the uses that are left and until when, in elapsed time, they hold. The loop has them all in memory
 * and judges; what it has decided is written here. */
#ifndef HEARTH_STORAGE_INVITE_LINKS_H
#define HEARTH_STORAGE_INVITE_LINKS_H

#include "storage/database.h"
#include "storage/job.h"

struct store_start;

/* Writer: JOB_INVITE_LINK, JOB_INVITE_REVOKE, JOB_INVITE_USE. False on a failure of the database. */
bool invite_links_create(struct database *database, const struct job_invite_link *create);
bool invite_links_remove(struct database *database, int64_t id);
bool invite_links_use(struct database *database, struct job *job);

/* Writer: one use less, with whatever else is written then; id 0 is no link. The same. */
bool invite_links_take(struct database *database, int64_t id);

/* Puts all into start. The same. */
bool invite_links_load(struct database *database, struct store_start *start);

#endif
