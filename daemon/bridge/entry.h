/* entry.h - what an entry says, for systems that carry text alone. Any thread. */
#ifndef HEARTH_BRIDGE_ENTRY_H
#define HEARTH_BRIDGE_ENTRY_H

#include <jansson.h>

/* Its text, and the names of its files: "look [photo.jpg]". Empty: it says nothing. Owned by the caller. NULL
 * without memory. */
char *entry_text(const json_t *entry);

#endif
