#include "daemon/net/descriptors.h"

#include <dirent.h>
#include <sys/resource.h>

#include "daemon/log.h"

#define DESCRIPTORS_BESIDES 128    /* the store's files, listeners, a backup, BODY_FILES_MAX */
#define DESCRIPTORS_RESERVED 12    /* of those, when there are hardly any */
#define CLIENTS_MIN 4

void descriptors_limit(const struct config *config)
{
    struct rlimit limit;
    rlim_t wanted = 2 * (rlim_t)config->limits.connections + DESCRIPTORS_BESIDES;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max == RLIM_INFINITY || wanted < limit.rlim_max ? wanted
                                                                                : limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        log_warn("server: the number of descriptors could not be set");
}

int64_t descriptors_for_clients(const struct config *config, int connection_count)
{
    int64_t wanted = 2 * config->limits.connections;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return wanted;
    int64_t room = (int64_t)limit.rlim_cur - DESCRIPTORS_BESIDES;
    if (room < wanted) { /* few: count what is open, and leave some */
        int64_t open_count = 0;
        DIR *folder = opendir("/proc/self/fd");
        while (folder && readdir(folder))
            open_count++;
        if (folder)
            closedir(folder);
        room = (int64_t)limit.rlim_cur - (open_count - connection_count) -
               DESCRIPTORS_RESERVED;
    }
    return room < CLIENTS_MIN ? CLIENTS_MIN : room;
}
