/* channel.h - a channel of a mesh: its name, its key, and packets sealed with it (AES-CTR, no check of its own:
 * whoever has the key can say anything as anybody). Plain data, any thread. */
#ifndef HEARTH_BRIDGE_MESH_CHANNEL_H
#define HEARTH_BRIDGE_MESH_CHANNEL_H

#include "daemon/bridge/mesh/packet.h"

#define CHANNEL_KEY_BYTES_MAX 32

struct channel {
    char name[64];
    uint8_t key[CHANNEL_KEY_BYTES_MAX];
    size_t key_length; /* 0: nothing is sealed; 16 or 32 */
    uint8_t hash;      /* what packets call it */
    int index;         /* in the radio's list, for JSON */
};

/* key is Base64, as Meshtastic's apps show it: "" none, one byte stands for the well-known key of that number
 * ("AQ=="), 16 or 32 bytes are a key; fewer are filled up with zeros. False: it is none, or name too long. */
bool channel_set(struct channel *channel, const char *name, const char *key);

/* Between packet->data and packet->sealed, with from and id of the packet, which must be set. False: it is too
 * much, or not of this channel. channel_open leaves an open packet as it is. */
bool channel_seal(const struct channel *channel, struct packet *packet);
bool channel_open(const struct channel *channel, struct packet *packet);

#endif
