#include "storage/store.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "storage/housekeeping.h"
#include "storage/reader.h"
#include "storage/reserve.h"
#include "storage/start.h"
#include "storage/writer.h"

enum {
    READERS_MAX = 8,
    STACK_BYTES = 512 * 1024,
    BACKOFF_MS_MIN = 20,
    BACKOFF_MS_MAX = 500,
    HANG_MS = 5000,      /* a commit that takes longer is told as a failure by store_is_healthy */
    GROUP_TEXT_BYTES_MAX = 2 * 1024 * 1024, /* in one transaction, whose pages stay in memory */
    NOTICES_MAX = 64,    /* JOB_PRUNED not collected yet; then retention waits */
    READER_BUSY_MS = 5000
};

struct list {
    struct job *first;
    struct job **end; /* where the next one is linked */
};

struct store {
    /* constant after store_open */
    char path[1024];
    int event_fd;
    int reader_count;
    struct start start; /* its database is the writer's; found is the loop's */
    struct worker {
        struct store *store;
        struct database database;
        pthread_t thread;
    } workers[READERS_MAX];
    pthread_t write_thread;

    /* the writer's alone */
    struct writer writer;
    struct list batch; /* taken, not yet committed */
    struct housekeeping housekeeping;
    int64_t failing_since_ms, retry_at_ms, backoff_ms;

    /* the loop's alone */
    struct list collected; /* taken from done in one go */

    /* shared: the one mutex */
    pthread_mutex_t mutex;
    pthread_cond_t write_work, read_work;
    struct list writes, reads, done;
    struct store_options options;
    int64_t write_count, read_count; /* submitted and not yet collected */
    int64_t notice_count;
    int64_t stopping_since_ms; /* 0: not stopping */
    int64_t commit_since_ms;   /* a commit is under way; 0 none */
    int64_t commits, failures, unindexed, last_ts;
    bool writer_waits, clock_unset, failing;
    char failure[128];
};

static int64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void list_init(struct list *list)
{
    list->first = NULL;
    list->end = &list->first;
}

static void list_add(struct list *list, struct job *job)
{
    job->next = NULL;
    *list->end = job;
    list->end = &job->next;
}

static struct job *list_take(struct list *list)
{
    struct job *job = list->first;
    if (job && !(list->first = job->next))
        list->end = &list->first;
    return job;
}

/* Moves all of other to the end of list. */
static void list_splice(struct list *list, struct list *other)
{
    if (!other->first)
        return;
    *list->end = other->first;
    list->end = other->end;
    list_init(other);
}

static void list_destroy(struct list *list)
{
    struct job *job;
    while ((job = list_take(list)))
        job_destroy(job);
}

/* Wakes the loop once for everything that gathers until it looks. With the mutex. */
static void give_back(struct store *store, struct list *finished)
{
    if (!finished->first)
        return;
    bool was_empty = !store->done.first;
    list_splice(&store->done, finished);
    if (was_empty) {
        uint64_t one = 1;
        ssize_t written = write(store->event_fd, &one, sizeof one);
        (void)written; /* fails only when the counter is full: then it is readable anyway */
    }
}

enum store_result store_submit(struct store *store, struct job *job)
{
    bool is_write = job_is_write(job->kind);
    enum store_result result = STORE_BUSY;
    job->submitted_ms = monotonic_ms();
    pthread_mutex_lock(&store->mutex);
    int64_t *count = is_write ? &store->write_count : &store->read_count;
    if (*count < store->options.pending_max) {
        ++*count;
        list_add(is_write ? &store->writes : &store->reads, job);
        if (!is_write)
            pthread_cond_signal(&store->read_work);
        else if (store->writer_waits)
            pthread_cond_signal(&store->write_work);
        result = STORE_OK;
    }
    pthread_mutex_unlock(&store->mutex);
    return result;
}

