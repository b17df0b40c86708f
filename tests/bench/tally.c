#include "tally.h"

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

double process_cpu_seconds(int pid)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[length] = '\0';
    const char *after_name = strrchr(text, ')');
    unsigned long user = 0, kernel = 0;
    if (!after_name ||
        sscanf(after_name + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
               &kernel) != 2)
        return 0;
    return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
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
