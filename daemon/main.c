/* hearthd: a chat gateway for small Linux boards. A table of contents: what is built here is taken
 * down in reverse. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "config/config.h"
#include "daemon/core/gateway.h"
#include "daemon/log.h"
#include "daemon/net/notify.h"
#include "daemon/net/privilege.h"
#include "daemon/net/ram.h"
#include "daemon/net/sandbox.h"
#include "daemon/net/secure.h"
#include "daemon/net/server.h"
#include "daemon/net/signals.h"
#include "storage/store.h"

#define SETS_MAX 128
#define STORE_RETRY_MS 2000
#define HOUR_MS INT64_C(3600000)
#define DAY_MS INT64_C(86400000)

enum exit_status { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_WRONG_USE = 2 };
enum action { ACTION_RUN, ACTION_CHECK, ACTION_PRINT, ACTION_VERSION, ACTION_HELP };

/* What the command line says; read again at SIGHUP. */
struct command_line {
    enum action action;
    const char *file; /* NULL: no file is needed */
    const char *sets[SETS_MAX];
    int set_count;
    const char *user; /* to become once the sockets are there; NULL: nobody else */
};

/* What a reload needs to know. */
struct running {
    const struct command_line *line;
    struct config *config;
    struct store *store;
};

static const char help[] =
    "hearthd - a chat gateway for small Linux boards\n"
    "\n"
    "  hearthd [-c FILE] [--set group.name=value]...\n"
    "\n"
    "  -c, --config FILE       read settings from FILE; without it the defaults run\n"
    "  -s, --set NAME=VALUE    set one setting, such as listen.port=8080; after FILE\n"
    "  -u, --user NAME         started by root: become NAME once the ports are taken, and write nowhere\n"
    "                          but in the folders of the database and the admin socket\n"
    "      --check-config      check the settings, print the most memory they allow, and exit\n"
    "      --print-config      print every setting with its meaning and value, and exit\n"
    "      --version           print the version, and exit\n"
    "  -h, --help              print this, and exit\n"
    "\n"
    "Signals: TERM and INT stop, HUP reads the settings again.\n";

static int refuse_start(const char *why, int status)
{
    log_fatal(why);
    return status;
}

static void open_log(const struct config *config)
{
    log_open(config->log.level, config->log.target, config->log.format);
}

static bool line_read(struct command_line *line, int argc, char **argv)
{
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'}, {"set", required_argument, NULL, 's'},
        {"check-config", no_argument, NULL, 'k'}, {"print-config", no_argument, NULL, 'p'},
        {"user", required_argument, NULL, 'u'},   {"version", no_argument, NULL, 'V'},      {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(argc, argv, "c:s:u:h", longs, NULL)) != -1;) {
        switch (option) {
        case 'c': line->file = optarg; break;
        case 'k': line->action = ACTION_CHECK; break;
        case 'p': line->action = ACTION_PRINT; break;
        case 'V': line->action = ACTION_VERSION; break;
        case 'u': line->user = optarg; break;
        case 'h': line->action = ACTION_HELP; break;
        case 's':
            if (line->set_count == SETS_MAX)
                return false;
            line->sets[line->set_count++] = optarg;
            break;
        default: return false;
        }
    }
    if (optind < argc)
        fprintf(stderr, "hearthd: \"%s\" is no option. ", argv[optind]);
    return optind == argc;
}

static bool config_read(const struct command_line *line, struct config *config, char *why,
                        size_t why_size)
{
    config_defaults(config);
    if (line->file && !config_load(config, line->file, why, why_size))
        return false;
    for (int i = 0; i < line->set_count; i++)
        if (!config_set(config, line->sets[i], why, why_size))
            return false;
    (void)config_take_profile(config, ram_bytes());
    return config_check(config, why, why_size) && config_check_names(config, why, why_size);
}

