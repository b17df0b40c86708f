/* Lets every single operation on the disk fail in turn, and cuts the power there, while files are uploaded, said, deleted,
 * swept, backed up and put back: no row is left without its bytes, no bytes without a row once one sweep has gone by,
 * and nothing that was acknowledged is lost. By default only some of the points are tried; with HEARTH_LONG_TESTS
 * in the environment all of them, and power cuts with several seeds. */
#include "tests/storage/file_life.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "storage/transfer_file.h"

#define STREAM_MAX (1 << 20)

/* A backup, as it came out. */
static unsigned char stream[STREAM_MAX];
static int64_t stream_bytes;
static bool is_restored; /* putting it back was acknowledged */

/* --- uploads, deletions, sweeps ----------------------------------------------------------------- */

static bool live_with_files(struct fault_world *world)
{
    return fault_open_patiently(world) && file_life_upload(world, 0) && file_life_upload(world, 1) &&
           file_life_say(world, 0, 1) && file_life_upload(world, 0) && file_life_say(world, 2, -1) &&
           file_life_forget_half(world) && file_life_delete(world, 0, 1) && file_life_sweep(world) &&
           file_life_upload(world, 4) && file_life_say(world, 4, -1) && file_life_remove(world, 2) &&
           file_life_upload(world, 0) && file_life_sweep(world) && file_life_say(world, 5, -1);
}

/* The same bytes go and come, over a stop. */
static bool live_twice(struct fault_world *world)
{
    if (!fault_open_patiently(world) || !file_life_upload(world, 0) || !file_life_say(world, 0, -1) ||
        !file_life_remove(world, 0))
        return false;
    file_life_stop(world);
    return fault_open_patiently(world) && file_life_upload(world, 0) && file_life_sweep(world) &&
           file_life_say(world, 1, -1) && file_life_upload(world, 2) && file_life_say(world, 2, -1) &&
           file_life_purge(world, 1) && file_life_sweep(world);
}

/* --- backups ------------------------------------------------------------------------------------ */

static bool move_piece(struct fault_world *world, struct transfer_file *transfer, struct database *reader,
                       enum transfer_step what, int64_t at)
{
    struct job *job = job_create(JOB_TRANSFER);
    job->transfer = (struct job_transfer){.step = what, .overwrite = true, .bytes = stream_bytes, .at = at};
    job->transfer.length = stream_bytes - at < 8192 ? (size_t)(stream_bytes - at) : 8192;
    job->transfer.piece = job_memory(job, 8192);
    memcpy(job->transfer.piece, stream + at, job->transfer.length);
    transfer_file_run(transfer, reader, world->scratch.path, job);
    bool ok = job->result == JOB_DONE;
    if (ok && what == TRANSFER_STEP_COPY)
        stream_bytes = job->transfer.bytes;
    if (ok && what == TRANSFER_STEP_READ)
        memcpy(stream + at, job->transfer.piece, job->transfer.length);
    job_destroy(job);
    return ok;
}

static bool move_all(struct fault_world *world, struct database *reader, bool is_out)
{
    struct transfer_file transfer = {0};
    bool ok = move_piece(world, &transfer, reader, is_out ? TRANSFER_STEP_COPY : TRANSFER_STEP_UPLOAD, 0);
    fault_expect(stream_bytes < STREAM_MAX, "the backup is too long for the test");
    for (int64_t at = 0; at < stream_bytes && ok; at += 8192)
        ok = move_piece(world, &transfer, reader, is_out ? TRANSFER_STEP_READ : TRANSFER_STEP_WRITE, at);
    if (ok && !is_out)
        ok = move_piece(world, &transfer, reader, TRANSFER_STEP_TAKE, 0);
    transfer_file_end(&transfer, world->scratch.path);
    return ok;
}

static bool move_patiently(struct fault_world *world, bool is_out)
{
    struct database reader = {.handle = NULL};
    struct database_options options = {.path = world->scratch.path,
                                       .vfs = disk_vfs(world->start.disk),
                                       .read_only = true,
                                       .cache_bytes = 1 << 18};
    bool ok = false;
    for (int i = 0; i < FAULT_TRIES_MAX && !ok; i++)
        ok = (reader.handle || database_open(&reader, &options)) && move_all(world, &reader, is_out);
    database_close(&reader);
    return ok;
}

static bool live_with_backup(struct fault_world *world)
{
    stream_bytes = 0;
    bool ok = fault_open_patiently(world) && file_life_upload(world, 0) && file_life_say(world, 0, -1) &&
              file_life_upload(world, 1) && file_life_say(world, 1, -1) && move_patiently(world, true);
    if (!ok)
        stream_bytes = 0;
    return ok;
}

