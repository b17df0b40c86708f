/* Lets every single operation on the disk fail in turn while a short life of a store is played, and
 * checks the contract each time: what was acknowledged is there exactly once, no seq is used twice,
 * and the database opens again. By default only some of the points are tried; with
 * HEARTH_LONG_TESTS in the environment all of them (of the index many), and power cuts with several
 * seeds. */
#include "tests/storage/fault_vfs.h"

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
#include "storage/messages.h"
#include "storage/retention.h"
#include "storage/search/search.h"
#include "storage/start.h"
#include "storage/writer.h"
#include "tests/storage/scratch.h"

#define NOTES_MAX  700
#define TRIES_MAX  12
#define LONG_TIMES INT64_C(20) /* more points in a long run: all there are, in short lives */
#define NOW        INT64_C(1900000000000)

/* What is known of one message. */
struct note {
    int64_t seq;
    bool acknowledged;
    bool may_be_gone;  /* pruning it was tried */
    bool may_be_blank; /* deleting it was tried */
};

struct world {
    struct scratch scratch; /* only its folder and path */
    struct store_options options;
    struct start start;
    struct writer writer;
    bool is_open;
    struct note notes[NOTES_MAX];
    size_t note_count;
    int64_t seq_max;
};

static char point[96]; /* what is being tried; named when it fails */

static void expect(bool ok, const char *what)
{
    if (!ok)
        fail_msg("%s: %s", point, what);
}

/* A short life. False when it could not be lived to its end. */
typedef bool (*life)(struct world *world);

static bool is_long_run(void)
{
    return getenv("HEARTH_LONG_TESTS") != NULL;
}

static void text_of(size_t number, char text[32])
{
    snprintf(text, 32, "message number %d.", (int)number);
}

static bool open_world(struct world *world)
{
    char why[256];
    world->is_open = false;
    if (!start_open(&world->start, &world->options, why, sizeof why))
        return false;
    if (writer_init(&world->writer, &world->start, &world->options))
        return world->is_open = true;
    writer_finish(&world->writer);
    start_close(&world->start);
    return false;
}

static void close_world(struct world *world)
{
    if (!world->is_open)
        return;
    writer_finish(&world->writer);
    start_close(&world->start);
    world->is_open = false;
}

/* As the store does it: what fails is tried again, until it is plain that it will not work. */
static bool open_patiently(struct world *world)
{
    for (int i = 0; i < TRIES_MAX; i++)
        if (open_world(world))
            return true;
    return false;
}

