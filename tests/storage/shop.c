#include "tests/storage/shop.h"

#include <dirent.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

enum { PATIENCE_MS = 60000 };

void shop_make(struct shop *shop)
{
    memset(shop, 0, sizeof *shop);
    snprintf(shop->folder, sizeof shop->folder, "/tmp/hearth-store-XXXXXX");
    assert_non_null(mkdtemp(shop->folder));
    snprintf(shop->path, sizeof shop->path, "%s/chat.db", shop->folder);
    shop->options = (struct store_options){.path = shop->path,
                                           .pending_max = 4096,
                                           .pending_bytes = 4194304,
                                           .readers = 2,
                                           .cache_bytes = 1 << 20,
                                           .retry_ms = 2000,
                                           .nonce_window = 256,
                                           .search = true};
    shop->wall_ms = NOON;
    shop->monotonic_ms = 1000;
}

void shop_open(struct shop *shop)
{
    char why[256] = "";
    shop->options.path = shop->path;
    shop->store = store_open(&shop->options, why, sizeof why);
    if (!shop->store)
        fail_msg("%s", why);
}

void shop_close(struct shop *shop)
{
    store_close(shop->store);
    shop->store = NULL;
}

void shop_remove(struct shop *shop)
{
    shop_close(shop);
    DIR *folder = opendir(shop->folder);
    struct dirent *file;
    while (folder && (file = readdir(folder))) {
        char name[400];
        snprintf(name, sizeof name, "%s/%s", shop->folder, file->d_name);
        unlink(name);
    }
    closedir(folder);
    rmdir(shop->folder);
}

static void run_sql(struct shop *shop, const char *sql)
{
    sqlite3 *handle = NULL;
    assert_int_equal(sqlite3_open(shop->path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(handle);
}

void shop_crash(struct shop *shop)
{
    shop_close(shop);
    run_sql(shop, "UPDATE meta SET value=0 WHERE name='clean'");
}

int64_t shop_ask(struct shop *shop, const char *sql)
{
    sqlite3 *handle = NULL;
    sqlite3_stmt *statement = NULL;
    int64_t number = -1;
    assert_int_equal(sqlite3_open(shop->path, &handle), SQLITE_OK);
    sqlite3_busy_timeout(handle, 5000);
    assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &statement, NULL), SQLITE_OK);
    if (sqlite3_step(statement) == SQLITE_ROW)
        number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(handle);
    return number;
}

void shop_submit(struct shop *shop, struct job *job)
{
    assert_false(job_failed(job));
    assert_int_equal(store_submit(shop->store, job), STORE_OK);
}

struct job *shop_collect(struct shop *shop)
{
    struct job *job;
    while (!(job = store_collect(shop->store))) {
        struct pollfd wake = {.fd = store_fd(shop->store), .events = POLLIN};
        if (poll(&wake, 1, PATIENCE_MS) != 1)
            fail_msg("the store gave nothing back in time");
    }
    return job;
}

struct job *shop_do(struct shop *shop, struct job *job)
{
    shop_submit(shop, job);
    struct job *done = shop_collect(shop);
    for (; done->kind == JOB_PRUNED; done = shop_collect(shop))
        job_destroy(done);
    assert_ptr_equal(done, job);
    return done;
}

enum job_result shop_result(struct job *job)
{
    enum job_result result = job->result;
    job_destroy(job);
    return result;
}

static void add_user(struct shop *shop, int64_t id, const char *name)
{
    struct job *job = job_create(JOB_USER_CREATE);
    job->user.user = (struct user_row){.id = id, .role = ROLE_GUEST};
    snprintf(job->user.user.name, sizeof job->user.user.name, "%s", name);
    snprintf(job->user.user.folded, sizeof job->user.user.folded, "%s", name);
    assert_true(hash_text(name, job->user.user.key_hash)); /* the key is the name */
    job->user.wall_ms = shop->wall_ms;
    assert_int_equal(shop_result(shop_do(shop, job)), JOB_DONE);
}

void shop_furnish(struct shop *shop)
{
    struct job *job = job_create(JOB_ROOM_CREATE);
    job->room.room.id = LOBBY;
    strcpy(job->room.room.name, "lobby");
    strcpy(job->room.room.folded, "lobby");
    assert_int_equal(shop_result(shop_do(shop, job)), JOB_DONE);
    add_user(shop, MINA, "mina");
    add_user(shop, JUN, "jun");
}

struct job *shop_message(struct shop *shop, int64_t user_id, const char *text, const char *nonce)
{
    struct job *job = job_create(JOB_APPEND);
    assert_non_null(job);
    job->append.room_id = LOBBY;
    job->append.wall_ms = shop->wall_ms;
    job->append.monotonic_ms = shop->monotonic_ms;
    job->append.entry = (struct entry){.kind = ENTRY_KIND_MESSAGE,
                                       .user_id = user_id,
                                       .from = job_text(job, user_id == JUN ? "jun" : "mina"),
                                       .text = job_text(job, text),
                                       .nonce = job_text(job, nonce),
                                       .guest = true};
    return job;
}

struct job *shop_change(struct shop *shop, enum entry_kind kind, int64_t user_id, int64_t target,
                        const char *text)
{
    struct job *job = shop_message(shop, user_id, NULL, NULL);
    job->append.entry.kind = kind;
    job->append.entry.target = target;
    *(kind == ENTRY_KIND_REACTION ? &job->append.entry.emoji : &job->append.entry.text) =
        job_text(job, text);
    job->append.entry.on = kind == ENTRY_KIND_REACTION;
    return job;
}

int64_t shop_say(struct shop *shop, const char *text)
{
    struct job *job = shop_do(shop, shop_message(shop, MINA, text, NULL));
    int64_t seq = job->append.entry.seq;
    assert_int_equal(shop_result(job), JOB_DONE);
    return seq;
}

struct job *shop_page(struct shop *shop, int64_t room_id)
{
    struct job *job = job_create(JOB_PAGE);
    job->page.room_id = room_id;
    job->page.up_to = SEQ_MAX;
    job->page.limit = 1000;
    job->page.bytes_max = 1 << 24;
    return shop_do(shop, job);
}
