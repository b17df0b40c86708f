/* recall.c - what a mesh knew before a restart: who it is, what time the gateway has, and of each room the newest
 * messages, by which replies and reactions find theirs and nodes have their names. */
#include "daemon/bridge/mesh/mesh.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"

#define HISTORY_MAX 50 /* messages: what an answer holds */
#define NODE_LEAST 4   /* those below mean something else */

/* --- who it is -------------------------------------------------------------------------------------- */

/* Random, for the uid is; and the same for as long as the gateway has this bridge. */
static void choose_node(struct mesh *mesh)
{
    char text[192];
    mesh->node = mesh->wanted_node;
    for (int i = 0; mesh->node < NODE_LEAST || mesh->node == PACKET_TO_ALL; i++) {
        snprintf(text, sizeof text, "node %s %s %d", mesh->bridge->uid, mesh->name, i);
        mesh->node = mesh_hash(text);
    }
    node_id(mesh->node, mesh->id);
    log_info("mesh: name=%s node=%s", mesh->name, mesh->id);
}

/* --- what rooms have --------------------------------------------------------------------------------- */

static bool is_own(const struct mesh *mesh, const json_t *line)
{
    const char *uid = json_string_value(json_object_get(line, "uid"));
    return uid && strcmp(uid, mesh->bridge->uid) == 0;
}

/* What people said went out under ids that can be told again. */
static void recall_sent(struct mesh *mesh, const json_t *line)
{
    int64_t seq = json_integer_value(json_object_get(line, "seq"));
    int64_t ts = json_integer_value(json_object_get(line, "ts"));
    char *text = mesh_text(mesh, line, false);
    struct parts *parts = text ? malloc(sizeof *parts) : NULL;
    if (parts)
        parts_split(text, parts);
    for (size_t i = 0; parts && i < parts->count; i++)
        known_add(&mesh->known, mesh->recalled, seq, mesh_packet_id(mesh, mesh->recalled, seq, ts, i));
    free(parts);
    free(text);
}

/* "!12345678:deadbeef": whose the name is, and the id. */
static void recall_brought(struct mesh *mesh, int64_t seq, const char *origin)
{
    uint32_t from, id;
    char name[KNOWN_NAME_BYTES];
    const json_t *line;
    size_t i;
    if (sscanf(origin, "!%8" SCNx32 ":%8" SCNx32, &from, &id) != 2)
        return;
    known_add(&mesh->known, mesh->recalled, seq, id);
    json_array_foreach(json_object_get(mesh->history, "messages"), i, line)
    {
        const char *shown = json_string_value(json_object_get(line, "from"));
        if (!shown || json_integer_value(json_object_get(line, "seq")) != seq)
            continue;
        known_unshown(shown, name);
        known_name(&mesh->known, from, name);
    }
}

static void next_room(struct mesh *mesh)
{
    json_decref(mesh->history);
    mesh->history = NULL;
    mesh->recalled++;
}

static void told_origins(void *of, const json_t *reply)
{
    struct mesh *mesh = of;
    const json_t *line;
    size_t i;
    json_array_foreach(json_object_get(reply, "origins"), i, line)
    {
        const char *origin = json_string_value(json_object_get(line, "origin"));
        if (origin)
            recall_brought(mesh, json_integer_value(json_object_get(line, "seq")), origin);
    }
    next_room(mesh);
}

/* NULL: there is nothing of ours. */
static json_t *ask_origins(const struct mesh *mesh)
{
    const json_t *line;
    size_t i;
    json_t *seqs = json_array();
    json_array_foreach(json_object_get(mesh->history, "messages"), i, line)
    {
        if (is_own(mesh, line))
            json_array_append(seqs, json_object_get(line, "seq"));
    }
    if (json_array_size(seqs) > 0)
        return json_pack("{s:s, s:s, s:o}", "type", "origins", "room", mesh->rooms[mesh->recalled].room, "seqs", seqs);
    json_decref(seqs);
    return NULL;
}

static void told_history(void *of, const json_t *reply)
{
    struct mesh *mesh = of;
    const json_t *line;
    size_t i;
    mesh->history = json_deep_copy(reply);
    json_array_foreach(json_object_get(mesh->history, "messages"), i, line)
    {
        mesh_note_seq(mesh, mesh->recalled, json_integer_value(json_object_get(line, "seq")));
        if (!is_own(mesh, line))
            recall_sent(mesh, line);
    }
    if (!mesh->history)
        next_room(mesh);
}

/* The next question; NULL: there is none, or no memory. */
static json_t *next_question(const struct mesh *mesh)
{
    if (mesh->history)
        return ask_origins(mesh);
    return json_pack("{s:s, s:s, s:i}", "type", "history", "room", mesh->rooms[mesh->recalled].room, "limit",
                     HISTORY_MAX);
}

bool mesh_recall(struct mesh *mesh)
{
    if (mesh->recalled == mesh->room_count)
        return false;
    if (!mesh->bridge->uid[0])
        return true;
    if (mesh->node == 0)
        choose_node(mesh);
    bool is_asked = asking_begin(&mesh->asking, next_question(mesh), mesh->history ? told_origins : told_history, mesh);
    if (!is_asked && mesh->history)
        next_room(mesh);
    return true;
}
