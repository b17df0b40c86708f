/* filter.h - which entries of a room a target wants. */
#ifndef HEARTH_BRIDGE_FILTER_H
#define HEARTH_BRIDGE_FILTER_H

#include <stdbool.h>

#include <jansson.h>

/* Borrowed: texts of the target's configuration. */
struct filter {
    char kinds[128];     /* "message,edit"; "" all */
    const char *mention; /* only messages that call this name; "" any */
    const char *via;     /* what the target brings comes through this, and is not taken back, whoever brought
                          * it: so two bridges do not feed each other. "": it brings nothing */
};

/* Whether a line of a stream is an entry of the room's log. */
bool filter_is_entry(const char *type);

/* uid: of the bridge's own user; what it brought itself is not taken back either. */
bool filter_wants(const struct filter *filter, const json_t *entry, const char *uid);

#endif
