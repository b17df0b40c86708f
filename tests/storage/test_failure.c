#include "storage/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "tests/storage/flaky.h"
#include "tests/storage/store_fixture.h"

static int open_fixture(void **state)
{
    struct store_fixture *fixture = calloc(1, sizeof *fixture);
    flaky_install();
    fixture_init(fixture);
    fixture->options.power_loss = true;
    fixture->options.retry_ms = 500;
    fixture_open(fixture);
    fixture_populate(fixture);
    *state = fixture;
    return 0;
}

static int close_fixture(void **state)
{
    flaky_release_syncs();
    flaky_fail_writes(SQLITE_OK);
    struct store_fixture *fixture = *state;
    fixture_close(fixture);
    umount2(fixture->folder, MNT_DETACH); /* of a test that mounted and failed */
    fixture_finish(fixture);
    flaky_remove();
    free(*state);
    return 0;
}

static bool is_healthy(struct store_fixture *fixture)
{
    char why[256];
    return store_is_healthy(fixture->store, why, sizeof why);
}

static void check_refusal_and_recovery(struct store_fixture *fixture, int code)
{
    int64_t before = fixture_send(fixture, "before");
    flaky_fail_writes(code);
    struct job *job = fixture_do(fixture, fixture_message(fixture, MINA, "lost", "n1"));
    assert_int_equal(job->result, JOB_UNAVAILABLE);
    assert_true(job->why[0] != '\0');
    job_destroy(job);
    assert_false(is_healthy(fixture));
    flaky_fail_writes(SQLITE_OK);
    job = fixture_do(fixture, fixture_message(fixture, MINA, "found", "n1"));
    assert_int_equal(job->result, JOB_DONE);
    assert_int_equal(job->append.entry.seq, before + 1);
    job_destroy(job);
    assert_true(is_healthy(fixture));
    struct job *page = fixture_page(fixture, LOBBY);
    assert_int_equal(page->page.count, 2);
    assert_string_equal(page->page.entries[1].text, "found");
    job_destroy(page);
}

static void a_full_disk_refuses_and_comes_back(void **state)
{
    check_refusal_and_recovery(*state, SQLITE_FULL);
}

static void a_failing_disk_refuses_and_comes_back(void **state)
{
    check_refusal_and_recovery(*state, SQLITE_IOERR_WRITE);
}

static void a_read_only_disk_refuses_and_comes_back(void **state)
{
    check_refusal_and_recovery(*state, SQLITE_READONLY);
}

static void what_waits_out_a_short_failure_is_stored_once(void **state)
{
    struct store_fixture *fixture = *state;
    fixture_close(fixture);
    fixture->options.retry_ms = 60000;
    fixture_open(fixture);
    flaky_fail_writes(SQLITE_FULL);
    for (int i = 0; i < 10; i++)
        fixture_submit(fixture, fixture_message(fixture, MINA, "patient", NULL));
    while (is_healthy(fixture))
        ; /* until the first attempt has failed */
    flaky_fail_writes(SQLITE_OK);
    for (int i = 0; i < 10; i++)
        assert_int_equal(fixture_result(fixture_collect(fixture)), JOB_DONE);
    assert_int_equal(fixture_query(fixture, "SELECT count(*) FROM messages"), 10);
}

static void health_returns_while_nobody_speaks(void **state)
{
    struct store_fixture *fixture = *state;
    flaky_fail_writes(SQLITE_FULL);
    assert_int_equal(fixture_result(fixture_do(fixture, fixture_message(fixture, MINA, "x", NULL))),
                     JOB_UNAVAILABLE);
    flaky_fail_writes(SQLITE_OK);
    while (!is_healthy(fixture))
        ; /* the writer finds out by itself */
}

static void a_guest_logs_in_while_the_writer_hangs(void **state)
{
    struct store_fixture *fixture = *state;
    flaky_hold_syncs();
    fixture_submit(fixture, fixture_message(fixture, MINA, "hangs", NULL));
    flaky_wait_for_sync();
    struct job *login = job_create(JOB_LOGIN);
    strcpy(login->login.folded, "newcomer");
    login = fixture_do(fixture, login);
    assert_int_equal(login->result, JOB_DONE);
    assert_false(login->login.taken);
    job_destroy(login);
    struct job *page = fixture_page(fixture, LOBBY);
    assert_int_equal(page->page.count, 0);
    job_destroy(page);
    flaky_release_syncs();
    assert_int_equal(fixture_result(fixture_collect(fixture)), JOB_DONE);
}

