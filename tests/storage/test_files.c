/* Rows of files and the bytes beside the database: the bounds, and that neither stays without the other. */
#include "storage/files/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "storage/files/folder.h"
#include "storage/files/intake.h"
#include "tests/storage/writer_bench.h"

#define DEN       2
#define NOBODY    0
#define HOUR_MS   INT64_C(3600000)
#define UNBOUNDED ((struct file_limits){INT64_MAX / 2, INT64_MAX / 2, INT64_MAX / 2})

static const struct file_limits bounds = {.user_bytes = 100, .room_bytes = 150, .disk_bytes = 200};

static void name_bytes(int number, uint8_t hash[HASH_BYTES])
{
    memset(hash, 0, HASH_BYTES);
    memcpy(hash, &number, sizeof number);
}

/* Bytes without a row. */
static void make_bytes(struct bench *bench, int number)
{
    uint8_t hash[HASH_BYTES];
    int fd = folder_make_part(bench->fixture.path, (uint32_t)number, &(bool){false});
    assert_true(fd >= 0);
    close(fd);
    name_bytes(number, hash);
    assert_true(folder_take(bench->fixture.path, (uint32_t)number, hash));
}

static bool has_bytes(struct bench *bench, int number)
{
    uint8_t hash[HASH_BYTES];
    name_bytes(number, hash);
    return folder_has(bench->fixture.path, hash);
}

static void drop_bytes(struct bench *bench, int number)
{
    uint8_t hash[HASH_BYTES];
    name_bytes(number, hash);
    folder_drop(bench->fixture.path, hash);
}

static int count_bytes(struct bench *bench)
{
    char folder[FOLDER_PATH_BYTES];
    const struct dirent *entry;
    int count = 0;
    folder_name(bench->fixture.path, folder);
    DIR *all = opendir(folder);
    while (all && (entry = readdir(all)))
        count += entry->d_name[0] != '.';
    if (all)
        closedir(all);
    return count;
}

static struct job *make_job(enum job_kind kind, int number)
{
    struct job *job = job_create(kind);
    snprintf(job->file.file.id, sizeof job->file.file.id, "%032d", number);
    return job;
}

static struct job *make_add(int number, int bytes, int64_t user_id, int64_t room_id, int64_t size)
{
    struct job *job = make_job(JOB_FILE_ADD, number);
    name_bytes(bytes, job->file.file.hash);
    job->file.file.user_id = user_id;
    job->file.file.room_id = room_id;
    job->file.file.size = size;
    job->file.file.name = "x";
    job->file.file.type = "application/octet-stream";
    job->file.upload = (uint32_t)bytes;
    job->file.limits = UNBOUNDED;
    return job;
}

static void add(struct bench *bench, int number, int bytes)
{
    struct job *job = make_add(number, bytes, MINA, LOBBY, 1);
    assert_true(writer_commit(&bench->writer, job));
    assert_int_equal(fixture_result(job), JOB_DONE);
}

/* Which bound a file of this size meets: asked for, and when it is added. */
static enum file_quota met(struct bench *bench, int64_t user_id, int64_t room_id, int64_t size)
{
    static int number;
    number++;
    struct job *job = make_add(number, number, user_id, room_id, size);
    make_bytes(bench, number);
    job->file.limits = bounds;
    assert_true(files_room(&bench->writer.database, bench->fixture.path, job));
    enum file_quota before = job->file.quota;
    assert_int_equal(job->result, before ? JOB_FILES_FULL : JOB_DONE);
    assert_true(writer_commit(&bench->writer, job));
    assert_int_equal(job->result, before ? JOB_FILES_FULL : JOB_DONE);
    assert_int_equal(job->file.quota, before);
    job_destroy(job);
    return before;
}

static bool is_gone(struct bench *bench, int number)
{
    struct job *job = make_job(JOB_FILE_FIND, number);
    assert_true(files_find(&bench->writer.database, job));
    assert_int_equal(job->result, JOB_DONE);
    bool gone = job->file.file.gone;
    job_destroy(job);
    return gone;
}

static void remove_file(struct bench *bench, int number, enum job_result expected)
{
    struct job *job = make_job(JOB_FILE_REMOVE, number);
    assert_true(writer_commit(&bench->writer, job));
    assert_int_equal(fixture_result(job), expected);
}

