/* hearthctl setup - the few questions that a new gateway has, the configuration that answers them, and
 * how people come in. */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "daemon/cli/commands.h"
#include "daemon/cli/qr.h"
#include "daemon/cli/terminal.h"

/* What is asked, in this order; of a setting that this version lacks, nothing. */
static const struct question {
    const char *setting, *words;
    enum option_id option;
} questions[] = {
    {"server.name", "What is this gateway called?", OPTION_name},
    {"accounts.newcomers", "Who may come in (open, ask, invite, closed)?", OPTION_newcomers},
    {"tls.mode", "Encryption (off; local_ca: the board vouches for itself)?", OPTION_tls},
    {"listen.port", "On which port? 80 needs no number in the address.", OPTION_port},
};

static bool find_value(const struct config *config, const char *name, struct config_value *value)
{
    for (int row = 0; row < CONFIG_ROW_COUNT; row++)
        if (config_value(config, (enum config_row)row, value) && strcmp(value->name, name) == 0)
            return true;
    return false;
}

static bool take_answer(struct config *config, const char *setting, const char *answer)
{
    char assignment[1200], why[CONFIG_WHY_BYTES];
    snprintf(assignment, sizeof assignment, "%s=%s", setting, answer);
    if (config_set(config, assignment, why, sizeof why))
        return true;
    (void)complain(EXIT_WRONG_USE, "%s", why);
    return false;
}

/* Asks until the answer will do. False at the end of the input. */
static bool ask(struct config *config, const struct question *question, const char *value)
{
    char line[1024];
    do {
        fprintf(stderr, "%s [", question->words);
        terminal_print(stderr, value, 0);
        fputs("] ", stderr);
        if (!fgets(line, sizeof line, stdin))
            return false;
        line[strcspn(line, "\r\n")] = '\0';
    } while (line[0] != '\0' && !take_answer(config, question->setting, line));
    return true;
}

static bool may_ask(const struct invocation *invocation)
{
    return isatty(STDIN_FILENO) && !invocation_has(invocation, OPTION_yes);
}

static bool ask_all(const struct invocation *invocation, struct config *config)
{
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        const struct question *question = &questions[i];
        const char *given = invocation->options[question->option];
        struct config_value value;
        if (!find_value(config, question->setting, &value)) {
            if (given)
                (void)complain(EXIT_WRONG_USE, "this version has no %s.", question->setting);
            if (given)
                return false;
        } else if (given ? !take_answer(config, question->setting, given)
                         : may_ask(invocation) && !ask(config, question, value.value)) {
            return false;
        }
    }
    return true;
}

/* Whole or not at all; what was there before stays beside it. */
static bool write_file(const struct config *config, const char *path)
{
    char fresh[1100], old[1100];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    snprintf(old, sizeof old, "%s.old", path);
    FILE *file = fopen(fresh, "we");
    if (!file)
        return false;
    config_print_changed(config, file);
    bool is_written = fflush(file) == 0 && !ferror(file) && fsync(fileno(file)) == 0 &&
                      fchmod(fileno(file), 0644) == 0;
    is_written = fclose(file) == 0 && is_written;
    if (is_written && access(path, F_OK) == 0) {
        (void)unlink(old);
        is_written = link(path, old) == 0;
    }
    return is_written && rename(fresh, path) == 0;
}

/* --- how people come in ------------------------------------------------------------------------ */

/* The first address of this machine that others in its network reach; else localhost. */
static void find_address(char out[INET_ADDRSTRLEN])
{
    struct ifaddrs *all = NULL;
    snprintf(out, INET_ADDRSTRLEN, "localhost");
    if (getifaddrs(&all) != 0)
        return;
    for (const struct ifaddrs *one = all; one; one = one->ifa_next) {
        if (!one->ifa_addr || one->ifa_addr->sa_family != AF_INET ||
            (one->ifa_flags & (IFF_UP | IFF_LOOPBACK)) != IFF_UP)
            continue;
        const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)one->ifa_addr;
        if (inet_ntop(AF_INET, &four->sin_addr, out, INET_ADDRSTRLEN))
            break;
    }
    freeifaddrs(all);
}

/* A path of the page, as others in the network reach it. */
static void print_link(const char *what, int port, const char *path)
{
    char address[INET_ADDRSTRLEN], link[160], number[16] = "";
    struct qr qr;
    find_address(address);
    if (port != 80)
        snprintf(number, sizeof number, ":%d", port);
    snprintf(link, sizeof link, "http://%s%s%s", address, number, path);
    printf("\n%s: %s\n\n", what, link);
    if (qr_make(link, &qr))
        qr_print(&qr, stdout);
}

/* --- the gateway, if it runs -------------------------------------------------------------------- */

static void print_waiting(const json_t *waiting)
{
    size_t i;
    json_t *name;
    json_array_foreach(waiting, i, name)
        printf("%s%s", i > 0 ? ", " : "What counts from the next start: ", json_string_value(name));
    if (i > 0)
        puts(".\n    systemctl restart hearth");
}

