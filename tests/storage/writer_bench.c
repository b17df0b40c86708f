#include "tests/storage/writer_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

int bench_open(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    char why[256] = "";
    fixture_init(&bench->fixture);
    bench->fixture.options.path = bench->fixture.path;
    if (!start_open(&bench->start, &bench->fixture.options, why, sizeof why))
        fail_msg("%s", why);
    assert_true(writer_init(&bench->writer, &bench->start, &bench->fixture.options));
    housekeeping_init(&bench->housekeeping, 0);
    *state = bench;
    return 0;
}

int bench_close(void **state)
{
    struct bench *bench = *state;
    writer_finish(&bench->writer);
    start_close(&bench->start);
    fixture_finish(&bench->fixture);
    free(bench);
    return 0;
}

void bench_make_room(struct bench *bench, int64_t id, const char *name)
{
    struct job *job = job_create(JOB_ROOM_CREATE);
    job->room.room.id = id;
    snprintf(job->room.room.name, sizeof job->room.room.name, "%s", name);
    snprintf(job->room.room.folded, sizeof job->room.room.folded, "%s", name);
    assert_true(writer_commit(&bench->writer, job));
    assert_int_equal(fixture_result(job), JOB_DONE);
}
