/* radio.h - a way to the mesh and back: a broker that radios are connected to, or the local network. What comes
 * is put into a mailbox by a thread of its own. The rest is the loop's. */
#ifndef HEARTH_BRIDGE_MESH_RADIO_H
#define HEARTH_BRIDGE_MESH_RADIO_H

#include <libconfig.h>

#include "daemon/bridge/mesh/channel.h"
#include "daemon/bridge/mesh/mailbox.h"

#define RADIO_CHANNELS_MAX 8

struct web;

struct radio_plan {
    struct mailbox *mailbox;
    struct web *web;  /* woken when something came or has gone */
    const char *name; /* of the target */
    const struct channel *channels;
    size_t channel_count;
};

enum radio_outcome {
    RADIO_NOT,  /* it does not take it now */
    RADIO_SENT,
    RADIO_WAITS /* ask has_sent: one at a time */
};

struct radio_kind {
    const char *group; /* of the target's configuration */
    /* Reads it and begins; plan is copied. NULL: why is one sentence. */
    void *(*open)(const struct radio_plan *plan, const config_setting_t *setting, char *why, size_t why_size);
    bool (*is_ready)(void *radio);
    /* envelope: the packet is plain, and channel one of the plan's. */
    enum radio_outcome (*send)(void *radio, const struct envelope *envelope, const struct channel *channel);
    bool (*has_sent)(void *radio); /* what waited */
    void (*close)(void *radio);
};

extern const struct radio_kind radio_mqtt, radio_udp;

#endif