static bool is_running(const struct invocation *invocation)
{
    return access(invocation->socket, F_OK) == 0;
}

static enum exit_code apply(const struct invocation *invocation)
{
    json_t *reply;
    if (!is_running(invocation)) {
        puts("hearthd does not run here. As an installed service, and for the first administrator:\n"
             "    systemctl start hearth\n    hearthctl setup --admin NAME");
        return EXIT_DONE;
    }
    enum exit_code code = invocation_ask(invocation, json_pack("{s:s}", "type", "reload"), &reply);
    if (code == EXIT_DONE)
        print_waiting(json_object_get(reply, "waiting"));
    json_decref(reply);
    return code;
}

/* --- the first administrator --------------------------------------------------------------------- */

/* Where the running gateway listens; 0 when it does not say. */
static int running_port(const struct invocation *invocation)
{
    json_t *reply = NULL, *setting;
    size_t i;
    int port = 0;
    (void)invocation_ask(invocation, json_pack("{s:s}", "type", "settings"), &reply);
    json_array_foreach(json_object_get(reply, "settings"), i, setting)
    {
        const char *name = json_string_value(json_object_get(setting, "name"));
        const char *value = json_string_value(json_object_get(setting, "value"));
        if (name && value && strcmp(name, "listen.port") == 0)
            port = atoi(value);
    }
    json_decref(reply);
    return port;
}

/* A new user of this name, as any newcomer, and a link by which a phone becomes one of its devices. */
static enum exit_code invite_administrator(const struct invocation *invocation, int port,
                                           const char *name)
{
    json_t *welcome, *role, *move = NULL;
    enum exit_code code = invocation_ask_as(
        invocation, port, NULL,
        json_pack("{s:s, s:s, s:s}", "type", "hello", "name", name, "client", "hearthctl setup"),
        &welcome);
    if (code != EXIT_DONE)
        return code;
    code = invocation_ask(invocation, json_pack("{s:s, s:s, s:s}", "type", "user", "user", name,
                                                "role", "admin"), &role);
    if (code == EXIT_DONE)
        code = invocation_ask_as(invocation, port,
                                 json_string_value(json_object_get(welcome, "session")),
                                 json_pack("{s:s}", "type", "move"), &move);
    const char *path = json_string_value(json_object_get(move, "path"));
    if (path) {
        print_link("The administrator's device opens this, once and within two minutes", port, path);
        printf("\nToo late? hearthctl user forget %s, and once more.\n", name);
    }
    json_decref(welcome);
    json_decref(role);
    json_decref(move);
    return code;
}

/* The name that was given, or that somebody at a terminal gives now; NULL: nobody's. */
static const char *find_administrator(const struct invocation *invocation, char *name, size_t size)
{
    if (invocation->options[OPTION_admin] || !may_ask(invocation) || !is_running(invocation))
        return invocation->options[OPTION_admin];
    fputs("Whose phone comes in as the administrator? A name, or nothing: nobody's. ", stderr);
    if (!fgets(name, (int)size, stdin))
        return NULL;
    name[strcspn(name, "\r\n")] = '\0';
    return name[0] ? name : NULL;
}

static enum exit_code report(const struct invocation *invocation, const struct config *config,
                             const char *path)
{
    if (invocation_has(invocation, OPTION_json)) {
        json_t *done = json_pack("{s:s, s:s, s:i}", "type", "setup", "path", path, "port",
                                 (int)config->listen.port);
        invocation_print_json(done);
        json_decref(done);
        return EXIT_DONE;
    }
    printf("%s is written.\n", path);
    enum exit_code code = apply(invocation);
    print_link("The page", (int)config->listen.port, "/");
    char name[256];
    const char *administrator = find_administrator(invocation, name, sizeof name);
    if (code != EXIT_DONE || !administrator)
        return code;
    int port = is_running(invocation) ? running_port(invocation) : 0;
    return port > 0 ? invite_administrator(invocation, port, administrator)
                    : complain(EXIT_REFUSED, "the administrator is made while hearthd runs; call setup again then.");
}

enum exit_code command_setup(const struct invocation *invocation)
{
    static struct config config;
    char why[CONFIG_WHY_BYTES];
    const char *path = invocation->options[OPTION_config];
    path = path ? path : CONFIG_INSTALLED;
    config_defaults(&config);
    if (access(path, F_OK) == 0 && !config_load(&config, path, why, sizeof why))
        return complain(EXIT_REFUSED, "%s", why);
    if (!ask_all(invocation, &config))
        return complain(EXIT_WRONG_USE, "nothing was written.");
    if (!config_check(&config, why, sizeof why))
        return complain(EXIT_REFUSED, "%s Nothing was written.", why);
    if (!write_file(&config, path))
        return complain(EXIT_REFUSED, "%s could not be written: %s.", path, strerror(errno));
    return report(invocation, &config, path);
}
