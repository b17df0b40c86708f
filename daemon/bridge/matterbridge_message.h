/* matterbridge_message.h - messages as the API of Matterbridge 1.x has them: bridge/config/config.go and
 * bridge/api/api.go of its source say how. Any thread. */
#ifndef HEARTH_BRIDGE_MATTERBRIDGE_MESSAGE_H
#define HEARTH_BRIDGE_MATTERBRIDGE_MESSAGE_H

#include "daemon/bridge/driver.h"

/* The bytes of files come inside the lines of its stream, a megabyte and more each: they are left out as they come,
 * so that a line is as small as its text. All zero is the beginning of a line. */
struct matterbridge_slim {
    size_t matched; /* bytes of "Data":" */
    bool is_inside;
};

/* Writes what is left to out, which has room for length bytes, and gives how many. */
size_t matterbridge_slim(struct matterbridge_slim *slim, const char *bytes, size_t length, char *out);

/* The request send of a line and the JSON in it. Its origin is made of the line, for there are no ids: what the API
 * tells again is said once. Owned by the caller. NULL: it says nothing. */
json_t *matterbridge_request(const char *room, const char *via, const char *line, const json_t *json);

/* The body of POST /api/message, owned by the caller. NULL without memory. Empty: there is nothing to say, as of
 * reactions and what was deleted. */
char *matterbridge_body(const struct entry *entry, const char *gateway);

#endif
