/* outward.c - from rooms to the mesh: entries become texts that wait in the outbox, and go part by part. */
#include "daemon/bridge/mesh/mesh.h"

#include "daemon/bridge/entry.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <mbedtls/md.h>

#include "daemon/log.h"

#define NODEINFO_MS (INT64_C(3) * 3600 * 1000)
#define ONCE_MS 5000 /* with is_once a radio is waited for so long */

/* --- numbers ----------------------------------------------------------------------------------------- */

uint32_t mesh_hash(const char *text)
{
    unsigned char hash[32] = {0};
    (void)mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), (const unsigned char *)text, strlen(text), hash);
    return (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 | (uint32_t)hash[2] << 8 | hash[3];
}

uint32_t mesh_packet_id(const struct mesh *mesh, size_t room, int64_t seq, int64_t ts, size_t part)
{
    char text[600];
    snprintf(text, sizeof text, "packet %s %s %" PRId64 " %" PRId64 " %zu %.256s", mesh->bridge->uid, mesh->name, seq, ts,
             part, mesh->rooms[room].room);
    uint32_t id = mesh_hash(text);
    return id ? id : 1;
}

static uint32_t random_id(void)
{
    uint32_t id = 0;
    if (getrandom(&id, sizeof id, 0) != (ssize_t)sizeof id || id == 0)
        id = 1;
    return id;
}

/* --- entries ----------------------------------------------------------------------------------------- */

/* Of files the names, and links where others than this machine reach the gateway. */
char *mesh_text(const struct mesh *mesh, const json_t *line, bool is_edit)
{
    const char *from = json_string_value(json_object_get(line, "from")), *callsign = mesh->callsign;
    char *said = entry_text(line, mesh->bridge->public_url), *text = NULL;
    int length = !said ? -1
                       : asprintf(&text, "%s:%s%s%s%s%s", from ? from : "", is_edit ? " edited:" : "", said[0] ? " " : "",
                                  said, callsign ? " " : "", callsign ? callsign : "");
    free(said);
    return length < 0 ? NULL : text;
}

static int64_t number_at(const struct entry *entry, const char *name)
{
    return json_integer_value(json_object_get(entry->json, name));
}

static bool says_anything(const struct entry *entry)
{
    return entry_member(entry->json, "text")[0] || json_array_size(json_object_get(entry->json, "files")) > 0;
}

/* Under Part 97 only those who are listed are heard, and an emoji alone has no callsign. */
static bool may_go(struct mesh *mesh, size_t room, const struct entry *entry)
{
    if (!mesh->callsign)
        return true;
    bool is_listed = false;
    for (int i = 0; mesh->speakers && i < config_setting_length(mesh->speakers); i++) {
        const char *name = config_setting_get_string_elem(mesh->speakers, i);
        is_listed = is_listed || (name && strcmp(name, entry_member(entry->json, "from")) == 0);
    }
    mesh->rooms[room].is_barred |= !is_listed;
    return is_listed && strcmp(entry->type, "reaction") != 0;
}

/* The gateway's clock counts only for what was said while nobody read, and was set then. */
static int64_t said_ms(const struct mesh *mesh, const struct entry *entry)
{
    bool is_told = !entry->is_live && !json_object_get(entry->json, "clock");
    return is_told ? entry->ts - mesh->bridge->clock_ms : bridge_now_ms();
}

static bool push(struct mesh *mesh, size_t room, const struct entry *entry, const char *text, int64_t to)
{
    struct outgoing *item = outbox_push(&mesh->outbox, room, entry->seq, text, said_ms(mesh, entry), bridge_now_ms());
    if (!item)
        return false;
    item->ts = entry->ts;
    item->reply_id = known_id(&mesh->known, room, to);
    item->is_emoji = strcmp(entry->type, "reaction") == 0;
    return true;
}

static bool push_text(struct mesh *mesh, size_t room, const struct entry *entry, bool is_edit)
{
    char *text = mesh_text(mesh, entry->json, is_edit);
    bool is_pushed = text && push(mesh, room, entry, text, number_at(entry, is_edit ? "target" : "reply_to"));
    free(text);
    return is_pushed;
}

/* False without memory. What the mesh cannot bear is nothing there: topics, emoji taken away, emoji under what it
 * does not know. */
static bool take_entry(struct mesh *mesh, size_t room, const struct entry *entry)
{
    bool is_edit = strcmp(entry->type, "edit") == 0;
    if (strcmp(entry->type, "delete") == 0)
        outbox_forget(&mesh->outbox, room, number_at(entry, "target"));
    else if (outbox_has(&mesh->outbox, room, entry->seq) || !may_go(mesh, room, entry))
        return true;
    else if (strcmp(entry->type, "message") == 0 || is_edit)
        return !says_anything(entry) || push_text(mesh, room, entry, is_edit);
    else if (strcmp(entry->type, "reaction") == 0 && json_is_true(json_object_get(entry->json, "on")) &&
             known_id(&mesh->known, room, number_at(entry, "target")))
        return push(mesh, room, entry, entry_member(entry->json, "emoji"), number_at(entry, "target"));
    return true;
}

