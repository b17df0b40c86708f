#include "storage/thread_pool.h"
#include "storage/damage.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    STACK_BYTES = 256 * 1024, /* of which the tests use 35 KiB */
    SMALL_STACK_BYTES = 128 * 1024, /* of the threads for files and passwords, which call no database */
    HANG_MS = 5000 /* a commit that takes longer is told by store_is_healthy */
};

void pool_wake(struct store *store)
{
    uint64_t one = 1;
    ssize_t written = write(store->event_fd, &one, sizeof one);
    (void)written; /* fails only when the counter is full: then it is readable anyway */
}

bool pool_give_back(struct store *store, struct list *finished)
{
    if (!finished->first)
        return false;
    bool was_empty = !store->done.first;
    list_splice(&store->done, finished);
    return was_empty;
}

/* Puts the job where its worker looks. False when none needs to be woken. With the mutex. */
static bool hand_over(struct store *store, struct job *job)
{
    if (!job_is_write(job->kind)) {
        list_add(&store->reads[pool_queue(job->kind)], job);
        return true;
    }
    list_add(&store->writes, job);
    return store->writer_waits;
}

/* Without the mutex: who wakes up needs it. */
static void wake_worker(struct store *store, enum job_kind kind)
{
    if (job_is_write(kind)) {
        pthread_cond_signal(&store->write_work);
        return;
    }
    switch (pool_queue(kind)) {
    case QUEUE_SLOW:
        pthread_cond_signal(&store->slow_work);
        return;
    case QUEUE_PASSWORD:
        pthread_cond_signal(&store->password_work);
        return;
    case QUEUE_FILES:
        pthread_cond_signal(&store->file_work);
        return;
    case QUEUE_SEARCH:
        pthread_cond_broadcast(&store->read_work); /* not everybody takes it */
        return;
    default:
        pthread_cond_signal(&store->read_work);
    }
}

void pool_suspect(struct store *store, enum suspicion suspicion)
{
    pthread_mutex_lock(&store->mutex);
    if (!store->damaged && store->suspicion < suspicion)
        store->suspicion = suspicion;
    pthread_cond_signal(&store->write_work);
    pthread_mutex_unlock(&store->mutex);
}

bool pool_is_full(const struct store *store)
{
    return store->answer_bytes > (size_t)store->options.pending_bytes / 2;
}

/* Memory of the jobs of this kind, to be bounded as their number is. */
static size_t *held_bytes(struct store *store, enum job_kind kind)
{
    return job_is_write(kind) ? &store->write_bytes : &store->read_bytes;
}

static bool has_room(struct store *store, const struct job *job)
{
    size_t held = *held_bytes(store, job->kind);
    size_t most = (size_t)store->options.pending_bytes / (job_is_write(job->kind) ? 1 : 2);
    return held == 0 || (held <= most && job->bytes <= most - held);
}

enum store_result store_submit(struct store *store, struct job *job)
{
    enum store_result result = STORE_BUSY;
    enum job_kind kind = job->kind; /* once it is handed over, it is the worker's */
    bool wakes = false;
    job->submitted_ms = clock_monotonic_ms();
    job->bytes = job_bytes(job);
    if (!has_room(store, job))
        return STORE_BUSY;
    size_t bytes = job->bytes;
    size_t *held = held_bytes(store, job->kind);
    pthread_mutex_lock(&store->mutex);
    int64_t *count = job_is_write(job->kind) ? &store->write_count : &store->read_count;
    if (*count < store->options.pending_max) {
        ++*count;
        wakes = hand_over(store, job);
        result = STORE_OK;
        *held += bytes;
    }
    pthread_mutex_unlock(&store->mutex);
    if (wakes)
        wake_worker(store, kind);
    return result;
}

/* Both figures are changed by the loop's thread only. */
bool store_is_crowded(const struct store *store)
{
    const struct store_options *options = &store->options;
    return store->write_count >= options->pending_max - options->pending_max / 4 ||
           store->write_bytes >= (size_t)(options->pending_bytes - options->pending_bytes / 4);
}

void store_heard(struct store *store)
{
    uint64_t count;
    ssize_t got = read(store->event_fd, &count, sizeof count);
    (void)got; /* nothing to read is fine */
}

/* Takes everything that is done, so that the mutex is taken once for many jobs. */
static void take_done(struct store *store)
{
    pthread_mutex_lock(&store->mutex);
    list_splice(&store->collected, &store->done);
    for (const struct job *job = store->collected.first; job; job = job->next)
        --*(job_is_notice(job->kind)  ? &store->notice_count
            : job_is_write(job->kind) ? &store->write_count
                                      : &store->read_count);
    bool was_full = pool_is_full(store);
    store->answer_bytes -= store->given_bytes;
    store->given_bytes = 0;
    if (was_full) {
        pthread_cond_broadcast(&store->read_work);
        pthread_cond_broadcast(&store->slow_work);
        pthread_cond_broadcast(&store->password_work);
        pthread_cond_broadcast(&store->file_work);
    }
    pthread_mutex_unlock(&store->mutex);
}

