/* main.c - hearth-bridge: carries rooms to other systems, as its configuration says. A client of hearthd with
 * a token, and with no other right on the machine. */
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/bridge/bridge.h"
#include "daemon/bridge/link.h"
#include "daemon/bridge/state.h"
#include "daemon/bridge/target.h"
#include "daemon/log.h"

#define STOP_MS 5000
#define TURN_MS_MOST 1000
#define CONNECT_MS 5000 /* with --once: what is not reached then is given up */
#define CONNECT_TURN_MS 50
#define LARGE_BYTES (128 * 1024)

enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USE = 2 };

static const char help[] =
    "hearth-bridge carries rooms of hearth to other systems.\n\n"
    "  -c, --config FILE   the configuration, /etc/hearth/bridge.conf by default\n"
    "      --check-config  say whether it is fine, and end\n"
    "      --once          deliver what is there, and end\n"
    "      --dry-run       print what would be delivered; no cursor moves\n"
    "  -V, --version, -h, --help\n";

struct options {
    const char *path;
    bool is_check, is_once, is_dry_run;
};

static volatile sig_atomic_t stop_asked, reload_asked;

/* --- running -------------------------------------------------------------------------------------- */

static void ask_stop(int number)
{
    if (number == SIGHUP)
        reload_asked = 1;
    else if (number != SIGUSR1) /* it ends a wait, and nothing else: of tests */
        stop_asked = 1;
}

static void take_signals(void)
{
    struct sigaction action = {.sa_handler = ask_stop};
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
}

/* Asked for once, an entry that finds its target still connecting would be given up. */
static bool is_connecting(const struct bridge *bridge)
{
    return bridge->is_once && !bridge->is_dry_run && bridge_now_ms() < bridge->began_ms + CONNECT_MS &&
           !targets_are_well(bridge);
}

static void turn(struct bridge *bridge)
{
    int64_t introduce_ms = bridge_introduce(bridge);
    int64_t wait_ms = is_connecting(bridge) ? CONNECT_TURN_MS : links_tick(bridge);
    bridge->turn_ms = INT64_MAX;
    targets_tick(bridge);
    int64_t driver_ms = bridge->turn_ms - bridge_now_ms();
    wait_ms = wait_ms < driver_ms ? wait_ms : driver_ms;
    state_tell(bridge);
    wait_ms = wait_ms < introduce_ms ? wait_ms : introduce_ms;
    wait_ms = wait_ms < TURN_MS_MOST ? wait_ms : TURN_MS_MOST;
    web_turn(bridge->web, wait_ms > 0 ? (int)wait_ms : 0);
}

static bool is_over(const struct bridge *bridge)
{
    bool is_idle = bridge->uid[0] ? links_are_idle(bridge) : bridge->has_failed;
    return stop_asked || (bridge->is_once && is_idle);
}

static void serve(struct bridge *bridge, const char *path)
{
    while (!is_over(bridge)) {
        if (reload_asked) {
            reload_asked = 0;
            log_info("bridge: %s targets=%zu", targets_read(bridge, path, false) ? "reloaded" : "not reloaded",
                     targets_count(bridge));
        }
        turn(bridge);
    }
    state_write(bridge);
    links_stop(bridge, NULL);
    int64_t until_ms = bridge_now_ms() + STOP_MS;
    while (!links_are_noted(bridge, NULL) && bridge_now_ms() < until_ms)
        turn(bridge);
}

static int run(const struct options *options)
{
    static struct bridge bridge;
    bridge = (struct bridge){.is_once = options->is_once, .is_dry_run = options->is_dry_run,
                             .began_ms = bridge_now_ms(), .web = web_create()};
    bool is_fine = bridge.web && targets_read(&bridge, options->path, options->is_check);
    if (is_fine && options->is_check)
        printf("%s is fine.\n", options->path);
    if (is_fine && !options->is_check) {
        fprintf(stderr, "hearth-bridge: ready targets=%zu\n", targets_count(&bridge));
        serve(&bridge, options->path);
    }
    targets_close(&bridge);
    web_destroy(bridge.web);
    return is_fine && !(bridge.is_once && bridge.has_failed) ? EXIT_FINE : EXIT_FAILED;
}

static bool read_options(struct options *options, int argc, char **argv)
{
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'}, {"check-config", no_argument, NULL, 'k'},
        {"once", no_argument, NULL, 'o'},         {"dry-run", no_argument, NULL, 'd'},
        {"version", no_argument, NULL, 'V'},      {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0}};
    int found;
    while ((found = getopt_long(argc, argv, "c:Vh", longs, NULL)) != -1) {
        options->path = found == 'c' ? optarg : options->path;
        options->is_check |= found == 'k';
        options->is_once |= found == 'o';
        options->is_dry_run |= found == 'd';
        if (found == 'V' || found == 'h')
            fputs(found == 'V' ? "hearth-bridge " HEARTH_VERSION "\n" : help, stdout);
        if (found == 'V' || found == 'h')
            exit(EXIT_FINE);
        if (found == '?')
            return false;
    }
    return optind == argc;
}

int main(int argc, char **argv)
{
    struct options options = {.path = "/etc/hearth/bridge.conf"};
    if (!read_options(&options, argc, argv)) {
        fputs("Try hearth-bridge --help.\n", stderr);
        return EXIT_USE;
    }
#ifdef __GLIBC__ /* what was received and is far too large goes back to the system, whatever came before it */
    mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
#endif
    log_open(2, 0, 0);
    take_signals();
    return run(&options);
}
