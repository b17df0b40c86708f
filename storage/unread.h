/* unread.h - how many messages a user has not read in a room, and how many of them call this user. Only
 * on a thread that owns the database. */
#ifndef HEARTH_STORAGE_UNREAD_H
#define HEARTH_STORAGE_UNREAD_H

#include "storage/database.h"
#include "storage/job.h"

#define UNREAD_MAX 999 /* counted to; of each room the newest */

/* Who counts, and how many rows all of the user's rooms together may still take. */
struct unread_reader {
    int64_t user_id;
    char folded[NAME_BYTES_MAX + 1];
    int64_t rows_left;
};

/* Finds the user's name. rows_max bounds the work of all calls of unread_count together: rooms that come
 * after it is used up count as read. False on a failure of the database. */
bool unread_begin(struct unread_reader *reader, struct database *database, int64_t user_id,
                  int64_t rows_max);

/* Fills in unread and mentioned of own->grant: messages of others behind the marker that are not deleted. A
 * mention is one by the text as it stands now (protocol/mention.h), or an answer to this user. False on a
 * failure of the database. */
bool unread_count(struct unread_reader *reader, struct database *database, struct own_grant *own);

#endif