static void closing_gives_up_on_a_failing_disk(void **state)
{
    struct store_fixture *fixture = *state;
    flaky_fail_writes(SQLITE_IOERR_WRITE);
    fixture_submit(fixture, fixture_message(fixture, MINA, "x", NULL));
    fixture_close(fixture);
    flaky_fail_writes(SQLITE_OK);
    fixture_open(fixture);
    assert_false(store_start(fixture->store)->clean);
}

/* Writes and reads that get in each other's way where there is no WAL. */
static void talk_and_listen(struct store_fixture *fixture)
{
    enum { COUNT = 50 };
    for (int i = 0; i < COUNT; i++) {
        struct job *page = job_create(JOB_PAGE);
        page->page.room_id = LOBBY;
        page->page.up_to = SEQ_MAX;
        page->page.limit = 100;
        page->page.bytes_max = 1 << 20;
        fixture_submit(fixture, fixture_message(fixture, MINA, "talk", NULL));
        fixture_submit(fixture, page);
    }
    for (int i = 0; i < 2 * COUNT; i++)
        assert_int_equal(fixture_result(fixture_collect(fixture)), JOB_DONE);
}

static void where_shared_memory_fails_the_journal_is_deleted(void **state)
{
    struct store_fixture *fixture = *state;
    fixture_send(fixture, "in the WAL");
    fixture_close(fixture);
    flaky_refuse_shared_memory(true);
    fixture_open(fixture);
    assert_string_equal(store_start(fixture->store)->journal_mode, "delete");
    fixture_send(fixture, "in the journal");
    struct job *page = fixture_page(fixture, LOBBY);
    assert_int_equal(page->page.count, 2);
    job_destroy(page);
    talk_and_listen(fixture);
}

static void where_locks_fail_too_there_are_dot_files(void **state)
{
    struct store_fixture *fixture = *state;
    fixture_close(fixture);
    flaky_refuse_shared_memory(true);
    flaky_refuse_locks(true);
    fixture_open(fixture);
    assert_string_equal(store_start(fixture->store)->journal_mode, "delete+dotfile");
    talk_and_listen(fixture);
}

static void a_damaged_database_is_set_aside(void **state)
{
    struct store_fixture *fixture = *state;
    for (int i = 0; i < 200; i++)
        fixture_send(fixture, "something to lose");
    fixture_crash(fixture);
    int fd = open(fixture->path, O_WRONLY);
    char noise[3000];
    memset(noise, 0xa5, sizeof noise);
    assert_int_equal(pwrite(fd, noise, sizeof noise, 16000), sizeof noise);
    close(fd);
    fixture_open(fixture);
    const char *aside = store_start(fixture->store)->damaged;
    assert_non_null(strstr(aside, "chat.db.damaged-"));
    assert_int_equal(access(aside, F_OK), 0);
    if (store_start(fixture->store)->room_count == 0)
        fixture_populate(fixture);
    fixture_send(fixture, "it serves");
}

static void what_is_no_database_is_set_aside(void **state)
{
    struct store_fixture *fixture = *state;
    fixture_close(fixture);
    FILE *file = fopen(fixture->path, "w");
    for (int i = 0; i < 2000; i++)
        fputs("this is no database ", file);
    fclose(file);
    fixture_open(fixture);
    assert_true(store_start(fixture->store)->damaged[0] != '\0');
    fixture_populate(fixture);
    fixture_send(fixture, "it serves");
}

/* Fills the file system, and leaves nothing. */
static void fill(const char *path)
{
    static const char block[4096];
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    while (write(fd, block, sizeof block) == sizeof block)
        ;
    close(fd);
}

static int64_t file_bytes(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? (int64_t)status.st_size : -1;
}

