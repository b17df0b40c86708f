/* json.h - packets as firmware 2.7 and older publish and take them in JSON. Loop thread. */
#ifndef HEARTH_BRIDGE_MESH_JSON_H
#define HEARTH_BRIDGE_MESH_JSON_H

#include "daemon/bridge/mesh/packet.h"

/* What ROOT/2/json/CHANNEL/!GATEWAY says: a text or a user, as the packet that it was. False: it says neither. */
bool json_read(const char *bytes, size_t length, struct envelope *envelope);

/* What ROOT/2/json/mqtt/ is to say, that the radio of this number says text on its channel of this index.
 * NULL without memory; the caller frees it. */
char *json_write(uint32_t radio, int index, const struct packet_data *data);

#endif
