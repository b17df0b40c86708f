#include "config/config.h"

#include <inttypes.h>

/* What the settings do not say: upper bounds in bytes, from the sizes of the structs of a 64-bit
 * build with what an allocator adds. tests/e2e/test_slow_readers.py holds the daemon to the sum. */
#define PROCESS_BYTES  (INT64_C(2560) << 10) /* what program and libraries write to; their code is of files */
#define THREAD_BYTES   (INT64_C(256) << 10) /* the stack of a thread that calls the database, or TLS */
#define SMALL_THREAD_BYTES (INT64_C(128) << 10) /* and of those for passwords and files */
#define VALUES_MAX     INT64_C(32768)       /* JSON_VALUES_MAX: in a frame */
#define VALUE_BYTES    INT64_C(448)         /* {} as Jansson keeps it while a frame is decoded */
#define WRITER_BYTES   (INT64_C(768) << 10) /* of an SQLite connection besides its cache: its statements */
#define READER_BYTES   (INT64_C(384) << 10) /* of those that read, which have fewer */
#define INDEX_BYTES    (INT64_C(768) << 10) /* a block of the search index being made: postings, twice while they grow or are sorted */
#define LEAVING_MAX    INT64_C(32)          /* connections that have given way, beside all others; half of those that wait at most */
#define WIRE_BYTES     INT64_C(3072)        /* libwebsockets' own, of one connection */
#define SESSION_BYTES  INT64_C(1664)        /* session, user and what they may do how often */
#define HELD_BYTES     INT64_C(2048)        /* that each may keep of what it receives */
#define CROWDED_BYTES  INT64_C(1024)        /* unsent of each while all together are too many */
#define LEAST_BYTES    INT64_C(4096)        /* a reply that each may have while all together are many */
#define EXCHANGE_BYTES INT64_C(2560)        /* an HTTP request and its head */
#define TLS_BYTES      INT64_C(45056)       /* of a connection that speaks TLS: two records, and the library's */
#define TLS_PROCESS_BYTES ((INT64_C(1) << 20) + THREAD_BYTES) /* the library's own, certificates, the thread */
#define TLS_IDLE_BYTES INT64_C(15360)       /* and of one that says nothing: tests/bench/tls */
#define ENDING_MIN     INT64_C(12)          /* and a twentieth of limits.connections */
#define MEMBER_BYTES   INT64_C(512)         /* member, and the user among those who are here */
#define ROOM_BYTES     INT64_C(3584)        /* room with its names, topic and empty log */
#define DIRECT_BYTES   INT64_C(3072)        /* a direct one: no topic, two members, two names held */
#define TOKEN_BYTES    INT64_C(16384)       /* a token with its rooms and cursors */
#define TRANSFER_BYTES (INT64_C(256) << 10) /* of a backup under way, what lies here of it */
#define UPLOAD_BYTES   INT64_C(32768)       /* a file on its way: a piece, and what is known of it */
#define FILE_STEPS_BYTES (INT64_C(160) << 10) /* pieces of files that storage has in hand, and those just read */
#define JOB_BYTES      INT64_C(4096)        /* job with names and nonce */

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t config_waiting_max(const struct config *config)
{
    return config->tls.mode == TLS_OFF ? config->limits.connections : (config->limits.connections + 1) / 2;
}

int64_t config_ending_max(const struct config *config)
{
    return config->tls.mode == TLS_OFF ? 0 : ENDING_MIN + config->limits.connections / 20;
}

static int64_t tls_bytes(const struct config *config)
{
    int64_t count = config->limits.connections + config_waiting_max(config) + config_ending_max(config);
    return config->tls.mode == TLS_OFF ? 0 : count * TLS_BYTES;
}

/* Each by itself: a WebSocket that has begun a message and has a frame unsent, or an HTTP request.
 * The long ones among them share what is bounded for all of them together. A frame above
 * CROWDED_BYTES stays unsent only where a kernel that said it had room does not take it. */
static int64_t connections_bytes(const struct config *config)
{
    const struct config_limits *limits = &config->limits;
    int64_t each = WIRE_BYTES + SESSION_BYTES + CROWDED_BYTES + larger(HELD_BYTES, EXCHANGE_BYTES);
    int64_t rooms = smaller(limits->rooms_per_session * limits->connections,
                            limits->members + limits->connections);
    int64_t leaving = smaller(LEAVING_MAX, (config_waiting_max(config) + 1) / 2);
    return (limits->connections + leaving) * each + tls_bytes(config) + rooms * MEMBER_BYTES + limits->received_bytes +
           2 * limits->frame_bytes + limits->unsent_bytes + limits->http_bytes +
           limits->reply_bytes + limits->drafts_bytes;
}

/* The writes; of reads as many bytes as requests and answers; and what is being read. */
static int64_t jobs_bytes(const struct config *config)
{
    const struct config_storage *storage = &config->storage;
    return 2 * storage->pending_bytes + TRANSFER_BYTES + FILE_STEPS_BYTES +
           config->files.uploads * UPLOAD_BYTES +
           storage->readers * (JOB_BYTES + config->limits.reply_bytes / 2);
}