/* Whatever failed meanwhile, the backup that came out has all that was said. */
static void check_backup(struct fault_world *world)
{
    bool is_made = stream_bytes > 0;
    file_life_check(world);
    if (!is_made)
        return;
    file_life.note_count = 2;
    fault_expect_open(world);
    fault_expect(file_life_remove(world, 0) && file_life_remove(world, 1) && file_life_sweep(world),
                 "it cannot be removed");
    for (int i = 0; i < file_life.note_count; i++)
        file_life.notes[i].may_be_gone = file_life.notes[i].is_gone = false;
    fault_expect(move_patiently(world, false), "the backup cannot be put back");
    fault_close(world);
    file_life_check(world);
}

/* A backup of a world with two files, which is put back in one with two others. */
static int make_stream(void **state)
{
    (void)state;
    struct fault_world world;
    fault_make(&world);
    file_life_make(&world);
    fault_begin(&(struct fault_plan){.fault = FAULT_NONE});
    assert_true(live_with_backup(&world));
    fault_close(&world);
    fault_unmake(&world);
    return 0;
}

static void make_another(struct fault_world *world)
{
    is_restored = false;
    file_life_make(world);
    file_life.note_count = 10;
    assert_true(fault_open(world) && file_life_upload(world, 10) && file_life_say(world, 10, -1) &&
                file_life_upload(world, 1) && file_life_say(world, 11, -1));
    fault_close(world);
    for (int i = 0; i < 2; i++)
        file_life.notes[i] = (struct file_note){.content = i, .may_be_gone = true};
}

static bool live_with_restore(struct fault_world *world)
{
    if (!fault_open_patiently(world) || !move_patiently(world, false))
        return false;
    is_restored = true;
    fault_close(world);
    return fault_open_patiently(world);
}

/* Either all is as it was, or all is as it was when the backup was made. */
static void check_restored(struct fault_world *world)
{
    file_life_stop(world);
    fault_expect_open(world);
    bool is_old = fault_ask(world, "SELECT count(*) FROM files WHERE code='%032d'", 10) == 1;
    fault_expect(!is_old || !is_restored, "a backup that was taken is not put in place");
    fault_close(world);
    for (int i = 0; i < 2; i++)
        file_life.notes[i] = (struct file_note){
            .content = i, .is_added = !is_old, .is_gone = is_old, .may_be_gone = is_old};
    for (int i = 10; i < 12; i++)
        file_life.notes[i].is_gone = file_life.notes[i].may_be_gone = !is_old;
    file_life_check(world);
}

/* --- tests -------------------------------------------------------------------------------------- */

static void walk(fault_life *life, void (*make)(struct fault_world *), void (*check)(struct fault_world *),
                 struct fault_plan plan, int points)
{
    const struct fault_subject subject = {.make = make, .check = check, .long_seeds = 4};
    fault_walk(&subject, life, plan, points);
}

static void a_power_cut_anywhere_leaves_rows_and_bytes_together(void **state)
{
    (void)state;
    walk(live_with_files, file_life_make, file_life_check, (struct fault_plan){.fault = FAULT_POWER}, 10);
    walk(live_twice, file_life_make, file_life_check, (struct fault_plan){.fault = FAULT_POWER}, 6);
}

static void any_operation_may_fail_once(void **state)
{
    (void)state;
    static const enum fault faults[] = {FAULT_FULL, FAULT_IO, FAULT_SHORT};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        walk(live_with_files, file_life_make, file_life_check, (struct fault_plan){.fault = faults[i], .count = 1}, 4);
    walk(live_twice, file_life_make, file_life_check, (struct fault_plan){.fault = FAULT_IO, .count = 3}, 4);
}

static void a_sync_that_lost_what_it_should_keep_takes_no_file(void **state)
{
    (void)state;
    walk(live_with_files, file_life_make, file_life_check, (struct fault_plan){.fault = FAULT_SYNC_LOST, .count = 1}, 6);
}

static void a_backup_that_comes_out_has_every_file(void **state)
{
    (void)state;
    walk(live_with_backup, file_life_make, check_backup, (struct fault_plan){.fault = FAULT_IO, .count = 1}, 5);
    walk(live_with_backup, file_life_make, check_backup, (struct fault_plan){.fault = FAULT_POWER}, 3);
}

static void what_is_put_back_is_all_there_or_not_at_all(void **state)
{
    (void)state;
    walk(live_with_restore, make_another, check_restored, (struct fault_plan){.fault = FAULT_POWER}, 12);
    walk(live_with_restore, make_another, check_restored, (struct fault_plan){.fault = FAULT_FULL, .count = 1}, 3);
    walk(live_with_restore, make_another, check_restored, (struct fault_plan){.fault = FAULT_IO, .count = 1}, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_power_cut_anywhere_leaves_rows_and_bytes_together),
        cmocka_unit_test(any_operation_may_fail_once),
        cmocka_unit_test(a_sync_that_lost_what_it_should_keep_takes_no_file),
        cmocka_unit_test(a_backup_that_comes_out_has_every_file),
        cmocka_unit_test_setup(what_is_put_back_is_all_there_or_not_at_all, make_stream),
    };
    fault_install();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    fault_remove();
    return failed;
}
