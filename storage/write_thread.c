#include "storage/thread_pool.h"

#include <stdio.h>
#include <string.h>

#include "storage/damage.h"
#include "storage/reader.h"
#include "storage/reserve.h"
#include "storage/search/search.h"

enum {
    MEASURE_MS = 1000,
    BACKOFF_MS_MIN = 20,
    BACKOFF_MS_MAX = 500,
    LOOK_MS = 1000, /* between two looks at the files when nothing is written */
    GROUP_TEXT_BYTES_MAX = 2 * 1024 * 1024, /* in one transaction, whose pages stay in memory */
    NOTICES_MAX = 64                        /* JOB_PRUNED not collected; then retention waits */
};

/* Waits until something comes or the time has come. With the mutex. */
static void wait_for_work(struct store *store, int64_t until_ms)
{
    struct timespec until = clock_deadline(until_ms);
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
    if (pool_give_back(store, &finished))
        pool_wake(store);
    return next_ms;
}

/* When the writer has something to do: now or later. With the mutex. */
static int64_t work_due_ms(struct store *store, int64_t now_ms)
{
    if (store->failing) {
        int64_t expiry_ms = expire(store, now_ms);
        return expiry_ms < store->retry_at_ms ? expiry_ms : store->retry_at_ms;
    }
    if (store->batch.first)
        return store->stopping_since_ms ? now_ms
                                        : store->committed_ms + store->options.commit_interval_ms;
    if (store->stopping_since_ms)
        return now_ms;
    if (store->reconfigured)
        housekeeping_look(&store->housekeeping, now_ms);
    store->reconfigured = false;
    if (store->backup_ts || store->suspicion)
        return now_ms;
    int64_t look_ms = store->looked_ms + LOOK_MS;
    bool may_work = store->notice_count < NOTICES_MAX && store->housekeeping.due_ms < look_ms;
    return may_work ? store->housekeeping.due_ms : look_ms;
}

/* Waits for work and takes all writes that wait. False when the store stops and nothing is left. */
static bool gather(struct store *store)
{
    pthread_mutex_lock(&store->mutex);
    for (;;) {
        list_splice(&store->batch, &store->writes);
        int64_t now_ms = clock_monotonic_ms();
        int64_t due_ms = work_due_ms(store, now_ms);
        bool is_last = store->stopping_since_ms && !store->batch.first;
        if (is_last || (due_ms <= now_ms && (!store->failing || store->retry_at_ms <= now_ms))) {
            if (!is_last && store->batch.first)
                store->commit_since_ms = clock_machine_ms();
            pthread_mutex_unlock(&store->mutex);
            return !is_last;
        }
        if (due_ms > now_ms)
            wait_for_work(store, due_ms);
    }
}

/* Whoever waits for health to change is woken. */
static void note_failure(struct store *store)
{
    int64_t now_ms = clock_monotonic_ms();
    const struct database *database = &store->writer.database;
    pthread_mutex_lock(&store->mutex);
    if (!store->failing) {
        store->failing_since_ms = now_ms;
        store->backoff_ms = BACKOFF_MS_MIN;
        pool_wake(store);
    } else if (store->backoff_ms < BACKOFF_MS_MAX) {
        store->backoff_ms *= 2;
    }
    store->failing = true;
    store->failures++;
    store->commit_since_ms = 0;
    store->retry_at_ms = now_ms + store->backoff_ms;
    snprintf(store->failure, sizeof store->failure, "%s", database->why);
    pthread_mutex_unlock(&store->mutex);
}