static int64_t number_of(struct bench *bench, const char *sql)
{
    int64_t number;
    struct database *database = &bench->writer.database;
    assert_true(database_number(database, database_prepare(database, sql), -1, &number));
    return number;
}

/* All that is due by now; gives the number of steps. */
static int sweep(struct bench *bench, int64_t now_ms)
{
    bool any = true;
    int steps = 0;
    for (; any; steps++)
        assert_true(sweep_step(&bench->writer, now_ms, &any));
    return steps;
}

static void sweep_what_was_let_go(struct bench *bench)
{
    bool any = true;
    while (any)
        assert_true(sweep_dropped(&bench->writer, &any));
}

/* --- bounds ------------------------------------------------------------------------------------- */

static void each_bound_is_met_one_byte_beyond_it(void **state)
{
    struct bench *bench = *state;
    bench_make_room(bench, LOBBY, "lobby");
    bench_make_room(bench, DEN, "den");
    assert_int_equal(met(bench, MINA, LOBBY, 101), FILE_QUOTA_USER);
    assert_int_equal(met(bench, MINA, LOBBY, 60), FILE_QUOTA_NONE);
    assert_int_equal(met(bench, MINA, DEN, 41), FILE_QUOTA_USER);
    assert_int_equal(met(bench, MINA, LOBBY, 40), FILE_QUOTA_NONE);
    assert_int_equal(met(bench, JUN, LOBBY, 51), FILE_QUOTA_ROOM);
    assert_int_equal(met(bench, JUN, LOBBY, 50), FILE_QUOTA_NONE);
    assert_int_equal(met(bench, NOBODY, LOBBY, 1), FILE_QUOTA_ROOM);
    assert_int_equal(met(bench, NOBODY, DEN, 51), FILE_QUOTA_DISK);
    assert_int_equal(met(bench, JUN, DEN, 50), FILE_QUOTA_NONE);
    assert_int_equal(met(bench, NOBODY, DEN, 1), FILE_QUOTA_DISK);
    assert_int_equal(number_of(bench, "SELECT sum(size) FROM files"), 200);
}

static void who_is_no_user_has_no_bound_of_a_user(void **state)
{
    struct bench *bench = *state;
    bench_make_room(bench, LOBBY, "lobby");
    assert_int_equal(met(bench, NOBODY, LOBBY, 150), FILE_QUOTA_NONE);
}

static void what_is_gone_takes_no_place(void **state)
{
    struct bench *bench = *state;
    bench_make_room(bench, LOBBY, "lobby");
    make_bytes(bench, 1000);
    struct job *job = make_add(1000, 1000, MINA, LOBBY, 100);
    assert_true(writer_commit(&bench->writer, job));
    assert_int_equal(fixture_result(job), JOB_DONE);
    assert_int_equal(met(bench, MINA, LOBBY, 1), FILE_QUOTA_USER);
    remove_file(bench, 1000, JOB_DONE);
    assert_int_equal(met(bench, MINA, LOBBY, 100), FILE_QUOTA_NONE);
}

static void a_room_that_is_not_there_takes_no_file(void **state)
{
    struct bench *bench = *state;
    struct job *job = make_add(1, 1, MINA, LOBBY, 1);
    assert_true(writer_commit(&bench->writer, job));
    assert_int_equal(fixture_result(job), JOB_ROOM_MISSING);
    assert_int_equal(number_of(bench, "SELECT count(*) FROM files"), 0);
    remove_file(bench, 1, JOB_FILE_MISSING);
}

/* --- rows and bytes ----------------------------------------------------------------------------- */

static void the_same_bytes_go_with_the_last_that_has_them(void **state)
{
    struct bench *bench = *state;
    bench_make_room(bench, LOBBY, "lobby");
    make_bytes(bench, 1);
    add(bench, 1, 1);
    add(bench, 2, 1);
    remove_file(bench, 1, JOB_DONE);
    sweep_what_was_let_go(bench);
    assert_true(is_gone(bench, 1) && !is_gone(bench, 2) && has_bytes(bench, 1));
    remove_file(bench, 2, JOB_DONE);
    assert_true(has_bytes(bench, 1)); /* until that is on the disk */
    add(bench, 3, 1);
    sweep_what_was_let_go(bench);
    assert_true(has_bytes(bench, 1)); /* it has come again meanwhile */
    remove_file(bench, 3, JOB_DONE);
    sweep_what_was_let_go(bench);
    assert_false(has_bytes(bench, 1));
}

