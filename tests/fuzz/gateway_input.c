#include "tests/fuzz/gateway_input.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "daemon/core/gateway.h"
#include "daemon/core/state.h"
#include "daemon/log.h"
#include "tests/support/fake_store.h"

struct peer {
    struct session *session;
    struct buffer heard;
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

static void demand_json(struct peer *peer, const char *text, size_t length)
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
    peer->answered += !is_told;
    json_decref(object);
}

static size_t frame_length(const struct buffer *heard, size_t *header)
{
    const unsigned char *bytes = heard->bytes;
    demand(bytes[0] == 0x81 && bytes[1] < 127);
    *header = bytes[1] == 126 ? 4 : 2;
    return bytes[1] == 126 ? (size_t)bytes[2] << 8 | bytes[3] : bytes[1];
}

static enum carrier_result hear(void *connection, const unsigned char *bytes, size_t length)
{
    struct peer *peer = connection;
    size_t header;
    demand(buffer_append(&peer->heard, bytes, length));
    while (peer->heard.length >= 4) {
        size_t size = frame_length(&peer->heard, &header);
        if (peer->heard.length < header + size)
            break;
        if (!peer->is_plain)
            demand_json(peer, (const char *)peer->heard.bytes + header, size);
        buffer_consume(&peer->heard, header + size);
    }
    return CARRIER_SENT;
}

static void ignore(void *connection)
{
    (void)connection;
}

static void pause_reading(void *connection)
{
    ((struct peer *)connection)->is_paused = true;
}

static void resume_reading(void *connection)
{
    ((struct peer *)connection)->is_paused = false;
}

static void close_connection(void *connection, uint16_t code, const char *reason)
{
    (void)code;
    demand(reason && !((struct peer *)connection)->is_closed);
    ((struct peer *)connection)->is_closed = true;
}

/* --- what is sent
 * ---------------------------------------------------------------------------------- */

static void turn(struct gateway *gateway, struct moment *now)
{
    now->monotonic_ms += 100;
    now->wall_ms += 100;
    gateway_set_now(gateway, now);
    gateway_collect(gateway);
    (void)gateway_tick(gateway);
    gateway_flush(gateway);
}

/* The kernel keeps what a paused connection sends; here turns go by until it is read again. */
static void wait_for(struct gateway *gateway, struct moment *now, const struct peer *peer)
{
    for (int turns = 0; peer->is_paused && !peer->is_closed; turns++) {
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

static void receive(struct gateway *gateway, struct moment *now, struct peer *peer,
                    const uint8_t *bytes, size_t length, bool is_last)
{
    wait_for(gateway, now, peer);
    if (peer->is_closed)
        return;
    demand(buffer_append(&peer->said, bytes, length));
    session_receive(peer->session, bytes, length, 0, is_last);
    peer->sent += is_last && wants_answer(&peer->said);
    peer->said.length = is_last ? 0 : peer->said.length;
}

static void feed(struct gateway *gateway, struct moment *now, struct peer peers[2],
                 const uint8_t *bytes, size_t length)
{
    struct peer *peer = &peers[0];
    size_t begin = 0;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != '\n' && (bytes[i] < 1 || bytes[i] > 3))
            continue;
        if (bytes[i] == '\n' || i > begin)
            receive(gateway, now, peer, bytes + begin, i - begin, bytes[i] == '\n');
        if (bytes[i] == 2)
            turn(gateway, now);
        if (bytes[i] == 3)
            peer = peer == &peers[0] ? &peers[1] : &peers[0];
        begin = i + 1;
    }
    receive(gateway, now, peer, bytes + begin, length - begin, true);
}

static void open_peer(struct gateway *gateway, struct peer *peer, enum session_kind kind,
                      int number)
{
    struct refusal refusal;
    const struct arrival arrival = {
        .kind = kind, .exempt = true, .address_key = 1, .client_id = number};
    peer->is_plain = kind == SESSION_PLAIN;
    peer->session = session_open(gateway, peer, &arrival, &refusal);
    demand(peer->session);
}

void gateway_feed(enum session_kind kind, const uint8_t *bytes, size_t length)
{
    static const struct carrier carrier = {hear, ignore, pause_reading, resume_reading,
                                           close_connection};
    static const struct store_options options = {.pending_max = 64, .nonce_window = 256};
    struct moment now = {.wall_ms = 1732280000000, .monotonic_ms = 1};
    struct peer peers[2] = {{0}};
    struct config config;
    log_open(-1, TARGET_STDERR);
    config_defaults(&config);
    struct store *store = store_open(&options, NULL, 0);
    struct gateway *gateway = gateway_create(&config, store, &carrier, &now);
    demand(gateway);
    for (int i = 0; i < 2; i++)
        open_peer(gateway, &peers[i], kind, i);
    feed(gateway, &now, peers, bytes, length);
    for (int i = 0; i < 10; i++)
        turn(gateway, &now);
    for (int i = 0; i < 2; i++) {
        /* typing that is refused is answered all the same */
        bool is_answered = peers[i].is_plain || peers[i].answered >= peers[i].sent;
        demand(peers[i].is_closed || (is_answered && peers[i].heard.length == 0));
        session_closed(peers[i].session);
        buffer_finish(&peers[i].heard);
        buffer_finish(&peers[i].said);
    }
    demand(gateway_drain(gateway));
    gateway_destroy(gateway);
    store_close(store);
}
