/* known.h - what messages of rooms are called on the mesh, and nodes in rooms: the newest of each. Kept in memory;
 * after a restart the gateway's history tells both again. Plain data. */
#ifndef HEARTH_BRIDGE_MESH_KNOWN_H
#define HEARTH_BRIDGE_MESH_KNOWN_H

#include "daemon/bridge/mesh/packet.h"

#define KNOWN_MESSAGES_MAX 1024
#define KNOWN_NODES_MAX 512
#define KNOWN_NAME_BYTES 64

struct known_message {
    uint32_t id;
    size_t room;
    int64_t seq;
};

struct known_node {
    uint32_t number;
    uint64_t heard; /* rank: the higher the later */
    char name[KNOWN_NAME_BYTES];
};

struct known {
    struct known_message messages[KNOWN_MESSAGES_MAX];
    size_t next;
    struct known_node nodes[KNOWN_NODES_MAX];
    uint64_t heard;
};

void known_add(struct known *known, size_t room, int64_t seq, uint32_t id);
int64_t known_seq(const struct known *known, size_t room, uint32_t id); /* 0: none */
uint32_t known_id(const struct known *known, size_t room, int64_t seq); /* the first that was added; 0: none */

/* name "" is none. */
void known_name(struct known *known, uint32_t number, const char *name);

/* "KB7XYZ (mesh)"; of whom nobody knows the name "!1234abcd (mesh)". */
void known_shown(struct known *known, uint32_t number, char out[KNOWN_NAME_BYTES + 8]);

/* The name within what known_shown made; empty: there is none. */
void known_unshown(const char *shown, char out[KNOWN_NAME_BYTES]);

#endif
