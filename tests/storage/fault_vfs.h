/* fault_vfs.h - a disk that fails on demand: an SQLite VFS in front of the ordinary one. While it
 * is installed it is SQLite's default. It counts every operation that touches the disk (open, read,
 * write, truncate, sync, delete, size) and lets the chosen one fail, or plays a power cut: from the
 * chosen operation on nothing works, and fault_cut leaves in the files what a disk might have kept.
 */
#ifndef HEARTH_TESTS_STORAGE_FAULT_VFS_H
#define HEARTH_TESTS_STORAGE_FAULT_VFS_H

#include <stdbool.h>
#include <stdint.h>

enum fault {
    FAULT_NONE,
    FAULT_FULL,      /* ENOSPC: writes fail; other operations succeed and the next write fails */
    FAULT_IO,        /* EIO, whatever the operation */
    FAULT_SHORT,     /* a write that wrote half, then EIO */
    FAULT_SYNC_LOST, /* a sync fails, and what it should have kept never reaches the disk */
    FAULT_POWER      /* the end: this operation and all that follow fail */
};

struct fault_plan {
    enum fault fault;
    int64_t at;    /* the how-manieth operation fails, from 1 */
    int64_t count; /* so many in a row, those of a kind that can fail so */
    bool no_wal;   /* as on a file system without shared memory */
};

void fault_install(void);
void fault_remove(void);

/* Starts counting, with nothing known of any file. */
void fault_begin(const struct fault_plan *plan);

/* For what does not go through SQLite: counts one more operation. What happens to it. */
enum fault_operation {
    FAULT_OPEN, FAULT_READ, FAULT_WRITE, FAULT_TRUNCATE, FAULT_SYNC, FAULT_DELETE, FAULT_SIZE, FAULT_RENAME
};
enum fault fault_count(enum fault_operation operation);

/* Since fault_begin. */
int64_t fault_operations(void);

/* From here on everything works. */
void fault_heal(void);

/* After a power cut, with every connection closed: the files become what the disk has. What was
 * synced is there; of each later write all, nothing, or some sectors, drawn from seed. */
void fault_cut(uint32_t seed);

#endif
