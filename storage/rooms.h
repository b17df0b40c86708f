/* rooms.h - the rooms that are kept, besides what writer.h does with them. */
#ifndef HEARTH_STORAGE_ROOMS_H
#define HEARTH_STORAGE_ROOMS_H

#include "storage/database.h"
#include "storage/options.h"

/* At start: every room with what its log has, and the highest ids ever used; the sanctions
 * and the secret. Allocates start->rooms and start->sanctions. False on a failure of the database or without memory. */
bool rooms_load(struct database *database, struct store_start *start);

/* Of one room only its id and what tells of its log. False when it is not there, or on a failure. */
bool rooms_read_log(struct database *database, int64_t room_id, struct room_row *room);

/* At start after an unclean stop, inside a transaction: every log's next seq skips 2^20 ahead, so
 * that none is used twice whatever a power cut took back. */
bool rooms_skip_ahead(struct database *database);

/* Oldest and newest seq of a room's log, 0 when it is empty. */
bool rooms_bounds(struct database *database, int64_t room_id, int64_t *first, int64_t *last);

#endif