struct job *store_collect(struct store *store)
{
    if (!store->collected.first)
        take_done(store);
    struct job *job = list_take(&store->collected);
    if (!job || job_is_notice(job->kind))
        return job;
    *held_bytes(store, job->kind) -= job->bytes;
    if (!job_is_write(job->kind))
        store->given_bytes += job_bytes(job);
    return job;
}

int store_fd(const struct store *store)
{
    return store->event_fd;
}

bool store_is_healthy(struct store *store, char *why, size_t why_size)
{
    pthread_mutex_lock(&store->mutex);
    int64_t hanging_ms = store->commit_since_ms ? clock_machine_ms() - store->commit_since_ms : 0;
    bool healthy = !store->failing && hanging_ms <= HANG_MS && !store->damaged;
    if (store->failing)
        snprintf(why, why_size, "Storage fails: %s.", store->failure);
    else if (hanging_ms > HANG_MS)
        snprintf(why, why_size, "Storage has not answered for %d seconds.",
                 (int)(hanging_ms / 1000));
    else if (store->damaged)
        snprintf(why, why_size,
                 "The database is damaged: it is set aside, and what can be read is recovered.");
    pthread_mutex_unlock(&store->mutex);
    return healthy;
}

bool store_is_damaged(struct store *store)
{
    pthread_mutex_lock(&store->mutex);
    bool is_damaged = store->damaged;
    pthread_mutex_unlock(&store->mutex);
    return is_damaged;
}

void store_recovery(struct store *store, struct recovery_figures *figures)
{
    pthread_mutex_lock(&store->mutex);
    *figures = store->recovery;
    pthread_mutex_unlock(&store->mutex);
}

int64_t store_pending(struct store *store)
{
    pthread_mutex_lock(&store->mutex);
    int64_t pending = store->write_count + store->read_count;
    pthread_mutex_unlock(&store->mutex);
    return pending;
}

int64_t store_written_bytes(struct store *store)
{
    return disk_written_bytes(store->start.disk);
}

struct store_figures store_figures(struct store *store)
{
    pthread_mutex_lock(&store->mutex);
    struct store_figures figures = store->figures;
    pthread_mutex_unlock(&store->mutex);
    return figures;
}

struct moment store_now(struct store *store)
{
    return clock_now(&store->writer.clock);
}

bool store_is_time_proven(struct store *store)
{
    pthread_mutex_lock(&store->mutex);
    bool is_proven = store->is_time_proven;
    pthread_mutex_unlock(&store->mutex);
    return is_proven;
}

const struct store_start *store_start(const struct store *store)
{
    return &store->start.found;
}

void store_forget_start(struct store *store)
{
    start_forget(&store->start.found);
}

static int64_t max_bytes_of(const struct store *store, const struct store_options *options)
{
    return options->max_bytes ? options->max_bytes : store->start.found.max_bytes;
}

void store_reconfigure(struct store *store, const struct store_options *options)
{
    pthread_mutex_lock(&store->mutex);
    store->options.commit_interval_ms = options->commit_interval_ms;
    store->options.max_bytes = max_bytes_of(store, options);
    store->options.retention_age_ms = options->retention_age_ms;
    store->options.retention_entries = options->retention_entries;
    store->options.guest_age_ms = options->guest_age_ms;
    store->options.empty_age_ms = options->empty_age_ms;
    store->options.owner_age_ms = options->owner_age_ms;
    store->options.files_age_ms = options->files_age_ms;
    store->reconfigured = true;
    pthread_cond_signal(&store->write_work);
    pthread_mutex_unlock(&store->mutex);
}

static bool start_thread(pthread_t *thread, size_t stack_bytes, void *(*run)(void *), void *argument)
{
    sigset_t all, before;
    pthread_attr_t attributes;
    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, stack_bytes);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals belong to the loop */
    bool ok = pthread_create(thread, &attributes, run, argument) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return ok;
}

static bool start_worker(struct store *store, const bool takes[QUEUE_COUNT])
{
    struct worker *worker = &store->workers[store->worker_count];
    worker->store = store;
    for (int queue = 0; queue < QUEUE_COUNT; queue++)
        worker->takes[queue] = takes[queue];
    if (takes[QUEUE_QUICK] && !pool_open_reader(worker))
        return false;
    size_t stack_bytes = takes[QUEUE_FILES] || takes[QUEUE_PASSWORD] ? SMALL_STACK_BYTES : STACK_BYTES;
    if (start_thread(&worker->thread, stack_bytes, read_thread, worker)) {
        store->worker_count++;
        return true;
    }
    database_close(&worker->database);
    return false;
}

static bool start_threads(struct store *store)
{
    static const bool slow[QUEUE_COUNT] = {[QUEUE_SLOW] = true};
    static const bool passwords[QUEUE_COUNT] = {[QUEUE_PASSWORD] = true};
    static const bool files[QUEUE_COUNT] = {[QUEUE_FILES] = true};
    int readers = store->options.readers < READERS_MAX ? store->options.readers : READERS_MAX;
    if (!start_thread(&store->write_thread, STACK_BYTES, write_thread, store))
        return false;
    for (int i = 0; i < readers; i++) {
        const bool takes[QUEUE_COUNT] = {
            [QUEUE_QUICK] = true, [QUEUE_SEARCH] = i > 0 || readers == 1};
        if (!start_worker(store, takes))
            return false;
    }
    return start_worker(store, slow) && start_worker(store, passwords) && start_worker(store, files);
}

