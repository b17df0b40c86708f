/* parts.h - texts longer than a radio takes: split into parts that end in " (1/3)", and joined again. Plain
 * data, one thread at a time. */
#ifndef HEARTH_BRIDGE_MESH_PARTS_H
#define HEARTH_BRIDGE_MESH_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PART_BYTES_MAX 200
#define PARTS_MAX 32
#define JOINS_MAX 32
#define JOIN_QUIET_MS 90000 /* so long after its last part a text is given up */

struct parts {
    char texts[PARTS_MAX][PART_BYTES_MAX + 1];
    size_t count;
    bool is_cut; /* it did not fit: the last part ends in … */
};

/* text is UTF-8. No part ends within a character as readers count them, but for one that is longer than a part. */
void parts_split(const char *text, struct parts *parts);

/* One text of which parts have come. All zero: none. */
struct join {
    uint32_t from, channel;
    size_t count, come;
    int64_t heard_ms;
    uint32_t ids[PARTS_MAX]; /* of the packets; 0: not here yet */
    char texts[PARTS_MAX][PART_BYTES_MAX + 40]; /* as they came */
};

struct joins {
    struct join items[JOINS_MAX];
};

/* What a text becomes that has come whole, or is given up. */
struct joined {
    char text[PARTS_MAX * (PART_BYTES_MAX + 41) + 1];
    uint32_t from, channel;
    uint32_t ids[PARTS_MAX]; /* of the packets that came */
    size_t count;            /* of them: at least one */
};

enum join_outcome {
    JOIN_NO_PART, /* it is a text of its own */
    JOIN_WAITS,
    JOIN_DONE     /* out is a whole text, or one that had to be given up for this part: ask joins_lapse, too */
};

/* A text as it came in a packet. */
enum join_outcome joins_take(struct joins *joins, uint32_t from, uint32_t channel, uint32_t id, const char *text,
                             int64_t now_ms, struct joined *out);

/* One text that is given up: its parts as they came, each with its " (1/3)". False: there is none. */
bool joins_lapse(struct joins *joins, int64_t now_ms, struct joined *out);

#endif
