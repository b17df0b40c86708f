#include "tally.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int bucket_of(uint64_t value)
{
    if (value < 16)
        return (int)value;
    int power = 63 - __builtin_clzll(value);
    return (power - 3) * 16 + (int)(value >> (power - 4) & 15);
}

static double middle_of(int bucket)
{
    if (bucket < 16)
        return bucket;
    int power = bucket / 16 + 3;
    return (double)(UINT64_C(1) << power) * (1 + (bucket % 16 + 0.5) / 16);
}

void tally_add(struct tally *tally, int64_t nanoseconds)
{
    tally->counts[bucket_of(nanoseconds > 0 ? (uint64_t)nanoseconds : 0)]++;
    tally->total++;
}

double tally_percentile(const struct tally *tally, double share)
{
    uint64_t wanted = (uint64_t)((double)tally->total * share), seen = 0;
    for (int bucket = 0; bucket < TALLY_BUCKETS; bucket++) {
        seen += tally->counts[bucket];
        if (seen > wanted)
            return middle_of(bucket) / 1e6;
    }
    return 0;
}

int64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* What its threads have run, in ns: the ticks of /proc/PID/stat are too coarse for a quiet server. */
double process_cpu_seconds(int pid)
{
    char path[64];
    double seconds = 0;
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *threads = opendir(path);
    for (struct dirent *each; threads && (each = readdir(threads));) {
        unsigned long long ns = 0;
        char file_name[400];
        snprintf(file_name, sizeof file_name, "%s/%s/schedstat", path, each->d_name);
        FILE *file = each->d_name[0] == '.' ? NULL : fopen(file_name, "r");
        if (file && fscanf(file, "%llu", &ns) == 1)
            seconds += (double)ns / 1e9;
        if (file)
            fclose(file);
    }
    if (threads)
        closedir(threads);
    return seconds;
}

struct process_memory process_memory(int pid)
{
    struct process_memory memory = {0};
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        long kib = 0;
        if (sscanf(line, "Pss: %ld", &kib) == 1)
            memory.pss_kib = kib;
        if (sscanf(line, "Private_Clean: %ld", &kib) == 1 ||
            sscanf(line, "Private_Dirty: %ld", &kib) == 1)
            memory.uss_kib += kib;
    }
    if (file)
        fclose(file);
    return memory;
}
