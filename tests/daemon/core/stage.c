#include "tests/daemon/core/stage.h"

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- the carrier ------------------------------------------------------------------------------ */

static enum carrier_result carry(void *connection, const unsigned char *bytes, size_t length)
{
    struct peer *peer = connection;
    bool is_kept = buffer_append(&peer->heard, bytes, length);
    assert(is_kept && !peer->close_code);
    peer->writes++;
    return peer->is_stuck ? CARRIER_BEHIND : CARRIER_SENT;
}

static void want_writeable(void *connection)
{
    ((struct peer *)connection)->wants_writeable = true;
}

static void pause_peer(void *connection)
{
    ((struct peer *)connection)->is_paused = true;
}

static void resume_peer(void *connection)
{
    ((struct peer *)connection)->is_paused = false;
}

static void close_peer(void *connection, uint16_t code, const char *reason)
{
    assert(reason && strlen(reason) < 120);
    ((struct peer *)connection)->close_code = code;
}

static const struct carrier carrier = {carry, want_writeable, pause_peer, resume_peer, close_peer};

/* --- the stage -------------------------------------------------------------------------------- */

void stage_open(struct stage *stage, void (*change)(struct config *config))
{
    memset(stage, 0, sizeof *stage);
    config_defaults(&stage->config);
    if (change)
        change(&stage->config);
    struct store_options options = {.path = "",
                                    .pending_max = (int)stage->config.storage.pending_max,
                                    .nonce_window = 256};
    char why[128];
    stage->store = store_open(&options, why, sizeof why);
    stage->now = (struct moment){.wall_ms = INT64_C(1800000000000), .monotonic_ms = 1000};
    stage->gateway =
        gateway_create(&stage->config, stage->store, &carrier, &stage->now);
    assert(stage->gateway);
    stage_turn(stage);
}

static void end_closed(struct stage *stage)
{
    for (size_t i = 0; i < stage->peer_count; i++) {
        struct peer *peer = &stage->peers[i];
        if (!peer->session || !peer->close_code)
            continue;
        session_closed(peer->session);
        peer->session = NULL;
    }
}

void stage_one_turn(struct stage *stage)
{
    gateway_set_now(stage->gateway, &stage->now);
    gateway_collect(stage->gateway);
    (void)gateway_tick(stage->gateway);
    gateway_flush(stage->gateway);
    for (size_t i = 0; i < stage->peer_count; i++) {
        struct peer *peer = &stage->peers[i];
        if (!peer->session || !peer->wants_writeable || peer->is_stuck)
            continue;
        peer->wants_writeable = false;
        session_writeable(peer->session);
    }
    gateway_flush(stage->gateway);
    end_closed(stage);
}

/* What is asked for in one turn is answered in the next: a few of them settle everything. */
void stage_turn(struct stage *stage)
{
    for (int i = 0; i < 40; i++)
        stage_one_turn(stage);
}

void stage_wait(struct stage *stage, int64_t ms)
{
    stage->now.monotonic_ms += ms;
    stage->now.wall_ms += ms;
    stage_turn(stage);
}

void stage_close(struct stage *stage)
{
    for (size_t i = 0; i < stage->peer_count; i++) {
        if (stage->peers[i].session)
            session_closed(stage->peers[i].session);
        buffer_finish(&stage->peers[i].heard);
    }
    fake_store_release(stage->store);
    fake_store_fail(stage->store, false);
    gateway_collect(stage->gateway);
    gateway_destroy(stage->gateway);
    store_close(stage->store);
}

/* --- peers ------------------------------------------------------------------------------------ */

static struct peer *open_peer(struct stage *stage, const struct arrival *arrival)
{
    assert(stage->peer_count < PEERS_MAX);
    struct peer *peer = &stage->peers[stage->peer_count++];
    struct refusal refusal;
    peer->stage = stage;
    peer->kind = arrival->kind;
    peer->session = session_open(stage->gateway, peer, arrival, &refusal);
    return peer;
}

struct peer *stage_peer(struct stage *stage, enum session_kind kind)
{
    struct arrival arrival = {.kind = kind,
                              .exempt = true,
                              .address_key = 1,
                              .client_id = (int64_t)stage->peer_count};
    return open_peer(stage, &arrival);
}

