/* Lets every single operation on the disk fail in turn while a damaged database is being recovered, and
 * cuts the power there: nothing that the damaged file has is lost, and nothing is there twice. By default
 * only some of the points are tried; with HEARTH_LONG_TESTS in the environment all of them, and power
 * cuts with several seeds. */
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
#include <unistd.h>

#include "storage/housekeeping.h"
#include "storage/row.h"
#include "storage/start.h"
#include "storage/writer.h"

#define ROOMS     3
#define SAID      400 /* in each room */
#define CHANGES   40  /* edits, reactions and deletions each */
#define TRIES_MAX 14  /* of a step of recovery */
#define NOW       INT64_C(1900000000000)

/* The damaged database, as every point begins with it. */
static unsigned char *image;
static size_t image_size;

/* --- the damaged database ------------------------------------------------------------------------ */

static void do_job(struct fault_world *world, struct job *job)
{
    assert_true(writer_commit(&world->writer, job));
    assert_int_equal(job->result, JOB_DONE);
    job_destroy(job);
}

static void make_room(struct fault_world *world, int64_t id)
{
    struct job *job = job_create(JOB_ROOM_CREATE);
    job->room.room.id = id;
    snprintf(job->room.room.name, sizeof job->room.room.name, "room-%d", (int)id);
    strcpy(job->room.room.folded, job->room.room.name);
    do_job(world, job);
}

static void append(struct fault_world *world, int64_t room_id, enum entry_kind kind, int64_t target,
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

static void talk(struct fault_world *world, int64_t room_id)
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
    struct fault_world world;
    fault_make(&world);
    world.options.power_loss = false;
    assert_true(fault_open(&world));
    for (int64_t id = 1; id <= ROOMS; id++)
        make_room(&world, id);
    for (int64_t id = 1; id <= ROOMS; id++)
        talk(&world, id);
    fault_close(&world);
    FILE *file = fopen(world.scratch.path, "rb");
    fseek(file, 0, SEEK_END);
    image_size = (size_t)ftell(file);
    image = malloc(image_size);
    rewind(file);
    assert_int_equal(fread(image, 1, image_size, file), image_size);
    fclose(file);
    image[0] ^= 0x40;
    fault_unmake(&world);
    return 0;
}

static int free_image(void **state)
{
    (void)state;
    free(image);
    return 0;
}

static void lay_image(struct fault_world *world)
{
    FILE *file = fopen(world->scratch.path, "wb");
    assert_int_equal(fwrite(image, 1, image_size, file), image_size);
    fclose(file);
}

/* --- a recovery ---------------------------------------------------------------------------------- */

static bool step(struct fault_world *world)
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
static bool recover(struct fault_world *world)
{
    int failed = 0;
    if (!world->is_open && !fault_open_patiently(world))
        return false;
    while (world->writer.recovery.work && failed < TRIES_MAX)
        failed += !step(world);
    return !world->writer.recovery.work;
}

/* Stopped in the middle, once. */
static bool recover_twice(struct fault_world *world)
{
    if (!fault_open_patiently(world))
        return false;
    for (int i = 0, failed = 0; i < 4 && failed < TRIES_MAX && world->writer.recovery.work; i++)
        failed += !step(world);
    fault_close(world);
    return recover(world);
}

static bool aside_is_untouched(struct fault_world *world)
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
static void check_world(struct fault_world *world)
{
    char marker[200];
    fault_expect(recover(world), "it is not recovered in the end");
    fault_expect(
        fault_ask(world, "SELECT count(*) FROM rooms WHERE name='room-'||id AND length(log_id)=16") ==
            ROOMS,
        "a room is lost");
    fault_expect(fault_ask(world, "SELECT count(*) FROM messages") == ROOMS * (SAID + 3 * CHANGES),
                 "entries are lost, or there twice");
    fault_expect(fault_ask(world,
                     "SELECT count(*) FROM messages WHERE text='message '||(id&((1<<40)-1))||"
                     "' of room '||(id>>40)") == ROOMS * (SAID - CHANGES),
                 "a text is lost");
    fault_expect(fault_ask(world, "SELECT count(*) FROM messages WHERE kind=0 AND text IS NULL") ==
                     ROOMS * CHANGES,
                 "what was deleted is back");
    fault_expect(fault_ask(world, "SELECT count(*) FROM reactions") == ROOMS * CHANGES,
                 "a reaction is lost");
    fault_expect(fault_ask(world, "SELECT count(*) FROM edits") == ROOMS * CHANGES, "an edit is lost");
    fault_expect(fault_ask(world, "SELECT min(floor) FROM rooms") > SAID + 3 * CHANGES,
                 "a seq may come again");
    fault_expect(fault_ask(world, "SELECT count(*) FROM recoveries WHERE ended=1 AND entries=found") == 1,
                 "it is not noted as done");
    fault_expect(
        fault_ask(world, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check<>'ok'") == 0,
        "the new database is not whole");
    fault_expect(aside_is_untouched(world), "the damaged file is not as it was");
    snprintf(marker, sizeof marker, "%s-damaged", world->scratch.path);
    fault_expect(access(marker, F_OK) != 0, "it is still taken for damaged");
    fault_close(world);
}

static void walk(fault_life *life, struct fault_plan plan, int points)
{
    static const struct fault_subject subject = {
        .make = lay_image, .check = check_world, .long_seeds = 3};
    fault_walk(&subject, life, plan, points);
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
