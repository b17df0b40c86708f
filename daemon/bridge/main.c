/* main.c - hearth-bridge: carries rooms to other systems, as its configuration says. A client of hearthd with
 * a token, and with no other right on the machine. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "daemon/bridge/bridge.h"
#include "daemon/bridge/link.h"
#include "daemon/log.h"

#define STOP_MS 5000
#define TURN_MS_MOST 1000
#define TARGETS_MAX 64

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

struct target {
    const struct driver *driver;
    void *of;
};

struct program {
    struct bridge bridge;
    config_t config;
    struct target targets[TARGETS_MAX];
    size_t target_count;
};

static volatile sig_atomic_t stop_asked, reload_asked;

int64_t bridge_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t bridge_jitter(int64_t ms)
{
    uint32_t chance = 0;
    if (getrandom(&chance, sizeof chance, 0) != (ssize_t)sizeof chance)
        chance = 0;
    return ms / 2 + (int64_t)chance % (ms / 2 + 1);
}

/* --- asking the gateway --------------------------------------------------------------------------- */

static void ignore(void *of, const struct web_answer *answer)
{
    (void)of;
    (void)answer;
}

bool bridge_ask(struct bridge *bridge, json_t *json,
                void (*done)(void *of, const struct web_answer *answer), void *of)
{
    char url[URL_BYTES_MAX + 32], *body = json_dumps(json, JSON_COMPACT);
    snprintf(url, sizeof url, "%s/api/v1/do", bridge->url);
    const struct web_request request = {.url = url, .body = body, .length = body ? strlen(body) : 0,
                                        .headers = {bridge->authorization, "Content-Type: application/json"},
                                        .timeout_ms = 15000, .may_be_private = true,
                                        .done = done ? done : ignore, .of = of};
    bool is_begun = body && web_begin(bridge->web, &request);
    free(body);
    return is_begun;
}

static void note_self(void *of, const struct web_answer *answer)
{
    struct bridge *bridge = of;
    json_t *reply = json_loadb(answer->body, answer->length, 0, NULL);
    const char *uid = json_string_value(json_object_get(json_object_get(reply, "user"), "uid"));
    if (answer->status == 200 && uid)
        snprintf(bridge->uid, sizeof bridge->uid, "%s", uid);
    else
        log_warn("bridge: who it is was not told status=%d", answer->status);
    json_decref(reply);
}

/* Its own uid, so that it takes nothing back that it brought. */
static void ask_self(struct bridge *bridge, const char *token)
{
    json_t *hello = json_pack("{s:s, s:s}", "type", "hello", "token", token);
    int64_t until_ms = bridge_now_ms() + STOP_MS;
    (void)bridge_ask(bridge, hello, note_self, bridge);
    json_decref(hello);
    while (!bridge->uid[0] && bridge_now_ms() < until_ms && !stop_asked)
        web_turn(bridge->web, 100);
}

/* --- the configuration ---------------------------------------------------------------------------- */

const char *setting_text(const config_setting_t *setting, const char *name, const char *absent)
{
    const char *text = absent;
    (void)config_setting_lookup_string(setting, name, &text);
    return text;
}

bool setting_flag(const config_setting_t *setting, const char *name, bool absent)
{
    int flag = absent;
    (void)config_setting_lookup_bool(setting, name, &flag);
    return flag != 0;
}

static bool complain(const char *path, const config_setting_t *at, const char *why)
{
    fprintf(stderr, "hearth-bridge: %s:%u: %s\n", path, at ? config_setting_source_line(at) : 0, why);
    return false;
}

/* kinds = ["message", "edit"] as "message,edit". */
static void join_kinds(const config_setting_t *setting, char out[128])
{
    const config_setting_t *kinds = config_setting_get_member(setting, "kinds");
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; kinds && i < config_setting_length(kinds); i++) {
        const char *kind = config_setting_get_string_elem(kinds, i);
        if (kind && used + strlen(kind) + 2 < 128)
            used += (size_t)snprintf(out + used, 128 - used, "%s%s", used > 0 ? "," : "", kind);
    }
}

static bool add_links(struct program *program, const char *path, const config_setting_t *setting,
                      const struct target *target)
{
    const config_setting_t *rooms = config_setting_get_member(setting, "rooms");
    char kinds[128];
    join_kinds(setting, kinds);
    const struct filter filter = {.kinds = kinds, .mention = setting_text(setting, "mention", "")};
    if (!rooms || config_setting_length(rooms) == 0)
        return complain(path, setting, "rooms is missing: rooms = [\"lobby\"]");
    for (int i = 0; i < config_setting_length(rooms); i++) {
        const char *room = config_setting_get_string_elem(rooms, i);
        if (!room || !room[0])
            return complain(path, rooms, "rooms must hold names of rooms");
        if (!link_add(&program->bridge, target->driver, target->of,
                      setting_text(setting, "name", target->driver->name), room, &filter))
            return complain(path, rooms, "there is no memory");
    }
    return true;
}

static bool add_target(struct program *program, const char *path, const config_setting_t *setting,
                       const struct driver *driver)
{
    char why[160];
    if (program->target_count == TARGETS_MAX)
        return complain(path, setting, "there are more than 64 targets");
    struct target *target = &program->targets[program->target_count];
    *target = (struct target){driver, driver->open(&program->bridge, setting, why, sizeof why)};
    if (!target->of)
        return complain(path, setting, why);
    program->target_count++;
    return add_links(program, path, setting, target);
}

