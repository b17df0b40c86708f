/* names.h - who is called what, and who was: a name belongs to one user, as do those that look like it
 * (protocol/name.h), and one that was given up is held for a while. */
#ifndef HEARTH_STORAGE_NAMES_H
#define HEARTH_STORAGE_NAMES_H

#include "storage/database.h"
#include "storage/job.h"

/* Whether somebody but user_id has this name, one that looks like it, or holds it. */
bool names_taken(struct database *database, const char *name, const char *folded, int64_t user_id,
                 int64_t elapsed_ms, bool *is_taken);

/* Writer: a name that nobody else has is going to be a user's: holds of it that are over go. */
bool names_release(struct database *database, const char *folded);

/* Writer: JOB_RENAME. False on a failure of the database. */
bool names_rename(struct database *database, struct job *job);

/* Writer: notes what names look like that were stored without it. What cannot be noted just now is noted
 * at the next start. */
void names_complete(struct database *database);

/* Writer: the same of one user's name. */
bool names_note_skeleton(struct database *database, int64_t user_id, const char *name);

#endif
