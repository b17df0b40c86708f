/* seen.h - packets that have come already, told by sender and id: several gateways publish the same. What was
 * seen is known for 24 h, the newest 8,192 of it; beyond that and over restarts the gateway knows it by the origin of
 * its entries. Plain data. */
#ifndef HEARTH_BRIDGE_MESH_SEEN_H
#define HEARTH_BRIDGE_MESH_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEEN_MAX 8192
#define SEEN_SLOTS 16384 /* a power of two */
#define SEEN_MS (24 * 3600 * INT64_C(1000)) /* later the same id is another packet */

struct seen_packet {
    uint32_t from, id;
    int64_t at_ms;
};

struct seen {
    struct seen_packet ring[SEEN_MAX];
    uint16_t slots[SEEN_SLOTS]; /* 1 + place in the ring; 0: empty */
    size_t next, count;
};

/* True: it has been seen before. Either way it has now. */
bool seen_before(struct seen *seen, uint32_t from, uint32_t id, int64_t now_ms);

#endif
