#include "daemon/net/server.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "daemon/log.h"
#include "daemon/net/accept.h"
#include "daemon/net/connection.h"
#include "daemon/net/descriptors.h"
#include "daemon/net/front.h"
#include "daemon/net/http.h"
#include "daemon/net/http_request.h"
#include "daemon/net/notify.h"
#include "daemon/net/secure.h"
#include "daemon/net/signals.h"
#include "daemon/net/stop.h"
#include "daemon/net/websocket.h"
#include "storage/store.h"

#define WAITING_SHARE 4           /* one in so many may wait for the head of its request */
#define TICK_SLACK_US 1000
#define TURN_LONG_US 4000          /* what has been heard in so long goes out before more is heard */
#define ROUNDS_MAX 8               /* of answers that lead to answers, within one turn */
#define SWEEP_ON_US 1000           /* after a part of those that are silent */
#define TRIM_COUNT 256             /* connections that have gone: memory is given back */
#define TRIM_SECONDS 3

static int wake_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                         size_t length);

/* HTTP is first: lws falls back to it. tx_packet_size: or lws cuts what is written at rx_buffer_size
 * and copies the rest. */
static const struct lws_protocols protocols[] = {
    {HTTP_PROTOCOL, http_callback, sizeof(struct http_slot), RX_BUFFER_BYTES, 0, NULL, TX_PACKET_BYTES},
    {"hearth.v1", websocket_callback, sizeof(struct connection), RX_BUFFER_BYTES, 0, NULL,
     TX_PACKET_BYTES},
    {LISTENER_PROTOCOL, listener_callback, 0, 0, 0, NULL, TX_PACKET_BYTES},
    {FRONT_PROTOCOL, front_callback, 0, 0, 0, NULL, TX_PACKET_BYTES},
    {WAKE_PROTOCOL, wake_callback, 0, 0, 0, NULL, TX_PACKET_BYTES},
#ifdef HEARTH_TEST_ENDPOINTS
    {"hearth.echo", websocket_callback, sizeof(struct connection), RX_BUFFER_BYTES, 0, NULL,
     TX_PACKET_BYTES},
#endif
    {NULL, NULL, 0, 0, 0, NULL, 0},
};

/* A WebSocket that names no subprotocol gets hearth.v1. */
static const struct lws_protocol_vhost_options by_default = {NULL, NULL, "default", "1"};
static const struct lws_protocol_vhost_options options = {NULL, &by_default, "hearth.v1", ""};

/* And requests go to http all the same. */
static const struct lws_http_mount everything = {
    .mountpoint = "/",
    .mountpoint_len = 1,
    .origin = HTTP_PROTOCOL,
    .origin_protocol = LWSMPRO_CALLBACK,
    .protocol = HTTP_PROTOCOL,
};

/* On what lws answers by itself. */
static const struct lws_protocol_vhost_options sniff = {
    NULL, NULL, "X-Content-Type-Options:", "nosniff"};
static const struct lws_protocol_vhost_options policy = {
    &sniff, NULL, "Content-Security-Policy:", "default-src 'none'; frame-ancestors 'none'"};

/* lws's own pings are off: the loop's cost nothing that grows with the connections. */
static const lws_retry_bo_t no_pings = {.secs_since_valid_ping = 0};

/* ---- turns of the loop ---- */

int64_t server_now_ms(const struct server *server)
{
    return (server->turn_began_us ? server->turn_began_us : clock_monotonic_us()) / 1000;
}

static void turn_end(struct server *server);

static void on_tick(lws_sorted_usec_list_t *timer)
{
    struct server *server = lws_container_of(timer, struct server, tick_timer);
    server->tick_due_us = 0;
    server_turn_begin(server);
    turn_end(server); /* a turn of its own: under poll the loop waits before it returns */
}

/* The core's next due time becomes a timer, unless it is one already. */
static void schedule_tick(struct server *server, int64_t wait_us, int64_t now_us)
{
    int64_t due_us = now_us + wait_us;
    if (server->tick_due_us != 0 && server->tick_due_us <= due_us + TICK_SLACK_US)
        return; /* it fires early enough; then the core is asked again */
    server->tick_due_us = due_us;
    lws_sul_schedule(server->context, 0, &server->tick_timer, on_tick, wait_us);
}

