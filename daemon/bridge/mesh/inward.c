/* inward.c - from the mesh into rooms: texts, their parts joined, replies, reactions, and the names of nodes. What
 * is for one node stays on the mesh. */
#include "daemon/bridge/mesh/mesh.h"
#include "daemon/bridge/mesh/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "protocol/text.h"

#define TAKE_MAX 256 /* letters in one turn of the loop */
#define LOG_MS 60000

/* --- reading a letter ------------------------------------------------------------------------------- */

static bool is_named(const struct mesh *mesh, const char *channel, size_t *room)
{
    for (*room = 0; *room < mesh->room_count; ++*room)
        if (strcmp(mesh->channels[*room].name, channel) == 0)
            return true;
    return false;
}

/* A packet of the network does not say its channel, only its hash. */
static bool opens(const struct mesh *mesh, struct packet *packet, size_t *room)
{
    if (!packet->is_sealed)
        return false;
    for (*room = 0; *room < mesh->room_count; ++*room)
        if (channel_open(&mesh->channels[*room], packet))
            return true;
    return false;
}

/* False: it is none of ours. */
static bool read_letter(const struct mesh *mesh, const struct letter *letter, struct envelope *envelope, size_t *room)
{
    switch (letter->kind) {
    case LETTER_ENVELOPE:
        return packet_read_envelope(letter->bytes, letter->length, envelope) &&
               is_named(mesh, envelope->channel, room) && channel_open(&mesh->channels[*room], &envelope->packet);
    case LETTER_PACKET:
        envelope->gateway[0] = '\0';
        return packet_read(letter->bytes, letter->length, &envelope->packet) &&
               opens(mesh, &envelope->packet, room);
    case LETTER_JSON:
        return is_named(mesh, letter->channel, room) &&
               json_read((const char *)letter->bytes, letter->length, envelope);
    }
    return false;
}

static bool is_ours(struct mesh *mesh, const struct letter *letter, const struct envelope *envelope)
{
    return envelope->packet.from == mesh->node || strcmp(envelope->gateway, mesh->id) == 0 ||
           (letter->kind == LETTER_JSON && envelope->packet.from == mesh->json_radio &&
            mesh_is_echo(mesh, &envelope->packet.data));
}

/* --- what it says ----------------------------------------------------------------------------------- */

static void take_user(struct mesh *mesh, const struct packet *packet)
{
    struct packet_user user;
    char clean[TEXT_CLEAN_MAX(sizeof user.long_name)];
    if (!packet_read_user(packet->data.payload, packet->data.length, &user))
        return;
    if (packet->from == mesh->node && strcmp(user.long_name, mesh->long_name) != 0)
        log_warn("mesh: another node has our number node=%s name=\"%.39s\": set node", mesh->id, user.long_name);
    text_clean(user.long_name[0] ? user.long_name : user.short_name, TEXT_LINE, clean, sizeof clean);
    if (packet->from != mesh->node)
        known_name(&mesh->known, packet->from, clean);
}

/* A payload as a room takes it; NUL and what is no UTF-8 become U+FFFD. */
static void clean_text(const struct packet_data *data, char out[TEXT_CLEAN_MAX(PACKET_PAYLOAD_BYTES_MAX)])
{
    char text[PACKET_PAYLOAD_BYTES_MAX + 1];
    for (size_t i = 0; i < data->length; i++)
        text[i] = data->payload[i] ? (char)data->payload[i] : '\x01';
    text[data->length] = '\0';
    text_clean(text, TEXT_PROSE, out, TEXT_CLEAN_MAX(PACKET_PAYLOAD_BYTES_MAX));
}

/* --- bringing it ------------------------------------------------------------------------------------- */

/* The gateway has had this sender's id, for it answers with an entry that is not new; but more than a day ago: it is
 * another packet, and called anew. NULL: it is not. */
static json_t *call_anew(struct mesh *mesh, const json_t *reply)
{
    json_t *request = mesh->brought.request;
    int64_t now_ms = bridge_now_ms() + mesh->bridge->clock_ms, ts = json_integer_value(json_object_get(reply, "ts"));
    int64_t seq = json_integer_value(json_object_get(reply, "seq"));
    bool is_old = seq > 0 && seq <= mesh->rooms[mesh->brought.room].newest_seq && now_ms - ts > SEEN_MS;
    mesh->brought.request = NULL;
    if (request && is_old) {
        json_t *origin = json_sprintf("%s+%" PRId64, json_string_value(json_object_get(request, "origin")),
                                      now_ms / SEEN_MS);
        json_object_set(request, "origin", origin);
        json_object_set_new(request, "nonce", origin);
        return request;
    }
    json_decref(request);
    return NULL;
}

static void brought(void *of, const json_t *reply)
{
    struct mesh *mesh = of;
    const struct mesh_brought *what = &mesh->brought;
    int64_t seq = json_integer_value(json_object_get(reply, "seq"));
    if (asking_begin(&mesh->asking, call_anew(mesh, reply), brought, mesh))
        return;
    mesh_note_seq(mesh, what->room, seq);
    for (size_t i = 0; seq > 0 && i < what->count; i++)
        known_add(&mesh->known, what->room, seq, what->ids[i]);
    if (what->is_letter)
        mailbox_drop(&mesh->mailbox);
}

