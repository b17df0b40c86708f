/* schema.h - the tables, and how older ones become today's. Migrations are only ever appended. */
#ifndef HEARTH_STORAGE_SCHEMA_H
#define HEARTH_STORAGE_SCHEMA_H

#include "storage/database.h"

/* user_version that this program writes. */
int schema_version(void);

/* Whose a database is, by its application_id or the tables of version 1, which had none (and which a
 * damaged id still has). */
enum schema_origin {
    SCHEMA_EMPTY,     /* a new file */
    SCHEMA_OURS,
    SCHEMA_OURS_NEWER, /* made by a newer program */
    SCHEMA_FOREIGN,
    SCHEMA_DAMAGED,    /* ours, but its version cannot be */
    SCHEMA_UNKNOWN    /* it cannot be read: database.why */
};
enum schema_origin schema_origin(struct database *database);

enum schema_result { SCHEMA_READY, SCHEMA_NEWER, SCHEMA_FAILED };

/* Brings the database to schema_version, each step in its own transaction. SCHEMA_NEWER: made by a
 * newer program, untouched. */
enum schema_result schema_migrate(struct database *database);

/* The same only as far as an older version, for what is to be put into a database before it is brought
 * to the newest. */
bool schema_migrate_to(struct database *database, int version);

/* Whether every table, column and index of schema_version is there, by its name: a flipped bit in a name
 * passes every check of SQLite. True on a failure: what is done next will meet it. */
bool schema_is_whole(struct database *database);

#endif