static void note_success(struct store *store, struct list *group)
{
    pthread_mutex_lock(&store->mutex);
    store->failing = false;
    store->commits++;
    store->commit_since_ms = 0;
    bool wakes = pool_give_back(store, group);
    pthread_mutex_unlock(&store->mutex);
    if (wakes)
        pool_wake(store);
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

static struct store_options copy_options(struct store *store)
{
    pthread_mutex_lock(&store->mutex);
    struct store_options options = store->options;
    pthread_mutex_unlock(&store->mutex);
    return options;
}

/* The size is read at most once a second: it is for people. */
static void measure(struct store *store)
{
    int64_t now_ms = clock_monotonic_ms();
    if (store->measured_ms != 0 && now_ms - store->measured_ms < MEASURE_MS)
        return;
    store->measured_ms = now_ms;
    int64_t bytes = reader_file_bytes(store->path);
    int64_t free_bytes = reserve_free_bytes(store->path);
    pthread_mutex_lock(&store->mutex);
    store->figures.file_bytes = bytes;
    store->figures.free_bytes = free_bytes;
    pthread_mutex_unlock(&store->mutex);
}

/* Before anything is written: what went into files that are no longer there would be acknowledged
 * and gone with the process. What the WAL alone holds is brought into the database. */
static bool has_files(struct store *store)
{
    char why[128];
    struct writer *writer = &store->writer;
    store->looked_ms = clock_monotonic_ms();
    enum disk_files files = disk_look(store->start.disk, why, sizeof why);
    if (files == DISK_FILES_PRESENT)
        return true;
    if (files == DISK_WAL_LOST)
        writer_truncate_wal(writer);
    database_failed(&writer->database, SQLITE_IOERR);
    snprintf(writer->database.why, sizeof writer->database.why, "%s", why);
    note_failure(store);
    return false;
}

/* Takes what the readers suspect; what the writer has met itself counts as well. */
static enum suspicion take_suspicion(struct store *store)
{
    pthread_mutex_lock(&store->mutex);
    enum suspicion suspicion = store->suspicion;
    store->suspicion = SUSPECT_NOTHING;
    if (store->failing && !store->damaged && !suspicion &&
        database_is_corrupt(&store->writer.database))
        suspicion = SUSPECT_INDEX;
    pthread_mutex_unlock(&store->mutex);
    return suspicion;
}

/* The index is the likelier place, and is made anew where that can be done. Everything else is for
 * the next start, which the gateway brings about: setting the database aside under everybody's feet
 * would be worse. */
static void look_after_damage(struct store *store)
{
    struct writer *writer = &store->writer;
    enum suspicion suspicion = take_suspicion(store);
    if (suspicion == SUSPECT_NOTHING)
        return;
    bool may_rebuild = suspicion == SUSPECT_INDEX && !store->has_rebuilt_index;
    store->has_rebuilt_index = true;
    if (may_rebuild && search_rebuild(&writer->database)) {
        writer->unindexed = 0;
        if (writer->search)
            (void)search_waiting(&writer->database, &writer->unindexed);
        return;
    }
    if (!damage_remember(store->path) && reserve_give_up(store->path))
        (void)damage_remember(store->path);
    pthread_mutex_lock(&store->mutex);
    store->damaged = true;
    pool_wake(store);
    pthread_mutex_unlock(&store->mutex);
}

/* Everything that waits, in one transaction. While storage fails and nobody asks, this is the probe
 * that finds out when it is back. */
static void commit_batch(struct store *store)
{
    struct list group;
    take_group(store, &group);
    bool ok =
        group.first ? writer_commit(&store->writer, group.first) : writer_probe(&store->writer);
    if (!ok) {
        list_splice(&group, &store->batch); /* back to the front */
        list_splice(&store->batch, &group);
        note_failure(store);
        return;
    }
    store->committed_ms = clock_monotonic_ms();
    note_success(store, &group);
    struct store_options options = copy_options(store);
    housekeeping_wake(&store->housekeeping, &store->writer, &options, clock_monotonic_ms());
}

/* Readers cannot write, so the writer notes when the last backup was made. */
static bool note_backup(struct store *store)
{
    pthread_mutex_lock(&store->mutex);
    int64_t ts = store->backup_ts;
    store->backup_ts = 0;
    pthread_mutex_unlock(&store->mutex);
    return !ts || writer_note(&store->writer, "last_backup_ts", ts);
}

static void give_notices(struct store *store, struct job *notice)
{
    struct list notices;
    list_init(&notices);
    pthread_mutex_lock(&store->mutex);
    while (notice) {
        struct job *next = notice->next;
        store->notice_count++;
        list_add(&notices, notice);
        notice = next;
    }
    bool wakes = pool_give_back(store, &notices);
    pthread_mutex_unlock(&store->mutex);
    if (wakes)
        pool_wake(store);
}

static void note_progress(struct store *store)
{
    pthread_mutex_lock(&store->mutex);
    store->recovery = store->writer.recovery.figures;
    store->is_time_proven = store->writer.is_time_proven;
    pthread_mutex_unlock(&store->mutex);
}

/* What is done between commits and when nobody speaks: one small step. */
static void keep_house(struct store *store)
{
    struct store_options options = copy_options(store);
    struct job *notices = NULL;
    bool ok = note_backup(store) && housekeeping_step(&store->housekeeping, &store->writer,
                                                      &options, clock_monotonic_ms(), &notices);
    give_notices(store, notices);
    note_progress(store);
    if (ok)
        return;
    note_failure(store);
    if ((store->writer.database.code & 0xff) == SQLITE_FULL)
        reserve_give_up(store->path); /* forgetting makes room, but needs some first */
}

void *write_thread(void *argument)
{
    struct store *store = argument;
    store->committed_ms = clock_monotonic_ms(); /* the mark of an unclean stop */
    (void)database_meta(&store->writer.database, "last_backup_ts", 0, &store->figures.last_backup_ts);
    measure(store);
    while (gather(store)) {
        if (!has_files(store))
            continue;
        look_after_damage(store);
        bool commits = store->batch.first || store->failing;
        if (commits)
            commit_batch(store);
        if (!store->failing &&
            (!commits ||
             housekeeping_is_urgent(&store->housekeeping, &store->writer, clock_monotonic_ms())))
            keep_house(store);
        writer_checkpoint(&store->writer);
        measure(store);
    }
    if (store->failing)
        return NULL; /* then the stop is not clean */
    (void)writer_note_elapsed(&store->writer);
    if (!start_mark_clean(&store->writer.database) && reserve_give_up(store->path))
        start_mark_clean(&store->writer.database);
    return NULL;
}
