/* users.h - the users that are kept. */
#ifndef HEARTH_STORAGE_USERS_H
#define HEARTH_STORAGE_USERS_H

#include "storage/database.h"
#include "storage/job.h"

/* Readers: JOB_LOGIN, JOB_USER_FIND, JOB_PASSWORD_FIND. False on a failure of the database. */
bool users_login(struct database *database, struct job *job);
bool users_find(struct database *database, struct job *job);
bool users_find_password(struct database *database, struct job *job);

/* Writer: JOB_PASSWORD_SET. The same. */
bool users_set_password(struct database *database, struct job *job);

/* The user of this id; all zero when there is none. */
bool users_read(struct database *database, int64_t id, struct user_row *user);

/* Writer: JOB_USER_CREATE. */
bool users_create(struct database *database, struct job *job);

/* Writer: one more user. is_taken: the name, id or key is somebody's, and nothing was stored. */
bool users_insert(struct database *database, const struct user_row *user, const struct moment *at,
                  bool *is_taken);

/* Writer: JOB_USERS, JOB_USER_CHANGE. */
struct writer;
bool users_list(struct database *database, struct job *job);
bool users_change(struct writer *writer, struct job *job);
/* Writer: what a moderator said becomes of newcomers; JOB_ADMIT; that a user said something then. */
bool users_set_newcomers(struct database *database, const struct newcomers_row *newcomers);
bool users_admit(struct database *database, struct job *job);
bool users_note_spoken(struct database *database, int64_t user_id, int64_t ts);

/* At the start. */
bool users_load_newcomers(struct database *database, struct newcomers_row *newcomers);

#endif
