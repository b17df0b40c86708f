/* Lets every single operation on the disk fail in turn while a damaged database is being recovered, and
 * cuts the power there: nothing that the damaged file has is lost, and nothing is there twice. By default
 * only some of the points are tried; with HEARTH_LONG_TESTS in the environment all of them, and power
 * cuts with several seeds. */
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
#include <unistd.h>

#include "storage/housekeeping.h"
#include "storage/row.h"
#include "storage/start.h"
#include "storage/writer.h"
#include "tests/storage/scratch.h"

#define ROOMS     3
#define SAID      400 /* in each room */
#define CHANGES   40  /* edits, reactions and deletions each */
#define TRIES_MAX 14
#define NOW       INT64_C(1900000000000)

struct world {
    struct scratch scratch; /* only its folder and path */
    struct store_options options;
    struct start start;
    struct writer writer;
    bool is_open;
};

static char point[96]; /* what is being tried; named when it fails */

/* The damaged database, as every point begins with it. */
static unsigned char *image;
static size_t image_size;

static void expect(bool ok, const char *what)
{
    if (!ok)
        fail_msg("%s: %s", point, what);
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

static bool open_patiently(struct world *world)
{
    for (int i = 0; i < TRIES_MAX; i++)
        if (open_world(world))
            return true;
    return false;
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
                                            .search = true};
}

/* --- the damaged database ------------------------------------------------------------------------ */

static void do_job(struct world *world, struct job *job)
{
    assert_true(writer_commit(&world->writer, job));
    assert_int_equal(job->result, JOB_DONE);
    job_destroy(job);
}

static void make_room(struct world *world, int64_t id)
{
    struct job *job = job_create(JOB_ROOM_CREATE);
    job->room.room.id = id;
    snprintf(job->room.room.name, sizeof job->room.room.name, "room-%d", (int)id);
    strcpy(job->room.room.folded, job->room.room.name);
    do_job(world, job);
}

static void append(struct world *world, int64_t room_id, enum entry_kind kind, int64_t target,
                   const char *text)
{
    struct job *job = job_create(JOB_APPEND);
    job->append.room_id = room_id;
    job->append.at = (struct moment){.wall_ms = NOW, .monotonic_ms = 1, .elapsed_ms = 1};
    job->append.entry = (struct entry){.kind = kind,
                                       .user_id = 7,
                                       .from = "mina",
                                       .text = job_text(job, text),
                                       .target = target,
                                       .emoji = kind == ENTRY_KIND_REACTION ? "+1" : NULL,
                                       .on = true};
    do_job(world, job);
}

static void talk(struct world *world, int64_t room_id)
{
    char text[64];
    for (int i = 1; i <= SAID; i++) {
        snprintf(text, sizeof text, "message %d of room %d", i, (int)room_id);
        append(world, room_id, ENTRY_KIND_MESSAGE, 0, text);
    }
    for (int i = 1; i <= CHANGES; i++) {
        append(world, room_id, ENTRY_KIND_EDIT, i, "edited");
        append(world, room_id, ENTRY_KIND_REACTION, CHANGES + i, NULL);
        append(world, room_id, ENTRY_KIND_DELETE, 2 * CHANGES + i, NULL);
    }
}

/* The first byte makes it a database: nothing else is lost, and SQLite opens none of it. */
static int make_image(void **state)
{
    (void)state;
    struct world world;
    make_world(&world);
    world.options.power_loss = false;
    assert_true(open_world(&world));
    for (int64_t id = 1; id <= ROOMS; id++)
        make_room(&world, id);
    for (int64_t id = 1; id <= ROOMS; id++)
        talk(&world, id);
    close_world(&world);
    FILE *file = fopen(world.scratch.path, "rb");
    fseek(file, 0, SEEK_END);
    image_size = (size_t)ftell(file);
    image = malloc(image_size);
    rewind(file);
    assert_int_equal(fread(image, 1, image_size, file), image_size);
    fclose(file);
    image[0] ^= 0x40;
    scratch_remove(&world.scratch);
    return 0;
}

static int free_image(void **state)
{
    (void)state;
    free(image);
    return 0;
}

static void lay_image(struct world *world)
{
    make_world(world);
    FILE *file = fopen(world->scratch.path, "wb");
    assert_int_equal(fwrite(image, 1, image_size, file), image_size);
    fclose(file);
}

/* --- a recovery ---------------------------------------------------------------------------------- */

static bool step(struct world *world)
{
    struct job *notices = NULL;
    struct housekeeping housekeeping;
    housekeeping_init(&housekeeping, 1);
    bool ok = housekeeping_step(&housekeeping, &world->writer, &world->options, 2, &notices);
    while (notices) {
        struct job *next = notices->next;
        job_destroy(notices);
        notices = next;
    }
    return ok && !world->writer.recovery.figures.is_waiting;
}

/* As the store does it: what fails is tried again, until it is plain that it will not work. */
static bool recover(struct world *world)
{
    int failed = 0;
    if (!world->is_open && !open_patiently(world))
        return false;
    while (world->writer.recovery.work && failed < TRIES_MAX)
        failed += !step(world);
    return !world->writer.recovery.work;
}