struct memory_bounds config_memory(const struct config *config)
{
    const struct config_limits *limits = &config->limits;
    const struct config_storage *storage = &config->storage;
    int64_t readers = storage->readers + 1; /* one for backups */
    int64_t passwords = config->accounts.passwords ? config->accounts.password_kib * 1024 : 0;
    struct memory_bounds memory = {0};
    memory.process = PROCESS_BYTES + (1 + readers) * THREAD_BYTES + 2 * SMALL_THREAD_BYTES + passwords +
                     smaller(limits->frame_bytes / 3, VALUES_MAX) * VALUE_BYTES +
                     (config->tls.mode != TLS_OFF ? TLS_PROCESS_BYTES : 0);
    memory.connections = connections_bytes(config);
    memory.replies =
        limits->replies_bytes + limits->reply_bytes + limits->connections * LEAST_BYTES;
    memory.logs = limits->log_bytes + 2 * limits->room_log_bytes +
                  (limits->rooms + limits->rooms_reserved) * ROOM_BYTES +
                  limits->direct_rooms * DIRECT_BYTES + limits->tokens * TOKEN_BYTES;
    memory.door = CONFIG_DOOR_BYTES;
    memory.jobs = jobs_bytes(config);
    memory.store = WRITER_BYTES + readers * READER_BYTES + (1 + readers) * storage->cache_bytes +
                   storage->nonce_bytes + (storage->search ? INDEX_BYTES : 0);
    memory.total = memory.process + memory.connections + memory.replies + memory.logs +
                   memory.door + memory.jobs + memory.store;
    return memory;
}

static void print_line(const char *what, int64_t bytes, FILE *out)
{
    fprintf(out, "  %-52s %12" PRId64 " bytes %8.1f MiB\n", what, bytes,
            (double)bytes / (1024.0 * 1024.0));
}

/* Twice what is asked for, as socket(7) says, in each direction; and those who wait for the head of a
 * request beside those who are connected. Of TLS the pair of sockets within the process as well. */
static int64_t kernel_bytes(const struct config *config)
{
    const struct config_limits *limits = &config->limits;
    int64_t sockets = config->tls.mode != TLS_OFF ? 2 : 1;
    return 2 * limits->socket_bytes * (2 * sockets + 1) * limits->connections;
}

static void print_profile(const struct config *config, const char *word, enum config_profile profile,
                          FILE *out)
{
    struct config as = *config;
    config_as_profile(&as, profile);
    fprintf(out, "  memory.profile = %-35s %12" PRId64 " bytes %8.1f MiB, and %.1f MiB in the kernel\n", word,
            config_memory(&as).total, (double)config_memory(&as).total / 1048576.0,
            (double)kernel_bytes(&as) / 1048576.0);
}

/* While newcomers are not simply let in, what lets in those whom nobody knows is off, unless it was said. */
static void print_door(const struct config *config, FILE *out)
{
    if (config->accounts.newcomers == 0)
        return;
    if (config->origins[CONFIG_ROW_plain_enabled].source == CONFIG_DEFAULT)
        fputs("accounts.newcomers is not open: the plain endpoint is off; plain.enabled says otherwise.\n",
              out);
    if (config->origins[CONFIG_ROW_http_anonymous_read].source == CONFIG_DEFAULT)
        fputs("accounts.newcomers is not open: nothing is read without a key; http.anonymous_read says "
              "otherwise.\n",
              out);
}

static int64_t idle_bytes(const struct config *config)
{
    int64_t count = config->limits.connections;
    int64_t secure = config->tls.mode != TLS_OFF ? TLS_PROCESS_BYTES + count * TLS_IDLE_BYTES : 0;
    return PROCESS_BYTES + count * WIRE_BYTES + secure;
}

void config_print_memory(const struct config *config, FILE *out)
{
    struct memory_bounds memory = config_memory(config);
    print_door(config, out);
    if (config->outdated[0])
        fprintf(out, "Taken, and to be changed: %s.\n", config->outdated);
    fputs("The most memory this configuration allows, if everybody does the worst at once:\n", out);
    print_line("program, threads, a frame decoded, a password hashed", memory.process, out);
    print_line("connections, and what they keep together", memory.connections, out);
    print_line("replies that wait", memory.replies, out);
    print_line("rooms and their newest entries", memory.logs, out);
    print_line("who waits at the door, is kept out or invited", memory.door, out);
    print_line("jobs that wait for the disk, and pages read from it", memory.jobs, out);
    print_line("database caches and indexes", memory.store, out);
    print_line("total", memory.total, out);
    fprintf(out,
            "Idle, with as many connections as there may be, it is about %.1f MiB.\n"
            "limits.connections and the settings that count bytes of all together make the most of\n"
            "it. On top comes what the kernel keeps for sockets, at most %.1f MiB, and for files, which\n"
            "it gives back when it is needed.\n",
            (double)idle_bytes(config) / (1024.0 * 1024.0), (double)kernel_bytes(config) / (1024.0 * 1024.0));
    print_profile(config, "normal", PROFILE_NORMAL, out);
    print_profile(config, "small", PROFILE_SMALL, out);
}