static struct store_options store_options_of(const struct config *config)
{
    const struct config_storage *storage = &config->storage;
    return (struct store_options){
        .path = storage->path,
        .power_loss = storage->durability == DURABILITY_POWER_LOSS,
        .commit_interval_ms = storage->commit_interval_ms,
        .pending_max = (int)storage->pending_max,
        .pending_bytes = storage->pending_bytes,
        .readers = (int)storage->readers,
        .cache_bytes = storage->cache_bytes,
        .reserve_bytes = storage->reserve_bytes,
        .max_bytes = storage->max_bytes,
        .retention_age_ms = config->retention.age_days * DAY_MS,
        .retention_entries = config->retention.room_entries,
        .files_age_ms = config->files.age_days * DAY_MS,
        .guest_age_ms = config->retention.guest_days * DAY_MS,
        .empty_age_ms = config->rooms.empty_hours * HOUR_MS,
        .owner_age_ms = config->rooms.owner_days * DAY_MS,
        .gateway_name = config->server.name,
        .retry_ms = STORE_RETRY_MS,
        .password_kib = (int)config->accounts.password_kib,
        .nonce_window = (int)config->limits.nonce_window,
        .nonce_bytes = (size_t)storage->nonce_bytes,
        .search = storage->search,
        .on_progress = notify_starting,
    };
}

/* Where the configuration names no ceiling, the one counts that was chosen for the database. */
static void take_ceiling(struct config *config, int64_t max_bytes)
{
    if (config->storage.max_bytes == 0)
        config->storage.max_bytes = max_bytes;
}

static bool reload_read(void *of, struct config *config, char *why, size_t why_size)
{
    const struct running *running = of;
    if (!config_read(running->line, config, why, why_size))
        return false;
    take_ceiling(config, store_start(running->store)->max_bytes);
    return true;
}

static void reload_done(void *of)
{
    const struct running *running = of;
    struct store_options options = store_options_of(running->config);
    open_log(running->config);
    store_reconfigure(running->store, &options);
}

/* Files for nobody else, no secrets in core files, no more memory than is used. */
static void process_prepare(void)
{
    umask(077);
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* the leak checker looks at itself */
#endif
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_TRIM_THRESHOLD, 256 * 1024);
#endif
}

static void say_old_copy(enum old_copy_result result)
{
    static const char *const why[] = {[OLD_COPY_TOO_LARGE] = "it is larger than 64 MiB",
                                      [OLD_COPY_NO_SPACE] = "there is not enough space",
                                      [OLD_COPY_FAILED] = "it could not be written"};
    if (result == OLD_COPY_KEPT)
        log_info("storage: brought to this version; the copy of before goes after 30 days");
    else if (result != OLD_COPY_NOT_NEEDED)
        log_warn("storage: brought to this version without a copy of before why=\"%s\"", why[result]);
}

static void say_storage(const struct config *config, const struct store_start *start,
                        struct store *store)
{
    struct recovery_figures recovery;
    store_recovery(store, &recovery);
    if (start->damaged[0] != '\0')
        log_error("storage: the database was damaged and is set aside path=%s", start->damaged);
    if (recovery.is_running)
        log_error("storage: a damaged database is being recovered entries=%lld of=%lld"
                  " rooms_closed=%lld pages_unreadable=%lld",
                  (long long)recovery.entries, (long long)recovery.found,
                  (long long)recovery.closed, (long long)recovery.unreadable);
    say_old_copy(start->old_copy);
    log_info("storage: rooms=%zu journal=%s last_stop=%s", start->room_count, start->journal_mode,
             start->created ? "none" : start->clean ? "clean" : "unclean");
    if (start->password_rounds)
        log_info("storage: passwords are kept by PBKDF2 rounds=%" PRId64, start->password_rounds);
    log_info("storage: max_bytes=%" PRId64 " chosen_from_free_space=%" PRId64,
             config->storage.max_bytes, start->max_bytes);
}

static void say_ready(const struct listeners *listeners)
{
    /* The one line that others wait for: not the log's, so no log.level hides it. */
    if (listeners_tls_address(listeners)[0])
        fprintf(stderr, "hearthd: secure https=%s\n", listeners_tls_address(listeners));
    fprintf(stderr, "hearthd: ready http=%s\n", listeners_address(listeners));
    notify_ready();
}

