/* Lets every single operation on the disk fail in turn while a short life of a store is played, and
 * checks the contract each time: what was acknowledged is there exactly once, no seq is used twice,
 * and the database opens again. By default only some of the points are tried; with
 * HEARTH_LONG_TESTS in the environment all of them (of the index many), and power cuts with several
 * seeds. */
#include "tests/storage/fault_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "storage/backup.h"
#include "storage/disk.h"
#include "storage/messages.h"
#include "storage/retention.h"
#include "storage/search/search.h"
#include "storage/start.h"
#include "storage/writer.h"

#define NOTES_MAX  700
#define LONG_TIMES INT64_C(20) /* more points in a long run: all there are, in short lives */
#define NOW        INT64_C(1900000000000)

/* What is known of one message. */
struct note {
    int64_t seq;
    bool acknowledged;
    bool may_be_gone;  /* pruning it was tried */
    bool may_be_blank; /* deleting it was tried */
};

/* What was said in the life that is being played. */
static struct {
    struct note notes[NOTES_MAX];
    size_t note_count;
    int64_t seq_max;
} said;

static void forget(struct fault_world *world)
{
    (void)world;
    memset(&said, 0, sizeof said);
}

static void text_of(size_t number, char text[32])
{
    snprintf(text, 32, "message number %d.", (int)number);
}

static bool commit(struct fault_world *world, struct job *jobs)
{
    for (int i = 0; i < FAULT_TRIES_MAX; i++)
        if (writer_commit(&world->writer, jobs))
            return true;
    return false;
}

static void destroy_all(struct job *jobs)
{
    while (jobs) {
        struct job *next = jobs->next;
        job_destroy(jobs);
        jobs = next;
    }
}

static struct job *new_job(enum job_kind kind)
{
    struct job *job = job_create(kind);
    assert_non_null(job);
    return job;
}

static bool make_room(struct fault_world *world)
{
    struct job *job = new_job(JOB_ROOM_CREATE);
    job->room.room.id = 1;
    strcpy(job->room.room.name, "lobby");
    strcpy(job->room.room.folded, "lobby");
    bool ok = commit(world, job);
    job_destroy(job);
    return ok;
}

static struct job *new_entry(enum entry_kind kind, const char *text)
{
    struct job *job = new_job(JOB_APPEND);
    job->append.room_id = 1;
    job->append.at = (struct moment){.wall_ms = NOW, .monotonic_ms = 1, .elapsed_ms = 1};
    job->append.entry =
        (struct entry){.kind = kind, .user_id = 7, .from = "mina", .text = job_text(job, text)};
    return job;
}

/* Says count messages in one transaction. */
static bool say(struct fault_world *world, size_t count)
{
    struct job *jobs = NULL, **end = &jobs;
    size_t first = said.note_count;
    for (size_t i = 0; i < count; i++) {
        char text[32], nonce[16];
        text_of(said.note_count, text);
        snprintf(nonce, sizeof nonce, "n%d", (int)said.note_count++);
        *end = new_entry(ENTRY_KIND_MESSAGE, text);
        (*end)->append.entry.nonce = job_text(*end, nonce);
        end = &(*end)->next;
    }
    bool ok = commit(world, jobs);
    for (struct job *job = jobs; ok && job; job = job->next, first++) {
        assert_int_equal(job->result, JOB_DONE);
        fault_expect(job->append.entry.seq > said.seq_max, "a seq is used twice");
        said.seq_max = job->append.entry.seq;
        said.notes[first].seq = said.seq_max;
        said.notes[first].acknowledged = true;
    }
    destroy_all(jobs);
    return ok;
}

static bool change(struct fault_world *world, enum entry_kind kind, size_t target)
{
    struct job *job = new_entry(kind, kind == ENTRY_KIND_EDIT ? "edited" : NULL);
    job->append.entry.target = said.notes[target].seq;
    job->append.entry.emoji = kind == ENTRY_KIND_REACTION ? "+1" : NULL;
    job->append.entry.on = true;
    said.notes[target].may_be_blank |= kind == ENTRY_KIND_DELETE;
    bool ok = commit(world, job);
    if (ok) {
        assert_int_equal(job->result, JOB_DONE);
        assert_true(job->append.entry.seq > said.seq_max);
        said.seq_max = job->append.entry.seq;
    }
    job_destroy(job);
    return ok;
}

static bool scrub(struct fault_world *world)
{
    for (int i = 0; i < FAULT_TRIES_MAX; i++)
        if (writer_truncate_wal(&world->writer))
            return true;
    return false;
}

/* Keeps the newest entries only. */
static bool prune(struct fault_world *world, int64_t keep)
{
    struct store_options options = world->options;
    options.retention_entries = keep;
    for (size_t i = 0; i < said.note_count; i++)
        said.notes[i].may_be_gone |= said.notes[i].seq <= said.seq_max - keep;
    for (int i = 0, failed = 0; failed < FAULT_TRIES_MAX && i < 100; i++) {
        struct job *notice = NULL;
        enum retention_result result = retention_step(&world->writer, &options, 3, &notice);
        job_destroy(notice);
        if (result == RETENTION_DONE)
            return true;
        failed += result == RETENTION_FAILED;
    }
    return false;
}

