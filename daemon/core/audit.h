/* audit.h - the line of the audit that goes with a job. Loop thread. */
#ifndef HEARTH_CORE_AUDIT_H
#define HEARTH_CORE_AUDIT_H

#include "daemon/core/ask.h"

struct room;

/* Whoever asks did this. room NULL: in the gateway; user and reason may be NULL. job NULL is fine; without
 * memory the job has failed; whoever has gone meanwhile does nothing. */
void audit_add(const struct ask *ask, struct job *job, enum act act, const struct room *room,
               const char *user, const char *reason);

/* Who asks, for what storage judges. The name is the job's. */
struct actor audit_actor(const struct ask *ask, struct job *job);

#endif