/* A request of what mesh->brought names, whatever its type. */
static json_t *make_request(struct mesh *mesh, const char *type)
{
    const struct mesh_brought *brought = &mesh->brought;
    char origin[32], shown[KNOWN_NAME_BYTES + 8];
    snprintf(origin, sizeof origin, "!%08" PRIx32 ":%08" PRIx32, brought->from, brought->ids[0]);
    known_shown(&mesh->known, brought->from, shown);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "type", type, "room", mesh->rooms[brought->room].room, "nonce",
                     origin, "origin", origin, "as", shown, "via", MESH_VIA);
}

static bool bring_text(struct mesh *mesh, const char *text, uint32_t reply_id)
{
    int64_t reply_to = known_seq(&mesh->known, mesh->brought.room, reply_id);
    json_t *request = make_request(mesh, "send");
    json_object_set_new(request, "text", json_string(text));
    if (reply_to > 0)
        json_object_set_new(request, "reply_to", json_integer(reply_to));
    mesh->brought.request = json_incref(request);
    return asking_begin(&mesh->asking, request, brought, mesh);
}

/* What the gateway takes for no emoji is said as a message. */
static void reacted(void *of, const json_t *reply)
{
    struct mesh *mesh = of;
    struct envelope envelope;
    char text[TEXT_CLEAN_MAX(PACKET_PAYLOAD_BYTES_MAX)];
    size_t room;
    if (reply || !read_letter(mesh, mailbox_first(&mesh->mailbox), &envelope, &room)) {
        mailbox_drop(&mesh->mailbox);
        return;
    }
    clean_text(&envelope.packet.data, text);
    if (!bring_text(mesh, text, envelope.packet.data.reply_id))
        mailbox_drop(&mesh->mailbox);
}

static bool bring_reaction(struct mesh *mesh, const char *emoji, int64_t target)
{
    json_t *request = make_request(mesh, "react");
    json_object_set_new(request, "target", json_integer(target));
    json_object_set_new(request, "emoji", json_string(emoji));
    json_object_set_new(request, "on", json_true());
    return asking_begin(&mesh->asking, request, reacted, mesh);
}

static bool bring_joined(struct mesh *mesh, bool is_letter)
{
    const struct joined *joined = &mesh->joined;
    mesh->brought = (struct mesh_brought){.room = joined->channel, .from = joined->from, .count = joined->count,
                                          .is_letter = is_letter};
    memcpy(mesh->brought.ids, joined->ids, sizeof joined->ids);
    return bring_text(mesh, joined->text, 0);
}

/* --- one after another ------------------------------------------------------------------------------- */

/* True: something is asked, and the letter goes with the answer. */
static bool take_text(struct mesh *mesh, const struct packet *packet, size_t room)
{
    char text[TEXT_CLEAN_MAX(PACKET_PAYLOAD_BYTES_MAX)];
    int64_t target = known_seq(&mesh->known, room, packet->data.reply_id);
    clean_text(&packet->data, text);
    mesh->brought = (struct mesh_brought){.room = room, .from = packet->from, .ids = {packet->id}, .count = 1,
                                          .is_letter = true};
    if (!text[0])
        return false;
    if (packet->data.is_emoji && target > 0)
        return bring_reaction(mesh, text, target);
    switch (joins_take(&mesh->joins, packet->from, (uint32_t)room, packet->id, text, bridge_now_ms(),
                       &mesh->joined)) {
    case JOIN_NO_PART:
        return bring_text(mesh, text, packet->data.reply_id);
    case JOIN_DONE:
        return bring_joined(mesh, true);
    case JOIN_WAITS:
        break;
    }
    return false;
}

static bool take_letter(struct mesh *mesh, const struct letter *letter)
{
    struct envelope envelope;
    const struct packet *packet = &envelope.packet;
    size_t room;
    if (!read_letter(mesh, letter, &envelope, &room))
        return false;
    if (packet->data.port == PORT_NODEINFO)
        take_user(mesh, packet);
    if (is_ours(mesh, letter, &envelope) || packet->data.port != PORT_TEXT || packet->to != PACKET_TO_ALL ||
        packet->id == 0 || seen_before(&mesh->seen, packet->from, packet->id, bridge_now_ms()))
        return false;
    return take_text(mesh, packet, room);
}

static void log_lost(struct mesh *mesh)
{
    int64_t now_ms = bridge_now_ms();
    mesh->lost += mailbox_lost(&mesh->mailbox);
    if (mesh->lost == 0 || (mesh->lost_told_ms > 0 && now_ms - mesh->lost_told_ms < LOG_MS))
        return;
    log_error("mesh: packets were lost, there was no room for them count=%" PRIu64, mesh->lost);
    mesh->lost = 0;
    mesh->lost_told_ms = now_ms;
}

bool mesh_take(struct mesh *mesh)
{
    const struct letter *letter;
    log_lost(mesh);
    if (joins_lapse(&mesh->joins, bridge_now_ms(), &mesh->joined))
        return bring_joined(mesh, false);
    for (int i = 0; i < TAKE_MAX && (letter = mailbox_first(&mesh->mailbox)); i++) {
        if (take_letter(mesh, letter))
            return true;
        mailbox_drop(&mesh->mailbox);
    }
    if (mailbox_first(&mesh->mailbox))
        web_wake(mesh->bridge->web);
    return false;
}