/* Takes everything that is done, so that the mutex is taken once for many jobs. */
static void take_done(struct store *store)
{
    pthread_mutex_lock(&store->mutex);
    list_splice(&store->collected, &store->done);
    uint64_t count;
    ssize_t got = read(store->event_fd, &count, sizeof count);
    (void)got; /* nothing to read is fine */
    for (const struct job *job = store->collected.first; job; job = job->next)
        --*(job->kind == JOB_PRUNED   ? &store->notice_count
            : job_is_write(job->kind) ? &store->write_count
                                      : &store->read_count);
    pthread_mutex_unlock(&store->mutex);
}

struct job *store_collect(struct store *store)
{
    if (!store->collected.first)
        take_done(store);
    return list_take(&store->collected);
}

int store_fd(const struct store *store)
{
    return store->event_fd;
}

bool store_is_healthy(struct store *store, char *why, size_t why_size)
{
    pthread_mutex_lock(&store->mutex);
    int64_t hanging_ms = store->commit_since_ms ? monotonic_ms() - store->commit_since_ms : 0;
    bool failing = store->failing;
    if (failing)
        snprintf(why, why_size, "Storage fails: %s.", store->failure);
    else if (hanging_ms > HANG_MS)
        snprintf(why, why_size, "Storage has not answered for %d seconds.",
                 (int)(hanging_ms / 1000));
    pthread_mutex_unlock(&store->mutex);
    return !failing && hanging_ms <= HANG_MS;
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

const struct store_start *store_start(const struct store *store)
{
    return &store->start.found;
}

void store_forget_start(struct store *store)
{
    free(store->start.found.rooms);
    store->start.found.rooms = NULL;
    store->start.found.room_count = 0;
}

void store_reconfigure(struct store *store, const struct store_options *options)
{
    pthread_mutex_lock(&store->mutex);
    store->options.commit_interval_ms = options->commit_interval_ms;
    store->options.max_bytes = options->max_bytes;
    store->options.retention_age_ms = options->retention_age_ms;
    store->options.retention_entries = options->retention_entries;
    store->options.guest_age_ms = options->guest_age_ms;
    pthread_cond_signal(&store->write_work);
    pthread_mutex_unlock(&store->mutex);
}

/* ---- the writer ---- */

/* Waits until something comes or the time has come. With the mutex. */
static void wait_for_work(struct store *store, int64_t until_ms)
{
    struct timespec until = {.tv_sec = (time_t)(until_ms / 1000),
                             .tv_nsec = (long)(until_ms % 1000) * 1000000};
    store->writer_waits = true;
    if (until_ms == INT64_MAX)
        pthread_cond_wait(&store->write_work, &store->mutex);
    else
        pthread_cond_timedwait(&store->write_work, &store->mutex, &until);
    store->writer_waits = false;
}

static void finish_unavailable(struct store *store, struct job *job, struct list *finished)
{
    job->result = JOB_UNAVAILABLE;
    snprintf(job->why, sizeof job->why, "%s", store->failure);
    list_add(finished, job);
}

/* While storage fails, takes out what has waited for retry_ms. Gives when the next is due. */
static int64_t expire(struct store *store, int64_t now_ms)
{
    struct list rest, finished;
    int64_t next_ms = INT64_MAX;
    list_init(&rest);
    list_init(&finished);
    struct job *job;
    while ((job = list_take(&store->batch))) {
        int64_t since_ms = job->submitted_ms > store->failing_since_ms ? job->submitted_ms
                                                                        : store->failing_since_ms;
        int64_t due_ms = since_ms + store->options.retry_ms;
        if (due_ms <= now_ms) {
            finish_unavailable(store, job, &finished);
            continue;
        }
        next_ms = due_ms < next_ms ? due_ms : next_ms;
        list_add(&rest, job);
    }
    list_splice(&store->batch, &rest);
    give_back(store, &finished);
    return next_ms;
}

/* When the writer has something to do: now, later, or INT64_MAX. With the mutex. */
static int64_t work_due_ms(struct store *store, int64_t now_ms)
{
    if (store->failing) {
        int64_t expiry_ms = expire(store, now_ms);
        return expiry_ms < store->retry_at_ms ? expiry_ms : store->retry_at_ms;
    }
    if (store->batch.first)
        return store->stopping_since_ms
                   ? now_ms
                   : store->batch.first->submitted_ms + store->options.commit_interval_ms;
    if (store->stopping_since_ms)
        return now_ms;
    return store->notice_count < NOTICES_MAX ? store->housekeeping.due_ms : INT64_MAX;
}

/* Waits for work and takes all writes that wait. False when the store stops and nothing is left. */
static bool gather(struct store *store)
{
    pthread_mutex_lock(&store->mutex);
    for (;;) {
        list_splice(&store->batch, &store->writes);
        int64_t now_ms = monotonic_ms();
        int64_t due_ms = work_due_ms(store, now_ms);
        bool is_last = store->stopping_since_ms && !store->batch.first;
        if (is_last || (due_ms <= now_ms && (!store->failing || store->retry_at_ms <= now_ms))) {
            if (!is_last && store->batch.first)
                store->commit_since_ms = now_ms;
            pthread_mutex_unlock(&store->mutex);
            return !is_last;
        }
        if (due_ms > now_ms)
            wait_for_work(store, due_ms);
    }
}

static void note_failure(struct store *store)
{
    int64_t now_ms = monotonic_ms();
    const struct database *database = &store->writer.database;
    pthread_mutex_lock(&store->mutex);
    if (!store->failing) {
        store->failing_since_ms = now_ms;
        store->backoff_ms = BACKOFF_MS_MIN;
    } else if (store->backoff_ms < BACKOFF_MS_MAX) {
        store->backoff_ms *= 2;
    }
    store->failing = true;
    store->failures++;
    store->commit_since_ms = 0;
    store->retry_at_ms = now_ms + store->backoff_ms;
    snprintf(store->failure, sizeof store->failure, "%s", database->why);
    pthread_mutex_unlock(&store->mutex);
    if ((database->code & 0xff) == SQLITE_FULL && reserve_give_up(store->path))
        store->retry_at_ms = now_ms;
}

static void note_success(struct store *store, struct list *group)
{
    pthread_mutex_lock(&store->mutex);
    store->failing = false;
    store->commits++;
    store->commit_since_ms = 0;
    store->unindexed = store->writer.unindexed;
    store->last_ts = store->writer.stamp.last_ts;
    store->clock_unset = store->writer.stamp.clock_unset;
    give_back(store, group);
    pthread_mutex_unlock(&store->mutex);
}

static size_t text_bytes(const struct job *job)
{
    size_t bytes = 0;
    if (job->kind == JOB_APPEND && job->append.entry.text)
        bytes = strlen(job->append.entry.text);
    for (size_t i = 0; job->kind == JOB_IMPORT && i < job->import.count; i++)
        bytes += job->import.entries[i].text ? strlen(job->import.entries[i].text) : 0;
    return bytes;
}

/* Nearly always all of the batch. */
static void take_group(struct store *store, struct list *group)
{
    size_t bytes = 0;
    list_init(group);
    while (store->batch.first && bytes <= GROUP_TEXT_BYTES_MAX) {
        bytes += text_bytes(store->batch.first);
        list_add(group, list_take(&store->batch));
    }
}

/* Everything that waits, in one transaction. While storage fails and nobody asks, this is the probe
 * that finds out when it is back. */
static void commit_batch(struct store *store)
{
    struct list group;
    take_group(store, &group);
    bool ok = group.first ? writer_commit(&store->writer, group.first)
                          : writer_probe(&store->writer);
    if (!ok) {
        list_splice(&group, &store->batch); /* back to the front */
        list_splice(&store->batch, &group);
        note_failure(store);
        return;
    }
    note_success(store, &group);
    housekeeping_wake(&store->housekeeping, &store->writer, monotonic_ms());
}

/* What is done between commits and when nobody speaks: one small step. */
static void keep_house(struct store *store)
{
    struct list notices;
    list_init(&notices);
    pthread_mutex_lock(&store->mutex);
    struct store_options options = store->options;
    pthread_mutex_unlock(&store->mutex);
    struct job *notice = NULL;
    bool ok = housekeeping_step(&store->housekeeping, &store->writer, &options, monotonic_ms(),
                                &notice);
    if (!ok) {
        note_failure(store);
        return;
    }
    if (!notice)
        return;
    pthread_mutex_lock(&store->mutex);
    store->notice_count++;
    list_add(&notices, notice);
    give_back(store, &notices);
    pthread_mutex_unlock(&store->mutex);
}

static void *write_thread(void *argument)
{
    struct store *store = argument;
    while (gather(store)) {
        bool commits = store->batch.first || store->failing;
        if (commits)
            commit_batch(store);
        if (!store->failing && (!commits || housekeeping_is_urgent(&store->housekeeping,
                                                                   &store->writer, monotonic_ms())))
            keep_house(store);
        writer_checkpoint(&store->writer);
    }
    if (!store->failing)
        start_mark_clean(&store->writer.database);
    return NULL;
}

/* ---- the readers ---- */

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

static void *read_thread(void *argument)
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
        give_back(store, &finished);
        pthread_mutex_unlock(&store->mutex);
    }
    return NULL;
}

