/* roles.h - roles in rooms as they change: what storage has written, for those who are here. Loop thread. */
#ifndef HEARTH_CORE_ROLES_H
#define HEARTH_CORE_ROLES_H

#include "storage/job.h"

struct gateway;
struct room;
struct session;
struct user;

/* Tells the event `room`, changed or created, with the session's own role there. */
void roles_tell(struct session *session, const struct room *room, const char *change,
                const struct grant *grant);

/* JOB_GRANT has given a role. */
void roles_note(struct room *room, const struct job_grant *done);

/* JOB_HANDED_ON: the room is somebody else's now, or the gateway's moderators'. They hear so. */
void roles_fall(struct gateway *gateway, const struct job_handed_on *fallen);

#endif
