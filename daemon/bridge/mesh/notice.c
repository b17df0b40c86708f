/* notice.c - an honest answer in the room: how many messages wait for the radio, once that takes its time, and what
 * became of them. One message of the bridge for an outage, which is changed as the number grows and when it is over. */
#include "daemon/bridge/mesh/mesh.h"

#include <inttypes.h>
#include <stdio.h>

#define TELL_AFTER_MS 30000
#define TELL_AGAIN_MS 60000

static void told(void *of, const json_t *reply)
{
    (void)of;
    (void)reply;
}

static void text_of(char *out, size_t size, size_t waiting, size_t given_up)
{
    if (waiting > 0)
        snprintf(out, size, waiting == 1 ? "%zu message waits for the radio." : "%zu messages wait for the radio.",
                 waiting);
    else if (given_up > 0)
        snprintf(out, size, "%zu message%s not go out by radio: too old by then, or too many.", given_up,
                 given_up == 1 ? " did" : "s did");
    else
        snprintf(out, size, "What waited for the radio has gone out.");
}

/* The first time a message, later a change of it. */
static bool tell(struct mesh *mesh, size_t i, bool is_first, const char *text)
{
    const struct mesh_room *room = &mesh->rooms[i];
    char origin[128];
    snprintf(origin, sizeof origin, "notice:%s:%" PRId64, mesh->name, room->told_seq);
    json_t *request = json_pack("{s:s, s:s, s:s, s:s, s:s}", "type", is_first ? "send" : "edit", "room", room->room,
                                "text", text, is_first ? "origin" : "target_origin", origin, "via", MESH_VIA);
    if (is_first)
        json_object_set_new(request, "nonce", json_sprintf("%.63s", origin));
    return asking_begin(&mesh->asking, request, told, mesh);
}

/* It waits for long, there are more by far, or it is over. */
static bool is_due(const struct mesh *mesh, size_t i)
{
    const struct mesh_room *room = &mesh->rooms[i];
    const struct outbox_room *box = &mesh->outbox.rooms[i];
    int64_t now_ms = bridge_now_ms();
    if (box->waiting == 0)
        return room->told > 0 || box->given_up > 0;
    if (room->told == 0)
        return outbox_waiting_ms(&mesh->outbox, i, now_ms) >= TELL_AFTER_MS;
    return box->waiting >= 2 * room->told && now_ms - room->told_ms >= TELL_AGAIN_MS;
}

/* Once while it runs. */
static bool tell_barred(struct mesh *mesh, size_t i)
{
    mesh->rooms[i].is_barred_told = true;
    json_t *request = json_pack("{s:s, s:s, s:s, s:s, s:s}", "type", "send", "room", mesh->rooms[i].room, "text",
                                "Not everybody here goes out by radio: amateur bands are for those who are licensed.",
                                "nonce", "barred", "via", MESH_VIA);
    return asking_begin(&mesh->asking, request, told, mesh);
}

bool mesh_notice(struct mesh *mesh)
{
    char text[160];
    for (size_t i = 0; i < mesh->room_count; i++) {
        struct mesh_room *room = &mesh->rooms[i];
        struct outbox_room *box = &mesh->outbox.rooms[i];
        if (room->is_barred && !room->is_barred_told)
            return tell_barred(mesh, i);
        if (!is_due(mesh, i))
            continue;
        bool is_first = room->told == 0;
        text_of(text, sizeof text, box->waiting, box->given_up);
        if (is_first)
            room->told_seq = box->waiting > 0 ? outbox_oldest(&mesh->outbox, i) : bridge_now_ms();
        room->told = box->waiting;
        room->told_ms = bridge_now_ms();
        if (box->waiting == 0)
            box->given_up = 0;
        return tell(mesh, i, is_first, text);
    }
    return false;
}