struct peer *stage_limited_peer(struct stage *stage)
{
    struct arrival arrival = {.kind = SESSION_WEBSOCKET, .address_key = 1};
    return open_peer(stage, &arrival);
}

struct peer *stage_keeper(struct stage *stage)
{
    struct arrival arrival = {.kind = SESSION_LINES, .keeper = true};
    return open_peer(stage, &arrival);
}

struct peer *stage_guest(struct stage *stage, const char *name)
{
    struct peer *peer = stage_peer(stage, SESSION_WEBSOCKET);
    peer_say(peer, "{\"type\":\"hello\",\"name\":\"%s\"}", name);
    (void)peer_hear_type(peer, "welcome");
    return peer;
}

struct peer *stage_member(struct stage *stage, const char *name, const char *room)
{
    struct peer *peer = stage_guest(stage, name);
    peer_say(peer, "{\"type\":\"join\",\"room\":\"%s\"}", room);
    (void)peer_hear_type(peer, "live");
    stage_wait(stage, 2000);
    for (size_t i = 0; i < stage->peer_count; i++)
        peer_forget(&stage->peers[i]);
    return peer;
}

static void say(struct peer *peer, const char *format, va_list arguments)
{
    char *text = NULL;
    int length = vasprintf(&text, format, arguments);
    assert(length >= 0 && peer->session);
    session_receive(peer->session, text, (size_t)length, 0, true);
    free(text);
}

void peer_mutter(struct peer *peer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(peer, format, arguments);
    va_end(arguments);
}

void peer_say(struct peer *peer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(peer, format, arguments);
    va_end(arguments);
    stage_turn(peer->stage);
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

static size_t next_message(const struct peer *peer, size_t *header, size_t *tail)
{
    const char *bytes = (const char *)peer->heard.bytes;
    size_t payload;
    *header = *tail = 0;
    if (peer->kind == SESSION_WEBSOCKET || peer->kind == SESSION_PLAIN) {
        *header = header_of(peer->heard.bytes, &payload);
        return payload;
    }
    const char *end = memchr(bytes, '\n', peer->heard.length);
    assert(end);
    *header = peer->kind == SESSION_EVENTS ? strlen("data: ") : 0;
    *tail = peer->kind == SESSION_EVENTS ? 2 : 1;
    return (size_t)(end - bytes) - *header;
}

const char *peer_hear(struct peer *peer)
{
    size_t header, tail;
    if (peer->heard.length == 0)
        return NULL;
    size_t payload = next_message(peer, &header, &tail);
    assert(header + payload + tail <= peer->heard.length && payload < sizeof peer->text);
    memcpy(peer->text, peer->heard.bytes + header, payload);
    peer->text[payload] = '\0';
    buffer_consume(&peer->heard, header + payload + tail);
    return peer->text;
}

const char *peer_hear_type(struct peer *peer, const char *type)
{
    char start[64];
    snprintf(start, sizeof start, "{\"type\":\"%s\"", type);
    const char *text;
    while ((text = peer_hear(peer)))
        if (strncmp(text, start, strlen(start)) == 0)
            return text;
    fprintf(stderr, "no %s was heard; the last was %s\n", type, peer->text);
    abort();
}

void peer_expect_error(struct peer *peer, const char *code)
{
    const char *error = peer_hear_type(peer, "error");
    char name[64];
    snprintf(name, sizeof name, "\"error_code\":\"%s\"", code);
    if (!strstr(error, name))
        fail_msg("%s was awaited, %s came", code, error);
}

void peer_forget(struct peer *peer)
{
    peer->heard.length = 0;
    peer->writes = 0;
}

void peer_take_again(struct peer *peer)
{
    peer->is_stuck = false;
    stage_turn(peer->stage);
}

void peer_hang_up(struct peer *peer)
{
    session_closed(peer->session);
    peer->session = NULL;
    stage_turn(peer->stage);
}

int64_t number_in(const char *message, const char *name)
{
    char key[64];
    snprintf(key, sizeof key, "\"%s\":", name);
    const char *at = strstr(message, key);
    return at ? strtoll(at + strlen(key), NULL, 10) : -1;
}