/* Stopped in the middle, once. */
static bool recover_twice(struct world *world)
{
    if (!open_patiently(world))
        return false;
    for (int i = 0, failed = 0; i < 4 && failed < TRIES_MAX && world->writer.recovery.work; i++)
        failed += !step(world);
    close_world(world);
    return recover(world);
}

static int64_t ask(struct world *world, const char *sql)
{
    return database_ask(&world->writer.database, sql, -1);
}

static bool aside_is_untouched(struct world *world)
{
    char name[1200];
    snprintf(name, sizeof name, "%s/%s", world->scratch.folder,
             world->writer.recovery.figures.file);
    unsigned char *bytes = malloc(image_size + 1);
    FILE *file = fopen(name, "rb");
    size_t size = file ? fread(bytes, 1, image_size + 1, file) : 0;
    if (file)
        fclose(file);
    bool same = size == image_size && memcmp(bytes, image, size) == 0;
    free(bytes);
    return same;
}

/* The contract, on a disk that works again. */
static void check_world(struct world *world)
{
    char marker[200];
    expect(recover(world), "it is not recovered in the end");
    expect(ask(world, "SELECT count(*) FROM rooms WHERE name='room-'||id AND length(log_id)=16") ==
               ROOMS,
           "a room is lost");
    expect(ask(world, "SELECT count(*) FROM messages") == ROOMS * (SAID + 3 * CHANGES),
           "entries are lost, or there twice");
    expect(ask(world, "SELECT count(*) FROM messages WHERE text='message '||(id&((1<<40)-1))||"
                      "' of room '||(id>>40)") == ROOMS * (SAID - CHANGES),
           "a text is lost");
    expect(ask(world, "SELECT count(*) FROM messages WHERE kind=0 AND text IS NULL") ==
               ROOMS * CHANGES,
           "what was deleted is back");
    expect(ask(world, "SELECT count(*) FROM reactions") == ROOMS * CHANGES, "a reaction is lost");
    expect(ask(world, "SELECT count(*) FROM edits") == ROOMS * CHANGES, "an edit is lost");
    expect(ask(world, "SELECT min(floor) FROM rooms") > SAID + 3 * CHANGES, "a seq may come again");
    expect(ask(world, "SELECT count(*) FROM recoveries WHERE ended=1 AND entries=found") == 1,
           "it is not noted as done");
    expect(ask(world, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check<>'ok'") == 0,
           "the new database is not whole");
    expect(aside_is_untouched(world), "the damaged file is not as it was");
    snprintf(marker, sizeof marker, "%s-damaged", world->scratch.path);
    expect(access(marker, F_OK) != 0, "it is still taken for damaged");
    close_world(world);
}

typedef bool (*life)(struct world *world);

static int64_t count_operations(life live, bool no_wal)
{
    struct world world;
    struct fault_plan plan = {.no_wal = no_wal};
    snprintf(point, sizeof point, "nothing fails");
    lay_image(&world);
    fault_begin(&plan);
    expect(live(&world), "it does not end");
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
    lay_image(&world);
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

/* So many points, spread evenly; in a long run all. */
static void walk(life live, struct fault_plan plan, int points)
{
    bool is_long = getenv("HEARTH_LONG_TESTS") != NULL;
    int64_t operations = count_operations(live, plan.no_wal);
    int64_t stride = is_long || operations < points ? 1 : operations / points;
    uint32_t seeds = plan.fault == FAULT_POWER && is_long ? 3 : 1;
    for (plan.at = 1; plan.at <= operations; plan.at += stride)
        for (uint32_t seed = 0; seed < seeds; seed++) {
            snprintf(point, sizeof point, "fault %d at %" PRId64 " of %" PRId64 ", seed %u",
                     (int)plan.fault, plan.at, operations, seed);
            play(live, &plan, (uint32_t)plan.at * 31 + seed);
        }
}

static void a_power_cut_anywhere_loses_nothing(void **state)
{
    (void)state;
    walk(recover, (struct fault_plan){.fault = FAULT_POWER}, 25);
    walk(recover_twice, (struct fault_plan){.fault = FAULT_POWER}, 20);
    walk(recover, (struct fault_plan){.fault = FAULT_POWER, .no_wal = true}, 12);
}

static void a_sync_that_lost_what_it_should_keep_loses_nothing(void **state)
{
    (void)state;
    walk(recover, (struct fault_plan){.fault = FAULT_SYNC_LOST, .count = 1}, 15);
}

static void a_full_disk_is_waited_for(void **state)
{
    (void)state;
    walk(recover, (struct fault_plan){.fault = FAULT_FULL, .count = 1}, 12);
    walk(recover_twice, (struct fault_plan){.fault = FAULT_FULL, .count = 6}, 12);
}

static void a_disk_that_fails_is_waited_for(void **state)
{
    (void)state;
    walk(recover, (struct fault_plan){.fault = FAULT_IO, .count = 1}, 12);
    walk(recover_twice, (struct fault_plan){.fault = FAULT_SHORT, .count = 3}, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_power_cut_anywhere_loses_nothing),
        cmocka_unit_test(a_sync_that_lost_what_it_should_keep_loses_nothing),
        cmocka_unit_test(a_full_disk_is_waited_for),
        cmocka_unit_test(a_disk_that_fails_is_waited_for),
    };
    fault_install();
    int failed = cmocka_run_group_tests(tests, make_image, free_image);
    fault_remove();
    return failed;
}
