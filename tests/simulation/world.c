/* world.c - the turns of a history: carriers that fall behind and die, time, the store's turns. */
#include "tests/simulation/moderation.h"

#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/user.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void wrong(const struct world *world, const char *format, ...)
{
    va_list arguments;
    fflush(stdout);
    fprintf(stderr, "simulation: seed %" PRIu64 ": ", world->seed);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n  replay: simulate --seed %" PRIu64 " --histories 1\n", world->seed);
    exit(1);
}

void trace(const struct world *world, const char *format, ...)
{
    va_list arguments;
    if (!world->is_traced)
        return;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

/* --- the carrier
 * ----------------------------------------------------------------------------------- */

static enum carrier_result carry(void *connection, const unsigned char *bytes, size_t length)
{
    struct client *client = connection;
    struct world *world = client->world;
    if (length == 0)
        wrong(world, "client %d: an empty write", client->number);
    if (client->is_behind)
        client->wrote_late = true; /* allowed as the last words of a close only */
    if (client->is_dying)
        return CARRIER_GONE;
    if (!world->is_calm && happens(world, 1)) {
        client->is_dying = true; /* and some of it is lost */
        return CARRIER_GONE;
    }
    client_receive(client, bytes, length);
    if (world->is_calm || !happens(world, 15))
        return CARRIER_SENT;
    client->is_behind = true;
    return CARRIER_BEHIND;
}

static void want_writeable(void *connection)
{
    ((struct client *)connection)->wants_writeable = true;
}

static void pause_reading(void *connection)
{
    ((struct client *)connection)->is_paused = true;
}

static void resume_reading(void *connection)
{
    ((struct client *)connection)->is_paused = false;
}

static void close_connection(void *connection, uint16_t code, const char *reason)
{
    struct client *client = connection;
    if (client->is_closing)
        wrong(client->world, "client %d: closed twice, now %d %s", client->number, code, reason);
    if (client->world->is_calm && code != 1001 && code != 4001 && code != 4003)
        wrong(client->world, "client %d: closed in the calm with %d %s", client->number, code,
              reason);
    trace(client->world, "%d closed %d %s", client->number, code, reason);
    client->is_closing = true;
    client->wrote_late = false;
    client->world->closed++;
}

const struct carrier world_carrier = {
    .write = carry,
    .want_writeable = want_writeable,
    .pause = pause_reading,
    .resume = resume_reading,
    .close = close_connection,
};

/* --- one turn
 * -------------------------------------------------------------------------------------- */

static void end_connection(struct client *client)
{
    struct session *session = client->session;
    client->session = NULL;
    trace(client->world, "%d gone", client->number);
    session_closed(session);
    client_gone(client);
}

static void turn_connection(struct client *client)
{
    struct world *world = client->world;
    bool ends = client->is_dying || client->is_closing ||
                (!world->is_calm && happens(world, client->kind == SESSION_PLAIN ? 4 : 2));
    if (!client->session) {
        if (!world->is_over && (world->is_calm || happens(world, 30)))
            client_connect(client);
        return;
    }
    if (ends && (world->is_calm || happens(world, 70))) {
        end_connection(client);
        return;
    }
    if (client->wants_writeable && (world->is_calm || happens(world, 35))) {
        client->wants_writeable = false;
        client->is_behind = false;
        session_writeable(client->session);
    }
    if (!client->is_dying && !client->is_closing) {
        client_act(client);
        client_deliver(client);
    }
}

static void pass_time(struct world *world)
{
    int64_t step_ms = world->is_calm ? 300 : chance_below(&world->chance, 250);
    world->now.monotonic_ms += step_ms;
    world->now.elapsed_ms += step_ms;
    world->now.wall_ms += step_ms;
    if (!world->is_calm && happens(world, 1)) /* somebody sets the clock */
        world->now.wall_ms += chance_below(&world->chance, 200000) - 100000;
    gateway_set_now(world->gateway, &world->now);
}

static void turn(struct world *world)
{
    pass_time(world);
    trace(world, "-- turn at %" PRId64, world->now.monotonic_ms);
    for (int i = 0; i < world->client_count; i++)
        turn_connection(&world->clients[i]);
    fake_store_turn(world->store);
    if (world->is_calm || happens(world, 70))
        gateway_collect(world->gateway);
    (void)gateway_tick(world->gateway);
    gateway_flush(world->gateway);
    check_turn(world);
}

/* --- a whole history
 * ------------------------------------------------------------------------------- */

static int64_t one_of(struct world *world, const int64_t *values, size_t count)
{
    return values[chance_below(&world->chance, (int64_t)count)];
}
#define ONE_OF(world, ...)                                                                         \
    one_of(world, (const int64_t[]){__VA_ARGS__}, sizeof((const int64_t[]){__VA_ARGS__}) / 8)

static void set_limits(struct world *world)
{
    struct config *config = &world->config;
    config_defaults(config);
    config->limits.connections = 1000;
    config->limits.write_bytes = ONE_OF(world, 300, 1000, 4096, 16384);
    config->limits.room_log_bytes = ONE_OF(world, 2000, 4000, 16384, 262144);
    config->limits.log_bytes = config->limits.room_log_bytes * ONE_OF(world, 2, 3, 16);
    config->limits.unsent_bytes = ONE_OF(world, 8192, 65536, 4194304);
    config->limits.reply_bytes = ONE_OF(world, 4096, 16384, 262144);
    config->limits.replies_bytes = config->limits.reply_bytes * ONE_OF(world, 4, 32);
    config->limits.presence_members = ONE_OF(world, 0, 3, 100);
    config->limits.frame_bytes = 4096;
    config->limits.nonce_window = 65536;
    config->limits.rooms = ONE_OF(world, 6, 40);
    config->limits.rooms_reserved = 0;
    config->limits.direct_rooms = ONE_OF(world, 2, 40);
    config->limits.rooms_per_session = ONE_OF(world, 2, 64);
    config->storage.pending_max = ONE_OF(world, 16, 64, 4096);
    world->is_exempt = !happens(world, 15);
}

static struct fake_store_plan make_plan(struct world *world)
{
    return (struct fake_store_plan){
        .seed = chance_next(&world->chance),
        .commit_percent = (int)ONE_OF(world, 20, 60, 95),
        .group_max = (int)ONE_OF(world, 0, 1, 5),
        .read_percent = (int)ONE_OF(world, 20, 60, 95),
        .answer_percent = (int)ONE_OF(world, 30, 60, 95),
        .busy_percent = (int)ONE_OF(world, 0, 0, 3),
        .fail_percent = (int)ONE_OF(world, 0, 0, 5),
        .fail_turns_max = 12,
        .prune_percent = (int)ONE_OF(world, 0, 0, 3),
        .retry_turns = 5,
    };
}

static void start_gateway(struct world *world)
{
    world->gateway = gateway_create(&world->config, world->store, &world->now);
    if (!world->gateway)
        wrong(world, "no gateway");
}

/* As main does it: everybody is closed, every job has its answer. */
static void stop_gateway(struct world *world)
{
    for (int turns = 0; !gateway_drain(world->gateway); turns++) {
        if (turns > 2000)
            wrong(world, "draining does not end: sessions=%zu jobs=%" PRId64,
                  world->gateway->sessions.by_id.count, world->gateway->storage.job_count);
        pass_time(world);
        for (int i = 0; i < world->client_count; i++) {
            struct client *client = &world->clients[i];
            if (client->session && (client->is_closing || client->is_dying))
                end_connection(client);
        }
        fake_store_turn(world->store);
        gateway_collect(world->gateway);
        gateway_flush(world->gateway);
    }
    gateway_destroy(world->gateway);
    world->gateway = NULL;
    fake_store_reopen(world->store);
}

static void add_totals(const struct world *world, struct totals *totals)
{
    const struct figures *figures = &world->gateway->figures;
    totals->histories++;
    totals->clients += world->client_count;
    totals->received += world->received;
    totals->acked += world->acked;
    totals->refused += world->refused;
    totals->closed += world->closed;
    totals->lagged += figures->lagged;
    totals->pages += figures->pages;
    totals->repeated += figures->repeated_nonces;
    totals->commits += fake_store_commits(world->store);
}

static void set_up(struct world *world)
{
    set_limits(world);
    struct fake_store_plan plan = make_plan(world);
    world->now = (struct moment){.wall_ms = 1900000000000, .monotonic_ms = 1000};
    world->store = fake_store_create(&plan, (int)world->config.storage.pending_max,
                                     (int)world->config.limits.nonce_window);
    world->client_count = 2 + (int)chance_below(&world->chance, happens(world, 2) ? 200 : 9);
    world->clients = calloc((size_t)world->client_count + 1, sizeof *world->clients); /* auditor */
    if (!world->clients)
        wrong(world, "no memory");
    world->moderation = moderation_begin(world);
    start_gateway(world);
    for (int i = 0; i < world->client_count; i++)
        client_begin(world, &world->clients[i], i);
}

/* Somebody has not taken all that waits for them: small writes of much take many turns. */
static bool is_somebody_reading(const struct world *world)
{
    for (int i = 0; i < world->client_count; i++)
        if (world->clients[i].session && world->clients[i].wants_writeable)
            return true;
    return false;
}

/* The storm is over: within a bounded time everybody has been answered and has received everything,
 * and then nothing is under way any more. */
static void calm_down(struct world *world)
{
    int quiet = 0;
    world->is_calm = true;
    fake_store_calm(world->store);
    for (int turns = 0; quiet < 10; turns++) {
        world->is_over |= turns >= 40; /* and stays over while the auditor reads */
        turn(world);
        bool is_quiet = world->gateway->storage.job_count == 0 && !is_somebody_reading(world);
        quiet = world->is_over && is_quiet ? quiet + 1 : 0;
        if (turns > 3000)
            wrong(world, "%" PRId64 " jobs, or writes, are under way for ever",
                  world->gateway->storage.job_count);
    }
}

/* Somebody new reads it all: from memory, from storage, or half from each. */
static void audit(struct world *world)
{
    struct client *auditor = &world->clients[world->client_count++];
    client_begin(world, auditor, world->client_count - 1);
    auditor->kind = SESSION_WEBSOCKET;
    auditor->administrator = auditor->is_auditor = true;
    world->config.limits.rooms_per_session = VIEWS_MAX;
    world->config.limits.connections++;
    client_connect(auditor);
    client_audit(auditor);
    calm_down(world);
    check_end(world);
    for (size_t i = 0; i < auditor->view_count; i++)
        if (auditor->views[i].state != VIEW_LIVE)
            wrong(world, "%s could not be read", auditor->views[i].room);
}

void world_run(uint64_t seed, bool is_traced, struct totals *totals)
{
    struct world world = {
        .seed = seed, .chance = seed * UINT64_C(0x2545f4914f6cdd1d) + 1, .is_traced = is_traced};
    set_up(&world);
    int64_t turns = 10 + chance_below(&world.chance, world.client_count > 50 ? 30 : 120);
    int64_t restart = happens(&world, 15) ? chance_below(&world.chance, turns) : -1;
    for (int64_t i = 0; i < turns; i++) {
        turn(&world);
        if (i != restart)
            continue;
        stop_gateway(&world);
        start_gateway(&world);
    }
    calm_down(&world);
    check_end(&world);
    audit(&world);
    add_totals(&world, totals);
    stop_gateway(&world);
    for (int i = 0; i < world.client_count; i++)
        client_finish(&world.clients[i]);
    free(world.clients);
    store_close(world.store);
    moderation_finish(world.moderation);
}
