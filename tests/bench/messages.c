/* messages.c - one writer says N messages in a room of 100 readers, in the core alone: a fake store, a
 * carrier that takes everything. For counting instructions (tests/bench/instructions), which do not
 * depend on the machine's mood.
 *   messages N */
#include "daemon/core/gateway.h"
#include "protocol/message.h"
#include "tests/support/fake_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { READERS = 100 };

static uint64_t bytes_taken; /* so that nothing is optimised away */

static enum carrier_result take(void *connection, const unsigned char *bytes, size_t length)
{
    (void)connection;
    (void)bytes;
    bytes_taken += length;
    return CARRIER_SENT;
}

static void ignore(void *connection)
{
    (void)connection;
}

static void ignore_close(void *connection, uint16_t code, const char *reason)
{
    (void)connection;
    (void)code;
    (void)reason;
}

/* Later than the last by more than a room ever rests. */
static void turn(struct gateway *gateway)
{
    static struct moment now = {.wall_ms = 1790000000000, .monotonic_ms = 1000};
    now.monotonic_ms += 50;
    gateway_set_now(gateway, &now);
    gateway_collect(gateway);
    gateway_flush(gateway);
}

static void say(struct gateway *gateway, struct session *session, const char *text)
{
    session_receive(session, text, strlen(text), 0, true);
    turn(gateway);
}

static const struct carrier carrier = {
    .write = take, .want_writeable = ignore, .pause = ignore, .resume = ignore, .close = ignore_close};

static struct session *enter(struct gateway *gateway, int number)
{
    struct arrival arrival = {.kind = SESSION_WEBSOCKET, .exempt = true};
    struct refusal refusal;
    char text[128];
    struct session *session = session_open(gateway, &carrier, &bytes_taken, &arrival, &refusal);
    if (!session)
        exit(1);
    snprintf(text, sizeof text, "{\"type\":\"hello\",\"name\":\"reader-%d\"}", number);
    say(gateway, session, text);
    turn(gateway);
    say(gateway, session, "{\"type\":\"join\",\"room\":\"lobby\",\"history\":0}");
    turn(gateway);
    return session;
}

static void talk(struct gateway *gateway, struct session *writer, long count)
{
    char text[256];
    for (long i = 0; i < count; i++) {
        snprintf(text, sizeof text,
                 "{\"type\":\"send\",\"room\":\"lobby\",\"nonce\":\"n-%ld\",\"text\":\"The quick brown fox "
                 "jumps over the lazy dog, again and again, until a hundred bytes are full.\"}", i);
        say(gateway, writer, text);
    }
}

int main(int count, char **words)
{
    struct config config;
    struct moment now = {.wall_ms = 1790000000000, .monotonic_ms = 1000};
    struct store_options options = {.pending_max = 4096, .nonce_window = 256};
    struct session *sessions[READERS] = {NULL};
    char why[128];
    config_defaults(&config);
    struct store *store = store_open(&options, why, sizeof why);
    struct gateway *gateway = store ? gateway_create(&config, store, &now) : NULL;
    if (!gateway || count != 2)
        return 2;
    turn(gateway);
    for (int i = 0; i < READERS; i++)
        sessions[i] = enter(gateway, i);
    talk(gateway, sessions[0], atol(words[1]));
    printf("%llu bytes told\n", (unsigned long long)bytes_taken);
    for (int i = 0; i < READERS; i++)
        session_closed(sessions[i]);
    while (!gateway_drain(gateway))
        turn(gateway);
    gateway_destroy(gateway);
    store_close(store);
    return 0;
}
