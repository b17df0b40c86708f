/* test_disk.c - what SQLite writes piece by piece goes to the disk together, and is read as it was written. */
#include "storage/disk.h"
#include "tests/storage/flaky.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#define ROWS_OF_TEN_PAGES 10

static char folder[] = "/tmp/hearth-test-disk-XXXXXX";
static char path[sizeof folder + 10];
static struct disk *disk;
static sqlite3 *writer;

static void run(sqlite3 *database, const char *sql)
{
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(database));
}

static int64_t ask(sqlite3 *database, const char *sql)
{
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

static sqlite3 *open_database(void)
{
    sqlite3 *database;
    assert_int_equal(sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, disk_vfs(disk)),
                     SQLITE_OK);
    return database;
}

static void add_rows(int count)
{
    char sql[200];
    snprintf(sql, sizeof sql,
             "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < %d) "
             "INSERT INTO entries(text) SELECT randomblob(900) FROM number", count);
    run(writer, sql);
}

static int begin(void **state)
{
    (void)state;
    flaky_install();
    snprintf(folder, sizeof folder, "/tmp/hearth-test-disk-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/chat.db", folder);
    disk = disk_open("unix-excl");
    writer = open_database();
    run(writer, "PRAGMA page_size = 1024; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                "PRAGMA wal_autocheckpoint = 0; CREATE TABLE entries(id INTEGER PRIMARY KEY, text BLOB)");
    return 0;
}

static int end(void **state)
{
    (void)state;
    sqlite3_close(writer);
    disk_close(disk);
    flaky_remove();
    unlink(path);
    rmdir(folder);
    return 0;
}

static void a_transaction_is_one_write(void **state)
{
    int before = flaky_writes();
    add_rows(ROWS_OF_TEN_PAGES);
    assert_int_equal(flaky_writes() - before, 1);
    add_rows(1);
    assert_int_equal(flaky_writes() - before, 2);
    (void)state;
}

static void one_that_is_larger_than_what_is_held_is_few(void **state)
{
    int before = flaky_writes();
    add_rows(20 * ROWS_OF_TEN_PAGES);
    assert_in_range(flaky_writes() - before, 2, 25);
    assert_int_equal(ask(writer, "SELECT count(*) FROM entries"), 20 * ROWS_OF_TEN_PAGES);
    (void)state;
}

static void others_read_what_was_committed(void **state)
{
    sqlite3 *reader = open_database();
    for (int i = 1; i <= 40; i++) {
        add_rows(i);
        assert_int_equal(ask(reader, "SELECT count(*) FROM entries"), i * (i + 1) / 2);
        assert_int_equal(ask(reader, "SELECT count(DISTINCT text) FROM entries"), i * (i + 1) / 2);
    }
    sqlite3_close(reader);
    (void)state;
}

/* Pages that no longer fit the cache go to the WAL before the commit, are read back, and are written again. */
static void what_is_taken_back_leaves_nothing(void **state)
{
    run(writer, "PRAGMA cache_size = 5");
    add_rows(30);
    for (int i = 0; i < 5; i++) {
        run(writer, "BEGIN");
        add_rows(100);
        run(writer, "UPDATE entries SET text = randomblob(800)");
        run(writer, i % 2 ? "ROLLBACK" : "COMMIT");
    }
    assert_int_equal(ask(writer, "SELECT count(*) FROM entries"), 330);
    sqlite3 *reader = open_database();
    assert_int_equal(ask(reader, "SELECT count(DISTINCT text) FROM entries WHERE length(text) = 800"), 330);
    assert_int_equal(ask(reader, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
    run(writer, "PRAGMA wal_checkpoint");
    add_rows(1);
    assert_int_equal(ask(reader, "SELECT count(*) FROM entries"), 331);
    sqlite3_close(reader);
    (void)state;
}

static void a_write_that_fails_commits_nothing(void **state)
{
    add_rows(3);
    flaky_fail_writes(SQLITE_FULL);
    assert_int_not_equal(sqlite3_exec(writer, "INSERT INTO entries(text) VALUES(randomblob(5000))", NULL, NULL, NULL),
                         SQLITE_OK);
    flaky_fail_writes(SQLITE_OK);
    assert_int_equal(ask(writer, "SELECT count(*) FROM entries"), 3);
    add_rows(4);
    assert_int_equal(ask(writer, "SELECT count(*) FROM entries"), 7);
    (void)state;
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_transaction_is_one_write),
        TEST(one_that_is_larger_than_what_is_held_is_few),
        TEST(others_read_what_was_committed),
        TEST(what_is_taken_back_leaves_nothing),
        TEST(a_write_that_fails_commits_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
