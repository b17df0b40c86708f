#include "config/config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "config/setting.h"

#define FRAME_OVERHEAD_BYTES 1024 /* what a request has besides its text */

void config_defaults(struct config *config)
{
    size_t count;
    char why[CONFIG_WHY_BYTES];
    const struct setting *table = setting_table(&count);
    memset(config, 0, sizeof *config);
    for (const struct setting *row = table; row < table + count; row++) {
        char *target = (char *)config + row->offset;
        int index = (int)row->number;
        if (row->kind == SETTING_INT)
            memcpy(target, &row->number, sizeof row->number);
        else if (row->kind == SETTING_BOOL)
            setting_put_bool(row, config, row->number != 0);
        else if (row->kind == SETTING_CHOICE)
            memcpy(target, &index, sizeof index);
        else if (row->kind != SETTING_GROUP)
            (void)setting_put_text(row, config, row->text, why, sizeof why);
    }
}

static bool set_number(const struct setting *setting, struct config *config, const char *value,
                       char *why, size_t why_size)
{
    char *end;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (end == value || *end != '\0' || errno != 0) {
        snprintf(why, why_size, "%s.%s is \"%.60s\"; it must be an integer.", setting->group,
                 setting->name, value);
        return false;
    }
    return setting_put_number(setting, config, number, why, why_size);
}

static bool set_bool(const struct setting *setting, struct config *config, const char *value,
                     char *why, size_t why_size)
{
    if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
        return setting_put_bool(setting, config, value[0] == 't');
    snprintf(why, why_size, "%s.%s is \"%.60s\"; it must be true or false.", setting->group,
             setting->name, value);
    return false;
}

static bool set_value(const struct setting *setting, struct config *config, const char *value,
                      char *why, size_t why_size)
{
    if (setting->kind == SETTING_INT)
        return set_number(setting, config, value, why, why_size);
    if (setting->kind == SETTING_BOOL)
        return set_bool(setting, config, value, why, why_size);
    return setting_put_text(setting, config, value, why, why_size);
}

bool config_set(struct config *config, const char *assignment, char *why, size_t why_size)
{
    char name[64];
    const char *dot = strchr(assignment, '.');
    const char *equals = strchr(assignment, '=');
    if (!dot || !equals || dot > equals || (size_t)(equals - dot) > sizeof name) {
        snprintf(why, why_size, "\"%.60s\" is no setting; write group.name=value.", assignment);
        return false;
    }
    snprintf(name, sizeof name, "%.*s", (int)(equals - dot - 1), dot + 1);
    const struct setting *setting = setting_find(assignment, (size_t)(dot - assignment), name);
    if (!setting || !setting->name) {
        snprintf(why, why_size, "There is no setting \"%.*s\".", (int)(equals - assignment),
                 assignment);
        return false;
    }
    if (!set_value(setting, config, equals + 1, why, why_size))
        return false;
    setting_note_origin(setting, config, CONFIG_COMMAND_LINE, 0);
    return true;
}

void config_admin_socket(const struct config *config, char *out, size_t out_size)
{
    if (config->admin.socket[0]) {
        snprintf(out, out_size, "%s", config->admin.socket);
        return;
    }
    const char *slash = strrchr(config->storage.path, '/');
    int folder = slash ? (int)(slash - config->storage.path) + 1 : 0;
    snprintf(out, out_size, "%.*shearth.sock", folder, config->storage.path);
}

void config_tls_folder(const struct config *config, char *out, size_t out_size)
{
    const char *slash = strrchr(config->storage.path, '/');
    int folder = slash ? (int)(slash - config->storage.path) + 1 : 0;
    snprintf(out, out_size, "%.*stls", folder, config->storage.path);
}

/* scheme://host, perhaps with a port, and nothing behind it: what browsers send as Origin. */
static bool is_origin(const char *word, size_t length)
{
    const char *colons = memmem(word, length, "://", 3);
    if (!colons || colons == word)
        return false;
    size_t rest = length - (size_t)(colons + 3 - word);
    return rest > 0 && !memchr(colons + 3, '/', rest);
}

