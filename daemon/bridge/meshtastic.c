/* meshtastic.c - the driver: a mesh of Meshtastic's radios, whose channels are rooms, by a broker, by the local
 * network, or by both. What it does is in mesh/. */
#include "daemon/bridge/bridge.h"
#include "daemon/bridge/link.h"
#include "daemon/bridge/mesh/mesh.h"
#include "daemon/bridge/setting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PACE_LEAST_MS 2000 /* a radio refuses texts that come faster */

static bool refuse(char *why, size_t why_size, const char *reason)
{
    snprintf(why, why_size, "%s", reason);
    return false;
}

/* --- channels and rooms ----------------------------------------------------------------------------- */

static bool add_channel(struct mesh *mesh, const config_setting_t *setting, char *why, size_t why_size)
{
    size_t i = mesh->room_count;
    const char *room = setting_text(setting, "room", ""), *name = setting_text(setting, "name", "");
    if (!room[0])
        return refuse(why, why_size, "a channel needs its room: { name = \"LongFast\"; key; room = \"lobby\"; }");
    if (strpbrk(name, "/+#") || !channel_set(&mesh->channels[i], name, setting_text(setting, "key", "AQ==")))
        return refuse(why, why_size, "a channel needs name and key as the radio has them: key is Base64, \"\" is none");
    if (mesh->callsign && mesh->channels[i].key_length > 0)
        return refuse(why, why_size, "part97 allows plain text only: key = \"\"");
    for (size_t k = 0; k < i; k++)
        if (strcmp(mesh->channels[k].name, name) == 0 || strcmp(mesh->rooms[k].room, room) == 0)
            return refuse(why, why_size, "a channel has one room, and a room one channel");
    mesh->channels[i].index = setting_number(setting, "index", (int)i);
    mesh->rooms[i].room = room;
    mesh->room_count++;
    return true;
}

static bool has_room(const struct mesh *mesh, const char *room)
{
    for (size_t i = 0; i < mesh->room_count; i++)
        if (room && strcmp(mesh->rooms[i].room, room) == 0)
            return true;
    return false;
}

static bool read_channels(struct mesh *mesh, const config_setting_t *setting, char *why, size_t why_size)
{
    const config_setting_t *channels = config_setting_get_member(setting, "channels");
    const config_setting_t *rooms = config_setting_get_member(setting, "rooms");
    int count = channels ? config_setting_length(channels) : 0;
    if (count < 1 || count > RADIO_CHANNELS_MAX)
        return refuse(why, why_size, "channels must list one to eight: ( { name; key; room; } )");
    for (int i = 0; i < count; i++)
        if (!add_channel(mesh, config_setting_get_elem(channels, (unsigned)i), why, why_size))
            return false;
    for (int i = 0; rooms && i < config_setting_length(rooms); i++)
        if (!has_room(mesh, config_setting_get_string_elem(rooms, i)))
            return refuse(why, why_size, "each of rooms needs a channel");
    return true;
}

/* --- the rest of the configuration ------------------------------------------------------------------- */

static bool read_part97(struct mesh *mesh, const config_setting_t *setting, char *why, size_t why_size)
{
    const config_setting_t *part97 = config_setting_get_member(setting, "part97");
    if (!part97)
        return true;
    mesh->callsign = setting_text(part97, "callsign", "");
    mesh->speakers = config_setting_get_member(part97, "users");
    if (!mesh->callsign[0] || strlen(mesh->callsign) > 16)
        return refuse(why, why_size, "part97 needs a callsign");
    if (!mesh->speakers || config_setting_length(mesh->speakers) == 0)
        return refuse(why, why_size, "part97 needs users, those whose words may go out: users = [\"mina\"]");
    return true;
}

static bool read_node(struct mesh *mesh, const config_setting_t *setting, char *why, size_t why_size)
{
    const char *node = setting_text(setting, "node", "");
    const char *long_name = setting_text(setting, "long_name", mesh->callsign ? mesh->callsign : "hearth");
    const char *short_name = setting_text(setting, "short_name", "hrth");
    mesh->hop_limit = setting_number(setting, "hop_limit", 3);
    mesh->is_ok_to_mqtt = setting_flag(setting, "ok_to_mqtt", true);
    snprintf(mesh->long_name, sizeof mesh->long_name, "%s", long_name);
    snprintf(mesh->short_name, sizeof mesh->short_name, "%s", short_name);
    if (node[0] && !node_number(node, &mesh->wanted_node))
        return refuse(why, why_size, "node must be a number as radios have it: \"!1234abcd\"");
    if (mesh->hop_limit < 0 || mesh->hop_limit > PACKET_HOPS_MAX)
        return refuse(why, why_size, "hop_limit must be 0 to 7");
    if (strlen(long_name) >= sizeof mesh->long_name || strlen(short_name) >= sizeof mesh->short_name)
        return refuse(why, why_size, "long_name has at most 39 bytes, short_name 4");
    return true;
}

