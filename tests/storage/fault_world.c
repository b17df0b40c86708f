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

static char point[96]; /* what is being tried; named when it fails */

void fault_expect(bool ok, const char *what)
{
    if (!ok)
        fail_msg("%s: %s", point, what);
}

void fault_expect_open(struct fault_world *world)
{
    if (!fault_open(world))
        fail_msg("%s: it does not open again: %s", point, world->why);
}

bool fault_open(struct fault_world *world)
{
    world->is_open = false;
    if (!start_open(&world->start, &world->options, world->why, sizeof world->why))
        return false;
    if (writer_init(&world->writer, &world->start, &world->options))
        return world->is_open = true;
    writer_finish(&world->writer);
    start_close(&world->start);
    return false;
}

bool fault_open_patiently(struct fault_world *world)
{
    for (int i = 0; i < FAULT_TRIES_MAX; i++)
        if (fault_open(world))
            return true;
    return false;
}

void fault_close(struct fault_world *world)
{
    if (!world->is_open)
        return;
    writer_finish(&world->writer);
    start_close(&world->start);
    world->is_open = false;
}

void fault_make(struct fault_world *world)
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

void fault_unmake(struct fault_world *world)
{
    scratch_remove(&world->scratch);
}

static void begin(const struct fault_subject *subject, struct fault_world *world,
                  const struct fault_plan *plan)
{
    fault_make(world);
    subject->make(world);
    fault_begin(plan);
}

int64_t fault_ask(struct fault_world *world, const char *format, ...)
{
    char sql[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sql, sizeof sql, format, arguments);
    va_end(arguments);
    return database_ask(&world->writer.database, sql, -1);
}

static int64_t count_operations(const struct fault_subject *subject, fault_life *life, bool no_wal)
{
    struct fault_world world;
    struct fault_plan plan = {.no_wal = no_wal};
    snprintf(point, sizeof point, "nothing fails");
    begin(subject, &world, &plan);
    fault_expect(life(&world), "it does not end");
    int64_t operations = fault_operations();
    fault_close(&world);
    subject->check(&world);
    fault_unmake(&world);
    return operations;
}

static void play(const struct fault_subject *subject, fault_life *life,
                 const struct fault_plan *plan, uint32_t seed)
{
    struct fault_world world;
    bool cuts = plan->fault == FAULT_POWER || plan->fault == FAULT_SYNC_LOST;
    begin(subject, &world, plan);
    bool lived = life(&world);
    fault_expect(cuts || lived, "it did not get over it");
    fault_close(&world);
    fault_heal();
    if (cuts)
        fault_cut(seed);
    subject->check(&world);
    fault_unmake(&world);
}

static int64_t points_wanted(const struct fault_subject *subject, int points, int64_t operations,
                             bool is_long)
{
    if (!is_long)
        return points;
    return subject->long_times ? points * subject->long_times : operations;
}

void fault_walk(const struct fault_subject *subject, fault_life *life, struct fault_plan plan,
                int points)
{
    bool is_long = getenv("HEARTH_LONG_TESTS") != NULL;
    int64_t operations = count_operations(subject, life, plan.no_wal);
    int64_t wanted = points_wanted(subject, points, operations, is_long);
    int64_t stride = operations < wanted ? 1 : operations / wanted;
    uint32_t seeds = plan.fault == FAULT_POWER && is_long ? subject->long_seeds : 1;
    for (plan.at = 1; plan.at <= operations; plan.at += stride)
        for (uint32_t seed = 0; seed < seeds; seed++) {
            snprintf(point, sizeof point, "fault %d at %" PRId64 " of %" PRId64 ", seed %u",
                     (int)plan.fault, plan.at, operations, seed);
            play(subject, life, &plan, (uint32_t)plan.at * 31 + seed);
        }
}