static bool check_origins(const struct config *config, char *why, size_t why_size)
{
    for (const char *at = config->http.allowed_origins; *at; at += strspn(at, ",")) {
        at += strspn(at, " ");
        size_t length = strcspn(at, ", ");
        if (length > 0 && !is_origin(at, length)) {
            snprintf(why, why_size,
                     "http.allowed_origins holds \"%.*s\"; an origin looks like "
                     "https://chat.example.org, with nothing after the host and port.",
                     (int)(length < 80 ? length : 80), at);
            return false;
        }
        at += strcspn(at, ",");
    }
    return true;
}

static bool check_paths(const struct config *config, char *why, size_t why_size)
{
    char socket_path[sizeof config->storage.path + 16];
    struct in6_addr address;
    const char *listen = config->listen.address;
    if (inet_pton(AF_INET, listen, &address) != 1 && inet_pton(AF_INET6, listen, &address) != 1) {
        snprintf(why, why_size, "listen.address is \"%s\"; it must be an IPv4 or IPv6 address.",
                 listen);
        return false;
    }
    if (!config->storage.path[0]) {
        snprintf(why, why_size, "storage.path is empty; it must name the database file.");
        return false;
    }
    config_admin_socket(config, socket_path, sizeof socket_path);
    if (strlen(socket_path) >= sizeof((struct sockaddr_un *)0)->sun_path) {
        snprintf(why, why_size,
                 "The admin socket's path would have %zu bytes, beyond what a Unix socket may "
                 "have (107); set admin.socket to a shorter one.",
                 strlen(socket_path));
        return false;
    }
    return true;
}

/* Two settings of which the first may not be below the second. */
struct pair {
    const char *name;
    int64_t value;
    const char *other;
    int64_t least;
};

static bool check_bounds(const struct config *config, char *why, size_t why_size)
{
    const struct config_limits *limits = &config->limits;
    const struct pair pairs[] = {
        {"limits.frame_bytes", limits->frame_bytes, "limits.text_bytes and 1024 more",
         limits->text_bytes + FRAME_OVERHEAD_BYTES},
        {"limits.room_log_bytes", limits->room_log_bytes, "limits.write_bytes",
         limits->write_bytes},
        {"limits.log_bytes", limits->log_bytes, "limits.room_log_bytes", limits->room_log_bytes},
        {"limits.replies_bytes", limits->replies_bytes, "limits.reply_bytes", limits->reply_bytes},
        {"limits.http_bytes", limits->http_bytes, "limits.reply_bytes", limits->reply_bytes},
        {"limits.received_bytes", limits->received_bytes, "limits.frame_bytes",
         limits->frame_bytes},
        {"limits.unsent_bytes", limits->unsent_bytes, "limits.write_bytes", limits->write_bytes},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (pairs[i].value < pairs[i].least) {
            snprintf(why, why_size,
                     "%s is %" PRId64 "; it must be at least %s, which is %" PRId64 ".",
                     pairs[i].name, pairs[i].value, pairs[i].other, pairs[i].least);
            return false;
        }
    }
    return true;
}

static bool check_page(const struct config *config, char *why, size_t why_size)
{
    const char *folder = config->http.page_dir;
    struct stat status;
    if (!folder[0] || (stat(folder, &status) == 0 && S_ISDIR(status.st_mode)))
        return true;
    snprintf(why, why_size, "http.page_dir is \"%s\", which is no folder that can be read.", folder);
    return false;
}

static bool check_tls(const struct config *config, char *why, size_t why_size)
{
    const struct config_tls *tls = &config->tls;
    if (tls->mode == TLS_FILES && (!tls->certificate[0] || !tls->key[0])) {
        snprintf(why, why_size, "tls.%s is empty; with tls.mode files it must name a file.",
                 tls->certificate[0] ? "key" : "certificate");
        return false;
    }
    if (tls->mode != TLS_OFF && tls->port != 0 && tls->port == config->listen.port) {
        snprintf(why, why_size, "tls.port is %" PRId64 ", as listen.port is; they must be two ports.",
                 tls->port);
        return false;
    }
    return true;
}

bool config_check(const struct config *config, char *why, size_t why_size)
{
    return check_page(config, why, why_size) && check_paths(config, why, why_size) &&
           check_origins(config, why, why_size) && check_tls(config, why, why_size) &&
           check_bounds(config, why, why_size);
}
