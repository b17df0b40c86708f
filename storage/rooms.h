/* rooms.h - the rooms that are kept, besides what writer.h does with them. */
#ifndef HEARTH_STORAGE_ROOMS_H
#define HEARTH_STORAGE_ROOMS_H

#include "storage/database.h"
#include "storage/grants.h"
#include "storage/options.h"

struct writer;

/* At start: every room with what its log has, and the highest ids ever used; the sanctions
 * and the secret. Allocates start->rooms and start->sanctions. False on a failure of the database or without memory. */
bool rooms_load(struct database *database, struct store_start *start);

/* Of one room only its id and what tells of its log. False when it is not there, or on a failure. */
bool rooms_read_log(struct database *database, int64_t room_id, struct room_row *room);

/* At start after an unclean stop, inside a transaction: every log's next seq skips 2^20 ahead, so
 * that none is used twice whatever a power cut took back. */
bool rooms_skip_ahead(struct database *database);

/* SQL, of a row of rooms: no word in it, no topic, and nothing granted to anybody but the one who owns it. Having
 * been there leaves a marker; that is nothing. */
#define ROOM_IS_EMPTY                                                                              \
    "(visibility<>2 AND archived=0 AND topic='' AND pruned=0 AND NOT EXISTS(SELECT 1 FROM messages m"  \
    " WHERE m.id>(rooms.id<<40) AND m.id<(rooms.id+1)<<40) AND NOT EXISTS(SELECT 1 FROM grants g WHERE" \
    " g.room_id=rooms.id AND g.role<>" SQL_OWNER " AND (g.role OR g.invited OR g.banned_until OR g.muted_until)) AND" \
    " (SELECT count(*) FROM grants g WHERE g.room_id=rooms.id AND g.role=" SQL_OWNER ")<2 AND NOT EXISTS(SELECT 1 FROM" \
    " invite_links i WHERE i.room_id=rooms.id) AND NOT EXISTS(SELECT 1 FROM sanctions s WHERE"       \
    " s.room_id=rooms.id) AND NOT EXISTS(SELECT 1 FROM token_rooms t WHERE t.room_id=rooms.id))"

/* Reader: JOB_EMPTY_ROOMS. */
bool rooms_list_empty(struct database *database, struct job *job);

/* Writer, in its transaction: the room, its grants and all that is kept of it go; of its log only the word that
 * it is to go, in small steps, in retention_step. */
bool rooms_forget(struct writer *writer, int64_t room_id);

/* Of one room only its name and visibility. False on a failure; one that is not there has no name. */
bool rooms_read_name(struct database *database, int64_t room_id, struct room_row *room);

/* Oldest and newest seq of a room's log, 0 when it is empty. */
bool rooms_bounds(struct database *database, int64_t room_id, int64_t *first, int64_t *last);

#endif