/* Builds the house, serves, takes it down. *end tells whether to do so again. */
static int serve(const struct command_line *line, struct config *config,
                 struct listeners *listeners, bool is_first, enum server_end *end)
{
    char why[CONFIG_WHY_BYTES] = "There is no memory left.";
    struct store_options options = store_options_of(config);
    struct store *store = store_open(&options, why, sizeof why);
    if (store && is_first)
        open_log(config);
    struct moment now = store ? store_now(store) : (struct moment){0};
    struct store_start start = store ? *store_start(store) : (struct store_start){0};
    take_ceiling(config, start.max_bytes);
    struct gateway *gateway =
        store ? gateway_create(config, store, &now) : NULL;
    (void)signals_to_loop();
    struct server *server =
        gateway ? server_open(config, gateway, store, listeners, why, sizeof why) : NULL;
    struct running running = {.line = line, .config = config, .store = store};
    const struct reload reload = {.read = reload_read, .done = reload_done, .of = &running};
    int status = EXIT_DONE;
    *end = SERVER_STOPPED;
    if (!server) {
        status = refuse_start(why, EXIT_REFUSED);
    } else {
        say_storage(config, &start, store);
        if (is_first)
            say_ready(listeners);
        *end = server_run(server, &reload);
    }
    server_close(server);
    (void)signals_to_handler();
    gateway_destroy(gateway);
    store_close(store);
    return status;
}

/* The ports are taken: for the rest an ordinary user is enough. */
static bool give_up_privileges(const struct command_line *line, const struct config *config,
                               char *why, size_t why_size)
{
    char socket[128];
    config_admin_socket(config, socket, sizeof socket);
    if (line->user && !privilege_become(line->user, socket, why, why_size))
        return false;
    privilege_drop();
    if (line->user)
        sandbox_enter(config);
    return true;
}

static int run(const struct command_line *line, struct config *config)
{
    char why[CONFIG_WHY_BYTES];
    enum server_end end = SERVER_STOPPED;
    process_prepare();
    open_log(config);
    if (config->outdated[0])
        log_warn("server: the configuration is of an older version: %s", config->outdated);
    log_info("server: memory_max_bytes=%" PRId64 " ram_bytes=%" PRId64, config_memory(config).total,
             ram_bytes());
    if (!signals_to_handler())
        return refuse_start("The signals could not be taken.", EXIT_REFUSED);
    struct listeners *listeners = listeners_open(config, why, sizeof why);
    if (!listeners)
        return refuse_start(why, EXIT_REFUSED);
    if (!give_up_privileges(line, config, why, sizeof why)) {
        listeners_close(listeners);
        return refuse_start(why, EXIT_WRONG_USE);
    }
    int status;
    bool is_first = true;
    do {
        status = serve(line, config, listeners, is_first, &end);
        is_first = false;
    } while (end == SERVER_RESTART && !signals_stop_asked());
    listeners_close(listeners);
    return status;
}

static void say(enum action action)
{
    char libraries[128];
    if (action == ACTION_HELP) {
        fputs(help, stdout);
        return;
    }
    secure_libraries(libraries, sizeof libraries);
    printf("hearthd " HEARTH_VERSION "\n%s\n", libraries);
}

/* The daemon starts without the certificate, and says so; whoever asks before hears it now. */
static int check(const struct config *config)
{
    char why[CONFIG_WHY_BYTES];
    config_print_memory(config, stdout);
    if (!secure_check_files(config, why, sizeof why))
        return refuse_start(why, EXIT_WRONG_USE);
    if (why[0])
        fprintf(stderr, "hearthd: %s\n", why);
    return EXIT_DONE;
}

int main(int argc, char **argv)
{
    static struct config config; /* large, and read by everybody */
    struct command_line line = {.action = ACTION_RUN};
    char why[CONFIG_WHY_BYTES];
    if (!line_read(&line, argc, argv)) {
        fputs("Try hearthd --help.\n", stderr);
        return EXIT_WRONG_USE;
    }
    if (line.action == ACTION_HELP || line.action == ACTION_VERSION) {
        say(line.action);
        return EXIT_DONE;
    }
    if (!config_read(&line, &config, why, sizeof why))
        return refuse_start(why, EXIT_WRONG_USE);
    if (line.action == ACTION_PRINT)
        config_print(&config, stdout);
    else if (line.action == ACTION_CHECK)
        return check(&config);
    else
        return run(&line, &config);
    return EXIT_DONE;
}
