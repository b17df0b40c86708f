/* simulate.c - thousands of short histories, each from its own seed.
 *   simulate [--seed N] [--histories N] [--seconds N] [--trace 1]
 * A failure prints the one seed that makes it happen again. */
#include "tests/simulation/world.h"

#include "daemon/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t number_after(int argc, char **argv, const char *option, int64_t otherwise)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], option) == 0)
            return strtoll(argv[i + 1], NULL, 10);
    return otherwise;
}

int main(int argc, char **argv)
{
    uint64_t seed = (uint64_t)number_after(argc, argv, "--seed", 1);
    int64_t histories = number_after(argc, argv, "--histories", 1000);
    int64_t seconds = number_after(argc, argv, "--seconds", INT32_MAX);
    bool is_traced = number_after(argc, argv, "--trace", 0) != 0;
    int64_t end = time(NULL) + seconds; /* time_t may be of 32 bits */
    struct totals totals = {0};
    log_open(-1, TARGET_STDERR, FORMAT_TEXT);
    printf("simulation: seeds %" PRIu64 " to %" PRIu64 "\n", seed, seed + (uint64_t)histories - 1);
    for (int64_t i = 0; i < histories && time(NULL) < end; i++)
        world_run(seed + (uint64_t)i, is_traced, &totals);
    printf("simulation: histories=%" PRId64 " clients=%" PRId64 " received=%" PRId64
           " acked=%" PRId64 " refused=%" PRId64 " closed=%" PRId64 " commits=%" PRId64
           " pages=%" PRId64 " lagged=%" PRId64 " repeated=%" PRId64 "\n",
           totals.histories, totals.clients, totals.received, totals.acked, totals.refused,
           totals.closed, totals.commits, totals.pages, totals.lagged, totals.repeated);
    return 0;
}
