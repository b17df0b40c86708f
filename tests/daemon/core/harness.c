#include "tests/daemon/core/harness.h"

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    QUIET_TURNS = 2, /* in a row, before all has settled */
    SETTLE_TURNS_MAX = 1000
};

/* --- the carrier ------------------------------------------------------------------------------ */

static enum carrier_result carry(void *connection, const unsigned char *bytes, size_t length)
{
    struct test_client *client = connection;
    bool is_kept = buffer_append(&client->received, bytes, length);
    assert(is_kept && !client->close_code);
    client->writes++;
    client->harness->moves++;
    return client->is_blocked ? CARRIER_BEHIND : CARRIER_SENT;
}

static void want_writeable(void *connection)
{
    struct test_client *client = connection;
    client->wants_writeable = true;
    client->harness->moves++;
}

static void pause_client(void *connection)
{
    struct test_client *client = connection;
    client->is_paused = true;
    client->harness->moves++;
}

static void resume_client(void *connection)
{
    struct test_client *client = connection;
    client->is_paused = false;
    client->harness->moves++;
}

static void close_client(void *connection, uint16_t code, const char *reason)
{
    assert(reason && strlen(reason) < 120);
    struct test_client *client = connection;
    client->close_code = code;
    client->harness->moves++;
}

const struct carrier harness_carrier = {
    .write = carry,
    .want_writeable = want_writeable,
    .pause = pause_client,
    .resume = resume_client,
    .close = close_client,
};

/* --- the harness --------------------------------------------------------------------------------
 */

void harness_open(struct harness *harness, void (*change)(struct config *config))
{
    memset(harness, 0, sizeof *harness);
    config_defaults(&harness->config);
    if (change)
        change(&harness->config);
    struct store_options options = {
        .path = "", .pending_max = (int)harness->config.storage.pending_max, .nonce_window = 256};
    char why[128];
    harness->store = store_open(&options, why, sizeof why);
    harness->now = (struct moment){.wall_ms = INT64_C(1900000000000), .monotonic_ms = 1000, .elapsed_ms = 1};
    harness->gateway = gateway_create(&harness->config, harness->store, &harness->now);
    assert(harness->gateway);
    harness_settle(harness);
}

static void end_closed(struct harness *harness)
{
    for (size_t i = 0; i < harness->client_count; i++) {
        struct test_client *client = &harness->clients[i];
        if (!client->session || !client->close_code)
            continue;
        session_closed(client->session);
        client->session = NULL;
    }
}

void harness_turn(struct harness *harness)
{
    gateway_set_now(harness->gateway, &harness->now);
    gateway_collect(harness->gateway);
    (void)gateway_tick(harness->gateway);
    gateway_flush(harness->gateway);
    for (size_t i = 0; i < harness->client_count; i++) {
        struct test_client *client = &harness->clients[i];
        if (!client->session || !client->wants_writeable || client->is_blocked)
            continue;
        client->wants_writeable = false;
        session_writeable(client->session);
    }
    gateway_flush(harness->gateway);
    end_closed(harness);
}

/* What carriers were asked and storage was given or has answered: what goes on shows itself in it.
 */
static int64_t moves(const struct harness *harness)
{
    return harness->moves + fake_store_moves(harness->store);
}

void harness_settle(struct harness *harness)
{
    int quiet = 0;
    for (int turns = 0; quiet < QUIET_TURNS; turns++) {
        int64_t before = moves(harness);
        harness_turn(harness);
        quiet = moves(harness) == before ? quiet + 1 : 0;
        if (turns == SETTLE_TURNS_MAX)
            fail_msg("after %d turns it has not settled", turns);
    }
}

void harness_advance(struct harness *harness, int64_t ms)
{
    harness->now.monotonic_ms += ms;
    harness->now.elapsed_ms += ms;
    harness->now.wall_ms += ms;
    harness_settle(harness);
}

void harness_close(struct harness *harness)
{
    for (size_t i = 0; i < harness->client_count; i++) {
        if (harness->clients[i].session)
            session_closed(harness->clients[i].session);
        buffer_finish(&harness->clients[i].received);
    }
    fake_store_release(harness->store);
    fake_store_fail(harness->store, false);
    gateway_collect(harness->gateway);
    gateway_destroy(harness->gateway);
    store_close(harness->store);
}

/* --- clients ------------------------------------------------------------------------------------
 */

static struct test_client *connect_client(struct harness *harness, const struct arrival *arrival)
{
    assert(harness->client_count < CLIENTS_MAX);
    struct test_client *client = &harness->clients[harness->client_count++];
    struct refusal refusal;
    client->harness = harness;
    client->kind = arrival->kind;
    client->session = session_open(harness->gateway, &harness_carrier, client, arrival, &refusal);
    return client;
}

struct test_client *harness_connect(struct harness *harness, enum session_kind kind)
{
    struct arrival arrival = {.kind = kind,
                              .exempt = true,
                              .address_key = 1,
                              .client_id = (int64_t)harness->client_count};
    return connect_client(harness, &arrival);
}