/* The files beside the database lie beside the file itself, where its path is a symbolic link. */
static void resolve(const char *path, char out[STORE_PATH_BYTES])
{
    char *real = realpath(path, NULL);
    bool fits = real && strlen(real) < STORE_PATH_BYTES;
    snprintf(out, STORE_PATH_BYTES, "%s", fits ? real : path);
    free(real);
}

static void init_shared(struct store *store, const struct store_options *options)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&store->mutex, NULL);
    pthread_cond_init(&store->write_work, &monotonic);
    pthread_cond_init(&store->read_work, &monotonic);
    pthread_cond_init(&store->slow_work, &monotonic);
    pthread_cond_init(&store->password_work, &monotonic);
    pthread_cond_init(&store->file_work, &monotonic);
    pthread_condattr_destroy(&monotonic);
    list_init(&store->writes);
    for (int queue = 0; queue < QUEUE_COUNT; queue++)
        list_init(&store->reads[queue]);
    list_init(&store->done);
    list_init(&store->collected);
    list_init(&store->batch);
    resolve(options->path, store->path);
    store->options = *options;
    store->options.path = store->path;
}

/* Everything that start_open made, freed. */
static void dismantle(struct store *store)
{
    writer_finish(&store->writer);
    start_close(&store->start);
    if (store->event_fd >= 0)
        close(store->event_fd);
    pthread_cond_destroy(&store->password_work);
    pthread_cond_destroy(&store->file_work);
    pthread_cond_destroy(&store->slow_work);
    pthread_cond_destroy(&store->read_work);
    pthread_cond_destroy(&store->write_work);
    pthread_mutex_destroy(&store->mutex);
    free(store);
}

static bool begin_once(struct store *store, const struct store_options *options, char *why,
                       size_t why_size)
{
    if (!start_open(&store->start, &store->options, why, why_size))
        return false;
    store->options.max_bytes = max_bytes_of(store, options);
    if (writer_init(&store->writer, &store->start, &store->options)) {
        store->recovery = store->writer.recovery.figures;
        return true;
    }
    snprintf(why, why_size, "The database cannot be read: %s.", store->writer.database.why);
    return false;
}

/* What the start has not noticed the writer may: then it begins again, with what can be recovered. */
static bool begin(struct store *store, const struct store_options *options, char *why, size_t why_size)
{
    if (begin_once(store, options, why, why_size))
        return true;
    if (!database_is_corrupt(&store->writer.database) || !damage_remember(store->path))
        return false;
    writer_finish(&store->writer);
    start_close(&store->start);
    return begin_once(store, options, why, why_size);
}

struct store *store_open(const struct store_options *options, char *why, size_t why_size)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store) {
        snprintf(why, why_size, "There is not enough memory for the store.");
        return NULL;
    }
    init_shared(store, options);
    store->event_fd = -1;
    lock_init(&store->start.lock);
    if (!begin(store, options, why, why_size)) {
        dismantle(store);
        return NULL;
    }
    store->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    housekeeping_init(&store->housekeeping, clock_monotonic_ms());
    if (store->writer.recovery.work)
        housekeeping_look(&store->housekeeping, clock_monotonic_ms());
    if (store->event_fd >= 0 && start_threads(store))
        return store;
    snprintf(why, why_size, "The store's threads cannot be started.");
    store_close(store);
    return NULL;
}

static void stop_threads(struct store *store)
{
    atomic_store(&store->is_stopping, true);
    pthread_mutex_lock(&store->mutex);
    store->stopping_since_ms = clock_monotonic_ms();
    pthread_cond_broadcast(&store->write_work);
    pthread_cond_broadcast(&store->read_work);
    pthread_cond_broadcast(&store->slow_work);
    pthread_cond_broadcast(&store->password_work);
    pthread_cond_broadcast(&store->file_work);
    for (int i = 0; i < store->worker_count; i++)
        if (store->workers[i].is_open)
            sqlite3_interrupt(store->workers[i].database.handle);
    pthread_mutex_unlock(&store->mutex);
    for (int i = 0; i < store->worker_count; i++) {
        pthread_join(store->workers[i].thread, NULL);
        database_close(&store->workers[i].database);
    }
    if (store->write_thread)
        pthread_join(store->write_thread, NULL);
}

void store_close(struct store *store)
{
    if (!store)
        return;
    stop_threads(store);
    list_destroy(&store->batch);
    list_destroy(&store->writes);
    for (int queue = 0; queue < QUEUE_COUNT; queue++)
        list_destroy(&store->reads[queue]);
    list_destroy(&store->done);
    list_destroy(&store->collected);
    dismantle(store);
}
