/* tally.h - what a run of the load generator adds up: latencies, and what a server process used. */
#ifndef HEARTH_BENCH_TALLY_H
#define HEARTH_BENCH_TALLY_H

#include <stdint.h>

enum { TALLY_BUCKETS = 64 * 16 };

/* Latencies in buckets 1/16 of a power of two wide, so within 6 %. All zero is empty. */
struct tally {
    uint64_t counts[TALLY_BUCKETS];
    uint64_t total;
};

void tally_add(struct tally *tally, int64_t nanoseconds);

/* The latency in ms below which share (0..1) of them lie; 0 when empty. */
double tally_percentile(const struct tally *tally, double share);

int64_t monotonic_ns(void);

/* CPU seconds (user and system) of the threads of a process so far; 0 when it is gone. */
double process_cpu_seconds(int pid);

/* KiB of a process: PSS, and what is its alone (USS), from /proc/PID/smaps_rollup. */
struct process_memory {
    long pss_kib, uss_kib;
};
struct process_memory process_memory(int pid);

#endif
