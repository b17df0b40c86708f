#include "storage/thread_pool.h"

#include <stdio.h>

#include "storage/check.h"
#include "storage/password.h"
#include "storage/reader.h"

enum { READER_BUSY_MS = 5000 };

static struct password_cost cost_of(const struct store *store)
{
    return (struct password_cost){.memory_kib = store->options.password_kib,
                                  .rounds = store->start.found.password_rounds};
}

/* The counters that a status needs besides what its worker has read. */
static void add_counters(struct store *store, struct store_status *status)
{
    status->written_bytes = store_written_bytes(store);
    status->clock = store_now(store).clock;
    store_recovery(store, &status->recovery);
    const struct password_cost cost = cost_of(store);
    password_describe(&cost, status->passwords, sizeof status->passwords);
    pthread_mutex_lock(&store->mutex);
    status->commits = store->commits;
    status->failures = store->failures;
    status->pending = store->write_count + store->read_count;
    status->failing = store->failing;
    status->last_backup_ts = store->figures.last_backup_ts;
    status->is_time_proven = store->is_time_proven;
    snprintf(status->durability, sizeof status->durability, "%s",
             store->options.power_loss ? "power_loss" : "process_crash");
    snprintf(status->failure, sizeof status->failure, "%s", store->failure);
    pthread_mutex_unlock(&store->mutex);
    snprintf(status->journal_mode, sizeof status->journal_mode, "%s",
             store->start.found.journal_mode);
}

enum read_queue pool_queue(enum job_kind kind)
{
    switch (kind) {
    case JOB_SEARCH:
    case JOB_REPEAT:
    case JOB_STATUS:
        return QUEUE_SEARCH;
    case JOB_BACKUP:
    case JOB_RESTORE:
    case JOB_TRANSFER:
        return QUEUE_SLOW;
    case JOB_PASSWORD_HASH:
        return QUEUE_PASSWORD;
    case JOB_FILE_STEP:
        return QUEUE_FILES;
    default:
        return QUEUE_QUICK;
    }
}

bool pool_open_reader(struct worker *worker)
{
    struct store *store = worker->store;
    struct database_options options = {.path = store->path,
                                       .vfs = disk_vfs(store->start.disk),
                                       .read_only = true,
                                       .cache_bytes = store->options.cache_bytes,
                                       .busy_ms = READER_BUSY_MS};
    if (!database_open(&worker->database, &options))
        return false;
    worker->database.is_stopping = &store->is_stopping;
    pthread_mutex_lock(&store->mutex);
    worker->is_open = true;
    pthread_mutex_unlock(&store->mutex);
    return true;
}

/* The next job of the worker's queues; NULL when there is none. With the mutex. */
static struct job *next_read(struct worker *worker)
{
    struct job *job = NULL;
    for (int queue = 0; queue < QUEUE_COUNT && !job; queue++)
        if (worker->takes[queue])
            job = list_take(&worker->store->reads[queue]);
    return job;
}

static pthread_cond_t *work_of(struct worker *worker)
{
    return worker->takes[QUEUE_SLOW]       ? &worker->store->slow_work
           : worker->takes[QUEUE_PASSWORD] ? &worker->store->password_work
           : worker->takes[QUEUE_FILES]    ? &worker->store->file_work
                                           : &worker->store->read_work;
}

/* Waits for a job. NULL when the store stops. */
static struct job *take_read(struct worker *worker)
{
    struct store *store = worker->store;
    struct job *job = NULL;
    pthread_mutex_lock(&store->mutex);
    while (!store->stopping_since_ms && (pool_is_full(store) || !(job = next_read(worker))))
        pthread_cond_wait(work_of(worker), &store->mutex);
    pthread_mutex_unlock(&store->mutex);
    return job;
}

static void run_read(struct worker *worker, struct job *job)
{
    struct store *store = worker->store;
    if (job->kind == JOB_PASSWORD_HASH) {
        const struct password_cost cost = cost_of(store);
        password_run(job, &cost);
        return;
    }
    if (job->kind == JOB_FILE_STEP) {
        intakes_run(&worker->intakes, store->path, job);
        return;
    }
    if (!worker->database.handle && !pool_open_reader(worker)) {
        job->result = JOB_UNAVAILABLE;
        snprintf(job->why, sizeof job->why, "%.120s", worker->database.why);
        return;
    }
    if (job->kind == JOB_TRANSFER)
        transfer_file_run(&worker->transfer, &worker->database, store->path, job);
    else
        reader_run(&worker->database, store->path, job);
    if (job->result == JOB_UNAVAILABLE && database_is_corrupt(&worker->database))
        pool_suspect(store, job->kind == JOB_SEARCH ? SUSPECT_INDEX : SUSPECT_DATABASE);
    if (job->kind == JOB_STATUS)
        add_counters(store, &job->status);
}

static bool is_backup(const struct job *job)
{
    bool is_copy = job->kind == JOB_BACKUP ||
                   (job->kind == JOB_TRANSFER && job->transfer.step == TRANSFER_STEP_COPY);
    return is_copy && job->result == JOB_DONE;
}

static void finish_read(struct store *store, struct job *job)
{
    struct list finished;
    list_init(&finished);
    list_add(&finished, job);
    size_t bytes = job_bytes(job);
    int64_t now_ms = store_now(store).wall_ms;
    pthread_mutex_lock(&store->mutex);
    if (is_backup(job)) {
        store->backup_ts = store->figures.last_backup_ts = now_ms;
        pthread_cond_signal(&store->write_work);
    }
    store->answer_bytes += bytes;
    bool wakes = pool_give_back(store, &finished);
    pthread_mutex_unlock(&store->mutex);
    if (wakes)
        pool_wake(store);
}

/* What the start had no time for. */
static void finish_check(struct worker *worker)
{
    struct store *store = worker->store;
    if (!worker->database.handle && !pool_open_reader(worker))
        return;
    enum check_result result = check_run(&worker->database, 0);
    if (result == CHECK_INDEX_DAMAGED)
        pool_suspect(store, SUSPECT_INDEX);
    if (result == CHECK_DAMAGED)
        pool_suspect(store, SUSPECT_DATABASE);
}

void *read_thread(void *argument)
{
    struct worker *worker = argument;
    if (worker->takes[QUEUE_SLOW] && worker->store->start.check_goes_on)
        finish_check(worker);
    struct job *job;
    while ((job = take_read(worker))) {
        run_read(worker, job);
        finish_read(worker->store, job);
    }
    transfer_file_end(&worker->transfer, worker->store->path);
    intakes_end(&worker->intakes, worker->store->path);
    return NULL;
}
