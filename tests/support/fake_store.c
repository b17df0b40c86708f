#include "tests/support/fake_store.h"

#include "storage/crypto.h"
#include "storage/password.h"
#include "storage/start.h"
#include "tests/support/memory_database.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { WRITE_BYTES = 100 }; /* that a write is said to cost */

struct list {
    struct job *first, **end;
    size_t count;
};

enum mode { MODE_DIRECT, MODE_HELD, MODE_PLANNED };

struct store {
    enum mode mode;
    struct fake_store_plan plan;
    uint64_t chance;
    struct fake_store_observer observer;
    struct memory_database memory;
    struct ledger ledger;
    struct store_start start;
    struct list writes, reads; /* waiting; submitted_ms is the turn they came in */
    struct list read;          /* done and not given back yet */
    struct list done;
    int64_t turn;
    int64_t pending_max;
    int64_t commits, failures, written_bytes;
    int failing_turns;
    bool failing, busy;
    int64_t submitted[JOB_KIND_COUNT];
    int64_t moves;
};

static uint64_t random_state = 1; /* random_fill has no store to keep it in */

uint64_t chance_next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

int64_t chance_below(uint64_t *state, int64_t bound)
{
    return (int64_t)(chance_next(state) % (uint64_t)bound);
}

static bool happens(struct store *store, int percent)
{
    return chance_below(&store->chance, 100) < percent;
}

static void list_init(struct list *list)
{
    *list = (struct list){.end = &list->first};
}

static void list_put(struct list *list, struct job *job)
{
    job->next = NULL;
    *list->end = job;
    list->end = &job->next;
    list->count++;
}

static struct job *list_take(struct list *list, struct job **link)
{
    struct job *job = *link;
    if (!job)
        return NULL;
    *link = job->next;
    if (list->end == &job->next)
        list->end = link;
    list->count--;
    job->next = NULL;
    return job;
}

static void list_finish(struct list *list)
{
    while (list->first)
        job_destroy(list_take(list, &list->first));
}

static struct store *create(enum mode mode, int pending_max, int nonce_window)
{
    struct store *store = calloc(1, sizeof *store);
    assert(store);
    store->mode = mode;
    store->pending_max = pending_max;
    memory_database_open(&store->memory, nonce_window);
    list_init(&store->writes);
    list_init(&store->reads);
    list_init(&store->read);
    list_init(&store->done);
    return store;
}

struct store *fake_store_create(const struct fake_store_plan *plan, int pending_max,
                                int nonce_window)
{
    struct store *store = create(MODE_PLANNED, pending_max, nonce_window);
    store->plan = *plan;
    store->chance = plan->seed;
    random_state = plan->seed;
    return store;
}

struct store *store_open(const struct store_options *options, char *why, size_t why_size)
{
    (void)why;
    (void)why_size;
    return create(MODE_DIRECT, options->pending_max, options->nonce_window);
}

bool store_is_time_proven(struct store *store)
{
    (void)store;
    return false;
}

/* The rooms there are now: a second gateway may be started on what a first one left. */
const struct store_start *store_start(const struct store *kept)
{
    struct store *store = (struct store *)kept;
    store_forget_start(store);
    store->start = (struct store_start){.clean = true, .journal_mode = "memory"};
    memory_database_load(&store->memory, &store->start);
    store->start.created = store->start.room_count == 0;
    return &store->start;
}

void store_forget_start(struct store *store)
{
    start_forget(&store->start);
}

enum store_result store_submit(struct store *store, struct job *job)
{
    bool is_write = job_is_write(job->kind);
    size_t waiting = is_write ? store->writes.count : store->reads.count + store->read.count;
    assert(!job_failed(job));
    if (store->busy || waiting >= (size_t)store->pending_max)
        return STORE_BUSY;
    if (store->mode == MODE_PLANNED && happens(store, store->plan.busy_percent))
        return STORE_BUSY;
    job->submitted_ms = store->turn;
    store->submitted[job->kind]++;
    store->moves++;
    list_put(is_write || store->mode != MODE_PLANNED ? &store->writes : &store->reads, job);
    return STORE_OK;
}

bool store_is_crowded(const struct store *store)
{
    return store->writes.count >= (size_t)(store->pending_max - store->pending_max / 4);
}

/* One transaction of the jobs of a list, each then given back. */
static void write_group(struct store *store, struct list *group)
{
    if (!group->first)
        return;
    memory_database_write(&store->memory, group->first);
    store->commits++;
    while (group->first) {
        struct job *job = list_take(group, &group->first);
        ledger_record(&store->ledger, job);
        if (store->observer.committed)
            store->observer.committed(store->observer.of, job, store->turn);
        store->written_bytes += WRITE_BYTES;
        list_put(&store->done, job);
    }
}

