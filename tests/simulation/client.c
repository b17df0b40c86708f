/* client.c - what a client says: everything, at random, also what it may not. */
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

static const char *const rooms[] = {"lobby", "garden", "attic", "kitchen", "cellar"};
#define ROOM_COUNT 5

void client_begin(struct world *world, struct client *client, int number)
{
    static const enum session_kind kinds[] = {SESSION_LINES, SESSION_EVENTS, SESSION_PLAIN};
    *client = (struct client){.world = world, .number = number, .kind = SESSION_WEBSOCKET};
    if (happens(world, 20))
        client->kind = kinds[chance_below(&world->chance, 3)];
    client->administrator = client->kind == SESSION_LINES && happens(world, 30);
    if (number == 0 && happens(world, 50)) { /* somebody who keeps order */
        client->kind = SESSION_LINES;
        client->administrator = true;
    }
    /* Some are one person on several connections, once the name's key is known. */
    snprintf(client->name, sizeof client->name, "u%d", number);
}

static void forget_connection(struct client *client)
{
    for (size_t i = 0; i < client->outbox_count; i++)
        free(client->outbox[i]);
    client->outbox_count = client->pending_count = 0;
    client->is_behind = client->wants_writeable = client->is_paused = false;
    client->is_dying = client->is_closing = client->wrote_late = client->has_hello = false;
    buffer_finish(&client->inbox);
    for (size_t i = 0; i < client->view_count; i++)
        client->views[i].state = VIEW_OUT;
}

void client_gone(struct client *client)
{
    forget_connection(client);
}

void client_finish(struct client *client)
{
    forget_connection(client);
}

/* --- asking
 * ---------------------------------------------------------------------------------------- */

static struct pending *push(struct client *client, enum message_type type, char *text)
{
    struct pending *pending = NULL;
    if (client->kind != SESSION_PLAIN) {
        pending = &client->pending[client->pending_count++];
        *pending = (struct pending){
            .ref = client->world->ref_last, .type = type, .after = -1, .history = -1,
            .turn = fake_store_turns(client->world->store)};
    }
    client->outbox[client->outbox_count++] = text;
    return pending;
}

/* Puts a request into the outbox; format is what follows the type and the ref. */
struct pending *client_ask(struct client *client, enum message_type type, const char *format, ...)
{
    char fields[3000], *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fields, sizeof fields, format, arguments);
    va_end(arguments);
    if (asprintf(&text, "{\"type\":\"%s\",\"ref\":%" PRId64 "%s%s}", message_name(type),
                 ++client->world->ref_last, fields[0] ? "," : "", fields) < 0)
        wrong(client->world, "no memory");
    return push(client, type, text);
}

/* Mostly one it is in. */
static const char *some_room(struct client *client)
{
    struct world *world = client->world;
    if (client->view_count && happens(world, 70)) {
        struct view *view =
            &client->views[chance_below(&world->chance, (int64_t)client->view_count)];
        for (size_t i = 0; i < client->view_count && view->state == VIEW_OUT; i++)
            view = &client->views[i];
        return view->room;
    }
    return rooms[happens(world, 60) ? chance_below(&world->chance, 2)
                                    : chance_below(&world->chance, ROOM_COUNT)];
}

static bool is_somewhere(const struct client *client)
{
    for (size_t i = 0; i < client->view_count; i++)
        if (client->views[i].state != VIEW_OUT)
            return true;
    return false;
}

static const struct client *somebody(const struct client *client)
{
    struct world *world = client->world;
    return &world->clients[chance_below(&world->chance, world->client_count)];
}

static int64_t some_seq(struct client *client, const char *room)
{
    const struct view *view = client_view(client, room);
    int64_t most = view && view->cursor > 0 ? view->cursor + 2 : 3;
    return 1 + chance_below(&client->world->chance, most);
}

/* A text of a length now and then much longer than usual. */
static const char *some_text(struct client *client, char *text, size_t size)
{
    struct world *world = client->world;
    size_t length = 1 + (size_t)chance_below(&world->chance, happens(world, 10) ? 1500 : 60);
    length = length < size ? length : size - 1;
    for (size_t i = 0; i < length; i++)
        text[i] = (char)('a' + chance_below(&world->chance, 26));
    text[length] = '\0';
    return text;
}

