/* receive.c - what a client receives, and whether it may be: every view of a room is the log from
 * its cursor on, exactly once, in order, and nothing of it that is not stored. */
#include "tests/simulation/moderation.h"

#include "daemon/core/room.h"
#include "daemon/core/session_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static const char *text_of(const json_t *object, const char *field)
{
    return json_string_value(json_object_get(object, field));
}

static int64_t number_of(const json_t *object, const char *field)
{
    return json_integer_value(json_object_get(object, field));
}

struct ledger_room *room_by_log(const struct world *world, const char *log)
{
    const struct ledger *ledger = fake_store_ledger(world->store);
    for (size_t i = 0; i < ledger->room_count; i++)
        if (strcmp(ledger->rooms[i].row.log_id, log) == 0)
            return &ledger->rooms[i];
    return NULL;
}

struct view *client_view(struct client *client, const char *room)
{
    for (size_t i = 0; i < client->view_count; i++)
        if (strcmp(client->views[i].room, room) == 0)
            return &client->views[i];
    if (client->view_count == VIEWS_MAX)
        return NULL;
    struct view *view = &client->views[client->view_count++];
    *view = (struct view){.cursor = -1};
    snprintf(view->room, sizeof view->room, "%s", room);
    return view;
}

/* --- entries
 * --------------------------------------------------------------------------------------- */

/* First entry of the log after seq. */
static size_t index_after(const struct ledger_room *room, int64_t seq)
{
    size_t i = 0, high = room->count;
    while (i < high) {
        size_t middle = i + (high - i) / 2;
        if (room->entries[middle].entry.seq <= seq)
            i = middle + 1;
        else
            high = middle;
    }
    return i;
}

/* Nothing that could still be read lies between the cursor and seq. */
static void check_nothing_skipped(const struct client *client, const struct view *view,
                                  const struct ledger_room *room, int64_t seq)
{
    for (size_t i = index_after(room, view->cursor); i < room->count; i++) {
        int64_t skipped = room->entries[i].entry.seq;
        if (skipped >= seq)
            return;
        if (i >= room->pruned)
            wrong(client->world,
                  "client %d: %s: %" PRId64 " was skipped: cursor %" PRId64 ", received %" PRId64,
                  client->number, view->room, skipped, view->cursor, seq);
    }
}

static void check_content(const struct client *client, const struct ledger_entry *kept,
                          const json_t *message)
{
    static const char *const types[] = {"message", "edit", "delete", "reaction", "topic"};
    const struct entry *entry = &kept->entry;
    const char *text = text_of(message, "text");
    bool is_right = same(text_of(message, "type"), types[entry->kind]) &&
                    same(text_of(message, "from"), entry->from) &&
                    same(text_of(message, "nonce"), entry->nonce) &&
                    number_of(message, "ts") == entry->ts;
    if (entry->kind == ENTRY_KIND_DELETE || entry->kind == ENTRY_KIND_EDIT)
        is_right &= number_of(message, "target") == entry->target;
    if (text)
        is_right &= same(text, kept->original);
    else if (kept->original && !(entry->kind == ENTRY_KIND_TOPIC && !kept->original[0]))
        is_right &= entry->deleted;
    if (!is_right)
        wrong(client->world, "client %d: entry %" PRId64 " is not what was stored: %s",
              client->number, entry->seq, json_dumps(message, 0));
}

static void receive_entry(struct client *client, const json_t *message)
{
    struct world *world = client->world;
    const char *name = text_of(message, "room");
    int64_t seq = number_of(message, "seq");
    struct view *view = client_view(client, name);
    if (!view)
        return;
    if (view->state == VIEW_OUT)
        wrong(world, "client %d: received %" PRId64 " of %s and is not in it", client->number, seq,
              name);
    const struct ledger_room *room = room_by_log(world, view->log);
    const struct ledger_entry *kept = room ? ledger_entry(room, seq) : NULL;
    if (!kept)
        wrong(world, "client %d: %s: %" PRId64 " was received and is not stored", client->number,
              name, seq);
    if (room->row.visibility == VISIBILITY_DIRECT && client->user_id != room->row.user_a &&
        client->user_id != room->row.user_b)
        wrong(world, "client %d, user %" PRId64 ": reads %s of two others", client->number,
              client->user_id, name);
    if (view->cursor >= 0 && seq <= view->cursor)
        wrong(world, "client %d: %s: %" PRId64 " was received again, cursor %" PRId64,
              client->number, name, seq, view->cursor);
    if (view->cursor >= 0)
        check_nothing_skipped(client, view, room, seq);
    check_content(client, kept, message);
    if (client->is_auditor && kept->entry.deleted && text_of(message, "text"))
        wrong(world, "%s: the text of %" PRId64 " was deleted and is still sent", name, seq);
    view->cursor = seq;
    view->received++;
    world->received++;
}

