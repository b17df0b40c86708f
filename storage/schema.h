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

/* Before migrating: keeps the database as it is in PATH.version-N, where it is small enough and
 * there is space for it. Best effort: false when there is no copy. */
bool schema_keep_copy(struct database *database, const char *path, int version);

/* Brings rows that were copied from a database older than SCHEMA_ELAPSED to what it means by them: that
 * step of schema_migrate without its tables. */
#define SCHEMA_ELAPSED 4
#define SCHEMA_ORIGINS 6 /* from it on messages have origin and via */
#define SCHEMA_ARCHIVE 7 /* from here on rooms have archived and was */
#define SCHEMA_DEVICES 8 /* before it, a user had the one key */
bool schema_convert_to_elapsed(struct database *database);
/* The same of direct rooms, which are their two users from SCHEMA_PAIRS on. */
#define SCHEMA_PAIRS 9
bool schema_convert_to_pairs(struct database *database);

#endif