static bool commit(struct world *world, struct job *jobs)
{
    for (int i = 0; i < TRIES_MAX; i++)
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

static bool make_room(struct world *world)
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
static bool say(struct world *world, size_t count)
{
    struct job *jobs = NULL, **end = &jobs;
    size_t first = world->note_count;
    for (size_t i = 0; i < count; i++) {
        char text[32], nonce[16];
        text_of(world->note_count, text);
        snprintf(nonce, sizeof nonce, "n%d", (int)world->note_count++);
        *end = new_entry(ENTRY_KIND_MESSAGE, text);
        (*end)->append.entry.nonce = job_text(*end, nonce);
        end = &(*end)->next;
    }
    bool ok = commit(world, jobs);
    for (struct job *job = jobs; ok && job; job = job->next, first++) {
        assert_int_equal(job->result, JOB_DONE);
        expect(job->append.entry.seq > world->seq_max, "a seq is used twice");
        world->seq_max = job->append.entry.seq;
        world->notes[first].seq = world->seq_max;
        world->notes[first].acknowledged = true;
    }
    destroy_all(jobs);
    return ok;
}

static bool change(struct world *world, enum entry_kind kind, size_t target)
{
    struct job *job = new_entry(kind, kind == ENTRY_KIND_EDIT ? "edited" : NULL);
    job->append.entry.target = world->notes[target].seq;
    job->append.entry.emoji = kind == ENTRY_KIND_REACTION ? "+1" : NULL;
    job->append.entry.on = true;
    world->notes[target].may_be_blank |= kind == ENTRY_KIND_DELETE;
    bool ok = commit(world, job);
    if (ok) {
        assert_int_equal(job->result, JOB_DONE);
        assert_true(job->append.entry.seq > world->seq_max);
        world->seq_max = job->append.entry.seq;
    }
    job_destroy(job);
    return ok;
}

static bool scrub(struct world *world)
{
    for (int i = 0; i < TRIES_MAX; i++)
        if (writer_truncate_wal(&world->writer))
            return true;
    return false;
}

/* Keeps the newest entries only. */
static bool prune(struct world *world, int64_t keep)
{
    struct store_options options = world->options;
    options.retention_entries = keep;
    for (size_t i = 0; i < world->note_count; i++)
        world->notes[i].may_be_gone |= world->notes[i].seq <= world->seq_max - keep;
    for (int i = 0, failed = 0; failed < TRIES_MAX && i < 100; i++) {
        struct job *notice = NULL;
        enum retention_result result = retention_step(&world->writer, &options, 3, &notice);
        job_destroy(notice);
        if (result == RETENTION_DONE)
            return true;
        failed += result == RETENTION_FAILED;
    }
    return false;
}

static bool live_shortly(struct world *world)
{
    return open_patiently(world) && make_room(world) && say(world, 1) && say(world, 2) &&
           change(world, ENTRY_KIND_EDIT, 0) && change(world, ENTRY_KIND_REACTION, 1) &&
           say(world, 3) && change(world, ENTRY_KIND_DELETE, 1) && scrub(world) && say(world, 12) &&
           prune(world, 8) && say(world, 2) && scrub(world) && say(world, 1);
}

static bool index_block(struct world *world)
{
    struct database *database = &world->writer.database;
    for (int i = 0; i < TRIES_MAX; i++) {
        int64_t waiting = 0;
        if (!database_begin(database))
            continue;
        if (search_index(database, &waiting) && database_commit(database))
            return true;
        database_rollback(database);
    }
    return false;
}

static bool live_with_search(struct world *world)
{
    return open_patiently(world) && make_room(world) && say(world, SEARCH_BLOCK_MESSAGES) &&
           index_block(world) && change(world, ENTRY_KIND_EDIT, 3) &&
           change(world, ENTRY_KIND_DELETE, 4) && say(world, 1);
}

/* Stops and starts in between: a clean stop, then one that is not. */
static bool live_twice(struct world *world)
{
    if (!open_patiently(world) || !make_room(world) || !say(world, 3))
        return false;
    for (int i = 0; i < TRIES_MAX && !start_mark_clean(&world->writer.database); i++)
        database_rollback(&world->writer.database);
    close_world(world);
    if (!open_patiently(world) || !say(world, 2))
        return false;
    close_world(world);
    return open_patiently(world) && say(world, 2);
}

/* Nothing but the first start: the file, its journal mode, the schema. */
static bool live_newborn(struct world *world)
{
    return open_patiently(world) && make_room(world);
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
    expect(done == (access(path, F_OK) == 0), "a backup that failed left a file");
    job_destroy(job);
    return done;
}

static bool live_with_backup(struct world *world)
{
    char path[120];
    bool done = false;
    struct database reader = {.handle = NULL};
    snprintf(path, sizeof path, "%s/copy.db", world->scratch.folder);
    if (!open_patiently(world) || !make_room(world) || !say(world, 5))
        return false;
    struct database_options options = {.path = world->scratch.path,
                                       .vfs = disk_vfs(world->start.disk),
                                       .read_only = true,
                                       .cache_bytes = 1 << 18};
    for (int i = 0; i < TRIES_MAX && !done; i++)
        done = (reader.handle || database_open(&reader, &options)) && back_up(&reader, path);
    database_close(&reader);
    fault_heal();
    if (done)
        expect(count_copied(path) == 5, "the backup is not whole");
    return done;
}

static void make_world(struct world *world)
{
    memset(world, 0, sizeof *world);
    scratch_make(&world->scratch);
    world->options = (struct store_options){.path = world->scratch.path,
                                            .power_loss = true,
                                            .pending_max = 100,
                                            .pending_bytes = 4194304,
                                            .readers = 1,
                                            .cache_bytes = 1 << 18,
                                            .nonce_window = 64,
                                            .nonce_bytes = 2 << 20,
                                            .search = true};
}

static int64_t ask(struct world *world, const char *format, ...)
{
    char sql[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sql, sizeof sql, format, arguments);
    va_end(arguments);
    return database_ask(&world->writer.database, sql, -1);
}

static void check_note(struct world *world, size_t number)
{
    const struct note *note = &world->notes[number];
    char text[32];
    text_of(number, text);
    int64_t times = ask(world, "SELECT count(*) FROM messages WHERE kind=0 AND text='%s'", text);
    expect(times == 0 || times == 1, "a message is there twice");
    if (!note->acknowledged || note->may_be_gone)
        return;
    expect(note->may_be_blank || times == 1, "an acknowledged text is lost");
    expect(ask(world, "SELECT count(*) FROM messages WHERE id=%" PRId64, row_id(1, note->seq)) == 1,
           "an acknowledged seq is lost");
}

/* The contract, on a disk that works again. */
static void check_world(struct world *world)
{
    char why[256] = "";
    if (!start_open(&world->start, &world->options, why, sizeof why))
        fail_msg("%s: it does not open again: %s", point, why);
    assert_true(writer_init(&world->writer, &world->start, &world->options));
    world->is_open = true;
    expect(world->start.found.damaged[0] == '\0', "it is taken for damaged");
    bool has_room = ask(world, "SELECT count(*) FROM rooms") == 1;
    for (size_t i = 0; i < world->note_count; i++)
        check_note(world, i);
    expect(has_room || world->seq_max == 0, "the room is lost");
    expect(has_room || make_room(world), "it takes no room");
    expect(say(world, 1), "it takes no message"); /* and its seq is beyond all others */
    expect(ask(world, "SELECT count(*) FROM pragma_integrity_check WHERE"
                      " integrity_check<>'ok'") == 0,
           "it is not whole");
    close_world(world);
}

static int64_t count_operations(life live, bool no_wal)
{
    struct world world;
    struct fault_plan plan = {.no_wal = no_wal};
    make_world(&world);
    fault_begin(&plan);
    assert_true(live(&world));
    int64_t operations = fault_operations();
    close_world(&world);
    check_world(&world);
    scratch_remove(&world.scratch);
    return operations;
}

static void play(life live, const struct fault_plan *plan, uint32_t seed)
{
    struct world world;
    bool cuts = plan->fault == FAULT_POWER || plan->fault == FAULT_SYNC_LOST;
    make_world(&world);
    fault_begin(plan);
    bool lived = live(&world);
    expect(cuts || lived, "it did not get over it");
    close_world(&world);
    fault_heal();
    if (cuts)
        fault_cut(seed);
    check_world(&world);
    scratch_remove(&world.scratch);
}

/* So many points as fit into the time, spread evenly; in a long run all. */
static void walk(life live, struct fault_plan plan, int points)
{
    int64_t operations = count_operations(live, plan.no_wal);
    int64_t wanted = is_long_run() ? points * LONG_TIMES : points;
    int64_t stride = operations < wanted ? 1 : operations / wanted;
    uint32_t seeds = plan.fault == FAULT_POWER && is_long_run() ? 4 : 1;
    for (plan.at = 1; plan.at <= operations; plan.at += stride)
        for (uint32_t seed = 0; seed < seeds; seed++) {
            snprintf(point, sizeof point, "fault %d at %" PRId64 " of %" PRId64 ", seed %u",
                     (int)plan.fault, plan.at, operations, seed);
            play(live, &plan, (uint32_t)plan.at * 31 + seed);
        }
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
    };
    fault_install();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    fault_remove();
    return failed;
}