/* Everything up to the catch-up boundary has been received; of the newest entries, as many as were
 * asked for. */
static void receive_live(struct client *client, const json_t *message)
{
    struct view *view = client_view(client, text_of(message, "room"));
    int64_t seq = number_of(message, "seq");
    const struct ledger_room *room = view ? room_by_log(client->world, view->log) : NULL;
    if (!view)
        return;
    if (view->state != VIEW_CATCHING_UP)
        wrong(client->world, "client %d: live in %s, out of turn", client->number, view->room);
    view->state = VIEW_LIVE;
    if (view->cursor > seq)
        wrong(client->world, "client %d: %s: %" PRId64 " was received before live at %" PRId64,
              client->number, view->room, view->cursor, seq);
    if (!room) { /* a first room that is not stored yet, and so empty */
        view->cursor = seq;
        return;
    }
    int64_t visible = 0;
    for (size_t i = room->pruned; i < room->count && room->entries[i].entry.seq <= seq; i++)
        visible++;
    int64_t least = view->wanted < visible ? view->wanted : visible;
    if (view->cursor < 0 && view->received == 0 && least <= 0)
        view->cursor = seq; /* none were asked for, or there were none */
    if (view->received < least)
        wrong(client->world, "client %d: %s: %" PRId64 " entries of the newest %" PRId64,
              client->number, view->room, view->received, least);
    check_nothing_skipped(client, view, room, seq + 1);
    view->cursor = seq > view->cursor ? seq : view->cursor;
}

/* --- replies
 * --------------------------------------------------------------------------------------- */

static void receive_joined(struct client *client, const struct pending *asked,
                           const json_t *message)
{
    struct view *view = asked->view;
    const char *log = text_of(message, "log");
    bool is_reset = json_is_true(json_object_get(message, "reset"));
    bool has_cursor = asked->after >= 0;
    bool is_same = has_cursor && strcmp(view->log, log) == 0;
    if (has_cursor && !is_reset && !is_same)
        wrong(client->world, "client %d: %s: a cursor of another log was taken", client->number,
              view->room);
    if (!has_cursor && is_reset)
        wrong(client->world, "client %d: %s: reset without a cursor", client->number, view->room);
    view = person_view(client, view, text_of(message, "room"));
    snprintf(view->log, sizeof view->log, "%s", log);
    bool is_from_cursor = has_cursor && !is_reset;
    int64_t history = asked->history >= 0 ? asked->history : 50;
    view->cursor = is_from_cursor ? asked->after : -1;
    /* A long page of newest entries may be cut by bytes: only short ones are counted. */
    bool may_be_cut = history > 5 || client->world->config.limits.reply_bytes < 65536;
    view->wanted = is_from_cursor ? -1 : may_be_cut && history > 0 ? 1 : history;
    view->received = 0;
    view->state = VIEW_CATCHING_UP;
}

enum counted { COUNT_READABLE, COUNT_ALL };

/* How often the nonce, which is nobody else's, is stored, at most in any one room, without or with what was
 * pruned since; seq is looked for in all. */
