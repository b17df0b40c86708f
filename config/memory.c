#include "config/config.h"

#include <inttypes.h>

/* Upper bounds, in bytes, of what one of each can take besides what the settings name. */
#define PROCESS_BYTES (INT64_C(12) << 20)    /* program, libraries, stacks of the threads */
#define CONNECTION_BYTES INT64_C(4096)       /* lws, the session, its members and limits */
#define MEMBER_BYTES INT64_C(64)
#define ROOM_BYTES INT64_C(4096)
#define JOB_BYTES INT64_C(2048)

struct config_memory config_memory(const struct config *config)
{
    const struct config_limits *limits = &config->limits;
    struct config_memory memory = {0};
    memory.process = PROCESS_BYTES;
    memory.connections =
        limits->connections * (CONNECTION_BYTES + limits->frame_bytes + limits->write_bytes +
                               limits->rooms_per_session * MEMBER_BYTES);
    memory.replies = limits->replies_bytes;
    memory.logs = limits->log_bytes + limits->rooms * ROOM_BYTES;
    memory.jobs = 2 * config->storage.pending_max * (JOB_BYTES + limits->text_bytes);
    memory.store = (1 + config->storage.readers) * config->storage.cache_bytes;
    memory.total = memory.process + memory.connections + memory.replies + memory.logs +
                   memory.jobs + memory.store;
    return memory;
}

static void print_line(const char *what, int64_t bytes, FILE *out)
{
    fprintf(out, "%-52s %8.1f MiB\n", what, (double)bytes / (1024.0 * 1024.0));
}

void config_print_memory(const struct config *config, FILE *out)
{
    struct config_memory memory = config_memory(config);
    fputs("The most memory this configuration allows, all at once:\n", out);
    print_line("  process: program, libraries, threads", memory.process, out);
    print_line("  connections, each stuck with half a frame", memory.connections, out);
    print_line("  replies that wait", memory.replies, out);
    print_line("  rooms and their newest entries", memory.logs, out);
    print_line("  jobs that wait for the disk", memory.jobs, out);
    print_line("  database caches", memory.store, out);
    print_line("  total", memory.total, out);
}
