/* submit.h - jobs on their way to storage, and what is needed when they come back. Loop thread. */
#ifndef HEARTH_CORE_SUBMIT_H
#define HEARTH_CORE_SUBMIT_H

#include "storage/job.h"

struct gateway;

/* Called with a job that is done; it is destroyed afterwards. */
typedef void finish_job(struct gateway *gateway, struct job *job);

/* The start of every job's context: who goes on with it. */
struct job_context {
    finish_job *finish;
};

/* The job's context, zeroed, of size bytes that begin with a struct job_context; good as long as the
 * job. NULL without memory, or when job is NULL: gateway_submit then refuses it. */
void *submit_context(struct job *job, size_t size);

/* Takes the job and submits it; finish is called with it when it is done, unless NULL. False when
 * storage did not take it, or job is NULL or lacks memory. */
bool gateway_submit(struct gateway *gateway, struct job *job, finish_job *finish);

/* Storage is well and has room for little more: new requests had better wait than be refused. */
bool gateway_waits_for_storage(const struct gateway *gateway);

#endif