static void schedule_next(struct server *server, int64_t tick_ms, int64_t flush_ms)
{
    int64_t now_us = clock_monotonic_us();
    int64_t wait_ms = tick_ms < flush_ms ? tick_ms : flush_ms;
    if (flush_ms == 0)
        schedule_tick(server, 1, now_us);
    else if (wait_ms != INT64_MAX)
        schedule_tick(server, (wait_ms < 1 ? 1 : wait_ms) * 1000, now_us);
}

/* Gives the ms until more is due. */
static int64_t flush(struct server *server)
{
    int64_t flush_ms = gateway_flush(server->gateway);
    for (int i = 0; i < ROUNDS_MAX && http_requests_go_on(server); i++)
        flush_ms = gateway_flush(server->gateway);
    return server->due ? 0 : flush_ms;
}

/* Everything that gathered in this turn goes out, in one write a connection. */
static void turn_end(struct server *server)
{
    if (server->turn_began_us == 0)
        return;
    lws_sul_cancel(&server->turn_timer);
    read_on_rest(server);
    int64_t tick_ms = gateway_tick(server->gateway);
    stop_go_on(server);
    int64_t flush_ms = flush(server);
    file_budget_renew(server);
    if (gateway_wants_restart(server->gateway) && server->stop.stage == STOP_NOT_BEGUN) {
        server->stop.wants_restart = true;
        stop_begin(server);
    }
    schedule_next(server, tick_ms, flush_ms);
    gateway_turn_took(server->gateway, clock_monotonic_us() - server->turn_began_us);
    server->turn_began_us = 0;
}

static void on_turn_end(lws_sorted_usec_list_t *timer)
{
    turn_end(lws_container_of(timer, struct server, turn_timer));
}

/* Of a turn. */
static void note_beginning(struct server *server)
{
    struct moment now = store_now(server->store);
    server->turn_began_us = clock_monotonic_us();
    gateway_set_now(server->gateway, &now);
}

bool server_turn_is_long(const struct server *server)
{
    return clock_monotonic_us() - server->turn_began_us > TURN_LONG_US;
}

void server_turn_cut(struct server *server)
{
    bool is_between = server->turn_began_us == 0 || server->read_on.is_reading ||
                      server->stop.stage >= STOP_DONE;
    if (is_between || !server_turn_is_long(server))
        return;
    (void)gateway_tick(server->gateway); /* what more is due is seen when the turn ends */
    (void)gateway_flush(server->gateway);
    gateway_turn_took(server->gateway, clock_monotonic_us() - server->turn_began_us);
    note_beginning(server);
}

/* Under poll a turn ends when lws_service returns. Under libuv that does not return; there a timer
 * that is due at once fires after all events of this turn and before the loop waits again. */
void server_turn_begin(struct server *server)
{
    if (server->turn_began_us != 0)
        return;
    note_beginning(server);
    if (server->is_libuv)
        lws_sul_schedule(server->context, 0, &server->turn_timer, on_turn_end, 1);
}

/* ---- once a second, while somebody is here ---- */

/* After many have gone and nobody comes or goes any more: the heap is full of holes then. */
static void give_memory_back(struct server *server)
{
#ifdef __GLIBC__
    int count = server->connection_count;
    if (count > server->trim.peak_count)
        server->trim.peak_count = count;
    server->trim.quiet_seconds = count == server->trim.last_count ? server->trim.quiet_seconds + 1 : 0;
    server->trim.last_count = count;
    if (server->trim.quiet_seconds < TRIM_SECONDS ||
        server->trim.peak_count - count < TRIM_COUNT)
        return;
    malloc_trim(0);
    server->trim.peak_count = count;
#else
    (void)server;
#endif
}

static void on_second(lws_sorted_usec_list_t *timer)
{
    struct server *server = lws_container_of(timer, struct server, second_timer);
    server_turn_begin(server);
    bool is_swept = connections_sweep(server);
    front_sweep(server->front);
    secure_sweep(server);
    lws_sul_schedule(server->context, 0, timer, on_second, is_swept ? SECOND_US : SWEEP_ON_US);
    turn_end(server);
    if (is_swept)
        give_memory_back(server);
}

#ifdef HEARTH_TEST_ENDPOINTS
void server_advance_clock(struct server *server, int64_t ms)
{
    clock_advance(ms * 1000);
    if (server->turn_began_us != 0)
        server->turn_began_us += ms * 1000; /* this turn took no longer */
    server->tick_due_us = 0;                /* by the clock as it was */
    lws_sul_schedule(server->context, 0, &server->second_timer, on_second, 1);
}
#endif

