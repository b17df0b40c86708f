/* ceiling.h - what the database files may take where the configuration says nothing: chosen once from
 * the free space, kept in the database. Before any thread runs. */
#ifndef HEARTH_STORAGE_CEILING_H
#define HEARTH_STORAGE_CEILING_H

#include "storage/database.h"

/* The file system that the database lies on. */
struct volume {
    int64_t bytes;      /* all of it */
    int64_t free_bytes; /* for ordinary users */
    bool is_overlay;
};

/* Half of what is free; on a router's overlay, which is small flash that its configuration needs too, a
 * quarter and at most 8 MiB. Never below twice taken_bytes, which the database has already, nor 1 MiB;
 * at most 1 TiB. */
int64_t ceiling_of(const struct volume *volume, int64_t taken_bytes);

/* The ceiling that was chosen for this open database, at path; chooses it in the caller's transaction
 * where that was never done. *bytes is 0, and nothing kept, when the free space cannot be told. False on
 * a failure of the database. */
bool ceiling_take(struct database *database, const char *path, int64_t *bytes);

#endif
