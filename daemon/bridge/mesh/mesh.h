/* mesh.h - one target of the driver meshtastic, and its parts: what its own files share. Loop thread.
 *
 *   radio thread -> mailbox -> inward -> asking -> the room
 *   the room -> link -> outward -> outbox -> radio
 *
 * It keeps nothing on a disk. Its node's number and the ids of its packets are made of what the gateway keeps
 * (its user's uid; room, seq and time of an entry), so they are the same after a restart; what came already the
 * gateway knows by the origin; which entries have not gone the cursor tells; and names and ids are read again
 * from the room's history. */
#ifndef HEARTH_BRIDGE_MESH_MESH_H
#define HEARTH_BRIDGE_MESH_MESH_H

#include "daemon/bridge/bridge.h"
#include "daemon/bridge/link.h"
#include "daemon/bridge/mesh/asking.h"
#include "daemon/bridge/mesh/known.h"
#include "daemon/bridge/mesh/outbox.h"
#include "daemon/bridge/mesh/radio.h"
#include "daemon/bridge/mesh/seen.h"

#define MESH_VIA "meshtastic"
#define MESH_RADIOS_MAX 2
#define MESH_ECHOES_MAX 32

struct mesh_room {
    const char *room;     /* of the configuration */
    struct link *link;    /* NULL: nothing has gone out yet */
    const struct entry *early; /* came before all was recalled; borrowed. NULL: none */
    int64_t early_ms;
    int64_t newest_seq;   /* that is known of */
    int64_t awaited_seq;  /* with is_once: the link waits until this has gone; 0: for nothing */
    size_t told;          /* the room was told that so many wait; 0: it need not know */
    int64_t told_seq;     /* the entry that was the oldest then: it names what was told */
    int64_t told_ms;
    bool is_barred, is_barred_told; /* somebody spoke who may not by radio; the room was told */
};

struct mesh_radio {
    const struct radio_kind *kind;
    void *of;
    int64_t nodeinfo_ms; /* when it is due */
};

enum mesh_flight { FLIGHT_NONE, FLIGHT_PART, FLIGHT_NODEINFO };

/* What is being brought to a room. */
struct mesh_brought {
    size_t room;
    uint32_t from;
    uint32_t ids[PARTS_MAX];
    size_t count;
    bool is_letter;  /* the first letter goes with it */
    json_t *request; /* of a text; NULL once the gateway has it */
};

struct mesh {
    struct bridge *bridge;
    char name[65], long_name[40], short_name[5];
    const char *callsign;            /* Part 97; NULL: it does not matter */
    const config_setting_t *speakers; /* whose words go out then */
    int hop_limit;
    bool is_ok_to_mqtt;
    uint32_t node;                   /* 0: not known yet */
    uint32_t wanted_node;            /* of the configuration; 0: none */
    uint32_t json_radio;             /* under whose number JSON goes out; 0: there is no JSON */
    char id[NODE_ID_BYTES];
    struct channel channels[RADIO_CHANNELS_MAX]; /* of the rooms, one each */
    struct mesh_room rooms[RADIO_CHANNELS_MAX];
    size_t room_count;
    struct mesh_radio radios[MESH_RADIOS_MAX];
    size_t radio_count;
    struct mailbox mailbox;
    struct asking asking;
    struct mesh_brought brought;
    struct seen seen;
    struct joins joins;
    struct joined joined;
    struct known known;
    struct outbox outbox;
    enum mesh_flight flight;
    size_t recalled;                 /* rooms whose history was read */
    uint64_t lost;                   /* letters, since it was logged */
    int64_t lost_told_ms;
    json_t *history;                 /* of the room that is being read */
    uint32_t echoes[MESH_ECHOES_MAX]; /* of texts that went out under a radio's own number */
    size_t echo_next;
};

/* recall.c: begins to learn again what a restart forgot. True: it has, and nothing else is to be asked. */
bool mesh_recall(struct mesh *mesh);

/* inward.c: takes letters until one has to be brought. True: something is asked. */
bool mesh_take(struct mesh *mesh);

/* notice.c: tells rooms what waits. True: something is asked. */
bool mesh_notice(struct mesh *mesh);

/* outward.c */
void mesh_deliver(struct mesh *mesh, struct link *link, const struct entry *entry);
void mesh_deliver_early(struct mesh *mesh);
void mesh_send(struct mesh *mesh);
/* The id of a part of what an entry becomes, whenever it is asked. */
uint32_t mesh_packet_id(const struct mesh *mesh, size_t room, int64_t seq, int64_t ts, size_t part);
/* What a message becomes on the mesh, or an edit of it; NULL without memory, the caller frees it. */
char *mesh_text(const struct mesh *mesh, const json_t *line, bool is_edit);
/* The room has an entry of this seq. */
void mesh_note_seq(struct mesh *mesh, size_t room, int64_t seq);
bool mesh_is_echo(struct mesh *mesh, const struct packet_data *data);
/* Four bytes that depend on text. */
uint32_t mesh_hash(const char *text);

#endif