void client_connect(struct client *client)
{
    struct world *world = client->world;
    struct refusal refusal;
    const struct arrival arrival = {
        .kind = client->kind,
        .administrator = client->administrator,
        .exempt = world->is_exempt,
        .address_key = 1 + (uint64_t)client->number % 3,
        .marks = client_marks(client),
        .client_id = client->number,
    };
    const struct room *plain = world->gateway->rooms.plain;
    client->plain_cursor = plain ? plain->last : 0;
    client->session = session_open(world->gateway, &world_carrier, client, &arrival, &refusal);
    if (!client->session && world->gateway->drain.phase == DRAIN_NONE && client->kind != SESSION_PLAIN)
        wrong(world, "client %d: not let in: %s", client->number, refusal.message);
    if (!client->session || client->kind == SESSION_PLAIN)
        return;
    if (client->administrator)
        client->has_hello = true;
    else if (world->move_code[0] && client->kind == SESSION_WEBSOCKET && happens(world, 50))
        person_move_in(client);
    else if (client->key[0])
        client_ask(client, REQUEST_hello, "\"name\":\"%s\",\"session\":\"%s\"", client->name, client->key);
    else
        client_ask(client, REQUEST_hello, "\"name\":\"%s\"", client->name);
}

static void ask_join(struct client *client, const char *name)
{
    struct world *world = client->world;
    struct view *view = client_view(client, name);
    struct pending *pending;
    if (!view)
        return;
    if (view->log[0] && view->cursor >= 0 && happens(world, 70)) {
        /* now and then a cursor from a log that is not */
        int64_t after = view->cursor + (happens(world, 5) ? 1000000 : 0);
        pending = client_ask(client, REQUEST_join, "\"room\":\"%s\",\"after\":%" PRId64 ",\"log\":\"%s\"",
                      name, after, view->log);
        pending->after = after;
    } else if (happens(world, 50)) {
        pending = client_ask(client, REQUEST_join, "\"room\":\"%s\",\"history\":%" PRId64, name,
                      chance_below(&world->chance, 12));
        sscanf(strstr(client->outbox[client->outbox_count - 1], "history\":") + 9, "%" SCNd64,
               &pending->history);
    } else {
        pending = client_ask(client, REQUEST_join, "\"room\":\"%s\"", name);
    }
    pending->view = view;
}

/* What was sent and not answered is sent again, with the same nonce. */
static void ask_send(struct client *client)
{
    struct world *world = client->world;
    char text[1600];
    struct outgoing *outgoing = &client->outgoing;
    for (size_t i = 0; i < client->pending_count; i++)
        if (client->pending[i].nonce[0] && happens(world, 95))
            return; /* an answer is on its way; but some are impatient */
    if (!outgoing->nonce[0] && world->is_calm)
        return;
    if (!outgoing->nonce[0]) {
        snprintf(outgoing->room, sizeof outgoing->room, "%s", some_room(client));
        snprintf(outgoing->nonce, sizeof outgoing->nonce, "n%" PRId64, ++world->nonce_last);
    }
    struct pending *pending =
        client_ask(client, REQUEST_send, "\"room\":\"%s\",\"text\":\"%s\",\"nonce\":\"%s\"",
            outgoing->room, some_text(client, text, sizeof text), outgoing->nonce);
    memcpy(pending->nonce, outgoing->nonce, sizeof pending->nonce);
    outgoing->sent++;
}

static void ask_change(struct client *client)
{
    struct world *world = client->world;
    char text[300];
    const char *room = some_room(client);
    int64_t target = some_seq(client, room);
    switch (chance_below(&world->chance, 3)) {
    case 0:
        client_ask(client, REQUEST_edit, "\"room\":\"%s\",\"target\":%" PRId64 ",\"text\":\"%s\"", room,
            target, some_text(client, text, sizeof text));
        break;
    case 1:
        client_ask(client, REQUEST_delete, "\"room\":\"%s\",\"target\":%" PRId64, room, target);
        break;
    default:
        client_ask(client, REQUEST_react,
            "\"room\":\"%s\",\"target\":%" PRId64 ",\"emoji\":\"👍\",\"on\":true", room, target);
        break;
    }
    /* Without a nonce of our own the ack has none: it is taken as any other reply. */
    client->pending[client->pending_count - 1].type = REQUEST_edit;
}

