/* thread_pool.h - the store from inside: its lists, and the threads that work them off. For
 * store.c, write_thread.c and read_thread.c only. */
#ifndef HEARTH_STORAGE_THREAD_POOL_H
#define HEARTH_STORAGE_THREAD_POOL_H

#include <pthread.h>

#include "storage/files/intake.h"
#include "storage/housekeeping.h"
#include "storage/list.h"
#include "storage/start.h"
#include "storage/store.h"
#include "storage/transfer_file.h"
#include "storage/writer.h"

enum { READERS_MAX = 8, STORE_PATH_BYTES = 1024 };

/* Reads that take long must not keep a guest from logging in: one worker takes no searches (unless
 * it is the only one), and backups and the like have a worker of their own, which opens its
 * connection when there is first something to do. Passwords have one that needs no connection: they are
 * hashed one at a time. So do files. */
enum read_queue { QUEUE_QUICK, QUEUE_SEARCH, QUEUE_SLOW, QUEUE_PASSWORD, QUEUE_FILES, QUEUE_COUNT };

struct store {
    /* constant after store_open */
    char path[STORE_PATH_BYTES];
    int event_fd;
    int worker_count;
    struct start start; /* its database is the writer's; found is the loop's */
    struct worker {
        struct store *store;
        struct database database;
        pthread_t thread;
        bool takes[QUEUE_COUNT];
        struct transfer_file transfer; /* of the one that takes slow jobs */
        struct intakes intakes;        /* of the one that takes files */
        bool is_open; /* shared: database may be interrupted */
    } workers[READERS_MAX + 3];
    pthread_t write_thread;

    /* the writer's alone */
    struct writer writer;
    struct list batch; /* taken, not yet committed */
    struct housekeeping housekeeping;
    int64_t failing_since_ms, retry_at_ms, backoff_ms;
    bool has_rebuilt_index; /* since the start: once has to be enough */
    int64_t measured_ms;  /* when the size of the files was read */
    int64_t looked_ms;    /* when the files were last looked at */
    int64_t committed_ms; /* the last commit: commit_interval_ms counts from here, so that a message
                             after a silence does not wait */

    /* the loop's alone */
    struct list collected;          /* taken from done in one go */
    size_t write_bytes, read_bytes; /* of jobs submitted and not yet given back */
    size_t given_bytes;             /* of answers given back and still in answer_bytes */

    /* shared: the one mutex */
    pthread_mutex_t mutex;
    pthread_cond_t write_work, read_work, slow_work, password_work, file_work;
    struct list writes, reads[QUEUE_COUNT], done;
    struct store_options options;
    int64_t write_count, read_count; /* submitted and not yet collected */
    int64_t notice_count;
    size_t answer_bytes;       /* of reads that are done: workers wait while they are too many */
    atomic_bool is_stopping;   /* for work that takes long, without the mutex */
    int64_t stopping_since_ms; /* 0: not stopping */
    int64_t commit_since_ms;   /* a commit is under way, by clock_machine_ms; 0 none */
    bool reconfigured;         /* the writer has not looked yet */
    int64_t backup_ts;         /* of a backup that the writer has not noted yet; 0 none */
    int64_t commits, failures;
    struct store_figures figures;
    bool writer_waits, is_time_proven, failing;
    enum suspicion {
        SUSPECT_NOTHING,
        SUSPECT_INDEX,   /* a search, or a write, has met a damaged page */
        SUSPECT_DATABASE
    } suspicion;         /* the writer has not looked yet */
    bool damaged;        /* the next start sets the database aside */
    struct recovery_figures recovery;
    char failure[128];
};

/* Wakes the loop, so that it looks for itself. */
void pool_wake(struct store *store);

/* Hands finished jobs to the loop. True when it is to be woken, better without the mutex, which it needs
 * then: once for everything that gathers until it looks. With the mutex. */
bool pool_give_back(struct store *store, struct list *finished);

/* Says that a damaged page was read: the writer makes the index anew, or remembers that the database
 * is to be recovered. Any thread. */
void pool_suspect(struct store *store, enum suspicion suspicion);

/* No further read is begun before the loop has taken some answers. With the mutex. */
bool pool_is_full(const struct store *store);

/* Which worker a read is for. */
enum read_queue pool_queue(enum job_kind kind);

/* Opens the worker's connection. Any thread, before or on its own. */
bool pool_open_reader(struct worker *worker);

/* The threads' own functions: until the store stops. */
void *write_thread(void *store);
void *read_thread(void *worker);

#endif
