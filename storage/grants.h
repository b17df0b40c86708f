/* grants.h - what rooms remember about users: roles, invitations, bans, mutes, read markers. */
#ifndef HEARTH_STORAGE_GRANTS_H
#define HEARTH_STORAGE_GRANTS_H

#include "storage/database.h"
#include "storage/job.h"

/* As SQL has them. */
#define SQL_MODERATOR "3"
#define SQL_OWNER "4"
_Static_assert(ROLE_MODERATOR == 3 && ROLE_OWNER == 4, "as in the schema");

/* All zero when there is none. */
bool grants_read(struct database *database, int64_t room_id, int64_t user_id, struct grant *grant);

bool grants_write(struct database *database, int64_t room_id, int64_t user_id,
                  const struct grant *grant);

/* Writer: JOB_GRANT, JOB_READ. False on a failure of the database. */
bool grants_change(struct database *database, struct job *job);
bool grants_mark_read(struct database *database, struct job *job);

/* Writer: JOB_TOO_MANY_ROOMS when the user owns rooms_max rooms already. False on a failure of the database. */
bool grants_judge_owner(struct database *database, struct job *job, int64_t user_id, int rooms_max);

/* Writer: gives a role and leaves the rest. */
bool grants_set_role(struct database *database, int64_t room_id, int64_t user_id, enum role role);

/* Readers: JOB_GRANT_FIND (JOB_ROOM_MISSING where there is no such room), JOB_PEOPLE, JOB_OWN. */
bool grants_find(struct database *database, struct job *job);
bool grants_people(struct database *database, struct job *job);
bool grants_own(struct database *database, struct job *job);

#endif
