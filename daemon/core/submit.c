#include "daemon/core/submit.h"

#include "daemon/core/gateway_private.h"

void *submit_context(struct job *job, size_t size)
{
    return job ? job->context = job_memory(job, size) : NULL;
}

bool gateway_submit(struct gateway *gateway, struct job *job, finish_job *finish)
{
    struct job_context *context = job ? job->context : NULL;
    if (finish && !context)
        context = submit_context(job, sizeof *context);
    if (context)
        context->finish = finish;
    if (!job || job_failed(job) || store_submit(gateway->storage.store, job) != STORE_OK) {
        job_destroy(job);
        return false;
    }
    gateway->storage.job_count++;
    return true;
}

/* A failing storage will not have room soon: then they are told so. */
bool gateway_waits_for_storage(const struct gateway *gateway)
{
    return !gateway->storage.is_failing && store_is_crowded(gateway->storage.store);
}