static void ask_read(struct client *client)
{
    struct world *world = client->world;
    const char *room = some_room(client);
    switch (chance_below(&world->chance, 6)) {
    case 0:
        client_ask(client, REQUEST_history, "\"room\":\"%s\",\"limit\":%" PRId64, room,
            1 + chance_below(&world->chance, 200));
        break;
    case 1:
        client_ask(client, REQUEST_search, "\"query\":\"ab\"");
        break;
    case 2:
        client_ask(client, REQUEST_who, "\"room\":\"%s\"", room);
        break;
    case 3:
        client_ask(client, REQUEST_rooms, "%s", "");
        break;
    case 4:
        client_ask(client, REQUEST_typing, "\"room\":\"%s\",\"on\":true", room);
        break;
    default:
        client_ask(client, REQUEST_read, "\"room\":\"%s\",\"seq\":%" PRId64, room, some_seq(client, room));
        break;
    }
}

static void ask_order(struct client *client)
{
    struct world *world = client->world;
    static const enum message_type orders[] = {REQUEST_invite, REQUEST_kick, REQUEST_ban,
                                               REQUEST_unban, REQUEST_mute};
    static const char *const roles[] = {"owner", "moderator", "member", "guest", "king"};
    const char *room = some_room(client), *user = somebody(client)->name;
    if (happens(world, 40))
        moderation_act(client, user);
    else if (happens(world, 40))
        client_ask(client, REQUEST_role, "\"room\":\"%s\",\"user\":\"%s\",\"role\":\"%s\"", room, user,
            roles[chance_below(&world->chance, 5)]);
    else
        client_ask(client, orders[chance_below(&world->chance, 5)], "\"room\":\"%s\",\"user\":\"%s\"",
            room, user);
}

static void ask_room(struct client *client)
{
    struct world *world = client->world;
    const char *room =
        happens(world, 50) ? some_room(client) : rooms[chance_below(&world->chance, ROOM_COUNT)];
    bool is_private = happens(world, 25);
    switch (chance_below(&world->chance, 8)) {
    case 0:
        if (happens(world, 30) && strcmp(room, "lobby") != 0)
            client_ask(client, REQUEST_remove, "\"room\":\"%s\"", room);
        break;
    case 1:
    case 2:
        client_ask(client, REQUEST_set, "\"room\":\"%s\",\"topic\":\"t\"", room);
        break;
    case 3:
        client_ask(client, REQUEST_set, "\"room\":\"%s\",\"visibility\":\"%s\"", room,
            is_private && strcmp(room, "lobby") != 0 ? "private" : "public");
        break;
    default:
        client_ask(client, REQUEST_create, "\"room\":\"%s\",\"visibility\":\"%s\"", room,
            is_private ? "private" : "public");
        break;
    }
}

static void ask_direct(struct client *client)
{
    char text[300], name[ROOM_NAME_BYTES_MAX + 1];
    const char *to = somebody(client)->name;
    if (client->view_count < VIEWS_MAX - ROOM_COUNT && name_of_direct_room(client->name, to, name))
        (void)client_view(client, name);
    struct pending *pending =
        client_ask(client, REQUEST_direct, "\"to\":\"%s\",\"text\":\"%s\",\"nonce\":\"d%" PRId64 "\"", to,
            some_text(client, text, sizeof text), ++client->world->nonce_last);
    snprintf(pending->nonce, sizeof pending->nonce, "d%" PRId64, client->world->nonce_last);
}

/* What is no request is answered too. */
static void ask_nonsense(struct client *client)
{
    static const char *const nonsense[] = {
        "{\"type\":\"fly\",\"ref\":%" PRId64 "}", "{\"type\":\"send\",\"ref\":%" PRId64 "}",
        "{\"type\":\"join\",\"room\":7,\"ref\":%" PRId64 "}",
        "{\"type\":\"join\",\"room\":\"no such room\",\"ref\":%" PRId64 "}"};
    char *text = NULL;
    if (asprintf(&text, nonsense[chance_below(&client->world->chance, 4)],
                 ++client->world->ref_last) < 0)
        wrong(client->world, "no memory");
    push(client, MESSAGE_none, text);
}

static void act_plain(struct client *client)
{
    char text[300], *message = NULL;
    bool is_right = happens(client->world, 80);
    if (client->world->is_calm || client->outbox_count == OUTBOX_MAX)
        return;
    if (asprintf(&message, "{\"%s\":\"%s\"}", is_right ? "message" : "massage",
                 some_text(client, text, sizeof text)) < 0)
        wrong(client->world, "no memory");
    push(client, MESSAGE_none, message);
}

