/* fault_world.h - a store on a disk that fails, and playing the same life on it once for every
 * operation that may fail. A file of tests says what the life is, and what has to hold after it. */
#ifndef HEARTH_TESTS_STORAGE_FAULT_WORLD_H
#define HEARTH_TESTS_STORAGE_FAULT_WORLD_H

#include "storage/start.h"
#include "storage/writer.h"
#include "tests/storage/fault_vfs.h"
#include "tests/storage/scratch.h"

#define FAULT_TRIES_MAX 12 /* of what is tried again */

struct fault_world {
    struct scratch scratch; /* only its folder and path */
    struct store_options options;
    struct start start;
    struct writer writer;
    bool is_open;
    char why[256]; /* it could not be opened */
};

/* Fails the test with the point that is being tried and what. */
void fault_expect(bool ok, const char *what);

/* Folder and options; until fault_unmake. */
void fault_make(struct fault_world *world);
void fault_unmake(struct fault_world *world);

bool fault_open(struct fault_world *world);
/* The same on a disk that works again, where it has to open. */
void fault_expect_open(struct fault_world *world);
/* As the store does it: what fails is tried again, until it is plain that it will not work. */
bool fault_open_patiently(struct fault_world *world);
void fault_close(struct fault_world *world); /* harmless when it is not open */

/* The number that a query of the open database gives; -1: none. */
int64_t fault_ask(struct fault_world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What the lives of a file of tests have in common. */
struct fault_subject {
    void (*make)(struct fault_world *world);  /* called once folder and options are there */
    void (*check)(struct fault_world *world); /* the contract, on a disk that works again */
    int64_t long_times;  /* in a long run (HEARTH_LONG_TESTS) so many times the points; 0: all */
    uint32_t long_seeds; /* of power cuts, in a long run */
};

/* A life. False when it could not be lived to its end. */
typedef bool fault_life(struct fault_world *world);

/* So many points, spread evenly over the operations of the life. */
void fault_walk(const struct fault_subject *subject, fault_life *life, struct fault_plan plan,
                int points);

#endif