static bool read_pace(struct mesh *mesh, const config_setting_t *setting, char *why, size_t why_size)
{
    int pace_ms = setting_number(setting, "pace_ms", 2500), minutes = setting_number(setting, "age_minutes", 60);
    int rate = setting_number(setting, "messages_per_minute", 10), waiting = setting_number(setting, "waiting", 100);
    int repeats = setting_number(setting, "repeats", 0);
    if (pace_ms < PACE_LEAST_MS || pace_ms > 60000)
        return refuse(why, why_size, "pace_ms must be 2000 to 60000: radios refuse texts that come faster");
    if (minutes < 1 || minutes > 10080 || rate < 1 || rate > 60)
        return refuse(why, why_size, "age_minutes must be 1 to 10080, messages_per_minute 1 to 60");
    if (waiting < 1 || waiting > 1000 || repeats < 0 || repeats > 5)
        return refuse(why, why_size, "waiting must be 1 to 1000, repeats 0 to 5");
    outbox_init(&mesh->outbox, &(struct outbox_plan){.pace_ms = pace_ms, .age_ms = minutes * INT64_C(60000),
                                                     .message_ms = 60000 / rate, .burst = 5,
                                                     .waiting_max = (size_t)waiting, .repeats = repeats});
    return true;
}

static bool open_radios(struct mesh *mesh, const config_setting_t *setting, char *why, size_t why_size)
{
    static const struct radio_kind *const kinds[] = {
#ifdef HEARTH_BRIDGE_MQTT
        &radio_mqtt,
#endif
        &radio_udp,
    };
    const struct radio_plan plan = {.mailbox = &mesh->mailbox, .name = mesh->name, .channels = mesh->channels,
                                    .web = mesh->bridge->is_dry_run ? NULL : mesh->bridge->web,
                                    .channel_count = mesh->room_count};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const config_setting_t *group = config_setting_get_member(setting, kinds[i]->group);
        struct mesh_radio *radio = &mesh->radios[mesh->radio_count];
        if (!group)
            continue;
        *radio = (struct mesh_radio){.kind = kinds[i], .of = kinds[i]->open(&plan, group, why, why_size)};
        if (!radio->of)
            return false;
        mesh->radio_count++;
        if (setting_flag(group, "json", false))
            (void)node_number(setting_text(group, "radio", ""), &mesh->json_radio);
    }
    return mesh->radio_count > 0 || refuse(why, why_size, "there is no way to the mesh: give mqtt, udp = { }, or both");
}

/* --- the driver -------------------------------------------------------------------------------------- */

static void meshtastic_close(void *target)
{
    struct mesh *mesh = target;
    for (size_t i = 0; i < mesh->radio_count; i++)
        mesh->radios[i].kind->close(mesh->radios[i].of);
    asking_finish(&mesh->asking);
    json_decref(mesh->brought.request);
    json_decref(mesh->history);
    outbox_finish(&mesh->outbox);
    mailbox_finish(&mesh->mailbox);
    free(mesh);
}

static void *meshtastic_open(struct bridge *bridge, const config_setting_t *setting, char *why, size_t why_size)
{
    struct mesh *mesh = calloc(1, sizeof *mesh);
    snprintf(why, why_size, "there is no memory");
    if (!mesh)
        return NULL;
    mesh->bridge = mesh->asking.bridge = bridge;
    mailbox_init(&mesh->mailbox);
    snprintf(mesh->name, sizeof mesh->name, "%s", setting_text(setting, "name", "meshtastic"));
    if (read_part97(mesh, setting, why, why_size) && read_channels(mesh, setting, why, why_size) &&
        read_node(mesh, setting, why, why_size) && read_pace(mesh, setting, why, why_size) &&
        open_radios(mesh, setting, why, why_size))
        return mesh;
    meshtastic_close(mesh);
    return NULL;
}

static void meshtastic_deliver(void *target, struct link *link, const struct entry *entry)
{
    mesh_deliver(target, link, entry);
}

/* One question at a time: what came, in its order, and then what rooms have to know. */
static void meshtastic_tick(void *target)
{
    struct mesh *mesh = target;
    asking_tick(&mesh->asking);
    bool is_busy = mesh->asking.request || mesh_recall(mesh);
    if (!is_busy && !mesh_take(mesh))
        (void)mesh_notice(mesh);
    mesh_deliver_early(mesh);
    if (mesh->recalled == mesh->room_count)
        mesh_send(mesh);
}

const struct driver meshtastic_driver = {
    .name = "meshtastic",
    .group = "meshtastic",
    .settings = " channels mqtt udp node long_name short_name hop_limit ok_to_mqtt part97 pace_ms messages_per_minute"
                " age_minutes waiting repeats ",
    .via = MESH_VIA,
    .open = meshtastic_open,
    .deliver = meshtastic_deliver,
    .tick = meshtastic_tick,
    .close = meshtastic_close};
