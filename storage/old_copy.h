/* old_copy.h - the database as it was before it was brought to a newer version, in PATH.version-N beside
 * it: for whoever wants to go back. It counts in storage.max_bytes and goes after 30 days in which the
 * gateway has been running. Loop thread before the store starts, then the writer's. */
#ifndef HEARTH_STORAGE_OLD_COPY_H
#define HEARTH_STORAGE_OLD_COPY_H

#include "storage/database.h"
#include "storage/options.h"

/* Keeps one, and says why not: it would be larger than 64 MiB, there is not three times as much space, or
 * it could not be written. */
enum old_copy_result old_copy_keep(struct database *database, const char *path, int version);

/* What all of them take. */
int64_t old_copy_bytes(const char *path);

/* Removes those that have been there for 30 days. False on a failure of the database. */
bool old_copy_age(struct database *database, const char *path, int64_t elapsed_ms);

#endif
