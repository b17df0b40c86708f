/* sanctions.h - bans and mutes: whom, where, by whom, for how long. What a user may not in a room
 * stands in the user's grant too, which is read with the room; all others are loaded at the start.
 *
 * A sanction may mean devices and addresses besides: those that its user was seen from in the last day.
 * The table sightings has them as keyed hashes, for a day. */
#ifndef HEARTH_STORAGE_SANCTIONS_H
#define HEARTH_STORAGE_SANCTIONS_H

#include "storage/database.h"
#include "storage/store.h"

/* Those kept in memory, at most: of the gateway, of plain clients, and those with marks. */
#define SANCTIONS_LOADED_MAX 512

/* Writer: JOB_SANCTION, JOB_LIFT. False on a failure of the database. */
bool sanctions_impose(struct database *database, struct job *job);
bool sanctions_lift(struct database *database, struct job *job);

/* Writer: the user was seen from there. */
bool sightings_note(struct database *database, int64_t user_id, const struct marks *marks,
                    const struct moment *at);

/* Reader: JOB_SANCTIONS. */
bool sanctions_list(struct database *database, struct job *job);

/* At the start: what is in force and in no grant. */
bool sanctions_load(struct database *database, struct store_start *start);

#endif
