#include "daemon/net/ram.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>

#define PATH_BYTES 512

/* "max", and a file that is not there, are no bound. */
static int64_t bound_in(const char *path)
{
    int64_t bytes = INT64_MAX;
    FILE *file = fopen(path, "re");
    if (!file)
        return INT64_MAX;
    if (fscanf(file, "%" SCNd64, &bytes) != 1 || bytes <= 0)
        bytes = INT64_MAX;
    fclose(file);
    return bytes;
}

/* A line of /proc/self/cgroup: "0::/path", or "4:memory:/path" of the first version. */
static int64_t bound_of_line(char *line)
{
    char path[PATH_BYTES + 64] = "";
    const char *first = strstr(line, ":memory:");
    line[strcspn(line, "\n")] = '\0';
    if (strncmp(line, "0::", 3) == 0)
        snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.max", line + 3);
    else if (first)
        snprintf(path, sizeof path, "/sys/fs/cgroup/memory%s/memory.limit_in_bytes",
                 first + strlen(":memory:"));
    return path[0] ? bound_in(path) : INT64_MAX;
}

static int64_t bound_of_own_group(void)
{
    char line[PATH_BYTES];
    int64_t least = INT64_MAX;
    FILE *file = fopen("/proc/self/cgroup", "re");
    while (file && fgets(line, sizeof line, file)) {
        int64_t bytes = bound_of_line(line);
        least = bytes < least ? bytes : least;
    }
    if (file)
        fclose(file);
    return least;
}

int64_t ram_bytes(void)
{
    struct sysinfo info;
    int64_t bytes = sysinfo(&info) == 0 ? (int64_t)info.totalram * info.mem_unit : INT64_MAX;
    const int64_t bounds[] = {bound_of_own_group(), bound_in("/sys/fs/cgroup/memory.max"),
                              bound_in("/sys/fs/cgroup/memory/memory.limit_in_bytes")};
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
        if (bounds[i] < bytes)
            bytes = bounds[i];
    return bytes == INT64_MAX ? 0 : bytes;
}
