#include "tests/storage/store_fixture.h"

#include <ftw.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "storage/crypto.h"

enum { PATIENCE_MS = 180000 };

/* What the store's threads are told. Under one mutex: half of a new time would look like a clock that
 * has been set. */
static pthread_mutex_t told_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct clock_reading told;

static void read_clock(struct clock_reading *reading)
{
    pthread_mutex_lock(&told_mutex);
    *reading = told;
    pthread_mutex_unlock(&told_mutex);
}

void fixture_tell_time(const struct store_fixture *fixture)
{
    pthread_mutex_lock(&told_mutex);
    told = fixture->clock;
    pthread_mutex_unlock(&told_mutex);
}

void fixture_pass_time(struct store_fixture *fixture, int64_t ms)
{
    fixture->clock.wall_ms += ms;
    fixture->clock.monotonic_ms += ms;
    fixture_tell_time(fixture);
    store_reconfigure(fixture->store, &fixture->options);
}

struct moment fixture_at(const struct store_fixture *fixture)
{
    struct clock clock = {.read = read_clock, .started_ms = 1000};
    fixture_tell_time(fixture);
    return fixture->store ? store_now(fixture->store) : clock_now(&clock);
}

void fixture_init(struct store_fixture *fixture)
{
    memset(fixture, 0, sizeof *fixture);
    snprintf(fixture->folder, sizeof fixture->folder, "/tmp/hearth-store-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->path, sizeof fixture->path, "%s/chat.db", fixture->folder);
    fixture->options = (struct store_options){.path = fixture->path,
                                              .pending_max = 4096,
                                              .pending_bytes = 4194304,
                                              .readers = 2,
                                              .cache_bytes = 1 << 20,
                                              .retry_ms = 2000,
                                              .nonce_window = 256,
                                              .nonce_bytes = 2 << 20,
                                              .search = true};
    fixture->clock = (struct clock_reading){.wall_ms = NOON, .monotonic_ms = 1000};
    fixture->options.read_clock = read_clock;
    fixture_tell_time(fixture);
}

void fixture_open(struct store_fixture *fixture)
{
    char why[256] = "";
    fixture->options.path = fixture->path;
    fixture->store = store_open(&fixture->options, why, sizeof why);
    if (!fixture->store)
        fail_msg("%s", why);
}

void fixture_close(struct store_fixture *fixture)
{
    store_close(fixture->store);
    fixture->store = NULL;
}

static int remove_entry(const char *name, const struct stat *about, int type, struct FTW *where)
{
    (void)about, (void)type, (void)where;
    return remove(name);
}

void fixture_finish(struct store_fixture *fixture)
{
    fixture_close(fixture);
    assert_int_equal(nftw(fixture->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

int fixture_setup(void **state)
{
    struct store_fixture *fixture = calloc(1, sizeof *fixture);
    fixture_init(fixture);
    fixture_open(fixture);
    fixture_populate(fixture);
    *state = fixture;
    return 0;
}

int fixture_teardown(void **state)
{
    fixture_finish(*state);
    free(*state);
    return 0;
}

/* While the store is open only its own VFS gets past its locks. */
static sqlite3 *open_database(struct store_fixture *fixture)
{
    sqlite3 *handle = NULL;
    const char *vfs = fixture->store ? "unix-excl" : NULL;
    assert_int_equal(sqlite3_open_v2(fixture->path, &handle, SQLITE_OPEN_READWRITE, vfs),
                     SQLITE_OK);
    sqlite3_busy_timeout(handle, 5000);
    return handle;
}

static void run_sql(struct store_fixture *fixture, const char *sql)
{
    sqlite3 *handle = open_database(fixture);
    assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(handle);
}

void fixture_crash(struct store_fixture *fixture)
{
    fixture_close(fixture);
    run_sql(fixture, "UPDATE meta SET value=0 WHERE name='clean'");
}

int64_t fixture_query(struct store_fixture *fixture, const char *sql)
{
    sqlite3 *handle = open_database(fixture);
    sqlite3_stmt *statement = NULL;
    int64_t number = -1;
    assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &statement, NULL), SQLITE_OK);
    if (sqlite3_step(statement) == SQLITE_ROW)
        number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(handle);
    return number;
}

void fixture_submit(struct store_fixture *fixture, struct job *job)
{
    assert_false(job_failed(job));
    assert_int_equal(store_submit(fixture->store, job), STORE_OK);
}

bool fixture_wait(struct store_fixture *fixture, int patience_ms)
{
    struct pollfd wake = {.fd = store_fd(fixture->store), .events = POLLIN};
    bool is_woken = poll(&wake, 1, patience_ms) == 1;
    store_heard(fixture->store);
    return is_woken;
}

void fixture_recover(struct store_fixture *fixture)
{
    struct recovery_figures figures;
    for (store_recovery(fixture->store, &figures); figures.is_running;
         store_recovery(fixture->store, &figures)) {
        assert_true(fixture_wait(fixture, PATIENCE_MS));
        for (struct job *job; (job = store_collect(fixture->store)); job_destroy(job))
            assert_int_equal(job->kind, JOB_RECOVERED);
    }
}

struct job *fixture_collect(struct store_fixture *fixture)
{
    struct job *job;
    while (!(job = store_collect(fixture->store))) {
        if (!fixture_wait(fixture, PATIENCE_MS))
            fail_msg("the store gave nothing back in time");
    }
    return job;
}

struct job *fixture_do(struct store_fixture *fixture, struct job *job)
{
    fixture_submit(fixture, job);
    struct job *done = fixture_collect(fixture);
    for (; job_is_notice(done->kind); done = fixture_collect(fixture))
        job_destroy(done);
    assert_ptr_equal(done, job);
    return done;
}

enum job_result fixture_result(struct job *job)
{
    enum job_result result = job->result;
    job_destroy(job);
    return result;
}

static void add_user(struct store_fixture *fixture, int64_t id, const char *name)
{
    struct job *job = job_create(JOB_USER_CREATE);
    job->user.user = (struct user_row){.id = id, .role = ROLE_GUEST};
    snprintf(job->user.user.name, sizeof job->user.user.name, "%s", name);
    snprintf(job->user.user.folded, sizeof job->user.user.folded, "%s", name);
    job->user.device.id = job->user.device.user_id = job->user.user.id;
    assert_true(hash_text(name, job->user.device.key_hash)); /* the key is the name */
    job->user.at = fixture_at(fixture);
    assert_int_equal(fixture_result(fixture_do(fixture, job)), JOB_DONE);
}

void fixture_populate(struct store_fixture *fixture)
{
    struct job *job = job_create(JOB_ROOM_CREATE);
    job->room.room.id = LOBBY;
    strcpy(job->room.room.name, "lobby");
    strcpy(job->room.room.folded, "lobby");
    assert_int_equal(fixture_result(fixture_do(fixture, job)), JOB_DONE);
    add_user(fixture, MINA, "mina");
    add_user(fixture, JUN, "jun");
}

struct job *fixture_message(struct store_fixture *fixture, int64_t user_id, const char *text,
                            const char *nonce)
{
    struct job *job = job_create(JOB_APPEND);
    assert_non_null(job);
    job->append.room_id = LOBBY;
    job->append.at = fixture_at(fixture);
    job->append.entry = (struct entry){.kind = ENTRY_KIND_MESSAGE,
                                       .user_id = user_id,
                                       .from = job_text(job, user_id == JUN ? "jun" : "mina"),
                                       .text = job_text(job, text),
                                       .nonce = job_text(job, nonce),
                                       .guest = true};
    return job;
}

struct job *fixture_change(struct store_fixture *fixture, enum entry_kind kind, int64_t user_id,
                           int64_t target, const char *text)
{
    struct job *job = fixture_message(fixture, user_id, NULL, NULL);
    job->append.entry.kind = kind;
    job->append.entry.target = target;
    *(kind == ENTRY_KIND_REACTION ? &job->append.entry.emoji : &job->append.entry.text) =
        job_text(job, text);
    job->append.entry.on = kind == ENTRY_KIND_REACTION;
    return job;
}

int64_t fixture_send(struct store_fixture *fixture, const char *text)
{
    struct job *job = fixture_do(fixture, fixture_message(fixture, MINA, text, NULL));
    int64_t seq = job->append.entry.seq;
    assert_int_equal(fixture_result(job), JOB_DONE);
    return seq;
}

struct job *fixture_page(struct store_fixture *fixture, int64_t room_id)
{
    struct job *job = job_create(JOB_PAGE);
    job->page.room_id = room_id;
    job->page.up_to = SEQ_MAX;
    job->page.limit = 1000;
    job->page.bytes_max = 1 << 24;
    return fixture_do(fixture, job);
}