static int count_sent(const struct client *client, const char *nonce, enum counted counted,
                      int64_t seq, bool *is_found)
{
    const struct ledger *ledger = fake_store_ledger(client->world->store);
    int most = 0;
    *is_found = false;
    for (size_t r = 0; r < ledger->room_count; r++) {
        const struct ledger_room *room = &ledger->rooms[r];
        int count = 0;
        for (size_t i = 0; i < room->count; i++) {
            const struct entry *entry = &room->entries[i].entry;
            if (!same(entry->nonce, nonce))
                continue;
            if (entry->user_id != client->user_id)
                wrong(client->world, "client %d: user %" PRId64 " said what user %" PRId64 " did",
                      client->number, entry->user_id, client->user_id);
            *is_found |= entry->seq == seq;
            count += counted == COUNT_ALL || i >= room->pruned;
        }
        most = count > most ? count : most;
    }
    return most;
}

static void receive_ack(struct client *client, const struct pending *asked, const json_t *message)
{
    bool is_found;
    client->world->acked++;
    if (!asked->nonce[0] || client->administrator)
        return;
    int count = count_sent(client, asked->nonce, COUNT_READABLE,
                           number_of(message, "seq"), &is_found);
    if (!same(text_of(message, "nonce"), asked->nonce))
        wrong(client->world, "client %d: an ack of another nonce", client->number);
    if (!is_found || count > 1)
        wrong(client->world, "client %d: ack of %s, which is stored %d times", client->number,
              asked->nonce, count);
    if (strcmp(client->outgoing.nonce, asked->nonce) == 0)
        client->outgoing = (struct outgoing){0};
}

/* An error means: not stored. (Said twice, the first may have been.) */
static void receive_error(struct client *client, const struct pending *asked, const json_t *message)
{
    bool is_found;
    const char *code = text_of(message, "error_code");
    client->world->refused++;
    if (!code || error_code_find(code) == ERROR_none)
        wrong(client->world, "client %d: an unknown error: %s", client->number,
              json_dumps(message, 0));
    if (strcmp(code, "internal") == 0)
        wrong(client->world, "client %d: internal error: %s", client->number,
              json_dumps(message, 0));
    if (strcmp(code, "banned") == 0 || strcmp(code, "muted") == 0)
        moderation_check_refusal(client, code, asked);
    if (asked->type == REQUEST_hello && strcmp(code, "banned") != 0) {
        client->key[0] = '\0';
        client->user_id = 0;
        snprintf(client->name, sizeof client->name, "u%d-%" PRId64, client->number,
                 ++client->world->nonce_last);
        client->outgoing = (struct outgoing){0};
    }
    if (!asked->nonce[0])
        return;
    bool is_current = strcmp(client->outgoing.nonce, asked->nonce) == 0;
    if (is_current && client->outgoing.sent <= 1 &&
        count_sent(client, asked->nonce, COUNT_ALL, 0, &is_found) > 0)
        wrong(client->world, "client %d: %s was refused with %s and is stored", client->number,
              asked->nonce, code);
    if (is_current)
        client->outgoing = (struct outgoing){0};
}

/* Whatever the name: what is sent again under a nonce of the one before is something else. */
static void become_another(struct client *client)
{
    client->outgoing = (struct outgoing){0};
    for (size_t i = 0; i < client->pending_count; i++)
        client->pending[i].nonce[0] = '\0';
}

static void receive_welcome(struct client *client, const struct pending *asked, const json_t *message)
{
    const char *name = text_of(json_object_get(message, "user"), "name");
    int64_t user_id = session_user_id(client->session);
    if (asked->user_id && asked->user_id != user_id)
        wrong(client->world, "client %d: came in as user %" PRId64 " by a code of user %" PRId64,
              client->number, user_id, asked->user_id);
    if (client->user_id != user_id)
        become_another(client);
    client->user_id = user_id;
    moderation_check_welcome(client, asked->turn);
    snprintf(client->name, sizeof client->name, "%s", name);
    snprintf(client->key, sizeof client->key, "%s", text_of(message, "session"));
    client->has_hello = true;
}

