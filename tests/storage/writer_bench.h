/* writer_bench.h - the writer without its thread, on a database in a folder of the test's own. Everything fails the
 * test instead of returning an error. */
#ifndef HEARTH_TESTS_STORAGE_WRITER_BENCH_H
#define HEARTH_TESTS_STORAGE_WRITER_BENCH_H

#include "storage/housekeeping.h"
#include "storage/start.h"
#include "storage/writer.h"
#include "tests/storage/store_fixture.h"

struct bench {
    struct store_fixture fixture; /* its folder and options; no store */
    struct start start;
    struct writer writer;
    struct housekeeping housekeeping;
};

/* A test's, for cmocka. *state is the struct bench. */
#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, bench_open, bench_close)
int bench_open(void **state);
int bench_close(void **state);

void bench_make_room(struct bench *bench, int64_t id, const char *name);

#endif
