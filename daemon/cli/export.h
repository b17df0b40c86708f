/* export.h - what writing an export and reading one share: the file's format, and what a room holds. */
#ifndef HEARTH_CLI_EXPORT_H
#define HEARTH_CLI_EXPORT_H

#include <jansson.h>

#include "daemon/cli/commands.h"

#define EXPORT_FORMAT 3 /* of the file: a line for the room, then a line a row, and before it its files, and checks; 2: without
                         * checks; 1: without files */
#define EXPORT_FORMAT_CHECKED 3

/* The room's line of the list of rooms; room is the caller's, NULL when the list does not have it. */
enum exit_code room_find(const struct invocation *invocation, const char *name, json_t **room);

/* The reply with the rows behind after; it is the caller's. */
enum exit_code export_page(const struct invocation *invocation, const char *room, json_int_t after,
                           json_t **reply);

#endif