static void a_sweep_leaves_no_row_without_bytes_and_no_bytes_without_a_row(void **state)
{
    enum { FILES = 200 }; /* several steps */
    struct bench *bench = *state;
    bench_make_room(bench, LOBBY, "lobby");
    for (int i = 1; i <= FILES; i++) {
        make_bytes(bench, i);
        make_bytes(bench, FILES + i);
        add(bench, i, i);
        if (i % 2 == 0)
            drop_bytes(bench, i);
    }
    assert_true(sweep(bench, 0) > 4);
    for (int i = 1; i <= FILES; i++) {
        assert_int_equal(is_gone(bench, i), i % 2 == 0);
        assert_int_equal(has_bytes(bench, i), i % 2 == 1);
        assert_false(has_bytes(bench, FILES + i));
    }
}

static void a_folder_that_is_away_takes_nothing_along(void **state)
{
    struct bench *bench = *state;
    char folder[FOLDER_PATH_BYTES], away[FOLDER_PATH_BYTES + 8];
    bench_make_room(bench, LOBBY, "lobby");
    make_bytes(bench, 1);
    add(bench, 1, 1);
    folder_name(bench->fixture.path, folder);
    snprintf(away, sizeof away, "%s-away", folder);
    assert_int_equal(rename(folder, away), 0);
    sweep(bench, 0);
    assert_int_equal(mkdir(folder, 0700), 0); /* where it is to be mounted */
    sweep(bench, 6 * HOUR_MS);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(rename(away, folder), 0);
    sweep(bench, 12 * HOUR_MS);
    assert_true(!is_gone(bench, 1) && has_bytes(bench, 1));
}

static void bytes_without_a_row_stay_while_a_damaged_database_lies_beside(void **state)
{
    struct bench *bench = *state;
    char aside[FOLDER_PATH_BYTES];
    make_bytes(bench, 1);
    snprintf(aside, sizeof aside, "%s.damaged-2026-01-01", bench->fixture.path);
    fclose(fopen(aside, "w"));
    sweep(bench, 0);
    assert_true(has_bytes(bench, 1));
    assert_int_equal(unlink(aside), 0);
    sweep(bench, 6 * HOUR_MS);
    assert_false(has_bytes(bench, 1));
}

static void a_sweep_leaves_what_is_still_coming_and_comes_every_six_hours(void **state)
{
    struct bench *bench = *state;
    int fd = folder_make_part(bench->fixture.path, 77, &(bool){false});
    assert_true(fd >= 0);
    close(fd);
    sweep(bench, 1000);
    make_bytes(bench, 1);
    sweep(bench, 1000 + 6 * HOUR_MS - 1);
    assert_true(has_bytes(bench, 1));
    sweep(bench, 1000 + 6 * HOUR_MS);
    assert_false(has_bytes(bench, 1));
    assert_int_equal(count_bytes(bench), 1);
    folder_begin(bench->fixture.path);
    assert_int_equal(count_bytes(bench), 0);
}

static void what_nobody_has_said_goes_after_an_hour(void **state)
{
    struct bench *bench = *state;
    bool any;
    bench_make_room(bench, LOBBY, "lobby");
    make_bytes(bench, 1);
    add(bench, 1, 1); /* at 0 */
    bench->writer.now.elapsed_ms = HOUR_MS;
    assert_true(files_expire(&bench->writer, &bench->fixture.options, &any));
    assert_false(any);
    bench->writer.now.elapsed_ms++;
    assert_true(files_expire(&bench->writer, &bench->fixture.options, &any));
    assert_true(any);
    sweep_what_was_let_go(bench);
    assert_int_equal(number_of(bench, "SELECT count(*) FROM files"), 0);
    assert_false(has_bytes(bench, 1));
}

/* --- on the way in ------------------------------------------------------------------------------ */

static struct job *make_step(enum file_step step, int64_t at, const char *bytes, size_t length)
{
    struct job *job = job_create(JOB_FILE_STEP);
    job->file_step.step = step;
    job->file_step.upload = 5;
    job->file_step.at = at;
    job->file_step.length = length;
    job->file_step.piece = job_memory(job, length + 1);
    memcpy(job->file_step.piece, bytes, length);
    return job;
}