static bool live_shortly(struct fault_world *world)
{
    return fault_open_patiently(world) && make_room(world) && say(world, 1) && say(world, 2) &&
           change(world, ENTRY_KIND_EDIT, 0) && change(world, ENTRY_KIND_REACTION, 1) &&
           say(world, 3) && change(world, ENTRY_KIND_DELETE, 1) && scrub(world) && say(world, 12) &&
           prune(world, 8) && say(world, 2) && scrub(world) && say(world, 1);
}

static bool index_block(struct fault_world *world)
{
    struct database *database = &world->writer.database;
    for (int i = 0; i < FAULT_TRIES_MAX; i++) {
        int64_t waiting = 0;
        if (!database_begin(database))
            continue;
        if (search_index(database, &waiting) && database_commit(database))
            return true;
        database_rollback(database);
    }
    return false;
}

static bool live_with_search(struct fault_world *world)
{
    return fault_open_patiently(world) && make_room(world) && say(world, SEARCH_BLOCK_MESSAGES) &&
           index_block(world) && change(world, ENTRY_KIND_EDIT, 3) &&
           change(world, ENTRY_KIND_DELETE, 4) && say(world, 1);
}

/* Stops and starts in between: a clean stop, then one that is not. */
static bool live_twice(struct fault_world *world)
{
    if (!fault_open_patiently(world) || !make_room(world) || !say(world, 3))
        return false;
    for (int i = 0; i < FAULT_TRIES_MAX && !start_mark_clean(&world->writer.database); i++)
        database_rollback(&world->writer.database);
    fault_close(world);
    if (!fault_open_patiently(world) || !say(world, 2))
        return false;
    fault_close(world);
    return fault_open_patiently(world) && say(world, 2);
}

/* Nothing but the first start: the file, its journal mode, the schema. */
static bool live_newborn(struct fault_world *world)
{
    return fault_open_patiently(world) && make_room(world);
}

static int64_t count_copied(const char *path)
{
    struct database copy;
    struct database_options options = {.path = path, .read_only = true, .cache_bytes = 1 << 18};
    int64_t rows = -1;
    if (database_open(&copy, &options) &&
        database_ask(&copy,
                     "SELECT count(*) FROM pragma_integrity_check WHERE"
                     " integrity_check<>'ok'",
                     -1) == 0)
        rows = database_ask(&copy, "SELECT count(*) FROM messages", -1);
    database_close(&copy);
    return rows;
}

static bool back_up(struct database *reader, const char *path)
{
    struct job *job = new_job(JOB_BACKUP);
    job->backup.path = job_text(job, path);
    backup_run(reader, job);
    bool done = job->result == JOB_DONE;
    fault_expect(done == (access(path, F_OK) == 0), "a backup that failed left a file");
    job_destroy(job);
    return done;
}

static bool live_with_backup(struct fault_world *world)
{
    char path[120];
    bool done = false;
    struct database reader = {.handle = NULL};
    snprintf(path, sizeof path, "%s/copy.db", world->scratch.folder);
    if (!fault_open_patiently(world) || !make_room(world) || !say(world, 5))
        return false;
    struct database_options options = {.path = world->scratch.path,
                                       .vfs = disk_vfs(world->start.disk),
                                       .read_only = true,
                                       .cache_bytes = 1 << 18};
    for (int i = 0; i < FAULT_TRIES_MAX && !done; i++)
        done = (reader.handle || database_open(&reader, &options)) && back_up(&reader, path);
    database_close(&reader);
    fault_heal();
    if (done)
        fault_expect(count_copied(path) == 5, "the backup is not whole");
    return done;
}

static void check_note(struct fault_world *world, size_t number)
{
    const struct note *note = &said.notes[number];
    char text[32];
    text_of(number, text);
    int64_t times = fault_ask(world, "SELECT count(*) FROM messages WHERE kind=0 AND text='%s'", text);
    fault_expect(times == 0 || times == 1, "a message is there twice");
    if (!note->acknowledged || note->may_be_gone)
        return;
    fault_expect(note->may_be_blank || times == 1, "an acknowledged text is lost");
    fault_expect(
        fault_ask(world, "SELECT count(*) FROM messages WHERE id=%" PRId64, row_id(1, note->seq)) == 1,
        "an acknowledged seq is lost");
}

/* The contract, on a disk that works again. */
static void check_world(struct fault_world *world)
{
    fault_expect_open(world);
    fault_expect(world->start.found.damaged[0] == '\0', "it is taken for damaged");
    bool has_room = fault_ask(world, "SELECT count(*) FROM rooms") == 1;
    for (size_t i = 0; i < said.note_count; i++)
        check_note(world, i);
    fault_expect(has_room || said.seq_max == 0, "the room is lost");
    fault_expect(has_room || make_room(world), "it takes no room");
    fault_expect(say(world, 1), "it takes no message"); /* and its seq is beyond all others */
    fault_expect(fault_ask(world, "SELECT count(*) FROM pragma_integrity_check WHERE"
                            " integrity_check<>'ok'") == 0,
                 "it is not whole");
    fault_close(world);
}