static void fail_write(struct store *store, struct job *job)
{
    job->result = JOB_UNAVAILABLE;
    strcpy(job->why, "The disk is full.");
    list_put(&store->done, job);
}

/* Every path works but those with "exists" in them, unless told to overwrite. */
static void back_up(struct job *job)
{
    job->backup.bytes = 4096;
    if (!strstr(job->backup.path, "exists") || job->backup.overwrite)
        return;
    strcpy(job->why, "The file exists.");
    job->result = JOB_REFUSED;
}

/* What the store adds to a status that was read. */
static void add_counters(const struct store *store, struct store_status *status)
{
    status->commits = store->commits;
    status->failures = store->failures;
    status->written_bytes = store->written_bytes;
    strcpy(status->journal_mode, "memory");
    strcpy(status->durability, "power_loss");
    strcpy(status->passwords, "as they are");
}

static void read_job(struct store *store, struct job *job)
{
    job->result = JOB_DONE;
    if (job->kind == JOB_BACKUP || job->kind == JOB_RESTORE)
        back_up(job);
    else if (job->kind == JOB_PASSWORD_HASH)
        password_run(job, NULL);
    else
        memory_database_read(&store->memory, job);
    if (job->kind == JOB_STATUS)
        add_counters(store, &job->status);
}

static void finish(struct store *store, struct job *job)
{
    struct list group;
    bool is_write = job_is_write(job->kind);
    if (is_write && store->failing) {
        fail_write(store, job);
        return;
    }
    list_init(&group);
    list_put(&group, job);
    if (is_write) {
        write_group(store, &group);
        return;
    }
    read_job(store, job);
    list_put(&store->done, job);
}

void fake_store_step(struct store *store, size_t count)
{
    for (; count > 0 && store->writes.first; count--)
        finish(store, list_take(&store->writes, &store->writes.first));
}

struct job *store_collect(struct store *store)
{
    if (store->mode == MODE_DIRECT)
        fake_store_step(store, store->writes.count);
    store->moves += store->done.count > 0;
    struct job *job = list_take(&store->done, &store->done.first);
    if (job && store->observer.heard && job_is_write(job->kind))
        store->observer.heard(store->observer.of, job, store->turn);
    return job;
}

static void commit(struct store *store)
{
    size_t max = store->plan.group_max ? (size_t)store->plan.group_max : SIZE_MAX;
    struct list group;
    list_init(&group);
    for (; max > 0 && store->writes.first; max--)
        list_put(&group, list_take(&store->writes, &store->writes.first));
    write_group(store, &group);
}

/* Those that have waited too long are refused; the others go on waiting. */
static void fail(struct store *store)
{
    store->failures++;
    store->failing = true;
    while (store->writes.first &&
           store->turn - store->writes.first->submitted_ms >= store->plan.retry_turns)
        finish(store, list_take(&store->writes, &store->writes.first));
}

static void turn_writes(struct store *store)
{
    if (store->failing_turns == 0 && happens(store, store->plan.fail_percent))
        store->failing_turns = 1 + (int)chance_below(&store->chance, store->plan.fail_turns_max);
    if (store->failing_turns > 0) {
        store->failing_turns--;
        fail(store);
        return;
    }
    store->failing = false;
    if (happens(store, store->plan.commit_percent))
        commit(store);
}

static void turn_reads(struct store *store)
{
    for (struct job **link = &store->read.first; *link;) {
        if (happens(store, store->plan.answer_percent))
            list_put(&store->done, list_take(&store->read, link));
        else
            link = &(*link)->next;
    }
    for (struct job **link = &store->reads.first; *link;) {
        if (!happens(store, store->plan.read_percent)) {
            link = &(*link)->next;
            continue;
        }
        struct job *job = list_take(&store->reads, link);
        read_job(store, job);
        list_put(&store->read, job);
    }
}

void fake_store_prune(struct store *store, int64_t room_id, size_t count)
{
    struct job *notice = memory_database_prune(&store->memory, room_id, count);
    if (!notice)
        return;
    ledger_record(&store->ledger, notice);
    list_put(&store->done, notice);
}

static void turn_prune(struct store *store)
{
    const struct ledger *ledger = &store->ledger;
    if (ledger->room_count == 0 || !happens(store, store->plan.prune_percent))
        return;
    const struct ledger_room *room =
        &ledger->rooms[chance_below(&store->chance, (int64_t)ledger->room_count)];
    if (!room->removed && !room->row.keep && room->count > room->pruned)
        fake_store_prune(store, room->row.id, 1 + (size_t)chance_below(&store->chance, 5));
}

void fake_store_observe(struct store *store, const struct fake_store_observer *observer)
{
    store->observer = *observer;
}

int64_t fake_store_turns(const struct store *store)
{
    return store->turn;
}

void fake_store_turn(struct store *store)
{
    if (store->mode != MODE_PLANNED)
        return;
    store->turn++;
    turn_prune(store);
    turn_reads(store);
    turn_writes(store);
}