static size_t room_of(const struct mesh *mesh, const char *name)
{
    size_t room = 0;
    while (room + 1 < mesh->room_count && strcmp(mesh->rooms[room].room, name) != 0)
        room++;
    return room;
}

void mesh_note_seq(struct mesh *mesh, size_t room, int64_t seq)
{
    if (seq > mesh->rooms[room].newest_seq)
        mesh->rooms[room].newest_seq = seq;
}

/* What is taken waits here, and the cursor behind the oldest of it. */
void mesh_deliver(struct mesh *mesh, struct link *link, const struct entry *entry)
{
    size_t room = room_of(mesh, entry->room);
    mesh->rooms[room].link = link;
    mesh_note_seq(mesh, room, entry->seq);
    bool is_early = mesh->recalled < mesh->room_count;
    mesh->rooms[room].early = is_early ? entry : NULL;
    mesh->rooms[room].early_ms = bridge_now_ms();
    if (is_early)
        return;
    if (!take_entry(mesh, room, entry)) {
        link_delivered(link, DELIVERY_LATER, 0, "there is no memory");
        return;
    }
    link_hold(link, outbox_oldest(&mesh->outbox, room));
    if (mesh->bridge->is_once && outbox_oldest(&mesh->outbox, room) != INT64_MAX)
        mesh->rooms[room].awaited_seq = entry->seq;
    else
        link_delivered(link, DELIVERY_DONE, 0, NULL);
}

void mesh_deliver_early(struct mesh *mesh)
{
    bool is_recalled = mesh->recalled == mesh->room_count;
    for (size_t i = 0; i < mesh->room_count; i++) {
        struct mesh_room *room = &mesh->rooms[i];
        const struct entry *early = room->early;
        bool is_given_up = mesh->bridge->is_once && bridge_now_ms() - room->early_ms > ONCE_MS;
        if (!early || (!is_recalled && !is_given_up))
            continue;
        room->early = NULL;
        if (is_recalled)
            mesh_deliver(mesh, room->link, early);
        else
            link_delivered(room->link, DELIVERY_LATER, 0, "the gateway does not answer");
    }
}

/* --- radios ------------------------------------------------------------------------------------------ */

static bool is_any_ready(const struct mesh *mesh)
{
    for (size_t i = 0; i < mesh->radio_count; i++)
        if (mesh->radios[i].kind->is_ready(mesh->radios[i].of))
            return true;
    return false;
}

/* Without a word that it may, a packet is published only where there is no other way. */
static bool may_take(const struct mesh *mesh, const struct mesh_radio *radio)
{
    bool is_broker = strcmp(radio->kind->group, "mqtt") == 0;
    return radio->kind->is_ready(radio->of) && (!is_broker || mesh->is_ok_to_mqtt || mesh->radio_count == 1);
}

/* By every radio that is reached: the mesh knows the packet by its id. The best that became of it. */
static enum radio_outcome send_by_all(struct mesh *mesh, const struct envelope *envelope, size_t room)
{
    enum radio_outcome best = RADIO_NOT;
    for (size_t i = 0; i < mesh->radio_count; i++) {
        const struct mesh_radio *radio = &mesh->radios[i];
        if (!may_take(mesh, radio))
            continue;
        enum radio_outcome outcome = radio->kind->send(radio->of, envelope, &mesh->channels[room]);
        if (outcome == RADIO_SENT || best == RADIO_NOT)
            best = outcome;
    }
    return best;
}

static bool has_landed(const struct mesh *mesh)
{
    for (size_t i = 0; i < mesh->radio_count; i++)
        if (!mesh->radios[i].kind->has_sent(mesh->radios[i].of))
            return false;
    return true;
}

static void begin_envelope(const struct mesh *mesh, size_t room, uint32_t port, uint32_t id, struct envelope *envelope)
{
    *envelope = (struct envelope){
        .packet = {.from = mesh->node, .to = PACKET_TO_ALL, .id = id, .hop_limit = (uint8_t)mesh->hop_limit,
                   .hop_start = (uint8_t)mesh->hop_limit,
                   .data = {.port = port, .is_ok_to_mqtt = mesh->is_ok_to_mqtt}}};
    snprintf(envelope->channel, sizeof envelope->channel, "%s", mesh->channels[room].name);
    snprintf(envelope->gateway, sizeof envelope->gateway, "%s", mesh->id);
}

static uint32_t echo_of(const struct packet_data *data)
{
    char text[PACKET_PAYLOAD_BYTES_MAX + 1];
    snprintf(text, sizeof text, "%.*s", (int)data->length, (const char *)data->payload);
    return mesh_hash(text);
}

bool mesh_is_echo(struct mesh *mesh, const struct packet_data *data)
{
    uint32_t echo = echo_of(data);
    for (size_t i = 0; i < MESH_ECHOES_MAX; i++)
        if (mesh->echoes[i] == echo)
            return true;
    return false;
}