static void walk(fault_life *life, struct fault_plan plan, int points)
{
    static const struct fault_subject subject = {
        .make = forget, .check = check_world, .long_times = LONG_TIMES, .long_seeds = 4};
    fault_walk(&subject, life, plan, points);
}

static void nothing_is_lost_when_any_operation_fails_once(void **state)
{
    (void)state;
    static const enum fault faults[] = {FAULT_FULL, FAULT_IO, FAULT_SHORT};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        walk(live_shortly, (struct fault_plan){.fault = faults[i], .count = 1}, 25);
}

static void nothing_is_lost_when_the_disk_fails_for_a_while(void **state)
{
    (void)state;
    walk(live_shortly, (struct fault_plan){.fault = FAULT_FULL, .count = 4}, 15);
    walk(live_twice, (struct fault_plan){.fault = FAULT_IO, .count = 3}, 15);
}

static void nothing_is_lost_without_a_wal_either(void **state)
{
    (void)state;
    walk(live_shortly, (struct fault_plan){.fault = FAULT_IO, .count = 1, .no_wal = true}, 15);
    walk(live_shortly, (struct fault_plan){.fault = FAULT_FULL, .count = 1, .no_wal = true}, 15);
}

static void a_first_start_that_is_cut_short_is_made_up_for(void **state)
{
    (void)state;
    walk(live_newborn, (struct fault_plan){.fault = FAULT_POWER}, 25);
    walk(live_newborn, (struct fault_plan){.fault = FAULT_IO, .count = 1}, 25);
    walk(live_newborn, (struct fault_plan){.fault = FAULT_POWER, .no_wal = true}, 25);
}

static void a_backup_is_whole_or_not_there(void **state)
{
    (void)state;
    walk(live_with_backup, (struct fault_plan){.fault = FAULT_FULL, .count = 1}, 25);
    walk(live_with_backup, (struct fault_plan){.fault = FAULT_IO, .count = 1}, 25);
}

static void the_index_survives_failures(void **state)
{
    (void)state;
    walk(live_with_search, (struct fault_plan){.fault = FAULT_FULL, .count = 1}, 10);
    walk(live_with_search, (struct fault_plan){.fault = FAULT_POWER}, 10);
}

static void a_power_cut_anywhere_takes_nothing_acknowledged(void **state)
{
    (void)state;
    walk(live_shortly, (struct fault_plan){.fault = FAULT_POWER}, 50);
    walk(live_twice, (struct fault_plan){.fault = FAULT_POWER}, 25);
}

static void a_power_cut_without_a_wal_takes_nothing_acknowledged(void **state)
{
    (void)state;
    walk(live_shortly, (struct fault_plan){.fault = FAULT_POWER, .no_wal = true}, 50);
}

static void a_sync_that_lost_what_it_should_keep_takes_nothing_acknowledged(void **state)
{
    (void)state;
    walk(live_shortly, (struct fault_plan){.fault = FAULT_SYNC_LOST, .count = 1}, 50);
    walk(live_twice, (struct fault_plan){.fault = FAULT_SYNC_LOST, .count = 2}, 25);
}

/* A frame of the WAL is 24 bytes and a page of 1,024. */
static void a_page_reaches_the_wal_in_one_write(void **state)
{
    (void)state;
    struct fault_world world;
    fault_make(&world);
    fault_begin(&(struct fault_plan){.fault = FAULT_NONE});
    fault_expect_open(&world);
    forget(&world);
    assert_true(make_room(&world) && say(&world, 1));
    int64_t operations = fault_operations(), bytes = disk_written_bytes(world.start.disk);
    for (int i = 0; i < 20; i++)
        assert_true(say(&world, 5));
    operations = fault_operations() - operations;
    bytes = disk_written_bytes(world.start.disk) - bytes;
    assert_true(bytes >= 20 * 1048 && bytes % 1048 == 0);
    assert_in_range(operations, bytes / 1048, bytes / 1048 + 20 + 5); /* and a sync a transaction */
    fault_close(&world);
    fault_unmake(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_when_any_operation_fails_once),
        cmocka_unit_test(nothing_is_lost_when_the_disk_fails_for_a_while),
        cmocka_unit_test(nothing_is_lost_without_a_wal_either),
        cmocka_unit_test(a_first_start_that_is_cut_short_is_made_up_for),
        cmocka_unit_test(a_backup_is_whole_or_not_there),
        cmocka_unit_test(the_index_survives_failures),
        cmocka_unit_test(a_power_cut_anywhere_takes_nothing_acknowledged),
        cmocka_unit_test(a_power_cut_without_a_wal_takes_nothing_acknowledged),
        cmocka_unit_test(a_sync_that_lost_what_it_should_keep_takes_nothing_acknowledged),
        cmocka_unit_test(a_page_reaches_the_wal_in_one_write),
    };
    fault_install();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    fault_remove();
    return failed;
}