/* ---- opening and closing ---- */

static bool start_thread(pthread_t *thread, void *(*run)(void *), void *argument)
{
    sigset_t all, before;
    pthread_attr_t attributes;
    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals belong to the loop */
    bool ok = pthread_create(thread, &attributes, run, argument) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return ok;
}

static bool start_reader(struct store *store, struct worker *worker)
{
    struct database_options options = {.path = store->path,
                                       .vfs = disk_vfs(store->start.disk),
                                       .read_only = true,
                                       .cache_bytes = store->options.cache_bytes,
                                       .busy_ms = READER_BUSY_MS};
    worker->store = store;
    if (!database_open(&worker->database, &options))
        return false;
    if (start_thread(&worker->thread, read_thread, worker))
        return true;
    database_close(&worker->database);
    return false;
}

static bool start_threads(struct store *store)
{
    if (!start_thread(&store->write_thread, write_thread, store))
        return false;
    while (store->reader_count < store->options.readers && store->reader_count < READERS_MAX) {
        if (!start_reader(store, &store->workers[store->reader_count]))
            break;
        store->reader_count++;
    }
    return true;
}

static void init_shared(struct store *store, const struct store_options *options)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&store->mutex, NULL);
    pthread_cond_init(&store->write_work, &monotonic);
    pthread_cond_init(&store->read_work, &monotonic);
    pthread_condattr_destroy(&monotonic);
    list_init(&store->writes);
    list_init(&store->reads);
    list_init(&store->done);
    list_init(&store->collected);
    list_init(&store->batch);
    snprintf(store->path, sizeof store->path, "%s", options->path);
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
    pthread_cond_destroy(&store->read_work);
    pthread_cond_destroy(&store->write_work);
    pthread_mutex_destroy(&store->mutex);
    free(store);
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
    store->start.lock_fd = -1;
    if (!start_open(&store->start, &store->options, why, why_size)) {
        dismantle(store);
        return NULL;
    }
    store->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bool ok = store->event_fd >= 0 && writer_init(&store->writer, &store->start, &store->options);
    housekeeping_init(&store->housekeeping, monotonic_ms());
    store->last_ts = store->start.found.last_ts;
    if (ok && start_threads(store) && store->reader_count > 0)
        return store;
    snprintf(why, why_size, "The store's threads cannot be started.");
    store_close(store);
    return NULL;
}

static void stop_threads(struct store *store)
{
    pthread_mutex_lock(&store->mutex);
    store->stopping_since_ms = monotonic_ms();
    pthread_cond_broadcast(&store->write_work);
    pthread_cond_broadcast(&store->read_work);
    pthread_mutex_unlock(&store->mutex);
    for (int i = 0; i < store->reader_count; i++) {
        sqlite3_interrupt(store->workers[i].database.handle); /* a backup may take long */
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
    list_destroy(&store->reads);
    list_destroy(&store->done);
    list_destroy(&store->collected);
    dismantle(store);
}