struct test_client *harness_connect_limited(struct harness *harness)
{
    struct arrival arrival = {.kind = SESSION_WEBSOCKET, .address_key = 1};
    return connect_client(harness, &arrival);
}

struct test_client *harness_http(struct harness *harness)
{
    struct arrival arrival = {.kind = SESSION_LINES, .address_key = 1};
    return connect_client(harness, &arrival);
}

struct test_client *harness_plain_limited(struct harness *harness)
{
    struct arrival arrival = {.kind = SESSION_PLAIN,
                              .address_key = 1,
                              .client_id = (int64_t)harness->client_count};
    return connect_client(harness, &arrival);
}

struct test_client *harness_admin(struct harness *harness)
{
    struct arrival arrival = {.kind = SESSION_LINES, .administrator = true};
    return connect_client(harness, &arrival);
}

struct test_client *harness_guest(struct harness *harness, const char *name)
{
    struct test_client *client = harness_connect(harness, SESSION_WEBSOCKET);
    client_send(client, "{\"type\":\"hello\",\"name\":\"%s\"}", name);
    (void)client_expect(client, "welcome");
    return client;
}

struct test_client *harness_member(struct harness *harness, const char *name, const char *room)
{
    struct test_client *client = harness_guest(harness, name);
    client_send(client, "{\"type\":\"join\",\"room\":\"%s\"}", room);
    (void)client_expect(client, "live");
    harness_advance(harness, 2000);
    for (size_t i = 0; i < harness->client_count; i++)
        client_discard(&harness->clients[i]);
    return client;
}

static void say(struct test_client *client, const char *format, va_list arguments)
{
    char *text = NULL;
    int length = vasprintf(&text, format, arguments);
    assert(length >= 0 && client->session);
    session_receive(client->session, text, (size_t)length, 0, true);
    free(text);
}

void client_send_only(struct test_client *client, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(client, format, arguments);
    va_end(arguments);
}

void client_send(struct test_client *client, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(client, format, arguments);
    va_end(arguments);
    harness_settle(client->harness);
}

static size_t header_of(const unsigned char *frame, size_t *payload)
{
    assert(frame[0] == 0x81);
    *payload = frame[1];
    if (frame[1] < 126)
        return 2;
    size_t digits = frame[1] == 126 ? 2 : 8;
    *payload = 0;
    for (size_t i = 0; i < digits; i++)
        *payload = *payload << 8 | frame[2 + i];
    return 2 + digits;
}

static size_t next_message(const struct test_client *client, size_t *header, size_t *tail)
{
    const char *bytes = (const char *)client->received.bytes;
    size_t payload;
    *header = *tail = 0;
    if (client->kind == SESSION_WEBSOCKET || client->kind == SESSION_PLAIN) {
        *header = header_of(client->received.bytes, &payload);
        return payload;
    }
    if (client->kind == SESSION_EVENTS) /* behind its id, if it has one */
        *header = (size_t)((const char *)memmem(bytes, client->received.length, "data: ", 6) - bytes) + 6;
    const char *end = memchr(bytes + *header, '\n', client->received.length - *header);
    assert(end);
    *tail = client->kind == SESSION_EVENTS ? 2 : 1;
    return (size_t)(end - bytes) - *header;
}

const char *client_receive(struct test_client *client)
{
    size_t header, tail;
    if (client->received.length == 0)
        return NULL;
    size_t payload = next_message(client, &header, &tail);
    assert(header + payload + tail <= client->received.length && payload < sizeof client->text);
    memcpy(client->text, client->received.bytes + header, payload);
    client->text[payload] = '\0';
    buffer_consume(&client->received, header + payload + tail);
    return client->text;
}

const char *client_expect(struct test_client *client, const char *type)
{
    char start[64];
    snprintf(start, sizeof start, "{\"type\":\"%s\"", type);
    const char *text;
    while ((text = client_receive(client)))
        if (strncmp(text, start, strlen(start)) == 0)
            return text;
    fprintf(stderr, "no %s was received; the last was %s\n", type, client->text);
    abort();
}

void client_expect_error(struct test_client *client, const char *code)
{
    const char *error = client_expect(client, "error");
    char name[64];
    snprintf(name, sizeof name, "\"error_code\":\"%s\"", code);
    if (!strstr(error, name))
        fail_msg("%s was awaited, %s came", code, error);
}

void client_discard(struct test_client *client)
{
    client->received.length = 0;
    client->writes = 0;
}

void client_unblock(struct test_client *client)
{
    client->is_blocked = false;
    harness_settle(client->harness);
}

void client_disconnect(struct test_client *client)
{
    session_closed(client->session);
    client->session = NULL;
    harness_settle(client->harness);
}

int64_t number_in(const char *message, const char *name)
{
    char key[64];
    snprintf(key, sizeof key, "\"%s\":", name);
    const char *at = strstr(message, key);
    return at ? strtoll(at + strlen(key), NULL, 10) : -1;
}
