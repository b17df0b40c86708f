#include "daemon/net/secure.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/log.h"
#include "daemon/net/headers.h"
#include "daemon/net/listener_private.h"
#include "storage/clock.h"
#include "storage/store.h"

#define WARN_DAYS 14
#define PAIR_BYTES_MAX 65536

static int64_t believed_ms(void *of)
{
    struct server *server = of;
    int64_t now_ms = store_now(server->store).wall_ms;
    return now_ms < clock_built_ms() ? clock_built_ms() : now_ms;
}

static int64_t read_clock(void *unused)
{
    struct clock_reading reading;
    (void)unused;
    clock_read_system(&reading);
    return reading.wall_ms;
}

static struct tls_options files_of(const struct config *config)
{
    struct tls_options options = {0};
    snprintf(options.certificate, sizeof options.certificate, "%s", config->tls.certificate);
    snprintf(options.key, sizeof options.key, "%s", config->tls.key);
    snprintf(options.hosts, sizeof options.hosts, "%s", config->http.allowed_hosts);
    return options;
}

static struct tls_options options_of(struct server *server)
{
    const struct config *config = server->config;
    struct tls_options options = files_of(config);
    options.is_local_ca = config->tls.mode == TLS_LOCAL_CA;
    options.lines_max = server->connections_max + server->waiting_max + (int)config_ending_max(config);
    options.socket_bytes =
        (int)(config->limits.socket_bytes < PAIR_BYTES_MAX ? config->limits.socket_bytes : PAIR_BYTES_MAX);
    options.now_ms = believed_ms;
    options.of = server;
    config_tls_folder(config, options.folder, sizeof options.folder);
    return options;
}

bool secure_open(struct server *server)
{
    struct tls_options options = options_of(server);
    if (server->config->tls.mode == TLS_OFF)
        return true;
    server->tls = tls_open(&options);
    secure_sweep(server);
    return server->tls != NULL;
}

void secure_configure(struct server *server)
{
    struct tls_options options = options_of(server);
    if (server->tls)
        tls_configure(server->tls, &options);
}

static void print_date(int64_t unix_ms, char *out, size_t size)
{
    struct tm parts;
    time_t seconds = (time_t)(unix_ms / 1000);
    if (!gmtime_r(&seconds, &parts) || strftime(out, size, "%Y-%m-%d", &parts) == 0)
        snprintf(out, size, "?");
}

/* What the administrator of the gateway should know; empty when all is well. */
static void warn(struct server *server, const struct tls_state *state, char *out, size_t size)
{
    char date[16];
    int64_t left_ms = state->expires_ms - believed_ms(server);
    out[0] = '\0';
    print_date(state->expires_ms, date, sizeof date);
    const char *goes_on = !state->is_serving   ? " Nobody can connect with https."
                          : state->is_doubtful ? " Browsers warn of it; http goes on."
                                               : " What was there before goes on.";
    if (state->trouble[0])
        snprintf(out, size, "%s%s", state->trouble, goes_on);
    else if (left_ms <= 0)
        snprintf(out, size, "The certificate expired on %s; http goes on.", date);
    else if (left_ms < WARN_DAYS * INT64_C(86400000))
        snprintf(out, size, "The certificate expires on %s.", date);
}

void secure_sweep(struct server *server)
{
    struct tls_state state;
    char date[16];
    if (!server->tls)
        return;
    tls_get_state(server->tls, &state);
    if (state.changes == server->tls_changes)
        return;
    server->tls_changes = state.changes;
    print_date(state.expires_ms, date, sizeof date);
    if (state.trouble[0])
        log_error("tls: %s", state.trouble);
    if (state.is_serving)
        log_info("tls: certificate expires=%s names=\"%s\"", date, state.names);
}

void secure_describe(void *of, struct host_tls *tls)
{
    static const char *const modes[] = {"off", "files", "local_ca"};
    struct server *server = of;
    struct tls_state state;
    *tls = (struct host_tls){.mode = modes[server->config->tls.mode]};
    if (!server->tls)
        return;
    tls_get_state(server->tls, &state);
    tls->port = server->listeners->tls_port;
    tls->expires_ms = state.expires_ms;
    tls->handshakes = state.handshakes;
    tls->failures = state.failures;
    snprintf(tls->names, sizeof tls->names, "%s", state.names);
    warn(server, &state, tls->warning, sizeof tls->warning);
}

void secure_authority(struct http_request *http)
{
    const char *pem = http->server->tls ? tls_authority(http->server->tls) : NULL;
    if (pem)
        http_request_answer(http, 200,
                            "Content-Type: application/x-x509-ca-cert\r\n"
                            "Content-Disposition: attachment; filename=\"hearth-ca.crt\"\r\n"
                            "Cache-Control: no-store\r\n", pem, strlen(pem));
    else
        http_request_refuse_with(http, 404, "", "bad_request",
                                 "This gateway is no certificate authority; tls.mode local_ca makes it one.");
}

bool secure_check_files(const struct config *config, char *why, size_t why_size)
{
    struct tls_options options = files_of(config);
    options.now_ms = read_clock;
    why[0] = '\0';
    return config->tls.mode != TLS_FILES || tls_check_files(&options, why, why_size);
}

void secure_libraries(char *out, size_t size)
{
    char library[TLS_LIBRARY_BYTES];
    tls_library(library, sizeof library);
    snprintf(out, size, "libwebsockets %.*s, %s", (int)strcspn(lws_get_library_version(), "-"),
             lws_get_library_version(), library);
}