void fake_store_calm(struct store *store)
{
    store->plan = (struct fake_store_plan){.commit_percent = 100,
                                           .read_percent = 100,
                                           .answer_percent = 100,
                                           .retry_turns = INT32_MAX};
    store->failing_turns = 0;
}

void fake_store_reopen(struct store *store)
{
    store->failing = false;
    store->failing_turns = 0;
    fake_store_step(store, store->writes.count);
    list_finish(&store->reads);
    list_finish(&store->read);
    list_finish(&store->done);
}

void fake_store_hold(struct store *store)
{
    store->mode = MODE_HELD;
}

void fake_store_last_first(struct store *store)
{
    struct list *done = &store->done;
    struct job **last = &done->first;
    while (*last && (*last)->next)
        last = &(*last)->next;
    struct job *job = list_take(done, last);
    if (!job)
        return;
    job->next = done->first;
    if (!done->first)
        done->end = &job->next;
    done->first = job;
    done->count++;
}

void fake_store_release(struct store *store)
{
    store->mode = MODE_DIRECT;
}

void fake_store_fail(struct store *store, bool failing)
{
    store->failing = failing;
}

void fake_store_be_busy(struct store *store, bool busy)
{
    store->busy = busy;
}

const struct ledger *fake_store_ledger(const struct store *store)
{
    return &store->ledger;
}

int64_t fake_store_commits(const struct store *store)
{
    return store->commits;
}

void fake_store_read(struct store *store, struct job *job)
{
    read_job(store, job);
}

int64_t fake_store_submitted(const struct store *store, enum job_kind kind)
{
    return store->submitted[kind];
}

int64_t fake_store_moves(const struct store *store)
{
    return store->moves;
}

int store_fd(const struct store *store)
{
    (void)store;
    return -1;
}

void store_heard(struct store *store)
{
    (void)store;
}

void store_recovery(struct store *store, struct recovery_figures *figures)
{
    (void)store;
    *figures = (struct recovery_figures){.is_known = false};
}

bool store_is_damaged(struct store *store)
{
    (void)store;
    return false;
}

bool store_is_healthy(struct store *store, char *why, size_t why_size)
{
    if (store->failing && why_size > 0) {
        why[0] = '\0';
        strncat(why, "The disk is full.", why_size - 1);
    }
    return !store->failing;
}

int64_t store_pending(struct store *store)
{
    return (int64_t)(store->writes.count + store->reads.count + store->read.count);
}

int64_t store_written_bytes(struct store *store)
{
    return store->written_bytes;
}

struct store_figures store_figures(struct store *store)
{
    return (struct store_figures){.file_bytes = store->written_bytes, .free_bytes = INT64_MAX};
}

void store_reconfigure(struct store *store, const struct store_options *options)
{
    (void)store;
    (void)options;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    list_finish(&store->writes);
    list_finish(&store->reads);
    list_finish(&store->read);
    list_finish(&store->done);
    store_forget_start(store);
    ledger_finish(&store->ledger);
    memory_database_close(&store->memory);
    free(store);
}

bool random_fill(void *bytes, size_t size)
{
    unsigned char *out = bytes;
    for (size_t i = 0; i < size; i++)
        out[i] = (unsigned char)(chance_next(&random_state) >> 32);
    return true;
}

bool random_hex(char *text, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < 2 * size; i++)
        text[i] = digits[chance_next(&random_state) >> 60];
    text[2 * size] = '\0';
    return true;
}

/* Not SHA-256: different for different texts is all that is needed here. */
uint64_t hash_with(const uint8_t secret[HASH_BYTES], const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    uint64_t hash = secret[0] + UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash ? hash : 1;
}

bool hash_text(const char *text, uint8_t hash[HASH_BYTES])
{
    uint64_t state = UINT64_C(0xcbf29ce484222325);
    for (; *text; text++)
        state = (state ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    for (size_t i = 0; i < HASH_BYTES; i++)
        hash[i] = (uint8_t)(chance_next(&state) >> 24);
    return true;
}

/* --- passwords: kept as they are ---------------------------------------------------------------- */

bool password_has_argon2(void)
{
    return true;
}

int64_t password_calibrate(void)
{
    return 1;
}

void password_describe(const struct password_cost *cost, char *out, size_t size)
{
    (void)cost;
    out[size ? 0 : size] = '\0';
}

void password_run(struct job *job, const struct password_cost *cost)
{
    struct job_password_hash *hash = &job->password_hash;
    (void)cost;
    job->result = JOB_DONE;
    hash->is_right = !hash->typed[0] || strncmp(hash->typed, hash->kept, sizeof hash->kept - 1) == 0;
    memcpy(hash->made, hash->wanted, sizeof hash->made - 1);
}