static void on_watchdog(lws_sorted_usec_list_t *timer)
{
    struct server *server = lws_container_of(timer, struct server, watchdog_timer);
    notify_watchdog();
    lws_sul_schedule(server->context, 0, timer, on_watchdog, notify_watchdog_interval_us());
}

/* ---- stopping and reloading ---- */

static void apply_config(struct server *server)
{
    const struct config *config = server->config;
    if (!networks_parse(config->limits.exempt, &server->exempt))
        log_warn("server: limits.exempt holds more than is understood networks=%zu",
                 server->exempt.count);
    if (!networks_parse(config->http.trusted_proxies, &server->proxies))
        log_warn("server: http.trusted_proxies holds more than is understood networks=%zu",
                 server->proxies.count);
    int64_t room = descriptors_for_clients(config, server->connection_count);
    int64_t waiting = room - config->limits.connections;
    if (waiting < room / WAITING_SHARE)
        waiting = room / WAITING_SHARE;
    server->waiting_max = (int)waiting;
    server->connections_max = (int)config->limits.connections;
    if (room - waiting < config->limits.connections) {
        server->connections_max = (int)(room - waiting);
        log_warn("server: descriptors are short connections_max=%d", server->connections_max);
    }
    secure_configure(server);
}

static bool read_config(void *of, struct config *fresh, char *why, size_t why_size)
{
    const struct server *server = of;
    return server->reload->read(server->reload->of, fresh, why, why_size);
}

static void take_config(struct server *server, const struct config *fresh,
                        struct config_changes *changes)
{
    config_take(server->config, fresh, changes);
    apply_config(server);
    gateway_reconfigured(server->gateway);
    server->reload->done(server->reload->of);
    log_info("server: configuration read again changed=\"%s\"", changes->applied);
    if (server->config->outdated[0])
        log_warn("server: the configuration is of an older version: %s", server->config->outdated);
    if (changes->waiting[0])
        log_warn("server: these settings count from the next start only: %s", changes->waiting);
}

static bool reload_config(void *of, struct config_changes *changes, char *why, size_t why_size)
{
    struct server *server = of;
    struct config *fresh = malloc(sizeof *fresh);
    if (!fresh) {
        snprintf(why, why_size, "There is no memory left.");
        return false;
    }
    notify_reloading();
    bool is_read = read_config(server, fresh, why, why_size);
    if (is_read)
        take_config(server, fresh, changes);
    else
        log_error("server: configuration kept as it was, the new one is wrong: %s", why);
    notify_ready();
    free(fresh);
    return is_read;
}

static void on_signal(struct server *server, int fd)
{
    enum signal_meaning meaning;
    struct config_changes changes;
    char why[CONFIG_WHY_BYTES];
    while ((meaning = signals_read(fd)) != SIGNAL_NONE) {
        if (meaning == SIGNAL_RELOAD)
            (void)reload_config(server, &changes, why, sizeof why); /* the log tells */
        else
            stop_for_good(server);
    }
}

static void collect(struct server *server)
{
    store_heard(server->store);
    gateway_collect(server->gateway);
}

/* Of the two descriptors that lws watches: a signal has come, or the store has finished something. */
static int wake_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                         size_t length)
{
    (void)user;
    (void)in;
    (void)length;
    struct server *server = lws_context_user(lws_get_context(wsi));
    switch (reason) {
    case LWS_CALLBACK_RAW_RX_FILE:
        server_turn_begin(server);
        server_turn_cut(server);
        if (wsi == server->signal_wsi)
            on_signal(server, lws_get_socket_fd(wsi));
        else
            collect(server);
        return 0;
    case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
        if (server->is_libuv && server->stop.stage == STOP_DONE) {
            server->stop.stage = STOP_TORN_DOWN; /* only from here does libuv's loop end */
            lws_context_destroy(server->context);
        }
        return 0;
    case LWS_CALLBACK_RAW_ADOPT:
    case LWS_CALLBACK_RAW_RX:
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return -1;
    default:
        return 0;
    }
}

/* ---- building and taking down ---- */

static void on_lws_line(int level, const char *line)
{
    int length = (int)strcspn(line, "\n");
    if (level & LLL_ERR)
        log_warn("lws: %.*s", length, line);
    else
        log_debug("lws: %.*s", length, line);
}

static void ignore_signal(void *handle, int number)
{
    (void)handle;
    (void)number; /* they are blocked and come by signalfd */
}

