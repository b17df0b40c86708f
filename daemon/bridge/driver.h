/* driver.h - what carries a room's entries to another system. One driver a kind of system, each in a file of
 * its own, which share this struct and nothing else. Loop thread.
 *
 * A driver is given one entry at a time for each of its links, and tells with link_delivered once what became
 * of it; until then it gets no other of that link. It may do so within deliver, or later. */
#ifndef HEARTH_BRIDGE_DRIVER_H
#define HEARTH_BRIDGE_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <libconfig.h>

struct bridge;
struct link;

/* One entry of a room's log, borrowed until it is told as delivered. */
struct entry {
    char id[64]; /* LOG.SEQ: the same whenever it is delivered */
    const char *type, *room;
    int64_t seq, ts;
    bool is_live;        /* it was said while the room was being read; else it may have waited since ts */
    const json_t *json; /* all of it */
    const char *line;   /* the same as it came; each of its files has its url besides */
    const char *text;   /* what it says to those who carry text alone: see entry_text */
};

enum delivery {
    DELIVERY_DONE,
    DELIVERY_LATER,  /* the other side does not take it now: again after a while, and longer each time */
    DELIVERY_PASSED, /* it never will: logged, and passed over */
    DELIVERY_GONE    /* it wants nothing more: the link ends */
};

struct driver {
    const char *name;     /* and its targets' where the configuration names none */
    const char *group;    /* the list of the configuration that its targets are in */
    const char *settings; /* the words that such a target may have besides those of all, each between blanks */
    const char *via;      /* what it brings comes through this; "": it brings nothing */
    /* Reads a target's part of the configuration, which stays until close. With bridge->is_dry_run it connects to
     * nothing. NULL: why is one sentence. */
    void *(*open)(struct bridge *bridge, const config_setting_t *setting, char *why, size_t why_size);
    /* A call of the web whose of is the link ends with it. */
    void (*deliver)(void *target, struct link *link, const struct entry *entry);
    /* Called in every turn of the loop; may be NULL. */
    void (*tick)(void *target);
    /* Why what the other side says is not brought, which the state of the target's links tells; "": it is. May be
     * NULL. */
    const char *(*trouble)(void *target);
    /* The target's links have ended before. */
    void (*close)(void *target);
};

extern const struct driver webhook_driver, ntfy_driver, matterbridge_driver;
#ifdef HEARTH_BRIDGE_MQTT
extern const struct driver mqtt_driver;
#endif
#ifdef HEARTH_BRIDGE_MESHTASTIC
extern const struct driver meshtastic_driver;
#endif

#endif