/* Or the conversation of any two: of others, or of who was called so before. */
static const char *some_room_to_join(struct client *client, char name[ROOM_NAME_BYTES_MAX + 1])
{
    struct world *world = client->world;
    if (happens(world, 20) && client->view_count < VIEWS_MAX - ROOM_COUNT &&
        name_of_direct_room(somebody(client)->name, somebody(client)->name, name))
        return name;
    return happens(world, 50) ? some_room(client) : rooms[chance_below(&world->chance, ROOM_COUNT)];
}

static void act_once(struct client *client)
{
    char name[ROOM_NAME_BYTES_MAX + 1];
    struct world *world = client->world;
    int64_t dice = chance_below(&world->chance, 100);
    if (!is_somewhere(client) && client->pending_count == 0 && happens(world, 70)) {
        ask_join(client, rooms[chance_below(&world->chance, 2)]);
        return;
    }
    if (client->administrator && happens(world, 40))
        moderation_act(client, somebody(client)->name);
    else if (dice < 40)
        ask_send(client);
    else if (dice < 58)
        ask_join(client, some_room_to_join(client, name));
    else if (dice < 72)
        ask_change(client);
    else if (dice < 80)
        ask_read(client);
    else if (dice < 85)
        ask_order(client);
    else if (dice < 90)
        ask_room(client);
    else if (dice < 93)
        client_ask(client, REQUEST_leave, "\"room\":\"%s\"", some_room(client));
    else if (dice < 96)
        ask_direct(client);
    else if (dice < 97)
        ask_nonsense(client);
    else if (dice < 99)
        person_act(client);
    else
        client_ask(client, REQUEST_ping, "%s", "");
}

void client_act(struct client *client)
{
    struct world *world = client->world;
    bool has_room =
        client->outbox_count + 2 < OUTBOX_MAX && client->pending_count + 2 < PENDING_MAX;
    if (!has_room || world->is_over || (!world->is_calm && !happens(world, 50)))
        return;
    if (client->kind == SESSION_PLAIN) {
        act_plain(client);
    } else if (world->is_calm) {
        bool is_waiting = client->pending_count > 0;
        if (!client->has_hello && !is_waiting && happens(world, 20))
            client_ask(client, REQUEST_hello, "\"name\":\"%s\"", client->name);
    } else if (client->has_hello || happens(world, 5)) {
        act_once(client);
    } else if (client->pending_count == 0 && happens(world, 20)) {
        client_ask(client, REQUEST_hello, "\"name\":\"%s\"", client->name);
    }
}

/* --- the way there
 * ----------------------------------------------------------------------------------- */

/* One message, whole or in parts. */
static void deliver(struct client *client, const char *text)
{
    struct world *world = client->world;
    size_t length = strlen(text), at = 0;
    trace(world, "%d > %s", client->number, text);
    while (happens(world, 20) && at + 1 < length) {
        size_t part = (size_t)chance_below(&world->chance, (int64_t)(length - at));
        bool is_frame = happens(world, 50);
        session_receive(client->session, text + at, part, is_frame ? 0 : length - at - part, false);
        at += part;
    }
    session_receive(client->session, text + at, length - at, 0, true);
}

void client_deliver(struct client *client)
{
    struct world *world = client->world;
    size_t count = 0;
    while (count < client->outbox_count && !client->is_paused && !client->is_closing &&
           !client->is_dying && (world->is_calm || happens(world, 80)))
        deliver(client, client->outbox[count++]);
    for (size_t i = 0; i < count; i++)
        free(client->outbox[i]);
    client->outbox_count -= count;
    memmove(client->outbox, client->outbox + count, client->outbox_count * sizeof(char *));
}

/* Joins every public room from its first entry on. */
void client_audit(struct client *client)
{
    const struct ledger *ledger = fake_store_ledger(client->world->store);
    for (size_t i = 0; i < ledger->room_count; i++) {
        const struct room_row *row = &ledger->rooms[i].row;
        if (ledger->rooms[i].removed || row->visibility != VISIBILITY_PUBLIC ||
            client->outbox_count + 2 > OUTBOX_MAX)
            continue;
        struct view *view = client_view(client, row->name);
        memcpy(view->log, row->log_id, sizeof view->log);
        struct pending *pending =
            client_ask(client, REQUEST_join, "\"room\":\"%s\",\"after\":0,\"log\":\"%s\"", row->name,
                row->log_id);
        pending->view = view;
        pending->after = 0;
    }
}