static void receive_reply(struct client *client, const json_t *message)
{
    int64_t ref = number_of(message, "ref");
    const char *type = text_of(message, "type");
    struct pending asked = {.ref = -1};
    for (size_t i = 0; i < client->pending_count; i++)
        if (client->pending[i].ref == ref) {
            asked = client->pending[i];
            client->pending[i] = client->pending[--client->pending_count];
            break;
        }
    if (asked.ref < 0)
        wrong(client->world, "client %d: a second reply, or to nothing: %s", client->number,
              json_dumps(message, 0));
    if (strcmp(type, "error") == 0)
        receive_error(client, &asked, message);
    else if (strcmp(type, "ack") == 0)
        receive_ack(client, &asked, message);
    else if (strcmp(type, "joined") == 0)
        receive_joined(client, &asked, message);
    else if (strcmp(type, "welcome") == 0)
        receive_welcome(client, &asked, message);
    else if (asked.type == REQUEST_rename)
        snprintf(client->name, sizeof client->name, "%s", asked.name);
    else if (strcmp(type, "move") == 0 && client->user_id)
        person_receive_move(client, message);
    else if (strcmp(type, "devices") == 0)
        person_receive_devices(client, message);
    else if (strcmp(type, "left") == 0)
        client_view(client, text_of(message, "room"))->state = VIEW_OUT;
}

/* --- one message
 * ----------------------------------------------------------------------------------- */

static void receive_event(struct client *client, const json_t *message, const char *type)
{
    const char *room = text_of(message, "room");
    if (strcmp(type, "error") == 0) {
        client->world->refused++;
    } else if (strcmp(type, "live") == 0) {
        receive_live(client, message);
    } else if (strcmp(type, "kicked") == 0) {
        struct view *view = client_view(client, room);
        if (view)
            view->state = VIEW_OUT;
    } else if (strcmp(type, "renamed") == 0) {
        if (client->user_id == session_user_id(client->session) && same(text_of(message, "from"), client->name))
            snprintf(client->name, sizeof client->name, "%s", text_of(message, "to"));
    } else if (strcmp(type, "room") == 0 && json_object_get(message, "was")) {
        person_receive_room(client, message);
    } else if (strcmp(type, "room") == 0 && same(text_of(message, "change"), "removed")) {
        struct view *view = client_view(client, text_of(message, "name"));
        const struct ledger_room *kept = view ? room_by_log(client->world, view->log) : NULL;
        if (kept && kept->removed)
            view->state = VIEW_OUT;
    }
}

static void receive_json(struct client *client, const char *bytes, size_t length)
{
    json_error_t error;
    json_t *message = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &error);
    const char *type = text_of(message, "type");
    if (!type)
        wrong(client->world, "client %d: no message: %.*s", client->number, (int)length, bytes);
    if (json_object_get(message, "ref"))
        receive_reply(client, message);
    else if (json_object_get(message, "seq") && strcmp(type, "live") != 0 &&
             strcmp(type, "read") != 0)
        receive_entry(client, message);
    else
        receive_event(client, message, type);
    json_decref(message);
}

/* A plain client receives "NAME: TEXT" of every message, in order. */
static bool is_rendered(const struct ledger_entry *kept, const char *bytes, size_t length)
{
    char text[4096];
    const char *name = kept->entry.from;
    bool is_plain = same(kept->entry.via, "plain");
    snprintf(text, sizeof text, "%s%s: %s", is_plain ? "Client " : "",
             is_plain ? name + strlen("client-") : name, kept->original ? kept->original : "");
    return strlen(text) == length && memcmp(text, bytes, length) == 0;
}

static struct ledger_room *plain_room(struct world *world)
{
    const struct ledger *ledger = fake_store_ledger(world->store);
    for (size_t i = 0; i < ledger->room_count; i++)
        if (strcmp(ledger->rooms[i].row.name, "lobby") == 0 && !ledger->rooms[i].removed)
            return &ledger->rooms[i];
    return NULL;
}

static bool may_be_missing(const struct ledger_room *room, size_t i)
{
    return room->entries[i].entry.kind != ENTRY_KIND_MESSAGE || room->entries[i].entry.deleted ||
           i < room->pruned;
}