/* A radio that is reached later than the others hears who this is as well. */
static bool nodeinfo_is_due(const struct mesh *mesh, int64_t now_ms)
{
    for (size_t i = 0; i < mesh->radio_count; i++)
        if (may_take(mesh, &mesh->radios[i]) && now_ms >= mesh->radios[i].nodeinfo_ms)
            return true;
    return false;
}

static void note_nodeinfo(struct mesh *mesh, int64_t now_ms)
{
    for (size_t i = 0; i < mesh->radio_count; i++)
        if (may_take(mesh, &mesh->radios[i]))
            mesh->radios[i].nodeinfo_ms = now_ms + NODEINFO_MS;
}

static enum radio_outcome send_nodeinfo(struct mesh *mesh)
{
    struct envelope envelope;
    struct packet_user user = {.is_licensed = mesh->callsign != NULL};
    begin_envelope(mesh, 0, PORT_NODEINFO, random_id(), &envelope);
    snprintf(user.id, sizeof user.id, "%s", mesh->id);
    snprintf(user.long_name, sizeof user.long_name, "%s", mesh->long_name);
    snprintf(user.short_name, sizeof user.short_name, "%s", mesh->short_name);
    struct packet_data *data = &envelope.packet.data;
    data->length = packet_write_user(&user, data->payload, sizeof data->payload);
    return send_by_all(mesh, &envelope, 0);
}

static enum radio_outcome send_part(struct mesh *mesh, const struct outbox_part *part)
{
    struct envelope envelope;
    const struct outgoing *item = part->item;
    uint32_t id = mesh_packet_id(mesh, item->room, item->seq, item->ts, part->number);
    begin_envelope(mesh, item->room, PORT_TEXT, id, &envelope);
    struct packet_data *data = &envelope.packet.data;
    data->length = strlen(part->text);
    memcpy(data->payload, part->text, data->length);
    data->reply_id = part->number == 0 ? item->reply_id : 0;
    data->is_emoji = item->is_emoji;
    known_add(&mesh->known, item->room, item->seq, id);
    mesh->echoes[mesh->echo_next++ % MESH_ECHOES_MAX] = echo_of(data);
    return send_by_all(mesh, &envelope, item->room);
}

/* --- one after another ------------------------------------------------------------------------------- */

static void release(struct mesh *mesh)
{
    for (size_t i = 0; i < mesh->room_count; i++) {
        struct mesh_room *room = &mesh->rooms[i];
        int64_t oldest = outbox_oldest(&mesh->outbox, i);
        if (!room->link)
            continue;
        link_hold(room->link, oldest);
        bool is_over = oldest > room->awaited_seq;
        bool is_given_up = outbox_waiting_ms(&mesh->outbox, i, bridge_now_ms()) > ONCE_MS;
        if (room->awaited_seq == 0 || (!is_over && !is_given_up))
            continue;
        room->awaited_seq = 0;
        link_delivered(room->link, is_over ? DELIVERY_DONE : DELIVERY_LATER, 0, "the radio is not reached");
    }
}

static void land(struct mesh *mesh)
{
    int64_t now_ms = bridge_now_ms();
    if (mesh->flight == FLIGHT_PART)
        outbox_sent(&mesh->outbox, now_ms);
    else
        outbox_pause(&mesh->outbox, now_ms);
    mesh->flight = FLIGHT_NONE;
}

static void begin_flight(struct mesh *mesh)
{
    struct outbox_part part;
    int64_t wait_ms = INT64_MAX, now_ms = bridge_now_ms();
    bool is_nodeinfo = now_ms >= mesh->outbox.next_ms && nodeinfo_is_due(mesh, now_ms);
    bool is_due = is_nodeinfo || outbox_next(&mesh->outbox, now_ms, &part, &wait_ms);
    if (wait_ms < INT64_MAX && now_ms + wait_ms < mesh->bridge->turn_ms)
        mesh->bridge->turn_ms = now_ms + wait_ms;
    if (!is_due)
        return;
    enum radio_outcome outcome = is_nodeinfo ? send_nodeinfo(mesh) : send_part(mesh, &part);
    if (outcome == RADIO_NOT)
        return;
    if (is_nodeinfo)
        note_nodeinfo(mesh, now_ms);
    mesh->flight = is_nodeinfo ? FLIGHT_NODEINFO : FLIGHT_PART;
    if (outcome == RADIO_SENT)
        land(mesh);
}

void mesh_send(struct mesh *mesh)
{
    bool is_ready = is_any_ready(mesh);
    if (is_ready != mesh->outbox.is_ready)
        log_info("mesh: name=%s the radio is %s", mesh->name, is_ready ? "reached" : "not reached");
    outbox_turn(&mesh->outbox, is_ready, bridge_now_ms());
    if (mesh->flight != FLIGHT_NONE && has_landed(mesh))
        land(mesh);
    if (mesh->flight == FLIGHT_NONE && is_ready)
        begin_flight(mesh);
    release(mesh);
}