static enum job_result run_step(struct bench *bench, struct intakes *intakes, struct job *job)
{
    intakes_run(intakes, bench->fixture.path, job);
    return fixture_result(job);
}

static void pieces_become_bytes_that_are_called_by_their_sum(void **state)
{
    struct bench *bench = *state;
    struct intakes intakes = {0};
    uint8_t hash[HASH_BYTES];
    assert_int_equal(run_step(bench, &intakes, make_step(FILE_STEP_WRITE, 0, "hea", 3)), JOB_DONE);
    assert_int_equal(run_step(bench, &intakes, make_step(FILE_STEP_WRITE, 3, "rth", 3)), JOB_DONE);
    struct job *job = make_step(FILE_STEP_FINISH, 6, "", 0);
    intakes_run(&intakes, bench->fixture.path, job);
    assert_int_equal(job->result, JOB_DONE);
    assert_true(hash_text("hearth", hash));
    assert_memory_equal(job->file_step.hash, hash, HASH_BYTES);
    assert_int_equal(job->file_step.size, 6);
    assert_string_equal(job->file_step.type, "application/octet-stream");
    job_destroy(job);
    assert_int_equal(count_bytes(bench), 1);
    assert_int_equal(run_step(bench, &intakes, make_step(FILE_STEP_FORGET, 0, "", 0)), JOB_DONE);
    assert_int_equal(count_bytes(bench), 0); /* it was not named */
    intakes_end(&intakes, bench->fixture.path);
}

static void of_what_is_refused_unwanted_or_unfinished_nothing_is_left(void **state)
{
    struct bench *bench = *state;
    struct intakes intakes = {0};
    struct job *job = make_step(FILE_STEP_WRITE, 0, "\xff\xd8\xff", 3);
    assert_int_equal(run_step(bench, &intakes, job), JOB_DONE);
    job = make_step(FILE_STEP_FINISH, 3, "", 0);
    intakes_run(&intakes, bench->fixture.path, job);
    assert_int_equal(job->result, JOB_REFUSED);
    assert_string_equal(job->file_step.field, "body");
    assert_true(job->why[0] != '\0');
    job_destroy(job);
    assert_int_equal(count_bytes(bench), 0);
    assert_int_equal(run_step(bench, &intakes, make_step(FILE_STEP_WRITE, 3, "x", 1)), JOB_FILE_MISSING);
    assert_int_equal(run_step(bench, &intakes, make_step(FILE_STEP_FINISH, 3, "", 0)), JOB_FILE_MISSING);
    for (int is_end = 0; is_end <= 1; is_end++) {
        assert_int_equal(run_step(bench, &intakes, make_step(FILE_STEP_WRITE, 0, "x", 1)), JOB_DONE);
        assert_int_equal(count_bytes(bench), 1);
        if (is_end)
            intakes_end(&intakes, bench->fixture.path);
        else
            run_step(bench, &intakes, make_step(FILE_STEP_FORGET, 0, "", 0));
        assert_int_equal(count_bytes(bench), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(each_bound_is_met_one_byte_beyond_it),
        BENCH_TEST(who_is_no_user_has_no_bound_of_a_user),
        BENCH_TEST(what_is_gone_takes_no_place),
        BENCH_TEST(a_room_that_is_not_there_takes_no_file),
        BENCH_TEST(the_same_bytes_go_with_the_last_that_has_them),
        BENCH_TEST(a_sweep_leaves_no_row_without_bytes_and_no_bytes_without_a_row),
        BENCH_TEST(a_folder_that_is_away_takes_nothing_along),
        BENCH_TEST(bytes_without_a_row_stay_while_a_damaged_database_lies_beside),
        BENCH_TEST(a_sweep_leaves_what_is_still_coming_and_comes_every_six_hours),
        BENCH_TEST(what_nobody_has_said_goes_after_an_hour),
        BENCH_TEST(pieces_become_bytes_that_are_called_by_their_sum),
        BENCH_TEST(of_what_is_refused_unwanted_or_unfinished_nothing_is_left),
    };
    return cmocka_run_group_tests_name("storage.files", tests, NULL, NULL);
}
