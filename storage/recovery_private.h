/* recovery_private.h - what the two halves of a recovery share: recovery_begin.c and recovery.c. */
#ifndef HEARTH_STORAGE_RECOVERY_PRIVATE_H
#define HEARTH_STORAGE_RECOVERY_PRIVATE_H

#include "storage/layout.h"
#include "storage/recovery.h"

/* recoveries: one row a damaged file. next_page: those before it have been read. found: entries that
 * the survey has seen, entries: those of them that are here. recovery_rooms: rooms that are closed.
 * last_page: the last that holds entries of the room; applied: up to this row of messages its edits,
 * deletions and reactions have been applied. */
#define RECOVERY_TABLES                                                                            \
    "CREATE TABLE IF NOT EXISTS recoveries("                                                       \
    " id INTEGER PRIMARY KEY, file TEXT NOT NULL, version INTEGER NOT NULL,"                       \
    " next_page INTEGER NOT NULL, found INTEGER NOT NULL, entries INTEGER NOT NULL,"               \
    " rooms INTEGER NOT NULL, unreadable INTEGER NOT NULL, ended INTEGER NOT NULL);"               \
    "CREATE TABLE IF NOT EXISTS recovery_rooms("                                                   \
    " recovery INTEGER NOT NULL, room_id INTEGER NOT NULL, last_page INTEGER NOT NULL,"            \
    " applied INTEGER NOT NULL, PRIMARY KEY(recovery, room_id)) WITHOUT ROWID;"

/* Whether they are there: most databases have never been damaged. False on a failure, too. */
bool recovery_has_tables(struct database *database);

/* The keys of the rows on a page of a table, in their order, to be told from damaged ones. */
struct recovery_order {
    int64_t last;
};

/* Reads the row of a cell, where it is an entry of a log that can be believed. order is zeroed for each
 * page. */
bool recovery_read_entry(struct btree *btree, const struct layout *messages, int cell,
                         struct recovery_order *order, struct btree_row *row);

#endif
