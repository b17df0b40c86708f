#include "daemon/bridge/mesh/seen.h"

static size_t slot_of(uint32_t from, uint32_t id)
{
    return ((from * UINT32_C(2654435761)) ^ (id * UINT32_C(2246822519)) ^ (id >> 15)) % SEEN_SLOTS;
}

/* The slot that holds the packet, or the empty one where it would be. */
static size_t find(const struct seen *seen, uint32_t from, uint32_t id)
{
    size_t slot = slot_of(from, id);
    while (seen->slots[slot]) {
        const struct seen_packet *packet = &seen->ring[seen->slots[slot] - 1];
        if (packet->from == from && packet->id == id)
            return slot;
        slot = (slot + 1) % SEEN_SLOTS;
    }
    return slot;
}

/* Empties a slot; those behind it that it had pushed on move up. */
static void clear(struct seen *seen, size_t slot)
{
    size_t next = slot;
    for (;;) {
        next = (next + 1) % SEEN_SLOTS;
        if (!seen->slots[next])
            break;
        const struct seen_packet *packet = &seen->ring[seen->slots[next] - 1];
        size_t home = slot_of(packet->from, packet->id);
        if ((next - home) % SEEN_SLOTS >= (next - slot) % SEEN_SLOTS) {
            seen->slots[slot] = seen->slots[next];
            slot = next;
        }
    }
    seen->slots[slot] = 0;
}

bool seen_before(struct seen *seen, uint32_t from, uint32_t id, int64_t now_ms)
{
    size_t slot = find(seen, from, id);
    if (seen->slots[slot]) {
        struct seen_packet *packet = &seen->ring[seen->slots[slot] - 1];
        bool is_known = now_ms - packet->at_ms < SEEN_MS;
        packet->at_ms = is_known ? packet->at_ms : now_ms;
        return is_known;
    }
    struct seen_packet *oldest = &seen->ring[seen->next];
    if (seen->count == SEEN_MAX)
        clear(seen, find(seen, oldest->from, oldest->id));
    else
        seen->count++;
    *oldest = (struct seen_packet){.from = from, .id = id, .at_ms = now_ms};
    seen->slots[find(seen, from, id)] = (uint16_t)(seen->next + 1);
    seen->next = (seen->next + 1) % SEEN_MAX;
    return false;
}