static void receive_plain(struct client *client, const char *bytes, size_t length)
{
    const struct ledger_room *room = plain_room(client->world);
    static const char left[] = " left the chat";
    bool is_last_notice = length > sizeof left &&
                          memcmp(bytes + length - sizeof left + 1, left, sizeof left - 1) == 0;
    if (is_last_notice || bytes[0] == '{' || !room)
        return;
    for (size_t i = index_after(room, client->plain_cursor); i < room->count; i++) {
        client->plain_cursor = room->entries[i].entry.seq;
        if (room->entries[i].entry.kind == ENTRY_KIND_MESSAGE &&
            is_rendered(&room->entries[i], bytes, length))
            return;
        if (!may_be_missing(room, i))
            break;
    }
    wrong(client->world, "client %d: a plain client received out of order: %.*s", client->number,
          (int)length, bytes);
}

/* --- bytes
 * ----------------------------------------------------------------------------------------- */

/* Size of the first whole message, header included; 0 if there is none yet. */
static size_t whole(const struct client *client, size_t *header, size_t *length)
{
    const unsigned char *bytes = client->inbox.bytes;
    size_t have = client->inbox.length;
    if (client->kind == SESSION_LINES || client->kind == SESSION_EVENTS) {
        const char *end = client->kind == SESSION_LINES ? "\n" : "\n\n";
        const unsigned char *found = memmem(bytes, have, end, strlen(end));
        const unsigned char *data = memmem(bytes, have, "data: ", strlen("data: ")); /* behind the id */
        *header = client->kind == SESSION_EVENTS && data ? (size_t)(data - bytes) + strlen("data: ") : 0;
        *length = found ? (size_t)(found - bytes) - *header : 0;
        return found ? (size_t)(found - bytes) + strlen(end) : 0;
    }
    if (have < 2)
        return 0;
    if (bytes[0] != 0x81 || bytes[1] > 127)
        wrong(client->world, "client %d: no text frame: %02x %02x", client->number, bytes[0],
              bytes[1]);
    *header = bytes[1] == 126 ? 4 : bytes[1] == 127 ? 10 : 2;
    *length = bytes[1];
    if (have < *header)
        return 0;
    if (*header > 2)
        for (size_t i = 2, n = 0; i < *header; i++)
            *length = n = n << 8 | bytes[i];
    return have >= *header + *length ? *header + *length : 0;
}

void client_receive(struct client *client, const unsigned char *bytes, size_t length)
{
    size_t header, size, total;
    if (!buffer_append(&client->inbox, bytes, length))
        wrong(client->world, "no memory");
    struct buffer *inbox = &client->inbox;
    while ((total = whole(client, &header, &size))) {
        const char *message = (const char *)inbox->bytes + header;
        trace(client->world, "%d < %.*s", client->number, (int)size, message);
        if (client->kind == SESSION_PLAIN)
            receive_plain(client, message, size);
        else
            receive_json(client, message, size);
        buffer_consume(inbox, total);
    }
}

/* --- the end
 * --------------------------------------------------------------------------------------- */

static void check_view(const struct client *client, const struct view *view)
{
    const struct ledger_room *room = room_by_log(client->world, view->log);
    if (!room || room->removed || view->state == VIEW_OUT)
        return;
    if (view->state != VIEW_LIVE)
        wrong(client->world, "client %d: %s: never live, cursor %" PRId64, client->number,
              view->room, view->cursor);
    check_nothing_skipped(client, view, room, INT64_MAX);
}

static void check_plain_end(const struct client *client)
{
    const struct ledger_room *room = plain_room(client->world);
    for (size_t i = room ? index_after(room, client->plain_cursor) : 0; room && i < room->count;
         i++)
        if (!may_be_missing(room, i))
            wrong(client->world, "client %d: a plain client was not received %" PRId64,
                  client->number, room->entries[i].entry.seq);
}

void client_check_end(struct client *client)
{
    if (!client->session || client->is_closing || client->is_dying)
        return;
    if (client->pending_count || client->outbox_count)
        wrong(client->world,
              "client %d: %zu requests wait for ever, %zu were not read; the first"
              " is %s",
              client->number, client->pending_count, client->outbox_count,
              client->pending_count ? message_name(client->pending[0].type) : client->outbox[0]);
    if (client->inbox.length)
        wrong(client->world, "client %d: half a message is left", client->number);
    if (client->kind == SESSION_PLAIN)
        check_plain_end(client);
    for (size_t i = 0; i < client->view_count; i++)
        check_view(client, &client->views[i]);
}