static void a_restart_on_a_full_disk_works(void **state)
{
    struct store_fixture *fixture = *state;
    char filler[128], reserve[128];
    fixture_close(fixture);
    if (mount("tmpfs", fixture->folder, "tmpfs", 0, "size=8m,mode=700") != 0)
        skip(); /* needs the right to mount */
    snprintf(filler, sizeof filler, "%s/filler", fixture->folder);
    snprintf(reserve, sizeof reserve, "%s-reserve", fixture->path);
    fixture->options.reserve_bytes = 2 << 20;
    fixture_open(fixture);
    fixture_populate(fixture);
    fixture_send(fixture, "before");
    assert_int_equal(file_bytes(reserve), 2 << 20);
    fill(filler);
    enum job_result result;
    int64_t said = 1;
    do {
        result = fixture_result(
            fixture_do(fixture, fixture_message(fixture, MINA, "until it is full", NULL)));
        said += result == JOB_DONE;
    } while (result == JOB_DONE && said < 100000);
    assert_int_equal(result, JOB_UNAVAILABLE);
    assert_int_equal(file_bytes(reserve), 2 << 20);
    for (int i = 0; i < 3; i++) {
        fixture_close(fixture);
        fill(filler);
        fixture_open(fixture);
        assert_int_equal(fixture_query(fixture, "SELECT count(*) FROM messages"), said);
        assert_true(file_bytes(reserve) > 1 << 20);
    }
    assert_int_equal(unlink(filler), 0);
    while (!is_healthy(fixture))
        ;
    fixture_send(fixture, "there is space again");
    fixture_close(fixture);
    fixture_open(fixture);
    assert_int_equal(file_bytes(reserve), 2 << 20);
    fixture_close(fixture);
    assert_int_equal(umount2(fixture->folder, MNT_DETACH), 0);
}

/* Says things and writes the seq of each to fd once it is acknowledged, until killed. */
static void talk_until_killed(struct store_fixture *fixture, int fd)
{
    int waiting = 0; /* submitted and not yet collected */
    for (int i = 0;; i++) {
        char nonce[24];
        snprintf(nonce, sizeof nonce, "%d", i);
        if (store_submit(fixture->store, fixture_message(fixture, MINA, "talk", nonce)) != STORE_OK)
            _exit(1);
        waiting++;
        struct job *job;
        while (i >= 8 && (job = store_collect(fixture->store))) {
            int64_t seq = job->append.entry.seq;
            waiting--;
            if (job->result == JOB_DONE && write(fd, &seq, sizeof seq) != sizeof seq)
                _exit(1);
            job_destroy(job);
        }
        if (i % 16 == 0 && waiting > 0) {
            job_destroy(fixture_collect(fixture));
            waiting--;
        }
    }
}

/* The highest seq acknowledged; every one of them must be among the rows. */
static void check_survivors(struct store_fixture *fixture, int fd, int64_t *highest)
{
    int64_t seq, count = 0, first = 0;
    while (read(fd, &seq, sizeof seq) == sizeof seq) {
        assert_true(seq > *highest);
        *highest = seq;
        first = first ? first : seq;
        count++;
    }
    char sql[128];
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM messages WHERE (id & 1099511627775) BETWEEN %lld AND %lld",
             (long long)first, (long long)*highest);
    if (count)
        assert_true(fixture_query(fixture, sql) >= count);
}

static void what_was_acknowledged_survives_a_kill(void **state)
{
    struct store_fixture *fixture = *state;
    const char *rounds = getenv("HEARTH_KILLS");
    int64_t highest = 0;
    for (int round = rounds ? atoi(rounds) : 20; round > 0; round--) {
        int ends[2];
        fixture_close(fixture);
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
            fixture_open(fixture);
            talk_until_killed(fixture, ends[1]);
        }
        close(ends[1]);
        int64_t seq; /* after a different number of acknowledgements each time */
        for (int i = 0; i < 1 + round * 7 % 50; i++)
            if (read(ends[0], &seq, sizeof seq) == sizeof seq) {
                assert_true(seq > highest);
                highest = seq;
            }
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        fixture_open(fixture);
        assert_false(store_start(fixture->store)->clean);
        check_survivors(fixture, ends[0], &highest);
        close(ends[0]);
        int64_t next = fixture_send(fixture, "after");
        assert_true(next > highest);
        highest = next;
    }
    assert_int_equal(fixture_query(fixture, "SELECT count(*) FROM pragma_quick_check WHERE"
                                            " quick_check<>'ok'"),
                     0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_full_disk_refuses_and_comes_back),
        TEST(a_failing_disk_refuses_and_comes_back),
        TEST(a_read_only_disk_refuses_and_comes_back),
        TEST(what_waits_out_a_short_failure_is_stored_once),
        TEST(health_returns_while_nobody_speaks),
        TEST(a_guest_logs_in_while_the_writer_hangs),
        TEST(closing_gives_up_on_a_failing_disk),
        TEST(where_shared_memory_fails_the_journal_is_deleted),
        TEST(where_locks_fail_too_there_are_dot_files),
        TEST(a_damaged_database_is_set_aside),
        TEST(what_is_no_database_is_set_aside),
        TEST(a_restart_on_a_full_disk_works),
        TEST(what_was_acknowledged_survives_a_kill),
    };
    return cmocka_run_group_tests_name("storage.failure", tests, NULL, NULL);
}