static struct lws_context *create_context(struct server *server, bool with_libuv)
{
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = protocols,
        .pvo = &options,
        .mounts = &everything,
        .headers = &policy,
        .pt_serv_buf_size = PT_SERV_BUF_BYTES,
        /* max_http_header_data stays at 4096: front.c sees to it that no head is longer. */
        .retry_and_idle_policy = &no_pings,
        .signal_cb = ignore_signal,
        .user = server,
        .options = LWS_SERVER_OPTION_UV_NO_SIGSEGV_SIGFPE_SPIN | LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
    };
    if (with_libuv)
        info.options |= LWS_SERVER_OPTION_LIBUV;
    struct lws_context *context = lws_create_context(&info);
    if (!context)
        return NULL;
    server->context = context;
    server->is_libuv = with_libuv;
    server->vhost = lws_create_vhost(context, &info);
    if (server->vhost)
        return context;
    lws_context_destroy(context);
    server->context = NULL;
    return NULL;
}

static struct lws *watch(struct server *server, int fd)
{
    lws_sock_file_fd_type file = {.filefd = fd};
    if (fd < 0)
        return NULL;
    return lws_adopt_descriptor_vhost(server->vhost, LWS_ADOPT_RAW_FILE_DESC, file, WAKE_PROTOCOL, NULL);
}

static bool watch_everything(struct server *server)
{
    if (!secure_open(server))
        return false;
    server->signal_wsi = watch(server, signals_open());
    server->front = front_open(server);
    return server->signal_wsi && server->front &&
           watch(server, fcntl(store_fd(server->store), F_DUPFD_CLOEXEC, 0)) &&
           accept_begin(server);
}

struct server *server_open(struct config *config, struct gateway *gateway, struct store *store,
                           struct listeners *listeners, char *why, size_t why_size)
{
    struct server *server = calloc(1, sizeof *server);
    if (!server) {
        snprintf(why, why_size, "There is no memory left.");
        return NULL;
    }
    *server = (struct server){
        .config = config, .gateway = gateway, .store = store, .listeners = listeners};
    links_open(&server->links);
    unsetenv("http_proxy"); /* lws would take it for a wish */
    lws_set_log_level(LLL_ERR | LLL_WARN, on_lws_line);
    descriptors_limit(config);
    apply_config(server);
    if (gethostname(server->own_name, sizeof server->own_name - 1) != 0)
        server->own_name[0] = '\0';
    if (!(config->server.loop == LOOP_AUTO && create_context(server, true)) &&
        !create_context(server, false)) {
        snprintf(why, why_size, "libwebsockets could not be started.");
        server_close(server);
        return NULL;
    }
    if (!watch_everything(server)) {
        snprintf(why, why_size, "The listening sockets could not be watched.");
        server_close(server);
        return NULL;
    }
    return server;
}

enum server_end server_run(struct server *server, const struct reload *reload_by)
{
    server->reload = reload_by;
    listeners_write_url(server->listeners, server->own_name, server->address, sizeof server->address);
    server->host = (struct host){.address = server->address,
                                 .read = read_config,
                                 .reload = reload_config,
                                 .describe_tls = secure_describe,
                                 .of = server};
    gateway_set_host(server->gateway, &server->host);
    server_turn_begin(server); /* so that what the core has due from the start is heard of */
    turn_end(server);
    lws_sul_schedule(server->context, 0, &server->second_timer, on_second, SECOND_US);
    if (notify_watchdog_interval_us() > 0)
        on_watchdog(&server->watchdog_timer);
    log_info("server: loop=%s connections_max=%d", server->is_libuv ? "libuv" : "poll",
             server->connections_max);
    if (signals_stop_asked()) /* before there was a loop */
        stop_for_good(server);
    bool is_well = true;
    do { /* also when a stop has ended already: only within it does libuv's loop come down */
        is_well = lws_service(server->context, 0) >= 0;
        turn_end(server);
    } while (is_well && server->stop.stage < STOP_DONE);
    return server->stop.wants_restart ? SERVER_RESTART : SERVER_STOPPED;
}

void server_close(struct server *server)
{
    if (!server)
        return;
    gateway_set_host(server->gateway, NULL);
    front_close(server->front);
    if (server->context)
        lws_context_destroy(server->context); /* of libuv's, the second half */
    tls_close(server->tls);
    links_close(&server->links);
    free(server);
}
