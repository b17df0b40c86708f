/* start.h - from a path to a database that can be written to: which journal mode works here, is it
 * whole, is it ours, was the last stop clean. Before any thread runs. */
#ifndef HEARTH_STORAGE_START_H
#define HEARTH_STORAGE_START_H

#include "storage/database.h"
#include "storage/disk.h"
#include "storage/lock.h"
#include "storage/options.h"

/* What start_open makes. */
#define START_BUSY_MS  2000 /* how long the writer waits for locks */
#define START_CHECK_MS 1000 /* longer checks go on while the gateway serves */

struct start {
    struct disk *disk;        /* owned by whoever called */
    struct database database; /* the writer's connection, open */
    struct lock lock;         /* outlives every connection */
    bool is_wal;
    bool check_goes_on;       /* the database was too long to check within START_CHECK_MS */
    bool used_reserve;        /* the disk is full */
    struct store_start found; /* rooms and all */
};

/* False: why holds one sentence, and nothing is left open. */
bool start_open(struct start *start, const struct store_options *options, char *why,
                size_t why_size);

/* Undoes start_open, the disk included; the database may be closed already. */
void start_close(struct start *start);

/* Frees what a start found. */
void start_forget(struct store_start *found);

/* Marks the stop as clean, durably. */
bool start_mark_clean(struct database *database);

#endif