static bool add_targets(struct program *program, const char *path)
{
    static const struct {
        const char *group;
        const struct driver *driver;
    } kinds[] = {
        {"webhooks", &webhook_driver},
#ifdef HEARTH_BRIDGE_MQTT
        {"mqtt", &mqtt_driver},
#endif
    };
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        const config_setting_t *list = config_lookup(&program->config, kinds[k].group);
        if (list && !config_setting_is_list(list))
            return complain(path, list, "this must be a list of groups: ( { ... }, { ... } )");
        for (int i = 0; list && i < config_setting_length(list); i++)
            if (!add_target(program, path, config_setting_get_elem(list, (unsigned)i), kinds[k].driver))
                return false;
    }
    return program->target_count > 0 ||
           complain(path, NULL, "there is nothing to carry: see webhooks and mqtt");
}

static bool read_gateway(struct program *program, const char *path, const char **token)
{
    struct bridge *bridge = &program->bridge;
    const config_setting_t *gateway = config_lookup(&program->config, "gateway");
    const char *url = gateway ? setting_text(gateway, "url", "http://127.0.0.1:8080") : "";
    *token = gateway ? setting_text(gateway, "token", "") : "";
    if (!gateway || strncmp(*token, "hearth_", 7) != 0 || strlen(*token) > 128)
        return complain(path, gateway, "gateway.token is missing: hearthctl token create NAME --role bridge");
    if (strncmp(url, "http", 4) != 0 || strlen(url) >= sizeof bridge->url)
        return complain(path, gateway, "gateway.url must begin with http:// or https://");
    snprintf(bridge->url, sizeof bridge->url, "%s", url);
    size_t length = strlen(bridge->url);
    while (length > 0 && bridge->url[length - 1] == '/')
        bridge->url[--length] = '\0';
    snprintf(bridge->authorization, sizeof bridge->authorization, "Authorization: Bearer %s", *token);
    return true;
}

static bool read_config(struct program *program, const char *path, const char **token)
{
    config_init(&program->config);
    if (config_read_file(&program->config, path))
        return read_gateway(program, path, token) && add_targets(program, path);
    const char *file = config_error_file(&program->config);
    fprintf(stderr, "hearth-bridge: %s:%d: %s\n", file ? file : path, config_error_line(&program->config),
            file ? config_error_text(&program->config) : strerror(errno));
    return false;
}

/* --- running -------------------------------------------------------------------------------------- */

static void ask_stop(int number)
{
    if (number == SIGHUP)
        reload_asked = 1;
    else
        stop_asked = 1;
}

static void take_signals(void)
{
    struct sigaction action = {.sa_handler = ask_stop};
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
}

static void turn(struct program *program)
{
    int64_t wait_ms = links_tick(&program->bridge);
    for (size_t i = 0; i < program->target_count; i++)
        if (program->targets[i].driver->tick)
            program->targets[i].driver->tick(program->targets[i].of);
    wait_ms = wait_ms < TURN_MS_MOST ? wait_ms : TURN_MS_MOST;
    web_turn(program->bridge.web, wait_ms > 0 ? (int)wait_ms : 0);
}

/* What cannot be read leaves everything as it is. */
static bool may_reload(const char *path)
{
    config_t config;
    config_init(&config);
    bool is_fine = config_read_file(&config, path);
    if (!is_fine)
        log_error("bridge: not reloaded line=%d why=\"%s\"", config_error_line(&config),
                  config_error_text(&config));
    config_destroy(&config);
    return is_fine;
}

static bool is_over(struct program *program, const char *path)
{
    if (reload_asked && !may_reload(path))
        reload_asked = 0;
    return stop_asked || reload_asked ||
           (program->bridge.is_once && links_are_idle(&program->bridge));
}

static void serve(struct program *program, const char *path)
{
    struct bridge *bridge = &program->bridge;
    while (!is_over(program, path))
        turn(program);
    bridge->is_stopping = true;
    links_stop(bridge);
    int64_t until_ms = bridge_now_ms() + STOP_MS;
    while (!links_are_noted(bridge) && bridge_now_ms() < until_ms)
        turn(program);
}

static void finish(struct program *program)
{
    links_destroy(&program->bridge);
    for (size_t i = 0; i < program->target_count; i++)
        program->targets[i].driver->close(program->targets[i].of);
    web_destroy(program->bridge.web);
    config_destroy(&program->config);
}

/* From a configuration to the end, or until it is to be read again. */
static int run(const struct options *options)
{
    static struct program program;
    const char *token = "";
    program = (struct program){.bridge = {.is_once = options->is_once, .is_dry_run = options->is_dry_run || options->is_check}};
    program.bridge.web = web_create();
    bool is_fine = program.bridge.web && read_config(&program, options->path, &token);
    reload_asked = 0;
    if (is_fine && !options->is_check) {
        ask_self(&program.bridge, token);
        fprintf(stderr, "hearth-bridge: ready targets=%zu\n", program.target_count);
        serve(&program, options->path);
    } else if (is_fine) {
        printf("%s is fine.\n", options->path);
    }
    finish(&program);
    return is_fine ? EXIT_FINE : EXIT_FAILED;
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
    log_open(2, 0, 0);
    take_signals();
    int status;
    do
        status = run(&options);
    while (reload_asked && !stop_asked);
    return status;
}
