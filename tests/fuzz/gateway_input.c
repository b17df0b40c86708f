#include "tests/fuzz/gateway_input.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "daemon/core/gateway.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/user.h"
#include "daemon/log.h"
#include "tests/support/fake_store.h"

struct test_client {
    struct session *session;
    struct buffer received;
    struct buffer said;    /* parts of a message */
    size_t sent, answered; /* requests with a reply each */
    bool is_closed, is_paused, is_plain;
};

static void demand(bool truth)
{
    if (!truth)
        abort();
}

/* --- what comes back
 * ------------------------------------------------------------------------------- */

static void demand_json(struct test_client *client, const char *text, size_t length)
{
    json_t *object = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    const char *type = json_string_value(json_object_get(object, "type"));
    demand(type);
    /* every request here carries no ref, so replies are known by not being entries and events */
    static const char *const told[] = {"message", "edit",     "delete", "reaction", "topic",
                                       "live",    "presence", "typing", "read",     "room",
                                       "kicked",  "notice",   "lagged"};
    bool is_told = false;
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
        is_told |= strcmp(type, told[i]) == 0;
    client->answered += !is_told;
    json_decref(object);
}

static size_t frame_length(const struct buffer *received, size_t *header)
{
    const unsigned char *bytes = received->bytes;
    demand(bytes[0] == 0x81 && bytes[1] < 127);
    *header = bytes[1] == 126 ? 4 : 2;
    return bytes[1] == 126 ? (size_t)bytes[2] << 8 | bytes[3] : bytes[1];
}

static enum carrier_result carry(void *connection, const unsigned char *bytes, size_t length)
{
    struct test_client *client = connection;
    size_t header;
    demand(buffer_append(&client->received, bytes, length));
    while (client->received.length >= 4) {
        size_t size = frame_length(&client->received, &header);
        if (client->received.length < header + size)
            break;
        if (!client->is_plain)
            demand_json(client, (const char *)client->received.bytes + header, size);
        buffer_consume(&client->received, header + size);
    }
    return CARRIER_SENT;
}

static void ignore(void *connection)
{
    (void)connection;
}

static void pause_reading(void *connection)
{
    ((struct test_client *)connection)->is_paused = true;
}

static void resume_reading(void *connection)
{
    ((struct test_client *)connection)->is_paused = false;
}

static void close_connection(void *connection, uint16_t code, const char *reason)
{
    (void)code;
    demand(reason && !((struct test_client *)connection)->is_closed);
    ((struct test_client *)connection)->is_closed = true;
}

/* --- what is sent
 * ---------------------------------------------------------------------------------- */

static void turn(struct gateway *gateway, struct moment *now)
{
    now->monotonic_ms += 100;
    now->elapsed_ms += 100;
    now->wall_ms += 100;
    gateway_set_now(gateway, now);
    gateway_collect(gateway);
    (void)gateway_tick(gateway);
    gateway_flush(gateway);
}

/* The kernel keeps what a paused connection sends; here turns go by until it is read again. */
static void wait_for(struct gateway *gateway, struct moment *now, const struct test_client *client)
{
    for (int turns = 0; client->is_paused && !client->is_closed; turns++) {
        demand(turns < 100);
        turn(gateway, now);
    }
}

/* Every message has its one answer, but typing that asks for none. */
static bool wants_answer(const struct buffer *said)
{
    struct request request;
    struct refusal refusal;
    if (!request_decode((const char *)said->bytes, said->length, &request, &refusal))
        return true;
    bool is_quiet = request.type == REQUEST_typing && request.ref.kind == REF_NONE;
    request_finish(&request);
    return !is_quiet;
}

static void receive(struct gateway *gateway, struct moment *now, struct test_client *client,
                    const uint8_t *bytes, size_t length, bool is_last)
{
    wait_for(gateway, now, client);
    if (client->is_closed)
        return;
    demand(buffer_append(&client->said, bytes, length));
    session_receive(client->session, bytes, length, 0, is_last);
    client->sent += is_last && wants_answer(&client->said);
    client->said.length = is_last ? 0 : client->said.length;
}

static void feed(struct gateway *gateway, struct moment *now, struct test_client clients[2],
                 const uint8_t *bytes, size_t length)
{
    struct test_client *client = &clients[0];
    size_t begin = 0;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != '\n' && (bytes[i] < 1 || bytes[i] > 3))
            continue;
        if (bytes[i] == '\n' || i > begin)
            receive(gateway, now, client, bytes + begin, i - begin, bytes[i] == '\n');
        if (bytes[i] == 2)
            turn(gateway, now);
        if (bytes[i] == 3)
            client = client == &clients[0] ? &clients[1] : &clients[0];
        begin = i + 1;
    }
    receive(gateway, now, client, bytes + begin, length - begin, true);
}

static const struct carrier carrier = {
    .write = carry,
    .want_writeable = ignore,
    .pause = pause_reading,
    .resume = resume_reading,
    .close = close_connection,
};

static void open_client(struct gateway *gateway, struct test_client *client, enum session_kind kind,
                        int number)
{
    struct refusal refusal;
    const struct arrival arrival = {
        .kind = kind, .exempt = true, .address_key = 1, .client_id = number};
    client->is_plain = kind == SESSION_PLAIN;
    client->session = session_open(gateway, &carrier, client, &arrival, &refusal);
    demand(client->session);
}

void gateway_feed(enum session_kind kind, const uint8_t *bytes, size_t length)
{
    static const struct store_options options = {.pending_max = 64, .nonce_window = 256};
    struct moment now = {.wall_ms = 1732280000000, .monotonic_ms = 1};
    struct test_client clients[2] = {{0}};
    struct config config;
    log_open(-1, TARGET_STDERR, FORMAT_TEXT);
    config_defaults(&config);
    struct store *store = store_open(&options, NULL, 0);
    struct gateway *gateway = gateway_create(&config, store, &now);
    demand(gateway);
    for (int i = 0; i < 2; i++)
        open_client(gateway, &clients[i], kind, i);
    feed(gateway, &now, clients, bytes, length);
    for (int i = 0; i < 10; i++)
        turn(gateway, &now);
    for (int i = 0; i < 2; i++) {
        /* typing that is refused is answered all the same */
        bool is_answered = clients[i].is_plain || clients[i].answered >= clients[i].sent;
        demand(clients[i].is_closed || (is_answered && clients[i].received.length == 0));
        session_closed(clients[i].session);
        buffer_finish(&clients[i].received);
        buffer_finish(&clients[i].said);
    }
    demand(gateway_drain(gateway));
    gateway_destroy(gateway);
    store_close(store);
}
