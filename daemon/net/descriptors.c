#include "daemon/net/descriptors.h"

#include <dirent.h>
#include <sys/resource.h>

#include "daemon/log.h"

#define DESCRIPTORS_BESIDES 128    /* the store's files, listeners, a backup, BODY_FILES_MAX */
#define DESCRIPTORS_RESERVED 12    /* of those, when there are hardly any */
#define CLIENTS_MIN 4

/* Of a connection: with TLS, its socket and both ends of the pair behind it. */
static int64_t descriptors_each(const struct config *config)
{
    return config->tls.mode == TLS_OFF ? 1 : 3;
}

/* Those that may be there: in limits.connections, or waiting. */
static int64_t clients_max(const struct config *config)
{
    return config->limits.connections + config_waiting_max(config);
}

/* With those of TLS connections that only wait for their end. */
static int64_t descriptors_besides(const struct config *config)
{
    return DESCRIPTORS_BESIDES + config_ending_max(config) * descriptors_each(config);
}

void descriptors_limit(const struct config *config)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)(clients_max(config) * descriptors_each(config) + descriptors_besides(config));
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max == RLIM_INFINITY || wanted < limit.rlim_max ? wanted
                                                                                : limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        log_warn("server: the number of descriptors could not be set");
}

int64_t descriptors_for_clients(const struct config *config, int connection_count)
{
    int64_t wanted = clients_max(config);
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return wanted;
    int64_t each = descriptors_each(config);
    int64_t room = ((int64_t)limit.rlim_cur - descriptors_besides(config)) / each;
    if (room < wanted) { /* few: count what is open, and leave some */
        int64_t open_count = 0;
        DIR *folder = opendir("/proc/self/fd");
        while (folder && readdir(folder))
            open_count++;
        if (folder)
            closedir(folder);
        room = ((int64_t)limit.rlim_cur - (open_count - each * connection_count) -
                DESCRIPTORS_RESERVED) / each;
    }
    return room < CLIENTS_MIN ? CLIENTS_MIN : room;
}
