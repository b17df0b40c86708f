#include "storage/crew.h"

#include <stdio.h>

#include "storage/reader.h"

/* The counters that a status needs besides what its worker has read. */
static void add_counters(struct store *store, struct store_status *status)
{
    status->written_bytes = store_written_bytes(store);
    pthread_mutex_lock(&store->mutex);
    status->commits = store->commits;
    status->failures = store->failures;
    status->pending = store->write_count + store->read_count;
    status->last_ts = store->last_ts;
    status->failing = store->failing;
    status->clock_unset = store->clock_unset;
    snprintf(status->durability, sizeof status->durability, "%s",
             store->options.power_loss ? "power_loss" : "process_crash");
    snprintf(status->failure, sizeof status->failure, "%s", store->failure);
    pthread_mutex_unlock(&store->mutex);
    snprintf(status->journal_mode, sizeof status->journal_mode, "%s",
             store->start.found.journal_mode);
}

/* NULL when the store stops. */
static struct job *take_read(struct store *store)
{
    pthread_mutex_lock(&store->mutex);
    while (!store->reads.first && !store->stopping_since_ms)
        pthread_cond_wait(&store->read_work, &store->mutex);
    struct job *job = store->stopping_since_ms ? NULL : list_take(&store->reads);
    pthread_mutex_unlock(&store->mutex);
    return job;
}

void *read_thread(void *argument)
{
    struct worker *worker = argument;
    struct store *store = worker->store;
    struct job *job;
    while ((job = take_read(store))) {
        struct list finished;
        list_init(&finished);
        reader_run(&worker->database, store->path, job);
        if (job->kind == JOB_STATUS)
            add_counters(store, &job->status);
        list_add(&finished, job);
        pthread_mutex_lock(&store->mutex);
        crew_give_back(store, &finished);
        pthread_mutex_unlock(&store->mutex);
    }
    return NULL;
}
